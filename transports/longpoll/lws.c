#include "../stack/lws.h"
#include "wire.h"

/* Messages that came between the last answer and this request are in the log: they answer it
 * now, and the request waits only where there are none. */
static int start(struct lws_stack_request *request)
{
	if (!request->subscription.hold ||
	    topic_after(request->subscription.topic, request->subscriber.cursor))
		return lws_stack_answer_messages(request);
	lws_stack_subscribe(request, lws_stack_config(request)->hold_ns);
	return 0;
}

static const struct lws_stack_endpoint cell = {
        .start = start,
        .writable = lws_stack_answer_messages,
};

const struct endpoint longpoll_lws = {
        .transport = "longpoll",
        .stack = "lws",
        .path = LONGPOLL_PATH,
        .cell = &cell,
};
