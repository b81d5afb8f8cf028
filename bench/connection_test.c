#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../transports/clock.h"
#include "../transports/listen.h"
#include "project.h"

#define ADDRESS     "127.0.0.1"
#define PATIENCE_MS 20000 /* it matters only to a test that fails */
#define MUCH_BYTES  ((size_t)1 << 20)

/* A connection and its peer: one that was accepted by a listener of ours. */
struct fixture {
	int listener;
	struct network network;
	struct connection connection;
	struct tls_context *peers; /* NULL: plain */
	struct stream peer;
	int peer_result; /* of its handshake */
	uint64_t now_ns; /* as last told */
	bool real_time;  /* else every look at the clock moves it by 1 ns */
};

static struct fixture fixture;
static struct network *const network = &fixture.network;
static struct connection *const connection = &fixture.connection;
static struct stream *const peer = &fixture.peer;

static int open_plain(void **state)
{
	(void)state;
	fixture = (struct fixture){
	        .listener = listen_tcp(ADDRESS, 0), .peer = {.fd = -1}, .now_ns = 999};
	*network = (struct network){.address = ADDRESS,
	                            .port = listen_port(fixture.listener),
	                            .epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
	connection_init(connection, network, &fixture);
	return fixture.listener < 0 || network->epoll_fd < 0 ? -1 : 0;
}

static int certs_path(char path[PATH_MAX], const char *relative)
{
	int err = project_path(path, PATH_MAX, relative);

	if (err)
		fprintf(stderr, "%s is missing: run scripts/certs\n", relative);
	return err;
}

static int open_contexts(const char *authority, const char *certificate, const char *private_key)
{
	char path[PATH_MAX], key[PATH_MAX], error[512];

	if (open_plain(NULL) || certs_path(path, authority) ||
	    tls_client_open(&network->tls, path, false, error, sizeof error))
		return -1;
	if (certs_path(path, certificate) || certs_path(key, private_key))
		return -1;
	return tls_server_open(&fixture.peers, path, key, error, sizeof error);
}

static int open_tls(void **state)
{
	(void)state;
	return open_contexts("certs/ca.pem", "certs/server.pem", "certs/server.key");
}

static int open_stranger(void **state)
{
	(void)state;
	return open_contexts("certs/other-ca.pem", "certs/server.pem", "certs/server.key");
}

static int open_namesake(void **state)
{
	(void)state;
	return open_contexts("certs/ca.pem", "certs/wrong-host.pem", "certs/wrong-host.key");
}

static int close_all(void **state)
{
	(void)state;
	connection_free(connection);
	stream_close(peer);
	tls_context_close(&network->tls);
	tls_context_close(&fixture.peers);
	close(network->epoll_fd);
	if (fixture.listener >= 0)
		close(fixture.listener);
	return 0;
}

static uint64_t tick(void)
{
	fixture.now_ns = fixture.real_time ? clock_now_ns() : fixture.now_ns + 1;
	return fixture.now_ns;
}

static void await(int fd, short events, const char *what)
{
	struct pollfd ready = {.fd = fd, .events = events};

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		fail_msg("%s in %d ms", what, PATIENCE_MS);
}

/* What the connection's own events are now; 0: none. */
static uint32_t events_now(void)
{
	struct epoll_event event;

	if (epoll_wait(network->epoll_fd, &event, 1, 0) != 1)
		return 0;
	assert_ptr_equal(event.data.ptr, &fixture);
	return event.events;
}

static uint32_t await_events(void)
{
	await(network->epoll_fd, POLLIN, "there was no event");
	return events_now();
}

static void start(size_t source)
{
	assert_int_equal(connection_start(connection, source, tick()), 0);
}

static void accept_peer(void)
{
	int on = 1;

	await(fixture.listener, POLLIN, "nobody connected");
	peer->fd = accept4(fixture.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(peer->fd >= 0);
	setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (!fixture.peers)
		return;
	peer->tls = tls_open(fixture.peers, peer->fd, NULL);
	assert_non_null(peer->tls);
	fixture.peer_result = -EAGAIN;
}

/* Both ends go on until each has its result; gives ours. */
static int meet(void)
{
	int ours = -EAGAIN;

	while (ours == -EAGAIN || fixture.peer_result == -EAGAIN) {
		struct pollfd ready[] = {
		        {.fd = ours == -EAGAIN ? network->epoll_fd : -1, .events = POLLIN},
		        {.fd = fixture.peer_result == -EAGAIN ? peer->fd : -1, .events = POLLIN}};

		if (poll(ready, 2, PATIENCE_MS) <= 0)
			fail_msg("the ends did not meet in %d ms", PATIENCE_MS);
		if (ready[0].revents && events_now())
			ours = connection_advance(connection, tick());
		if (ready[1].revents)
			fixture.peer_result = tls_handshake(peer->tls);
	}
	return ours;
}

static void connect_from(size_t source)
{
	start(source);
	accept_peer();
	assert_int_equal(meet(), 0);
	connection_flush(connection);
}

/* The next size bytes that the peer gets. */
static void peer_reads(void *data, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t step = stream_read(peer, (uint8_t *)data + got, size - got);

		assert_true(step > 0 || step == -EAGAIN);
		got += step > 0 ? (size_t)step : 0;
		if (step == -EAGAIN)
			await(peer->fd, POLLIN, "the peer got nothing more");
	}
}

static void peer_writes(const char *text)
{
	assert_int_equal(stream_write(peer, text, strlen(text)), strlen(text));
}

/* What comes next, which may be the end or an error, but not nothing. */
static ssize_t read_next(void *data, size_t size)
{
	ssize_t got;

	while ((got = connection_read(connection, data, size)) == -EAGAIN)
		await_events();
	return got;
}

static void send_text(const char *text)
{
	bytes_append_text(&connection->out, text);
	connection_flush(connection);
}

/* "hello" up, "welcome" down. */
static void exchange(void)
{
	char data[16];

	send_text("hello");
	peer_reads(data, 5);
	assert_memory_equal(data, "hello", 5);
	peer_writes("welcome");
	assert_int_equal(read_next(data, sizeof data), 7);
	assert_memory_equal(data, "welcome", 7);
}

static void assert_closed(void)
{
	assert_int_equal(connection->state, CONNECTION_CLOSED);
	assert_int_equal(connection->stream.fd, -1);
	assert_null(connection->stream.tls);
}

static void test_it_begins_closed(void **state)
{
	struct tcp_totals totals = {0};

	(void)state;
	assert_closed();
	assert_false(connection_has_pending(connection));
	connection_add_totals(connection, &totals);
	connection_close(connection);
	assert_int_equal(totals.segments_up + network->closed.segments_up, 0);
}

static void test_it_connects_and_is_open(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(connection->state, CONNECTION_CONNECTING);
	accept_peer();
	assert_int_equal(meet(), 0);
	assert_int_equal(connection->state, CONNECTION_OPEN);
}

static void test_it_keeps_the_instants_of_connecting(void **state)
{
	(void)state;
	connect_from(0);
	assert_int_equal(connection->begun_ns, 1000);
	assert_int_equal(connection->connected_ns, 1001);
	assert_int_equal(connection->open_ns, 1001);
}

static void test_it_knows_how_long_tls_took(void **state)
{
	(void)state;
	connect_from(0);
	assert_int_equal(connection->begun_ns, 1000);
	assert_int_equal(connection->connected_ns, 1001);
	assert_true(connection->open_ns > connection->connected_ns);
}

/* The last step takes longest: it verifies the certificate. */
static void test_tls_is_open_when_its_last_step_is_over(void **state)
{
	(void)state;
	fixture.real_time = true;
	connect_from(0);
	assert_true(connection->open_ns > fixture.now_ns);
}

static void test_bytes_go_both_ways(void **state)
{
	(void)state;
	connect_from(0);
	exchange();
	assert_int_equal(bytes_size(&connection->out), 0);
}

static void test_bytes_count_as_they_were_handed_over(void **state)
{
	(void)state;
	connect_from(0);
	exchange();
	assert_int_equal(network->bytes_up, 5);
	assert_int_equal(network->bytes_down, 7);
}

static void test_nothing_to_read_is_no_end(void **state)
{
	char byte;

	(void)state;
	connect_from(0);
	assert_int_equal(connection_read(connection, &byte, 1), -EAGAIN);
}

static void test_what_is_sent_wakes_for_input_only(void **state)
{
	(void)state;
	connect_from(0);
	exchange();
	assert_int_equal(events_now() & EPOLLOUT, 0);
}

/* The peer reads into `data` what a connection with little room has to say. */
static void read_all(uint8_t *data, size_t size)
{
	for (size_t got = 0; got < size;) {
		struct pollfd ready[] = {{.fd = network->epoll_fd, .events = POLLIN},
		                         {.fd = peer->fd, .events = POLLIN}};
		ssize_t step;

		if (poll(ready, 2, PATIENCE_MS) <= 0)
			fail_msg("only %zu bytes of %zu came", got, size);
		if (events_now() & EPOLLOUT)
			connection_flush(connection);
		step = stream_read(peer, data + got, size - got);
		assert_true(step > 0 || step == -EAGAIN);
		got += step > 0 ? (size_t)step : 0;
	}
}

static void test_what_there_is_no_room_for_is_sent_later(void **state)
{
	uint8_t *sent = malloc(MUCH_BYTES), *received = malloc(MUCH_BYTES);
	int small = 4096;
	char byte;

	(void)state;
	assert_true(sent && received);
	for (size_t i = 0; i < MUCH_BYTES; i++)
		sent[i] = (uint8_t)(i * 2654435761U >> 13);
	connect_from(0);
	connection_read(connection, &byte, 1); /* no bytes, but what TLS says of itself */
	setsockopt(connection->stream.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	bytes_append(&connection->out, sent, MUCH_BYTES);
	connection_flush(connection);
	assert_true(bytes_size(&connection->out) > 0);
	read_all(received, MUCH_BYTES);
	assert_memory_equal(received, sent, MUCH_BYTES);
	assert_int_equal(network->bytes_up, MUCH_BYTES);
	assert_int_equal(bytes_size(&connection->out), 0);
	assert_int_equal(events_now() & EPOLLOUT, 0);
	free(sent);
	free(received);
}

/* Whatever the kernel would give it. */
static void test_one_that_is_to_take_little_is_full_soon(void **state)
{
	static const uint8_t data[4096];
	size_t written = 0;
	ssize_t step;

	(void)state;
	connection->receive_bytes = 4096;
	connect_from(0);
	while ((step = stream_write(peer, data, sizeof data)) > 0 && written < MUCH_BYTES)
		written += (size_t)step;
	assert_int_equal(step, -EAGAIN);
	assert_true(written < MUCH_BYTES);
}

static void test_one_that_is_ignored_wakes_nobody(void **state)
{
	(void)state;
	connect_from(0);
	connection_ignore(connection);
	peer_writes("welcome");
	await(connection->stream.fd, POLLIN, "nothing arrived");
	assert_int_equal(events_now(), 0);
	stream_close(peer);
	await(connection->stream.fd, POLLRDHUP, "no end arrived");
	assert_int_equal(events_now(), 0);
	assert_int_equal(connection->state, CONNECTION_OPEN);
}

static void test_it_begins_with_nothing_to_send(void **state)
{
	(void)state;
	bytes_append_text(&connection->out, "left over");
	start(0);
	assert_int_equal(bytes_size(&connection->out), 0);
}

static void test_the_peer_s_close_is_an_end(void **state)
{
	char byte;

	(void)state;
	connect_from(0);
	exchange();
	stream_close(peer);
	assert_int_equal(read_next(&byte, 1), 0);
}

static void reset_peer(void)
{
	struct linger at_once = {.l_onoff = 1};

	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(peer->fd);
	peer->fd = -1;
}

/* SIGPIPE would end this program. */
static void test_sending_to_a_dead_peer_shows_up_as_an_end_of_input(void **state)
{
	char byte;

	(void)state;
	connect_from(0);
	exchange();
	reset_peer();
	signal(SIGPIPE, SIG_DFL);
	await_events();
	send_text("hello");
	send_text("hello");
	assert_true(read_next(&byte, 1) <= 0);
}

static void test_closing_is_an_end_to_the_peer(void **state)
{
	char byte;

	(void)state;
	connect_from(0);
	exchange();
	connection_close(connection);
	assert_closed();
	await(peer->fd, POLLIN, "the peer was told nothing");
	assert_int_equal(stream_read(peer, &byte, 1), 0);
}

/* Asked of the socket, for TLS calls an end without its own farewell a reset too. */
static void assert_peer_was_reset(void)
{
	char byte;

	await(peer->fd, POLLIN, "the peer was told nothing");
	assert_int_equal(recv(peer->fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void test_a_reset_is_a_rst_to_the_peer(void **state)
{
	(void)state;
	connect_from(0);
	exchange();
	connection_reset(connection);
	assert_closed();
	assert_peer_was_reset();
}

/* The peer has room for little, so the kernel still holds the rest. */
static void test_a_reset_loses_what_is_under_way(void **state)
{
	static uint8_t data[MUCH_BYTES];
	uint64_t received = 0;
	int small = 4096;
	ssize_t got;

	(void)state;
	setsockopt(fixture.listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	connect_from(0);
	bytes_append(&connection->out, data, sizeof data);
	connection_flush(connection);
	connection_reset(connection);
	while ((got = recv(peer->fd, data, sizeof data, 0)) > 0)
		received += (uint64_t)got;
	assert_int_equal(errno, ECONNRESET);
	assert_true(received < network->bytes_up);
}

static void test_totals_are_of_payload_both_ways(void **state)
{
	struct tcp_totals totals = {.bytes_up = 100, .bytes_down = 200};

	(void)state;
	connect_from(0);
	exchange();
	connection_add_totals(connection, &totals);
	assert_int_equal(totals.bytes_up, 105);
	assert_int_equal(totals.bytes_down, 207);
	assert_true(totals.segments_up >= 3);   /* SYN, ACK, "hello" */
	assert_true(totals.segments_down >= 2); /* SYN, "welcome" */
	assert_int_equal(totals.retransmitted, 0);
}

static void test_totals_are_of_what_tls_makes_of_it(void **state)
{
	struct tcp_totals totals = {0};

	(void)state;
	connect_from(0);
	exchange();
	connection_add_totals(connection, &totals);
	assert_true(totals.bytes_up > network->bytes_up + 100);
	assert_true(totals.bytes_down > network->bytes_down + 500); /* a certificate */
}

static void assert_totals_are_kept(void (*end)(struct connection *ended))
{
	struct tcp_totals before = {0}, after = {0};

	connect_from(0);
	exchange();
	connection_add_totals(connection, &before);
	assert_int_equal(network->closed.bytes_up, 0);
	end(connection);
	assert_int_equal(network->closed.bytes_up, before.bytes_up);
	assert_int_equal(network->closed.bytes_down, before.bytes_down);
	assert_true(network->closed.segments_up >= before.segments_up);
	connection_add_totals(connection, &after);
	assert_int_equal(after.bytes_up + after.segments_up, 0);
}

static void test_totals_are_kept_after_a_close(void **state)
{
	(void)state;
	assert_totals_are_kept(connection_close);
}

static void test_totals_are_kept_after_a_reset(void **state)
{
	(void)state;
	assert_totals_are_kept(connection_reset);
}

static void test_a_closed_one_counts_once(void **state)
{
	(void)state;
	assert_totals_are_kept(connection_close);
	connection_close(connection);
	assert_int_equal(network->closed.bytes_up, 5);
}

static void test_it_can_be_made_again(void **state)
{
	(void)state;
	connect_from(0);
	exchange();
	connection_close(connection);
	stream_close(peer);
	connect_from(0);
	exchange();
	connection_reset(connection);
	stream_close(peer);
	connect_from(0);
	exchange();
	assert_int_equal(network->bytes_up, 3 * 5);
}

/* A port that somebody has and nobody listens on. */
static void stop_listening(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	close(fixture.listener);
	fixture.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fixture.listener, (struct sockaddr *)&address, sizeof address), 0);
	network->port = listen_port(fixture.listener);
}

static void test_a_refused_connection_is_closed(void **state)
{
	int err;

	(void)state;
	stop_listening();
	err = connection_start(connection, 0, tick());
	if (!err) {
		await_events();
		err = connection_advance(connection, tick());
	}
	assert_int_equal(err, -ECONNREFUSED);
	assert_closed();
}

static void assert_source(size_t source, const char *expected)
{
	struct sockaddr_in address;
	socklen_t size = sizeof address;
	char text[INET_ADDRSTRLEN];

	connect_from(source);
	assert_int_equal(getpeername(peer->fd, (struct sockaddr *)&address, &size), 0);
	inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
	assert_string_equal(text, expected);
	connection_close(connection);
	stream_close(peer);
}

static void test_many_connections_come_from_several_addresses(void **state)
{
	(void)state;
	assert_source(0, "127.0.0.1");
	assert_source(9999, "127.0.0.1");
	assert_source(10000, "127.0.0.2");
	assert_source(25000, "127.0.0.3");
}

/* The connection comes to nothing; TLS says that. */
static void assert_refuses_the_peer(const char *why)
{
	start(0);
	accept_peer();
	assert_int_equal(meet(), -EPROTO);
	assert_closed();
	if (!strstr(network->why, why))
		fail_msg("'%s' is not in '%s'", why, network->why);
}

static void test_a_certificate_of_another_authority_is_refused(void **state)
{
	(void)state;
	assert_refuses_the_peer("unable to get local issuer certificate");
}

static void test_a_certificate_for_another_address_is_refused(void **state)
{
	(void)state;
	assert_refuses_the_peer("IP address mismatch");
}

static void test_a_peer_without_tls_is_refused(void **state)
{
	(void)state;
	start(0);
	accept_peer();
	tls_close(&peer->tls);
	fixture.peer_result = 0;
	peer_writes("HTTP/1.1 400 Bad Request\r\n\r\n");
	assert_int_equal(meet(), -EPROTO);
	assert_closed();
	assert_string_not_equal(network->why, "");
}

static void test_a_peer_that_leaves_during_the_handshake_is_no_protocol_error(void **state)
{
	(void)state;
	start(0);
	accept_peer();
	stream_close(peer);
	fixture.peer_result = 0;
	assert_int_equal(meet(), -ECONNRESET);
	assert_closed();
	assert_string_equal(network->why, "");
}

static void test_bytes_that_are_no_tls_are_refused_later_too(void **state)
{
	char byte;

	(void)state;
	connect_from(0);
	exchange();
	assert_int_equal(send(peer->fd, "plain text", 10, 0), 10);
	assert_int_equal(read_next(&byte, 1), -EPROTO);
	assert_string_not_equal(network->why, "");
}

static void test_what_is_left_of_a_record_is_pending(void **state)
{
	char data[16];

	(void)state;
	connect_from(0);
	peer_writes("0123456789");
	assert_int_equal(read_next(data, 4), 4);
	assert_true(connection_has_pending(connection));
	assert_int_equal(connection_read(connection, data, sizeof data), 6);
	assert_false(connection_has_pending(connection));
	peer_writes("0123456789");
	assert_int_equal(read_next(data, 4), 4);
	connection_close(connection);
	assert_false(connection_has_pending(connection));
}

static void test_without_tls_nothing_is_pending(void **state)
{
	char data[16];

	(void)state;
	connect_from(0);
	peer_writes("0123456789");
	assert_int_equal(read_next(data, 4), 4);
	assert_false(connection_has_pending(connection));
	assert_true(await_events() & EPOLLIN);
}

#define WITH(name, open) cmocka_unit_test_setup_teardown(name, open, close_all)
#define PLAIN(name)      WITH(name, open_plain)
#define TLS(name)        WITH(name, open_tls)
#define BOTH(name)                                                                                 \
	PLAIN(name),                                                                               \
	{                                                                                          \
#name "_through_tls", name, open_tls, close_all, NULL                              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        PLAIN(test_it_begins_closed),
	        BOTH(test_it_connects_and_is_open),
	        PLAIN(test_it_keeps_the_instants_of_connecting),
	        TLS(test_it_knows_how_long_tls_took),
	        TLS(test_tls_is_open_when_its_last_step_is_over),
	        BOTH(test_bytes_go_both_ways),
	        BOTH(test_bytes_count_as_they_were_handed_over),
	        BOTH(test_nothing_to_read_is_no_end),
	        BOTH(test_what_is_sent_wakes_for_input_only),
	        BOTH(test_what_there_is_no_room_for_is_sent_later),
	        PLAIN(test_one_that_is_to_take_little_is_full_soon),
	        PLAIN(test_one_that_is_ignored_wakes_nobody),
	        PLAIN(test_it_begins_with_nothing_to_send),
	        BOTH(test_the_peer_s_close_is_an_end),
	        BOTH(test_sending_to_a_dead_peer_shows_up_as_an_end_of_input),
	        BOTH(test_closing_is_an_end_to_the_peer),
	        BOTH(test_a_reset_is_a_rst_to_the_peer),
	        PLAIN(test_a_reset_loses_what_is_under_way),
	        PLAIN(test_totals_are_of_payload_both_ways),
	        TLS(test_totals_are_of_what_tls_makes_of_it),
	        PLAIN(test_totals_are_kept_after_a_close),
	        PLAIN(test_totals_are_kept_after_a_reset),
	        PLAIN(test_a_closed_one_counts_once),
	        BOTH(test_it_can_be_made_again),
	        PLAIN(test_a_refused_connection_is_closed),
	        PLAIN(test_many_connections_come_from_several_addresses),
	        WITH(test_a_certificate_of_another_authority_is_refused, open_stranger),
	        WITH(test_a_certificate_for_another_address_is_refused, open_namesake),
	        TLS(test_a_peer_without_tls_is_refused),
	        TLS(test_a_peer_that_leaves_during_the_handshake_is_no_protocol_error),
	        TLS(test_bytes_that_are_no_tls_are_refused_later_too),
	        TLS(test_what_is_left_of_a_record_is_pending),
	        PLAIN(test_without_tls_nothing_is_pending),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
