#include "../stack/lws.h"

#include <errno.h>
#include <inttypes.h>

#include "../site.h"
#include "wire.h"

static int start(struct lws_stack_request *request)
{
	lws_stack_subscribe(request, lws_stack_config(request)->heartbeat_ns);
	lws_callback_on_writable(request->wsi); /* what the log holds already */
	return 0;
}

static int send_missed(struct lws_stack_request *request, uint64_t missed)
{
	uint8_t room[LWS_PRE + 40], *text = room + LWS_PRE;
	int size =
	        snprintf((char *)text, sizeof room - LWS_PRE, "{\"missed\":%" PRIu64 "}", missed);

	lws_stack_config(request)->counters->missed += missed;
	request->subscriber.cursor += missed;
	return lws_write(request->wsi, text, (size_t)size, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int send_ping(struct lws_stack_request *request)
{
	uint8_t room[LWS_PRE];

	request->timed_out = false;
	lws_stack_config(request)->counters->heartbeats++;
	lws_stack_subscribe(request, lws_stack_config(request)->heartbeat_ns);
	return lws_write(request->wsi, room + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int send_message(struct lws_stack_request *request, const struct message *message)
{
	uint8_t *frame = lws_stack_frame(request, message);

	if (!frame || lws_write(request->wsi, frame, message->size,
	                        message->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT) < 0)
		return -1;
	request->subscriber.cursor = message->id;
	lws_stack_config(request)->counters->delivered++;
	return 0;
}

static int send_next(struct lws_stack_request *request)
{
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, request->subscriber.cursor);
	const struct message *message = topic_after(topic, request->subscriber.cursor);

	if (request->timed_out)
		return send_ping(request);
	if (missed)
		return send_missed(request, missed);
	return message ? send_message(request, message) : 0;
}

/* One write a call: libwebsockets would have to keep a second one in memory. */
static int writable(struct lws_stack_request *request)
{
	int err = send_next(request);

	if (!err && topic_after(request->subscription.topic, request->subscriber.cursor))
		lws_callback_on_writable(request->wsi);
	return err;
}

static int close_with(struct lws_stack_request *request, enum ws_close_code code)
{
	lws_close_reason(request->wsi, (enum lws_close_status)code, NULL, 0);
	return -1;
}

static int received(struct lws_stack_request *request, const void *piece, size_t size)
{
	const struct server_config *config = lws_stack_config(request);
	uint64_t id;
	int err;

	if (size > config->message_max_bytes - bytes_size(&request->buffer))
		return close_with(request, WS_CLOSE_TOO_BIG);
	bytes_append(&request->buffer, piece, size);
	if (!lws_is_final_fragment(request->wsi) || lws_remaining_packet_payload(request->wsi))
		return 0;
	err = request->buffer.failed
	              ? -ENOMEM
	              : site_publish(config, request->subscription.topic,
	                             bytes_data(&request->buffer), bytes_size(&request->buffer),
	                             lws_frame_is_binary(request->wsi), &id);
	bytes_free(&request->buffer);
	if (err)
		return close_with(request,
		                  err == -EILSEQ ? WS_CLOSE_INVALID_DATA : WS_CLOSE_INTERNAL_ERROR);
	return 0;
}

static const struct lws_stack_endpoint cell = {
        .upgrade = true,
        .start = start,
        .writable = writable,
        .received = received,
};

const struct endpoint websocket_lws = {
        .transport = "websocket",
        .stack = "lws",
        .path = WEBSOCKET_PATH,
        .cell = &cell,
};
