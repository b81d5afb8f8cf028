#include "../stack/epoll.h"
#include "wire.h"

/* A stream ends with its connection, which needs no framing (RFC 9112 §6.3, item 8). */
static const char head[] = "HTTP/1.1 200 OK\r\n"
                           "Content-Type: " SSE_CONTENT_TYPE "\r\n"
                           "Cache-Control: " CACHE_CONTROL "\r\n"
                           "Connection: close\r\n\r\n";

/* Sends what the subscriber lacks: a gap, messages, or a heartbeat. */
static int fill(struct epoll_request *request)
{
	struct counters *counters = epoll_config(request)->counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t *cursor = &request->subscriber.cursor, missed = topic_missed(topic, *cursor);
	const struct message *message = topic_after(topic, *cursor);
	int err = 0;

	if (request->blocked)
		return 0; /* behind answers that its socket has not taken */
	if (missed) {
		sse_append_missed(&request->out, missed);
		counters->missed += missed;
	}
	if (!message && request->timed_out) {
		err = epoll_send(request, SSE_HEARTBEAT, sizeof SSE_HEARTBEAT - 1, false);
		counters->heartbeats++;
	}
	for (; message && !err && !request->blocked; message = topic_after(topic, *cursor)) {
		const struct bytes *event = epoll_frame(request, message, sse_append_event);

		if (!event)
			return -1;
		*cursor = message->id;
		counters->delivered++;
		err = epoll_send(request, bytes_data(event), bytes_size(event),
		                 *cursor != topic_last(topic));
	}
	return err;
}

static int writable(struct epoll_request *request)
{
	int err = fill(request);

	if (!err && !request->blocked)
		epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
	return err;
}

static int start(struct epoll_request *request)
{
	if (epoll_send(request, head, sizeof head - 1, false) || request->no_body)
		return -1;
	epoll_stream(request);
	epoll_subscribe(request);
	return writable(request);
}

static const struct epoll_endpoint cell = {
        .start = start,
        .writable = writable,
};

const struct endpoint sse_epoll = {
        .transport = "sse",
        .stack = "epoll",
        .path = SSE_PATH,
        .cell = &cell,
};
