#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "../transports/clock.h"
#include "sessions.h"

#define FAILING_MAX_NS     (30 * NS_PER_S) /* from the first failure of a lane in a row */
#define SLOW_RECEIVE_BYTES (16 << 10)      /* of a slow reader's socket; the kernel doubles it */

static size_t number_of(const struct session *session)
{
	return (size_t)(session - session->all->list);
}

static enum client_lane name_of(const struct lane *lane)
{
	return lane == lane->session->lanes ? LANE_DOWN : LANE_UP;
}

/* The one that sends. */
static struct lane *last_lane(struct session *session)
{
	return &session->lanes[session->all->client->lanes - 1];
}

static bool is_up(struct session *session)
{
	const struct lane *lane = last_lane(session);

	if (name_of(lane) == LANE_DOWN)
		return session->ready;
	return lane->connection.state == CONNECTION_OPEN;
}

static void fail_for_good(struct lane *lane, int error_number)
{
	struct sessions *all = lane->session->all;

	sessions_fail(all, "connecting to %s port %u: %s", all->network.address, all->network.port,
	              error_number == EPROTO ? all->network.why : strerror(error_number));
}

/* The connection could not be had, or broke; it is closed. */
static void try_later(struct lane *lane, int error_number)
{
	struct sessions *all = lane->session->all;

	all->last_error = error_number;
	if (!lane->failing_since_ns)
		lane->failing_since_ns = all->now_ns;
	if (error_number == EPROTO || all->now_ns - lane->failing_since_ns > FAILING_MAX_NS)
		fail_for_good(lane, error_number);
	else
		timer_set(&all->timers, &lane->retry,
		          all->now_ns + backoff_next_ns(&lane->backoff));
}

static void succeed(struct lane *lane)
{
	lane->failing_since_ns = 0;
	backoff_reset(&lane->backoff);
}

/* A response without an end has a slot as long as its connection. */
static bool may_connect(struct lane *lane)
{
	struct session *session = lane->session;
	struct sessions *all = session->all;

	if (!all->endless || name_of(lane) != LANE_DOWN || slots_take(&all->slots, &session->slot))
		return true;
	all->kept_out += !session->connected;
	return false;
}

static void lane_connect(struct lane *lane)
{
	struct session *session = lane->session;
	int err;

	if (!may_connect(lane))
		return;
	session->all->now_ns = clock_now_ns();
	err = connection_start(&lane->connection, number_of(session), session->all->now_ns);
	if (err == -EMFILE || err == -ENFILE || err == -ENOMEM)
		fail_for_good(lane, -err);
	else if (err)
		try_later(lane, -err);
}

/* A request has its slot until the response to it has ended. */
static void flush(struct lane *lane)
{
	struct session *session = lane->session;
	struct sessions *all = session->all;
	struct connection *connection = &lane->connection;

	connection->held = !all->endless && name_of(lane) == LANE_DOWN &&
	                   bytes_size(&connection->out) > 0 &&
	                   !slots_take(&all->slots, &session->slot);
	connection_flush(connection);
}

static void slot_granted(void *owner)
{
	struct session *session = owner;
	struct sessions *all = session->all;

	if (all->endless) {
		all->kept_out -= !session->connected;
		lane_connect(&session->lanes[LANE_DOWN]);
	} else {
		flush(&session->lanes[LANE_DOWN]);
	}
}

static void retry_due(void *owner)
{
	lane_connect(owner);
}

void session_connect(struct session *session)
{
	for (unsigned i = 0; i < session->lanes_count; i++)
		lane_connect(&session->lanes[i]);
}

/* The client has done with the connection, or the connection broke. */
static void leave(struct lane *lane, bool broken)
{
	struct session *session = lane->session;

	session->all->reconnects++;
	if (name_of(lane) == LANE_DOWN) {
		session->ready = false;
		timer_clear(&session->all->timers, &session->timer);
		slots_give(&session->all->slots, &session->slot);
	}
	if (broken) {
		try_later(lane, ECONNRESET);
	} else {
		lane_connect(lane);
	}
}

static void reset_timer(struct session *session)
{
	struct sessions *all = session->all;
	uint64_t at_ns = CLIENT_NEVER;

	if (all->client->deadline && session->lanes[LANE_DOWN].connection.state == CONNECTION_OPEN)
		at_ns = all->client->deadline(session->state);
	if (at_ns == CLIENT_NEVER)
		timer_clear(&all->timers, &session->timer);
	else if (at_ns != session->timer.at_ns || !session->timer.place)
		timer_set(&all->timers, &session->timer, at_ns);
}

/* Hands the client what it is to publish. */
static enum client_status send_kept(struct session *session)
{
	enum client_status status = CLIENT_OK;
	struct bytes *kept = &session->kept;
	size_t size;

	while (status == CLIENT_OK && bytes_size(kept) > 0 && is_up(session)) {
		memcpy(&size, bytes_data(kept), sizeof size);
		status = session->all->client->send(session->state, bytes_data(kept) + sizeof size,
		                                    size, false,
		                                    &last_lane(session)->connection.out);
		bytes_consume(kept, sizeof size + size);
	}
	return status;
}

static void check_connected(struct session *session)
{
	if (session->connected || !session->ready)
		return;
	for (unsigned i = 0; i < session->lanes_count; i++)
		if (session->lanes[i].connection.state != CONNECTION_OPEN)
			return;
	session->connected = true;
	sessions_note_connected(session->all);
}

/* After every call of the client that could have changed something. */
static void go_on(struct lane *lane, enum client_status status, bool broken)
{
	struct session *session = lane->session;
	struct sessions *all = session->all;

	if (status == CLIENT_OK && lane == last_lane(session))
		status = send_kept(session);
	if (lane->connection.out.failed || session->kept.failed)
		sessions_fail(all, "out of memory");
	flush(lane);
	if (status == CLIENT_FAILED)
		sessions_fail(all, "subscriber %zu: %s", number_of(session) + 1,
		              all->client->why(session->state));
	if (all->failed)
		return;
	if (status == CLIENT_RECONNECT || broken) {
		connection_close(&lane->connection);
		leave(lane, broken);
		return;
	}
	reset_timer(session);
	check_connected(session);
}

static void advance(struct lane *lane)
{
	struct session *session = lane->session;
	struct sessions *all = session->all;
	enum client_status status;
	int err;

	all->now_ns = clock_now_ns();
	err = connection_advance(&lane->connection, all->now_ns);
	if (err && err != -EAGAIN)
		try_later(lane, -err);
	if (err)
		return;
	all->now_ns = lane->connection.open_ns; /* a handshake's last step takes its time */
	if (name_of(lane) == LANE_UP)
		succeed(lane);
	status = all->client->connected(session->state, name_of(lane), all->now_ns,
	                                &lane->connection.out);
	go_on(lane, status, false);
}

/* One read; true where another one may follow. */
static bool input(struct lane *lane)
{
	struct session *session = lane->session;
	struct sessions *all = session->all;
	ssize_t got = connection_read(&lane->connection, all->input, SESSION_INPUT_BYTES);
	bool broken = got <= 0;

	if (got == -EAGAIN)
		return false;
	if (got == -EPROTO) {
		sessions_fail(all, "subscriber %zu: TLS: %s", number_of(session) + 1,
		              all->network.why);
		return false;
	}
	all->now_ns = clock_now_ns();
	go_on(lane,
	      all->client->input(session->state, name_of(lane), all->input,
	                         broken ? 0 : (size_t)got, all->now_ns, &lane->connection.out),
	      broken);
	return !all->failed && connection_has_pending(&lane->connection);
}

void session_event(struct lane *lane, uint32_t what)
{
	if (lane->connection.state != CONNECTION_OPEN) {
		advance(lane);
		return;
	}
	if (what & EPOLLOUT)
		connection_flush(&lane->connection);
	if (what & ~(uint32_t)EPOLLOUT)
		while (input(lane))
			;
}

static void tick_due(void *owner)
{
	struct session *session = owner;
	struct sessions *all = session->all;
	struct lane *lane = &session->lanes[LANE_DOWN];

	hist_record(&all->lateness, all->now_ns - session->timer.at_ns);
	go_on(lane, all->client->tick(session->state, all->now_ns, &lane->connection.out), false);
}

void session_send(struct session *session, const void *data, size_t size)
{
	bytes_append(&session->kept, &size, sizeof size);
	bytes_append(&session->kept, data, size);
	if (session->kept.failed)
		sessions_fail(session->all, "out of memory");
	else if (is_up(session))
		go_on(last_lane(session), CLIENT_OK, false);
}

void session_stop_reading(struct session *session)
{
	struct timers *timers = &session->all->timers;

	timer_clear(timers, &session->timer);
	for (unsigned i = 0; i < session->lanes_count; i++) {
		timer_clear(timers, &session->lanes[i].retry);
		connection_ignore(&session->lanes[i].connection);
	}
}

void session_cut(struct session *session)
{
	for (unsigned i = 0; i < session->lanes_count; i++) {
		struct lane *lane = &session->lanes[i];

		if (lane->connection.state == CONNECTION_CLOSED)
			continue;
		connection_reset(&lane->connection);
		leave(lane, true);
	}
}

/* What the client tells is passed on. */

static void on_ready(void *user)
{
	struct session *session = user;
	struct lane *lane = &session->lanes[LANE_DOWN];
	const struct connection *connection = &lane->connection;
	struct sessions *all = session->all;

	session->ready = true;
	succeed(lane);
	if (!session->connected) {
		hist_record(&all->connect, connection->connected_ns - connection->begun_ns);
		hist_record(&all->ready, all->now_ns - connection->begun_ns);
		if (all->network.tls)
			hist_record(&all->handshake,
			            connection->open_ns - connection->connected_ns);
	}
	session->events->ready(session->user);
}

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	const struct session *session = user;

	session->events->message(session->user, id, scheduled_ns, data, size);
}

static void on_response(void *user, unsigned messages)
{
	struct session *session = user;
	struct sessions *all = session->all;

	session->events->response(session->user, messages);
	if (!all->endless)
		slots_give(&all->slots, &session->slot);
}

static void on_missed(void *user, uint64_t messages)
{
	const struct session *session = user;

	session->events->missed(session->user, messages);
}

static const struct client_events client_events = {
        .ready = on_ready, .message = on_message, .response = on_response, .missed = on_missed};

int session_open(struct session *session, struct sessions *all, const struct client_config *config,
                 const struct client_events *events, void *user)
{
	*session = (struct session){
	        .all = all,
	        .events = events,
	        .user = user,
	        .lanes_count = sessions_lanes(all),
	        .timer = {.due = tick_due, .owner = session},
	        .slot = {.granted = slot_granted, .owner = session},
	};
	for (unsigned i = 0; i < LANES_MAX; i++) {
		struct lane *lane = &session->lanes[i];

		*lane = (struct lane){.session = session,
		                      .retry = {.due = retry_due, .owner = lane},
		                      .backoff.random = config->seed + i};
		connection_init(&lane->connection, &all->network, lane);
		if (number_of(session) < all->slow)
			lane->connection.receive_bytes = SLOW_RECEIVE_BYTES;
	}
	session->state = calloc(1, all->client->state_size);
	if (!session->state)
		return -ENOMEM;
	all->client->init(session->state, config, &client_events, session);
	return 0;
}

void session_close(struct session *session)
{
	if (!session->all)
		return;
	for (unsigned i = 0; i < LANES_MAX; i++)
		connection_free(&session->lanes[i].connection);
	if (session->state)
		session->all->client->fini(session->state);
	free(session->state);
	bytes_free(&session->kept);
}
