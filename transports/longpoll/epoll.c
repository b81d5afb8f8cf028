#include "../stack/epoll.h"
#include "wire.h"

/* Messages that came between the last answer and this request are in the log: they answer it
 * now, and the request waits only where there are none. */
static int start(struct epoll_request *request)
{
	if (!request->subscription.hold ||
	    topic_after(request->subscription.topic, request->subscriber.cursor))
		return epoll_answer_messages(request);
	return epoll_park(request, epoll_config(request)->hold_ns);
}

static const struct epoll_endpoint cell = {
        .start = start,
        .resumed = epoll_answer_messages,
};

const struct endpoint longpoll_epoll = {
        .transport = "longpoll",
        .stack = "epoll",
        .path = LONGPOLL_PATH,
        .cell = &cell,
};
