#include "../stack/mhd.h"
#include "wire.h"

/* Messages that came between the last answer and this request are in the log: they answer it
 * now, and the request waits only where there are none. */
static enum MHD_Result start(struct mhd_request *request)
{
	if (!request->subscription.hold ||
	    topic_after(request->subscription.topic, request->subscriber.cursor))
		return mhd_answer_messages(request);
	if (mhd_is_over(request))
		return MHD_NO; /* its peer has left already: nothing would wake it */
	mhd_park(request, mhd_config(request)->hold_ns);
	return MHD_YES;
}

static const struct mhd_endpoint cell = {
        .start = start,
        .resumed = mhd_answer_messages,
};

const struct endpoint longpoll_mhd = {
        .transport = "longpoll",
        .stack = "mhd",
        .path = LONGPOLL_PATH,
        .cell = &cell,
};
