#include "../client.h"
#include "../poll_reply.h"
#include "../up_lane.h"
#include "wire.h"

struct polling_client {
	struct client_config config;
	const struct client_events *events;
	void *user;
	struct poll_reply reply;
	struct up_lane up;
	uint64_t next_ns; /* the next instant of the cadence; CLIENT_NEVER while not connected */
	bool outstanding; /* a poll is on its way */
	bool due;         /* the next poll leaves with the reply to that one */
	bool ready;       /* the first reply on this connection is complete */
	const char *why;
};

static enum client_status fail(struct polling_client *client, const char *why)
{
	client->why = why;
	return CLIENT_FAILED;
}

static enum client_status take_up(struct polling_client *client, enum client_status status)
{
	return status == CLIENT_FAILED ? fail(client, client->up.why) : status;
}

static void polling_init(void *state, const struct client_config *config,
                         const struct client_events *events, void *user)
{
	struct polling_client *client = state;

	client->config = *config;
	client->events = events;
	client->user = user;
	client->reply.format = config->format;
	client->reply.cursor = config->since;
	client->next_ns = CLIENT_NEVER;
	client->why = "";
}

static void polling_fini(void *state)
{
	struct polling_client *client = state;

	poll_reply_reset(&client->reply);
	up_lane_free(&client->up);
}

static enum client_status append_poll(struct polling_client *client, struct bytes *out)
{
	polling_append_request(out, &client->config, client->reply.cursor);
	client->outstanding = true;
	client->due = false;
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

/* The first instant of the cadence after now. */
static uint64_t next_instant(const struct client_config *config, uint64_t now_ns)
{
	uint64_t phase_ns = config->poll_phase_ns % config->poll_ns;
	uint64_t elapsed_ns = (now_ns + config->poll_ns - phase_ns) % config->poll_ns;

	return now_ns + config->poll_ns - elapsed_ns;
}

static enum client_status polling_connected(void *state, enum client_lane lane, uint64_t now_ns,
                                            struct bytes *out)
{
	struct polling_client *client = state;

	if (lane == LANE_UP)
		return take_up(client, up_lane_connected(&client->up, out));
	poll_reply_reset(&client->reply);
	client->ready = false;
	client->next_ns = next_instant(&client->config, now_ns);
	return append_poll(client, out);
}

static enum client_status take_reply(struct polling_client *client, enum poll_reply_event event,
                                     struct bytes *out)
{
	if (event == POLL_REPLY_MORE)
		return CLIENT_OK;
	if (event == POLL_REPLY_FAILED)
		return fail(client, poll_reply_why(&client->reply));
	client->outstanding = false;
	if (!client->ready) {
		client->ready = true;
		client->events->ready(client->user);
	}
	if (event == POLL_REPLY_CLOSES)
		return CLIENT_RECONNECT;
	return client->due ? append_poll(client, out) : CLIENT_OK;
}

static enum client_status input_down(struct polling_client *client, struct span input,
                                     struct bytes *out)
{
	enum poll_reply_event event;

	if (!client->outstanding && input.size > 0)
		return fail(client, "the server answered what nobody had asked");
	if (input.size > 0) {
		event = poll_reply_next(&client->reply, &input, client->events, client->user);
		return take_reply(client, event, out);
	}
	event = poll_reply_closed(&client->reply, client->events, client->user);
	if (event == POLL_REPLY_MORE)
		return CLIENT_RECONNECT;
	return take_reply(client, event == POLL_REPLY_END ? POLL_REPLY_CLOSES : event, out);
}

static enum client_status polling_input(void *state, enum client_lane lane, const uint8_t *data,
                                        size_t size, uint64_t now_ns, struct bytes *out)
{
	struct polling_client *client = state;
	enum client_status status;

	(void)now_ns;
	if (lane == LANE_UP)
		return take_up(client, up_lane_input(&client->up, data, size, out));
	status = input_down(client, (struct span){data, size}, out);
	if (status != CLIENT_OK)
		client->next_ns = CLIENT_NEVER;
	return status;
}

static uint64_t polling_deadline(const void *state)
{
	const struct polling_client *client = state;

	return client->next_ns;
}

/* Polls are not pipelined: one that is due before the last is answered waits for that answer, and
 * the cadence goes on from the clock, so that waiting shifts no later poll. */
static enum client_status polling_tick(void *state, uint64_t now_ns, struct bytes *out)
{
	struct polling_client *client = state;

	if (now_ns < client->next_ns)
		return CLIENT_OK;
	client->next_ns = next_instant(&client->config, now_ns);
	if (!client->outstanding)
		return append_poll(client, out);
	client->due = true;
	return CLIENT_OK;
}

static enum client_status polling_send(void *state, const void *data, size_t size, bool binary,
                                       struct bytes *out)
{
	struct polling_client *client = state;

	up_lane_append(&client->up, &client->config, data, size, binary, out);
	return out->failed ? fail(client, "out of memory") : CLIENT_OK;
}

static uint64_t polling_cursor(const void *state)
{
	const struct polling_client *client = state;

	return client->reply.cursor;
}

static const char *polling_why(const void *state)
{
	const struct polling_client *client = state;

	return client->why;
}

const struct client_ops polling_client = {
        .transport = "polling",
        .lanes = 2,
        .state_size = sizeof(struct polling_client),
        .init = polling_init,
        .fini = polling_fini,
        .connected = polling_connected,
        .input = polling_input,
        .deadline = polling_deadline,
        .tick = polling_tick,
        .send = polling_send,
        .cursor = polling_cursor,
        .why = polling_why,
};
