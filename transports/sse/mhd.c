#include "../stack/mhd.h"

#include <string.h>

#include "wire.h"

/* libmicrohttpd asks for so much at least; it offers what its pool has left. */
#define PULL_BYTES 512
#define FILL_BYTES 16384

/* Puts what the subscriber lacks into its buffer: a gap, messages, or a heartbeat. */
static void fill(struct mhd_request *request)
{
	struct counters *counters = mhd_config(request)->counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t *cursor = &request->subscriber.cursor, missed = topic_missed(topic, *cursor);
	const struct message *message;

	if (missed) {
		sse_append_missed(&request->buffer, missed);
		counters->missed += missed;
	}
	while (bytes_size(&request->buffer) < FILL_BYTES &&
	       (message = topic_after(topic, *cursor))) {
		sse_append_event(&request->buffer, message);
		*cursor = message->id;
		counters->delivered++;
	}
	if (!bytes_size(&request->buffer) && request->timed_out) {
		bytes_append_text(&request->buffer, SSE_HEARTBEAT);
		counters->heartbeats++;
	}
	request->timed_out = false;
}

/* libmicrohttpd asks for the next piece of the stream. */
static ssize_t writable(void *cls, uint64_t position, char *piece, size_t size_max)
{
	struct mhd_request *request = cls;
	size_t size;

	(void)position;
	if (mhd_is_over(request))
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!bytes_size(&request->buffer))
		fill(request);
	if (request->buffer.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size = bytes_size(&request->buffer);
	if (!size) {
		mhd_park(request, mhd_config(request)->heartbeat_ns);
		return 0;
	}
	if (size > size_max)
		size = size_max;
	memcpy(piece, bytes_data(&request->buffer), size);
	bytes_consume(&request->buffer, size);
	if (!bytes_size(&request->buffer))
		bytes_free(&request->buffer); /* an idle stream holds no memory of ours */
	mhd_expect(request, mhd_config(request)->idle_timeout_ns); /* to be taken */
	return (ssize_t)size;
}

static enum MHD_Result start(struct mhd_request *request)
{
	struct MHD_Response *response = MHD_create_response_from_callback(
	        MHD_SIZE_UNKNOWN, PULL_BYTES, writable, request, NULL);

	if (!response)
		return MHD_NO;
	mhd_add_fields(response, SSE_CONTENT_TYPE);
	/* Behind the head that a HEAD asks for libmicrohttpd would send the last chunk. */
	if (request->no_body)
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	else
		mhd_subscribe(request);
	return mhd_queue_once(request, MHD_HTTP_OK, response);
}

static const struct mhd_endpoint cell = {
        .start = start,
};

const struct endpoint sse_mhd = {
        .transport = "sse",
        .stack = "mhd",
        .path = SSE_PATH,
        .cell = &cell,
};
