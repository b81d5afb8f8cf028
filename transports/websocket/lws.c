#include "../stack/lws.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../clock.h"
#include "session.h"

#define REASON_MAX 123 /* bytes of a close frame (RFC 6455 §5.5) less its code */

static int send_missed(struct lws_stack_request *request, uint64_t missed)
{
	uint8_t room[LWS_PRE + 40], *text = room + LWS_PRE;
	int size =
	        snprintf((char *)text, sizeof room - LWS_PRE, "{\"missed\":%" PRIu64 "}", missed);

	lws_stack_config(request)->counters->missed += missed;
	request->subscriber.cursor += missed;
	return lws_write(request->wsi, text, (size_t)size, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

/* Where its time has come: the runtime may wait for less, to see whether the peer is silent. */
static int send_ping(struct lws_stack_request *request)
{
	const struct server_config *config = lws_stack_config(request);
	uint8_t room[LWS_PRE + 1] = {0}; /* the library tells of no pong without content */
	uint64_t now = clock_now_ns();

	request->timed_out = false;
	lws_stack_subscribe(request, config->heartbeat_ns);
	if (now - request->pinged_ns < config->heartbeat_ns)
		return 0;
	request->pinged_ns = now;
	config->counters->heartbeats++;
	return lws_write(request->wsi, room + LWS_PRE, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
}

static int send_message(struct lws_stack_request *request, const struct message *message)
{
	const struct lws_stack_text *frame = lws_stack_frame(request);

	if (!frame || lws_write(request->wsi, frame->data, frame->size,
	                        message->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT) < 0)
		return -1;
	request->subscriber.cursor = message->id;
	lws_stack_config(request)->counters->delivered++;
	return 0;
}

static int close_with(struct lws_stack_request *request, unsigned code, const char *reason)
{
	uint8_t text[REASON_MAX];
	size_t size = strnlen(reason, sizeof text);

	memcpy(text, reason, size);
	lws_close_reason(request->wsi, (enum lws_close_status)code, text, size);
	return -1;
}

static int send_next(struct lws_stack_request *request)
{
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, request->subscriber.cursor);

	if (request->timed_out)
		return send_ping(request);
	if (missed)
		return send_missed(request, missed);
	return send_message(request, topic_after(topic, request->subscriber.cursor));
}

/* As long as the socket takes it: what it does not take, libwebsockets keeps in memory. */
static int writable(struct lws_stack_request *request)
{
	const struct topic *topic = request->subscription.topic;
	int err = 0;

	while (!err && (request->timed_out || topic_after(topic, request->subscriber.cursor)) &&
	       !lws_partial_buffered(request->wsi))
		err = send_next(request);
	return err;
}

/* Once it owes no token. */
static int subscribe(struct lws_stack_request *request)
{
	if (request->owes_token)
		return 0;
	request->pinged_ns = clock_now_ns();
	lws_stack_subscribe(request, lws_stack_config(request)->heartbeat_ns);
	return writable(request);
}

static int start(struct lws_stack_request *request)
{
	return subscribe(request);
}

static int received(struct lws_stack_request *request, const void *piece, size_t size)
{
	struct ws_publisher publisher = {.config = lws_stack_config(request),
	                                 .topic = request->subscription.topic,
	                                 .owes_token = request->owes_token};
	struct sockaddr_storage address;
	const char *reason;
	unsigned code;

	if (size > publisher.config->message_max_bytes - bytes_size(&request->buffer))
		return close_with(request, WS_CLOSE_TOO_BIG, "the message is too large");
	bytes_append(&request->buffer, piece, size);
	if (!lws_is_final_fragment(request->wsi) || lws_remaining_packet_payload(request->wsi))
		return 0;
	if (request->buffer.failed)
		return close_with(request, WS_CLOSE_INTERNAL_ERROR, "out of memory");
	code = ws_publish(&publisher, lws_stack_peer(request, &address),
	                  lws_frame_is_binary(request->wsi) ? WS_BINARY : WS_TEXT,
	                  bytes_data(&request->buffer), bytes_size(&request->buffer), &reason);
	bytes_free(&request->buffer);
	if (code)
		return close_with(request, code, reason);
	if (request->owes_token == publisher.owes_token)
		return 0;
	request->owes_token = false;
	return subscribe(request);
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
