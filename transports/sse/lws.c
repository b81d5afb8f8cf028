#include "../stack/lws.h"
#include "wire.h"

#define FILL_BYTES 16384

/* What a subscriber lacks: a gap, messages, or a heartbeat. */
static unsigned fill(struct bytes *out, struct lws_stack_request *request, uint64_t *cursor)
{
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, *cursor);
	size_t size = bytes_size(out);
	const struct message *message;
	unsigned messages = 0;

	if (missed)
		sse_append_missed(out, missed);
	while (bytes_size(out) - size < FILL_BYTES && (message = topic_after(topic, *cursor))) {
		sse_append_event(out, message);
		*cursor = message->id;
		messages++;
	}
	if (!messages)
		bytes_append_text(out, SSE_HEARTBEAT);
	return messages;
}

/* As long as the socket takes it: what it does not take, libwebsockets keeps in memory. */
static int writable(struct lws_stack_request *request)
{
	struct counters *counters = lws_stack_config(request)->counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t *cursor = &request->subscriber.cursor;
	const struct lws_stack_text *events;

	while ((topic_after(topic, *cursor) || request->timed_out) &&
	       !lws_partial_buffered(request->wsi)) {
		events = lws_stack_share(request, fill);
		if (!events ||
		    lws_write(request->wsi, events->data, events->size, LWS_WRITE_HTTP) < 0)
			return -1;
		counters->missed += topic_missed(topic, *cursor);
		counters->delivered += events->messages;
		counters->heartbeats += !events->messages;
		*cursor = events->cursor;
		request->timed_out = false;
		lws_stack_subscribe(request, lws_stack_config(request)->heartbeat_ns);
	}
	return 0;
}

/* On HTTP/1.1 libwebsockets frames a response without a length by the connection's end. */
static int start(struct lws_stack_request *request)
{
	if (lws_stack_start_stream(request, SSE_CONTENT_TYPE) || request->head_only)
		return -1;
	lws_stack_subscribe(request, lws_stack_config(request)->heartbeat_ns);
	return writable(request);
}

static const struct lws_stack_endpoint cell = {
        .start = start,
        .writable = writable,
};

const struct endpoint sse_lws = {
        .transport = "sse",
        .stack = "lws",
        .path = SSE_PATH,
        .cell = &cell,
};
