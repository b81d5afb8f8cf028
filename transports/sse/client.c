#include "../client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../base64.h"
#include "../decimal.h"
#include "../http_response.h"
#include "../up_lane.h"
#include "wire.h"

struct sse_client {
	struct client_config config;
	const struct client_events *events;
	void *user;
	struct up_lane up;
	struct http_response response;
	bool open; /* the head was that of an event stream */
	struct sse_reader reader;
	struct bytes decoded; /* a binary message, out of its base64 */
	uint64_t cursor;
	char why[96];
};

static enum client_status fail(struct sse_client *client, const char *why)
{
	snprintf(client->why, sizeof client->why, "%s", why);
	return CLIENT_FAILED;
}

static enum client_status take_up(struct sse_client *client, enum client_status status)
{
	return status == CLIENT_FAILED ? fail(client, client->up.why) : status;
}

static void sse_init(void *state, const struct client_config *config,
                     const struct client_events *events, void *user)
{
	struct sse_client *client = state;

	client->config = *config;
	client->events = events;
	client->user = user;
	client->cursor = config->since;
}

static void sse_fini(void *state)
{
	struct sse_client *client = state;

	http_response_reset(&client->response);
	sse_reset(&client->reader);
	bytes_free(&client->decoded);
	up_lane_free(&client->up);
}

static enum client_status sse_connected(void *state, enum client_lane lane, uint64_t now_ns,
                                        struct bytes *out)
{
	struct sse_client *client = state;

	(void)now_ns;
	if (lane == LANE_UP)
		return take_up(client, up_lane_connected(&client->up, out));
	http_response_reset(&client->response);
	sse_reset(&client->reader);
	client->open = false;
	sse_append_request(out, &client->config, client->cursor);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

/* Whether the media type is that of an event stream, whatever its parameters (RFC 9110 §8.3.1). */
static bool is_event_stream(const struct http_response *response)
{
	struct span type = {0};
	const uint8_t *semicolon;

	if (!http_response_field(response, "Content-Type", &type))
		return false;
	semicolon = memchr(type.data, ';', type.size);
	if (semicolon)
		type.size = (size_t)(semicolon - type.data);
	while (type.size > 0 && strchr(" \t", type.data[type.size - 1]))
		type.size--;
	return type.size == sizeof SSE_CONTENT_TYPE - 1 &&
	       !strncasecmp((const char *)type.data, SSE_CONTENT_TYPE, type.size);
}

static enum client_status take_head(struct sse_client *client)
{
	if (client->response.status != 200) {
		snprintf(client->why, sizeof client->why, "the server answered %d",
		         client->response.status);
		return CLIENT_FAILED;
	}
	if (!is_event_stream(&client->response))
		return fail(client, "the server's Content-Type is not " SSE_CONTENT_TYPE);
	client->open = true;
	client->events->ready(client->user);
	return CLIENT_OK;
}

/* Takes the base64 off the data; `decoded` keeps its memory for the next event. */
static int decode(struct sse_client *client, struct span *data)
{
	int err;

	bytes_clear(&client->decoded);
	err = base64_decode(&client->decoded, data->data, data->size);
	*data = (struct span){bytes_data(&client->decoded), bytes_size(&client->decoded)};
	return err;
}

static enum client_status take_message(struct sse_client *client, struct span data)
{
	enum message_format format = client->config.format;
	uint64_t id, scheduled_ns;
	int err = format == MESSAGE_BINARY ? decode(client, &data) : 0;

	if (!err)
		err = message_read(format, data.data, data.size, &id, &scheduled_ns);
	if (err == -ENOMEM)
		return fail(client, "out of memory");
	if (err) {
		snprintf(client->why, sizeof client->why, "a message is not of the format %s",
		         message_format_name(format));
		return CLIENT_FAILED;
	}
	client->cursor = id;
	client->events->message(client->user, id, scheduled_ns, data.data, data.size);
	client->events->response(client->user, 1);
	return CLIENT_OK;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && !memcmp(span.data, text, span.size);
}

/* An event of any other type has no listener here. */
static enum client_status take_event(struct sse_client *client, const struct sse_event *event)
{
	uint64_t missed;

	if (span_is(event->type, "message"))
		return take_message(client, event->data);
	if (!span_is(event->type, "missed"))
		return CLIENT_OK;
	if (!decimal_read(event->data, &missed))
		return fail(client, "the data of a missed event is not a number");
	client->events->missed(client->user, missed);
	return CLIENT_OK;
}

static enum client_status take_body(struct sse_client *client, struct span body)
{
	enum client_status status = CLIENT_OK;
	struct sse_event event;
	int got = 1;

	while (status == CLIENT_OK && got == 1) {
		got = sse_next(&client->reader, &body, &event, CLIENT_MESSAGE_MAX_BYTES);
		if (got == 1)
			status = take_event(client, &event);
	}
	if (got == -EMSGSIZE)
		return fail(client, "an event is too large");
	return got < 0 ? fail(client, "out of memory") : status;
}

static enum client_status input_down(struct sse_client *client, struct span input)
{
	enum client_status status = CLIENT_OK;
	struct span body;

	/* However a stream ends, in good order or cut off: WHATWG HTML §9.2.3. */
	if (input.size == 0)
		return CLIENT_RECONNECT;
	while (status == CLIENT_OK) {
		switch (http_response_next(&client->response, &input, &body)) {
		case HTTP_MORE:
			return CLIENT_OK;
		case HTTP_HEAD:
			status = take_head(client);
			break;
		case HTTP_BODY:
			status = take_body(client, body);
			break;
		case HTTP_END:
			return CLIENT_RECONNECT;
		case HTTP_INVALID:
			return fail(client, http_response_why(&client->response));
		}
	}
	return status;
}

static enum client_status sse_input(void *state, enum client_lane lane, const uint8_t *data,
                                    size_t size, uint64_t now_ns, struct bytes *out)
{
	struct sse_client *client = state;

	(void)now_ns;
	if (lane == LANE_DOWN)
		return input_down(client, (struct span){data, size});
	return take_up(client, up_lane_input(&client->up, data, size, out));
}

static enum client_status sse_send(void *state, const void *data, size_t size, bool binary,
                                   struct bytes *out)
{
	struct sse_client *client = state;

	up_lane_append(&client->up, &client->config, data, size, binary, out);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

static uint64_t sse_cursor(const void *state)
{
	const struct sse_client *client = state;

	return client->cursor;
}

static const char *sse_why(const void *state)
{
	const struct sse_client *client = state;

	return client->why;
}

const struct client_ops sse_client = {
        .transport = "sse",
        .lanes = 2,
        .state_size = sizeof(struct sse_client),
        .init = sse_init,
        .fini = sse_fini,
        .connected = sse_connected,
        .input = sse_input,
        .send = sse_send,
        .cursor = sse_cursor,
        .why = sse_why,
};
