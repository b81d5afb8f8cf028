/* Our own client of the transport, driven over real sockets: what is published arrives exactly
 * once and in order, whatever happens to its connections. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "cell_fixture.h"
#include "clock.h"

#define MESSAGES   100
#define POLL_NS    (2 * NS_PER_MS)
#define RECV_BYTES 4096

/* A client with its sockets and what it has told. */
struct driver {
	struct cell *cell;
	const struct client_ops *ops;
	void *state;
	struct stream streams[LANES_MAX];
	size_t cut_bytes; /* a connection is cut after so many bytes; 0: never */
	size_t received;  /* on this connection of the lane down */
	unsigned connections, ready;
	uint64_t last; /* id */
	uint64_t missed;
};

static void on_ready(void *user)
{
	((struct driver *)user)->ready++;
}

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	struct driver *driver = user;

	(void)scheduled_ns;
	(void)data;
	(void)size;
	assert_int_equal(id, driver->last + 1);
	driver->last = id;
}

static void on_response(void *user, unsigned messages)
{
	(void)user;
	(void)messages;
}

static void on_missed(void *user, uint64_t messages)
{
	((struct driver *)user)->missed += messages;
}

static const struct client_events events = {
        .ready = on_ready,
        .message = on_message,
        .response = on_response,
        .missed = on_missed,
};

static void transmit(struct driver *driver, enum client_lane lane, struct bytes *out)
{
	cell_send(&driver->streams[lane], bytes_data(out), bytes_size(out));
	bytes_free(out);
}

static void connect_lane(struct driver *driver, enum client_lane lane)
{
	struct bytes out = {0};

	stream_close(&driver->streams[lane]);
	cell_connect(driver->cell, &driver->streams[lane]);
	assert_int_equal(driver->ops->connected(driver->state, lane, clock_now_ns(), &out),
	                 CLIENT_OK);
	transmit(driver, lane, &out);
	if (lane == LANE_DOWN) {
		driver->received = 0;
		driver->connections++;
	}
}

/* Takes what came, as far as this connection may. */
static void take(struct driver *driver, enum client_lane lane)
{
	size_t room = RECV_BYTES;
	uint8_t data[RECV_BYTES];
	struct bytes out = {0};
	enum client_status status;
	ssize_t got;

	if (lane == LANE_DOWN && driver->cut_bytes)
		room = driver->cut_bytes - driver->received;
	got = stream_read(&driver->streams[lane], data, room < RECV_BYTES ? room : RECV_BYTES);
	if (got == -EAGAIN)
		return;
	if (got < 0)
		fail_msg("recv: %s", strerror((int)-got));
	status = driver->ops->input(driver->state, lane, data, (size_t)got, clock_now_ns(), &out);
	if (status == CLIENT_FAILED)
		fail_msg("the client failed: %s", driver->ops->why(driver->state));
	if (lane == LANE_DOWN)
		driver->received += (size_t)got;
	if (status == CLIENT_OK && driver->received != driver->cut_bytes)
		transmit(driver, lane, &out);
	else
		connect_lane(driver, lane);
	bytes_free(&out);
}

static void tick(struct driver *driver)
{
	struct bytes out = {0};

	if (!driver->ops->tick || driver->ops->deadline(driver->state) > clock_now_ns())
		return;
	assert_int_equal(driver->ops->tick(driver->state, clock_now_ns(), &out), CLIENT_OK);
	transmit(driver, LANE_DOWN, &out);
}

static int wait_ms(const struct driver *driver)
{
	uint64_t now = clock_now_ns();
	uint64_t at = driver->ops->deadline ? driver->ops->deadline(driver->state) : CLIENT_NEVER;

	if (at == CLIENT_NEVER)
		return CELL_PATIENCE_MS;
	return at > now ? (int)((at - now) / NS_PER_MS) + 1 : 0;
}

/* Waits, but no longer than the client may; says which lanes may have something. */
static void await_lanes(const struct driver *driver, bool ready[LANES_MAX])
{
	struct pollfd readable[LANES_MAX];
	int timeout_ms = wait_ms(driver);

	for (int lane = 0; lane < LANES_MAX; lane++) {
		const struct stream *stream = &driver->streams[lane];

		readable[lane] = (struct pollfd){.fd = stream->fd, .events = POLLIN};
		ready[lane] = stream_has_pending(stream);
		if (ready[lane])
			timeout_ms = 0;
	}
	poll(readable, LANES_MAX, timeout_ms);
	for (int lane = 0; lane < LANES_MAX; lane++)
		ready[lane] |= readable[lane].revents != 0;
}

/* Serves the client until it is ready and has that message. */
static void drive(struct driver *driver, uint64_t last)
{
	uint64_t end = clock_now_ns() + CELL_PATIENCE_MS * NS_PER_MS;

	while (!driver->ready || driver->last < last) {
		bool ready[LANES_MAX];

		if (clock_now_ns() > end)
			fail_msg("only message %" PRIu64 " of %" PRIu64 " came", driver->last,
			         last);
		await_lanes(driver, ready);
		if (ready[LANE_DOWN])
			take(driver, LANE_DOWN);
		if (ready[LANE_UP])
			take(driver, LANE_UP);
		tick(driver);
	}
}

static void open_driver(struct driver *driver, struct cell *cell, uint64_t since,
                        enum message_format format)
{
	struct client_config config = {.host = "h",
	                               .topic = CELL_TOPIC,
	                               .since = since,
	                               .format = format,
	                               .poll_ns = POLL_NS};

	driver->cell = cell;
	driver->ops = matrix_client(cell->endpoint->transport);
	driver->state = calloc(1, driver->ops->state_size);
	assert_non_null(driver->state);
	driver->ops->init(driver->state, &config, &events, driver);
	driver->streams[LANE_DOWN] = driver->streams[LANE_UP] = (struct stream){.fd = -1};
	connect_lane(driver, LANE_DOWN);
	if (driver->ops->lanes > LANE_UP)
		connect_lane(driver, LANE_UP);
}

static void close_driver(struct driver *driver)
{
	for (int lane = 0; lane < LANES_MAX; lane++)
		stream_close(&driver->streams[lane]);
	driver->ops->fini(driver->state);
	free(driver->state);
}

static void test_a_client_gets_every_message_once_in_order(struct cell *cell)
{
	struct driver driver = {0};

	cell_publish(cell, "before");
	driver.last = 1;
	open_driver(&driver, cell, CLIENT_NO_CURSOR, MESSAGE_JSON);
	drive(&driver, 0);
	cell_publish_many(cell, MESSAGES);
	drive(&driver, 1 + MESSAGES);
	assert_int_equal(driver.ops->cursor(driver.state), 1 + MESSAGES);
	assert_int_equal(driver.connections, 1);
	assert_int_equal(driver.missed, 0);
	close_driver(&driver);
}

static void test_a_client_whose_connections_are_cut_loses_nothing(struct cell *cell)
{
	struct driver driver = {.cut_bytes = 600};

	cell_publish_many(cell, MESSAGES / 2);
	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, MESSAGES / 2);
	cell_publish_many(cell, MESSAGES / 2);
	drive(&driver, MESSAGES);
	assert_true(driver.connections > 5);
	assert_int_equal(driver.missed, 0);
	close_driver(&driver);
}

static void test_a_client_hears_what_it_sends(struct cell *cell)
{
	struct driver driver = {0};

	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, 0);
	for (unsigned id = 1; id <= 10; id++) {
		struct bytes out = {0};

		assert_int_equal(driver.ops->send(driver.state, "hello", 5, false, &out),
		                 CLIENT_OK);
		transmit(&driver, driver.ops->lanes - 1, &out);
		drive(&driver, id);
	}
	close_driver(&driver);
}

static void test_a_client_gets_bytes(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	struct driver driver = {0};

	open_driver(&driver, cell, 0, MESSAGE_BINARY);
	for (unsigned id = 1; id <= 3; id++) {
		peer_request(peer, "POST", "/publish?topic=" CELL_TOPIC,
		             "Content-Type: application/octet-stream\r\n", "\xff\xfe");
		assert_int_equal(peer_answer(peer), 200);
	}
	drive(&driver, 3);
	close_driver(&driver);
}

static void test_a_client_is_told_what_the_log_has_lost(struct cell *cell)
{
	struct driver driver = {.last = 6};

	cell_publish_many(cell, 10);
	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, 10);
	assert_int_equal(driver.missed, 6);
	close_driver(&driver);
}

const struct cell_case client_cases[] = {
        CELL_CASE(test_a_client_gets_every_message_once_in_order),
        CELL_CASE(test_a_client_whose_connections_are_cut_loses_nothing),
        CELL_CASE(test_a_client_hears_what_it_sends),
        CELL_CASE(test_a_client_gets_bytes),
        CELL_CASE_WITH(test_a_client_is_told_what_the_log_has_lost, "--log-messages=4"),
        {0},
};
