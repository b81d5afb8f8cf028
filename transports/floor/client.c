#include "../client.h"

#include <stdio.h>

#include "wire.h"

struct floor_client {
	struct client_config config;
	const struct client_events *events;
	void *user;
	struct floor_reader reader;
	bool ready; /* the empty frame has come */
	uint64_t cursor;
	char why[96];
};

static enum client_status fail(struct floor_client *client, const char *why)
{
	snprintf(client->why, sizeof client->why, "%s", why);
	return CLIENT_FAILED;
}

static void floor_init(void *state, const struct client_config *config,
                       const struct client_events *events, void *user)
{
	struct floor_client *client = state;

	client->config = *config;
	client->events = events;
	client->user = user;
	client->cursor = config->since;
}

static void floor_fini(void *state)
{
	struct floor_client *client = state;

	floor_reset(&client->reader);
}

static enum client_status floor_connected(void *state, enum client_lane lane, uint64_t now_ns,
                                          struct bytes *out)
{
	struct floor_client *client = state;

	(void)lane;
	(void)now_ns;
	floor_reset(&client->reader);
	client->ready = false;
	floor_append_cursor(out, client->cursor);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

static enum client_status take_message(struct floor_client *client, struct span data)
{
	enum message_format format = client->config.format;
	uint64_t id, scheduled_ns;

	if (message_read(format, data.data, data.size, &id, &scheduled_ns)) {
		snprintf(client->why, sizeof client->why, "a message is not of the format %s",
		         message_format_name(format));
		return CLIENT_FAILED;
	}
	client->cursor = id;
	client->events->message(client->user, id, scheduled_ns, data.data, data.size);
	client->events->response(client->user, 1);
	return CLIENT_OK;
}

static enum client_status take_frame(struct floor_client *client, struct span frame)
{
	if (client->ready)
		return take_message(client, frame);
	if (frame.size > 0)
		return fail(client, "the server's first frame is not empty");
	client->ready = true;
	client->events->ready(client->user);
	return CLIENT_OK;
}

static enum client_status floor_input(void *state, enum client_lane lane, const uint8_t *data,
                                      size_t size, uint64_t now_ns, struct bytes *out)
{
	struct floor_client *client = state;
	struct span input = {data, size}, frame;
	enum client_status status = CLIENT_OK;
	uint64_t missed;

	(void)lane;
	(void)now_ns;
	(void)out;
	if (size == 0)
		return CLIENT_RECONNECT;
	while (status == CLIENT_OK) {
		switch (floor_next(&client->reader, &input, &frame, &missed,
		                   CLIENT_MESSAGE_MAX_BYTES)) {
		case FLOOR_MORE:
			return CLIENT_OK;
		case FLOOR_FRAME:
			status = take_frame(client, frame);
			break;
		case FLOOR_MISSED:
			client->events->missed(client->user, missed);
			break;
		case FLOOR_TOO_LARGE:
			return fail(client, "a message is too large");
		case FLOOR_NO_MEMORY:
			return fail(client, "out of memory");
		}
	}
	return status;
}

static enum client_status floor_send(void *state, const void *data, size_t size, bool binary,
                                     struct bytes *out)
{
	struct floor_client *client = state;

	if (binary)
		return fail(client, "the floor carries only text upstream");
	if (size > FLOOR_FRAME_MAX_BYTES)
		return fail(client, "a message is too large");
	floor_append_frame(out, data, size);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

static uint64_t floor_cursor(const void *state)
{
	const struct floor_client *client = state;

	return client->cursor;
}

static const char *floor_why(const void *state)
{
	const struct floor_client *client = state;

	return client->why;
}

const struct client_ops floor_client = {
        .transport = "floor",
        .lanes = 1,
        .state_size = sizeof(struct floor_client),
        .init = floor_init,
        .fini = floor_fini,
        .connected = floor_connected,
        .input = floor_input,
        .send = floor_send,
        .cursor = floor_cursor,
        .why = floor_why,
};
