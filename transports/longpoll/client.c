#include "../client.h"
#include "../poll_reply.h"
#include "../up_lane.h"
#include "wire.h"

struct longpoll_client {
	struct client_config config;
	const struct client_events *events;
	void *user;
	struct poll_reply reply;
	struct up_lane up;
	bool ready; /* the harness knows that this connection is subscribed */
	const char *why;
};

static enum client_status fail(struct longpoll_client *client, const char *why)
{
	client->why = why;
	return CLIENT_FAILED;
}

static enum client_status take_up(struct longpoll_client *client, enum client_status status)
{
	return status == CLIENT_FAILED ? fail(client, client->up.why) : status;
}

static void longpoll_init(void *state, const struct client_config *config,
                          const struct client_events *events, void *user)
{
	struct longpoll_client *client = state;

	client->config = *config;
	client->events = events;
	client->user = user;
	client->reply.format = config->format;
	client->reply.cursor = config->since;
	client->why = "";
}

static void longpoll_fini(void *state)
{
	struct longpoll_client *client = state;

	poll_reply_reset(&client->reply);
	up_lane_free(&client->up);
}

static enum client_status append_request(struct longpoll_client *client, struct bytes *out)
{
	longpoll_append_request(out, &client->config, client->reply.cursor);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

/* Subscribed is who knows a cursor: wire.h says why. */
static void tell_ready(struct longpoll_client *client)
{
	if (client->ready || client->reply.cursor == CLIENT_NO_CURSOR)
		return;
	client->ready = true;
	client->events->ready(client->user);
}

static enum client_status longpoll_connected(void *state, enum client_lane lane, uint64_t now_ns,
                                             struct bytes *out)
{
	struct longpoll_client *client = state;
	enum client_status status;

	(void)now_ns;
	if (lane == LANE_UP)
		return take_up(client, up_lane_connected(&client->up, out));
	poll_reply_reset(&client->reply);
	client->ready = false;
	status = append_request(client, out);
	if (status == CLIENT_OK)
		tell_ready(client);
	return status;
}

static enum client_status take_reply(struct longpoll_client *client, enum poll_reply_event event,
                                     struct bytes *out)
{
	if (event == POLL_REPLY_MORE)
		return CLIENT_OK;
	if (event == POLL_REPLY_FAILED)
		return fail(client, poll_reply_why(&client->reply));
	tell_ready(client);
	return event == POLL_REPLY_CLOSES ? CLIENT_RECONNECT : append_request(client, out);
}

static enum client_status input_down(struct longpoll_client *client, struct span input,
                                     struct bytes *out)
{
	enum poll_reply_event event;

	if (input.size > 0) {
		event = poll_reply_next(&client->reply, &input, client->events, client->user);
		return take_reply(client, event, out);
	}
	event = poll_reply_closed(&client->reply, client->events, client->user);
	if (event == POLL_REPLY_MORE)
		return CLIENT_RECONNECT;
	return take_reply(client, event == POLL_REPLY_END ? POLL_REPLY_CLOSES : event, out);
}

static enum client_status longpoll_input(void *state, enum client_lane lane, const uint8_t *data,
                                         size_t size, uint64_t now_ns, struct bytes *out)
{
	struct longpoll_client *client = state;

	(void)now_ns;
	if (lane == LANE_DOWN)
		return input_down(client, (struct span){data, size}, out);
	return take_up(client, up_lane_input(&client->up, data, size, out));
}

static enum client_status longpoll_send(void *state, const void *data, size_t size, bool binary,
                                        struct bytes *out)
{
	struct longpoll_client *client = state;

	up_lane_append(&client->up, &client->config, data, size, binary, out);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

static uint64_t longpoll_cursor(const void *state)
{
	const struct longpoll_client *client = state;

	return client->reply.cursor;
}

static const char *longpoll_why(const void *state)
{
	const struct longpoll_client *client = state;

	return client->why;
}

const struct client_ops longpoll_client = {
        .transport = "longpoll",
        .lanes = 2,
        .state_size = sizeof(struct longpoll_client),
        .init = longpoll_init,
        .fini = longpoll_fini,
        .connected = longpoll_connected,
        .input = longpoll_input,
        .send = longpoll_send,
        .cursor = longpoll_cursor,
        .why = longpoll_why,
};
