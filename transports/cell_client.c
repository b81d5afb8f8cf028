/* Our own client of the transport, driven over real sockets: what is published arrives exactly
 * once and in order, whatever happens to its connections. And whom a client lets serve it over
 * TLS. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "../bench/project.h"
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
	unsigned connections, ready, messages;
	uint64_t last;   /* id of what came, or is known to be gone */
	uint64_t missed; /* of these */
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
	driver->messages++;
}

static void on_response(void *user, unsigned messages)
{
	(void)user;
	(void)messages;
}

static void on_missed(void *user, uint64_t messages)
{
	struct driver *driver = user;

	driver->missed += messages;
	driver->last += messages;
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
	struct driver driver = {0};

	cell_publish_many(cell, 10);
	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, 10);
	assert_int_equal(driver.missed, 6);
	assert_int_equal(driver.messages, 4);
	close_driver(&driver);
}

/* Until the server knows, too: there is left the other lane, and who asks for the counters. */
static void cut(struct driver *driver)
{
	stream_close(&driver->streams[LANE_DOWN]);
	cell_await(driver->cell, "connections_open", driver->ops->lanes);
}

static void test_a_client_that_comes_back_goes_on_where_it_was(struct cell *cell)
{
	struct driver driver = {0};

	cell_publish_many(cell, 3);
	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, 3);
	cut(&driver);
	cell_publish_many(cell, 3);
	connect_lane(&driver, LANE_DOWN);
	drive(&driver, 6);
	assert_int_equal(driver.missed, 0);
	assert_int_equal(driver.messages, 6);
	cell_await(cell, "delivered", 6);
	close_driver(&driver);
}

static void test_a_client_that_comes_back_is_told_what_it_has_missed(struct cell *cell)
{
	struct driver driver = {0};

	cell_publish_many(cell, 3);
	open_driver(&driver, cell, 0, MESSAGE_JSON);
	drive(&driver, 3);
	cut(&driver);
	cell_publish_many(cell, 10);
	connect_lane(&driver, LANE_DOWN);
	drive(&driver, 13);
	assert_int_equal(driver.missed, 6);
	assert_int_equal(driver.messages, 3 + 4);
	cell_await(cell, "missed", 6);
	close_driver(&driver);
}

/* The server has been restarted. */
static void test_a_client_of_another_life_gets_what_comes(struct cell *cell)
{
	struct driver driver = {0};

	open_driver(&driver, cell, 50, MESSAGE_JSON);
	drive(&driver, 0);
	if (strcmp(cell->endpoint->transport, "polling") != 0)
		cell_await(cell, "subscribers", 1);
	cell_publish_many(cell, 3);
	drive(&driver, 3);
	assert_int_equal(driver.ops->cursor(driver.state), 3);
	assert_int_equal(driver.missed, 0);
	close_driver(&driver);
}

const struct cell_case client_cases[] = {
        CELL_CASE(test_a_client_gets_every_message_once_in_order),
        CELL_CASE(test_a_client_whose_connections_are_cut_loses_nothing),
        CELL_CASE(test_a_client_hears_what_it_sends),
        CELL_CASE(test_a_client_gets_bytes),
        CELL_CASE_WITH(test_a_client_is_told_what_the_log_has_lost, "--log-messages=4"),
        CELL_CASE(test_a_client_that_comes_back_goes_on_where_it_was),
        CELL_CASE_WITH(test_a_client_that_comes_back_is_told_what_it_has_missed,
                       "--log-messages=4"),
        CELL_CASE(test_a_client_of_another_life_gets_what_comes),
        {0},
};

/* A handshake of a client that trusts that authority and asks for that host; why says what went
 * wrong with it. 0, or as tls_handshake. */
static int shake_hands(struct cell *cell, const char *authority, const char *host, char *why,
                       size_t why_size)
{
	struct peer *peer = peer_open_as(cell, &(struct peer_way){.plain = true});
	struct pollfd readable = {.fd = peer->stream.fd, .events = POLLIN};
	struct tls_context *trust;
	char file[PATH_MAX];
	int err;

	assert_int_equal(project_path(file, sizeof file, authority), 0);
	assert_int_equal(tls_client_open(&trust, file, false, why, why_size), 0);
	peer->stream.tls = tls_open(trust, peer->stream.fd, host);
	assert_non_null(peer->stream.tls);
	while ((err = tls_handshake(peer->stream.tls)) == -EAGAIN)
		assert_int_equal(poll(&readable, 1, CELL_PATIENCE_MS), 1);
	snprintf(why, why_size, "%s", tls_why(peer->stream.tls));
	peer_close(cell, peer);
	tls_context_close(&trust);
	return err;
}

/* Whatever became of others. */
static void expect_unharmed(struct cell *cell)
{
	assert_int_equal(cell_publish(cell, "still there"), 1);
	cell_await(cell, "connections_open", 1);
	cell_await(cell, "subscribers", 0);
}

static void test_a_client_that_trusts_the_authority_asks_for_any_of_its_hosts(struct cell *cell)
{
	static const char *const hosts[] = {"127.0.0.1", "localhost", "::1"};
	char why[256];

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		assert_int_equal(shake_hands(cell, "certs/ca.pem", hosts[i], why, sizeof why), 0);
	expect_unharmed(cell);
}

static void test_a_client_that_trusts_another_authority_goes_away(struct cell *cell)
{
	char why[256];

	assert_int_equal(shake_hands(cell, "certs/other-ca.pem", "127.0.0.1", why, sizeof why),
	                 -EPROTO);
	assert_string_equal(why, "unable to get local issuer certificate");
	expect_unharmed(cell);
}

static void test_a_client_that_asks_for_another_host_goes_away(struct cell *cell)
{
	char why[256];

	assert_int_equal(shake_hands(cell, "certs/ca.pem", "wrong-host.example", why, sizeof why),
	                 -EPROTO);
	assert_string_equal(why, "hostname mismatch");
	assert_int_equal(shake_hands(cell, "certs/ca.pem", "127.0.0.9", why, sizeof why), -EPROTO);
	assert_string_equal(why, "IP address mismatch");
	expect_unharmed(cell);
}

/* What a server chooses of the protocols that are offered (RFC 7301 §3.1), "" for none; NULL where
 * it refuses. */
static const char *negotiate(struct cell *cell, const char *offered)
{
	struct peer *peer = peer_open_as(cell, &(struct peer_way){.plain = true});
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	static char chosen[32];
	const unsigned char *name = NULL;
	unsigned size = 0;
	bool shaken;
	SSL *ssl;

	assert_non_null(context);
	ssl = SSL_new(context);
	assert_non_null(ssl);
	assert_int_equal(
	        SSL_set_alpn_protos(ssl, (const unsigned char *)offered, (unsigned)strlen(offered)),
	        0);
	fcntl(peer->stream.fd, F_SETFL, 0);
	SSL_set_fd(ssl, peer->stream.fd);
	shaken = SSL_connect(ssl) == 1;
	SSL_get0_alpn_selected(ssl, &name, &size);
	snprintf(chosen, sizeof chosen, "%.*s", (int)size, (const char *)name);
	SSL_free(ssl);
	SSL_CTX_free(context);
	peer_close(cell, peer);
	return shaken ? chosen : NULL;
}

/* Only we refuse a client that knows no HTTP/1.1 (RFC 7301 §3.2): the libraries choose nothing. */
static void test_http_1_1_is_chosen_of_what_a_client_offers(struct cell *cell)
{
	assert_string_equal(negotiate(cell, "\x08http/1.1"), "http/1.1");
	assert_string_equal(negotiate(cell, "\x02h2\x08http/1.1"), "http/1.1");
	assert_string_equal(negotiate(cell, "\x06spdy/3\x08http/1.1\x02h2"), "http/1.1");
	if (cell_is_on(cell, "epoll"))
		assert_null(negotiate(cell, "\x02h2"));
	else
		assert_string_equal(negotiate(cell, "\x02h2"), "");
	expect_unharmed(cell);
}

static void test_a_client_without_tls_is_sent_away(struct cell *cell)
{
	struct peer *peer = peer_open_as(cell, &(struct peer_way){.plain = true});

	peer_subscribe(cell, peer, "?topic=" CELL_TOPIC);
	peer_expect_close(peer);
	assert_null(memmem(bytes_data(&peer->in), bytes_size(&peer->in), "HTTP", 4));
	peer_close(cell, peer);
	expect_unharmed(cell);
	cell_await(cell, "timeouts", 0);
}

static void test_a_client_that_shakes_no_hands_is_dropped(struct cell *cell)
{
	struct peer *silent = peer_open_as(cell, &(struct peer_way){.plain = true});
	struct peer *slow = peer_open_as(cell, &(struct peer_way){.plain = true});

	peer_drip(slow, "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 11); /* of a ClientHello */
	peer_expect_end(silent);
	/* The connection that asks for this has its deadline, too, and may have missed it. */
	assert_true(cell_counter(cell, "timeouts") >= 2);
	expect_unharmed(cell);
}

const struct cell_case tls_cases[] = {
        CELL_CASE(test_a_client_that_trusts_the_authority_asks_for_any_of_its_hosts),
        CELL_CASE(test_a_client_that_trusts_another_authority_goes_away),
        CELL_CASE(test_a_client_that_asks_for_another_host_goes_away),
        CELL_CASE(test_http_1_1_is_chosen_of_what_a_client_offers),
        CELL_CASE(test_a_client_without_tls_is_sent_away),
        CELL_CASE_WITH(test_a_client_that_shakes_no_hands_is_dropped, "--request-timeout=200"),
        {0},
};
