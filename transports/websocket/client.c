#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../client.h"
#include "../decimal.h"
#include "../http_response.h"
#include "../schedule.h"
#include "wire.h"

struct websocket_client {
	struct client_config config;
	const struct client_events *events;
	void *user;
	uint64_t cursor;
	/* Keys and masks are drawn from the seed, so that runs repeat. §5.3 wants masks that nobody
	 * can predict, to shield proxies from hostile pages: a benchmark has neither. */
	uint64_t random;
	struct http_response response;
	char accept[WS_ACCEPT_SIZE]; /* what answers the key that was sent */
	struct ws_reader reader;
	bool open;                 /* the handshake is complete */
	enum client_status status; /* once it is not CLIENT_OK, this connection is done */
	char why[128];
};

__attribute__((format(printf, 2, 3))) static enum client_status
fail(struct websocket_client *client, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(client->why, sizeof client->why, format, args);
	va_end(args);
	client->status = CLIENT_FAILED;
	return client->status;
}

static enum client_status status(struct websocket_client *client, const struct bytes *out)
{
	return out->failed ? fail(client, "out of memory") : client->status;
}

static void draw_mask(struct websocket_client *client, uint8_t mask[4])
{
	uint64_t random = random_next(&client->random);

	memcpy(mask, &random, 4);
}

static void append_frame(struct websocket_client *client, struct bytes *out, enum ws_opcode opcode,
                         const void *payload, size_t size)
{
	uint8_t mask[4];

	draw_mask(client, mask);
	ws_append_frame(out, opcode, true, mask, payload, size);
}

static void append_close(struct websocket_client *client, struct bytes *out, unsigned code)
{
	uint8_t mask[4];

	draw_mask(client, mask);
	ws_append_close(out, mask, code, "");
}

static void websocket_init(void *state, const struct client_config *config,
                           const struct client_events *events, void *user)
{
	struct websocket_client *client = state;

	client->config = *config;
	client->events = events;
	client->user = user;
	client->cursor = config->since;
	client->random = config->seed;
}

static void websocket_fini(void *state)
{
	struct websocket_client *client = state;

	ws_reader_free(&client->reader);
	http_response_reset(&client->response);
}

static void draw_key(struct websocket_client *client, char key[WS_KEY_SIZE])
{
	uint64_t nonce[2];

	nonce[0] = random_next(&client->random);
	nonce[1] = random_next(&client->random);
	ws_key(key, (const uint8_t *)nonce);
	ws_accept(client->accept, key);
}

static void append_handshake(struct websocket_client *client, struct bytes *out)
{
	struct bytes target = {0};
	char key[WS_KEY_SIZE];

	bytes_printf(&target, WEBSOCKET_PATH "?topic=%s", client->config.topic);
	if (client->cursor != CLIENT_NO_CURSOR)
		bytes_printf(&target, "&since=%" PRIu64, client->cursor);
	bytes_append(&target, "", 1);
	if (target.failed) {
		bytes_free(&target);
		fail(client, "out of memory");
		return;
	}
	draw_key(client, key);
	http_request_start(out, "GET", (const char *)bytes_data(&target), client->config.host,
	                   client->config.headers);
	http_request_add_field(out, "Upgrade", "websocket");
	http_request_add_field(out, "Connection", "Upgrade");
	http_request_add_field(out, "Sec-WebSocket-Key", key);
	http_request_add_field(out, "Sec-WebSocket-Version", "13");
	http_request_end(out);
	bytes_free(&target);
}

static enum client_status websocket_connected(void *state, enum client_lane lane, uint64_t now_ns,
                                              struct bytes *out)
{
	struct websocket_client *client = state;

	(void)lane;
	(void)now_ns;
	http_response_reset(&client->response);
	ws_reader_free(&client->reader);
	ws_reader_init(&client->reader, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	client->open = false;
	client->status = CLIENT_OK;
	append_handshake(client, out);
	return status(client, out);
}

static bool upgraded(const struct http_response *response)
{
	static const char protocol[] = "websocket";
	struct span field;

	return http_response_field(response, "Upgrade", &field) &&
	       field.size == sizeof protocol - 1 &&
	       strncasecmp((const char *)field.data, protocol, field.size) == 0;
}

static bool accepted(const struct websocket_client *client)
{
	struct span field;

	return http_response_field(&client->response, "Sec-WebSocket-Accept", &field) &&
	       field.size == sizeof client->accept - 1 &&
	       memcmp(field.data, client->accept, field.size) == 0;
}

/* RFC 6455 §4.1: what the answer to the handshake must and must not say. */
static void check_head(struct websocket_client *client)
{
	const struct http_response *response = &client->response;
	struct span field;

	if (response->status != 101)
		fail(client, "the server answered %d to the handshake", response->status);
	else if (!upgraded(response))
		fail(client, "the server did not upgrade to websocket");
	else if (!http_response_field_has(response, "Connection", "Upgrade"))
		fail(client, "the server's Connection field has no Upgrade");
	else if (!accepted(client))
		fail(client, "the server's Sec-WebSocket-Accept does not answer the key");
	else if (http_response_field(response, "Sec-WebSocket-Extensions", &field))
		fail(client, "the server chose an extension that was not offered");
	else if (http_response_field(response, "Sec-WebSocket-Protocol", &field))
		fail(client, "the server chose a subprotocol that was not offered");
}

static void read_handshake(struct websocket_client *client, struct span *input)
{
	enum http_event event;
	struct span body;

	do {
		event = http_response_next(&client->response, input, &body);
		if (event == HTTP_INVALID)
			fail(client, "%s", http_response_why(&client->response));
		else if (event == HTTP_HEAD)
			check_head(client);
	} while (client->status == CLIENT_OK && event != HTTP_MORE && event != HTTP_END);
	if (client->status != CLIENT_OK || event == HTTP_MORE)
		return;
	http_response_reset(&client->response);
	client->open = true;
	client->events->ready(client->user);
}

/* {"missed":N}, in exactly this form. */
static bool read_missed(const struct ws_received *received, uint64_t *missed)
{
	static const char head[] = "{\"missed\":";
	const uint8_t *text = received->data.data;
	size_t size = received->data.size, at = sizeof head - 1;

	return received->opcode == WS_TEXT && size > at && !memcmp(text, head, at) &&
	       text[size - 1] == '}' &&
	       decimal_read((struct span){text + at, size - at - 1}, missed);
}

static void take_message(struct websocket_client *client, const struct ws_received *received,
                         struct bytes *out)
{
	struct span data = received->data;
	uint64_t id, scheduled_ns, missed;

	if (read_missed(received, &missed)) {
		client->events->missed(client->user, missed);
		return;
	}
	if (message_read(client->config.format, data.data, data.size, &id, &scheduled_ns) < 0) {
		append_close(client, out, WS_CLOSE_POLICY);
		fail(client, "a message is not of the format %s",
		     message_format_name(client->config.format));
		return;
	}
	client->cursor = id;
	client->events->message(client->user, id, scheduled_ns, data.data, data.size);
	client->events->response(client->user, 1);
}

static void take_event(struct websocket_client *client, enum ws_event event,
                       const struct ws_received *received, struct bytes *out)
{
	struct span data = received->data;

	switch (event) {
	case WS_EVENT_MESSAGE:
		take_message(client, received, out);
		break;
	case WS_EVENT_PING:
		append_frame(client, out, WS_PONG, data.data, data.size);
		break;
	case WS_EVENT_CLOSE:
		append_close(client, out, received->code);
		client->status = CLIENT_RECONNECT;
		break;
	case WS_EVENT_INVALID:
		append_close(client, out, received->code);
		fail(client, "%.*s", (int)data.size, (const char *)data.data);
		break;
	case WS_EVENT_PONG:
	case WS_EVENT_MORE:
		break;
	}
}

static void read_frames(struct websocket_client *client, struct span *input, struct bytes *out)
{
	struct ws_received received;
	enum ws_event event;

	do {
		event = ws_next(&client->reader, input, &received);
		take_event(client, event, &received, out);
	} while (client->status == CLIENT_OK && event != WS_EVENT_MORE);
}

static enum client_status websocket_input(void *state, enum client_lane lane, const uint8_t *data,
                                          size_t size, uint64_t now_ns, struct bytes *out)
{
	struct websocket_client *client = state;
	struct span input = {data, size};

	(void)lane;
	(void)now_ns;
	if (client->status != CLIENT_OK)
		return client->status;
	if (size == 0) {
		client->status = CLIENT_RECONNECT;
		return client->status;
	}
	if (!client->open)
		read_handshake(client, &input);
	if (client->open)
		read_frames(client, &input, out);
	return status(client, out);
}

static enum client_status websocket_send(void *state, const void *data, size_t size, bool binary,
                                         struct bytes *out)
{
	struct websocket_client *client = state;

	if (client->status != CLIENT_OK)
		return client->status;
	if (!client->open)
		return fail(client, "a message was to be sent before the handshake was complete");
	append_frame(client, out, binary ? WS_BINARY : WS_TEXT, data, size);
	return status(client, out);
}

static uint64_t websocket_cursor(const void *state)
{
	const struct websocket_client *client = state;

	return client->cursor;
}

static const char *websocket_why(const void *state)
{
	const struct websocket_client *client = state;

	return client->why;
}

const struct client_ops websocket_client = {
        .transport = "websocket",
        .lanes = 1,
        .state_size = sizeof(struct websocket_client),
        .init = websocket_init,
        .fini = websocket_fini,
        .connected = websocket_connected,
        .input = websocket_input,
        .send = websocket_send,
        .cursor = websocket_cursor,
        .why = websocket_why,
};
