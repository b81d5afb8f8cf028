#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../bench/project.h"
#include "listen.h"

#define PATIENCE_MS 20000

/* Two ends over loopback, with TLS where there are contexts. */
struct ends {
	struct tls_context *contexts[2];
	struct stream client, server;
};

static void connect_ends(struct ends *ends)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = listen_tcp("127.0.0.1", 0);

	address.sin_port = htons(listen_port(listener));
	ends->client.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(ends->client.fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(fcntl(ends->client.fd, F_SETFL, O_NONBLOCK), 0);
	ends->server.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(ends->server.fd >= 0);
	close(listener);
}

static struct ends open_plain(void)
{
	struct ends ends = {.contexts = {NULL, NULL}};

	connect_ends(&ends);
	return ends;
}

static void certs_path(char path[PATH_MAX], const char *relative)
{
	if (project_path(path, PATH_MAX, relative))
		fail_msg("%s is missing: run scripts/certs", relative);
}

static struct ends open_tls(void)
{
	char file[PATH_MAX], key[PATH_MAX], error[512];
	struct ends ends = open_plain();

	certs_path(file, "certs/ca.pem");
	assert_int_equal(tls_client_open(&ends.contexts[0], file, false, error, sizeof error), 0);
	certs_path(file, "certs/server.pem");
	certs_path(key, "certs/server.key");
	assert_int_equal(tls_server_open(&ends.contexts[1], file, key, error, sizeof error), 0);
	ends.client.tls = tls_open(ends.contexts[0], ends.client.fd, "127.0.0.1");
	ends.server.tls = tls_open(ends.contexts[1], ends.server.fd, NULL);
	assert_non_null(ends.client.tls);
	assert_non_null(ends.server.tls);
	return ends;
}

static void close_ends(struct ends *ends)
{
	stream_close(&ends->client);
	stream_close(&ends->server);
	tls_context_close(&ends->contexts[0]);
	tls_context_close(&ends->contexts[1]);
}

static void await(const struct stream *stream, short events)
{
	struct pollfd ready = {.fd = stream->fd, .events = events};

	if (stream_has_pending(stream))
		return;
	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
}

/* What comes next, which may be the end or an error, but not nothing. */
static ssize_t read_next(struct stream *stream, void *data, size_t size)
{
	ssize_t got;

	while ((got = stream_read(stream, data, size)) == -EAGAIN)
		await(stream, stream_wants_write(stream) ? POLLOUT : POLLIN);
	return got;
}

static void carry(struct stream *from, struct stream *to, const char *text)
{
	size_t size = strlen(text), sent = 0, got = 0;
	char data[64];

	while (got < size) {
		ssize_t step = stream_write(from, text + sent, size - sent);

		assert_true(step >= 0 || step == -EAGAIN);
		sent += step > 0 ? (size_t)step : 0;
		if (sent == size)
			await(to, POLLIN);
		step = stream_read(to, data + got, sizeof data - got);
		assert_true(step > 0 || step == -EAGAIN);
		got += step > 0 ? (size_t)step : 0;
	}
	assert_memory_equal(data, text, size);
}

static void expect_both_ways(struct ends ends)
{
	carry(&ends.client, &ends.server, "hello");
	carry(&ends.server, &ends.client, "welcome");
	close_ends(&ends);
}

static void test_bytes_go_both_ways(void **state)
{
	(void)state;
	expect_both_ways(open_plain());
}

static void test_bytes_go_both_ways_through_tls(void **state)
{
	(void)state;
	expect_both_ways(open_tls());
}

static void expect_end(struct ends ends)
{
	char byte;

	carry(&ends.client, &ends.server, "hello");
	stream_close(&ends.client);
	assert_int_equal(ends.client.fd, -1);
	assert_null(ends.client.tls);
	assert_int_equal(read_next(&ends.server, &byte, 1), 0);
	close_ends(&ends);
}

static void test_closing_ends_the_stream(void **state)
{
	(void)state;
	expect_end(open_plain());
}

static void test_closing_ends_the_stream_through_tls(void **state)
{
	(void)state;
	expect_end(open_tls());
}

/* SIGPIPE would end this program. */
static void expect_no_signal(struct ends ends, int expected)
{
	struct linger at_once = {.l_onoff = 1};
	char byte;

	carry(&ends.client, &ends.server, "hello");
	setsockopt(ends.server.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(ends.server.fd);
	ends.server.fd = -1;
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(read_next(&ends.client, &byte, 1), -ECONNRESET);
	assert_int_equal(stream_write(&ends.client, "x", 1), expected);
	close_ends(&ends);
}

static void test_writing_to_a_dead_peer_is_an_error_and_no_signal(void **state)
{
	(void)state;
	expect_no_signal(open_plain(), -EPIPE);
}

static void test_writing_to_a_dead_peer_is_an_error_and_no_signal_through_tls(void **state)
{
	(void)state;
	expect_no_signal(open_tls(), -ECONNRESET);
}

static void expect_again(struct ends ends)
{
	static const char data[65536];
	char byte;

	carry(&ends.client, &ends.server, "hello");
	assert_int_equal(stream_read(&ends.server, &byte, 1), -EAGAIN);
	while (stream_write(&ends.client, data, sizeof data) > 0)
		;
	assert_int_equal(stream_write(&ends.client, data, sizeof data), -EAGAIN);
	close_ends(&ends);
}

static void test_what_would_wait_does_not(void **state)
{
	(void)state;
	expect_again(open_plain());
}

static void test_what_would_wait_does_not_through_tls(void **state)
{
	(void)state;
	expect_again(open_tls());
}

static void test_only_tls_has_bytes_that_the_socket_does_not_show(void **state)
{
	struct ends plain = open_plain(), tls = open_tls();
	char byte;

	(void)state;
	carry(&plain.client, &plain.server, "hello");
	assert_int_equal(stream_write(&plain.client, "12", 2), 2);
	assert_int_equal(read_next(&plain.server, &byte, 1), 1);
	assert_false(stream_has_pending(&plain.server));
	carry(&tls.client, &tls.server, "hello");
	assert_int_equal(stream_write(&tls.client, "12", 2), 2);
	assert_int_equal(read_next(&tls.server, &byte, 1), 1);
	assert_true(stream_has_pending(&tls.server));
	close_ends(&plain);
	close_ends(&tls);
}

static void test_only_tls_may_wait_to_write_what_nobody_offered(void **state)
{
	static const char data[65536];
	struct ends plain = open_plain(), tls = open_tls();

	(void)state;
	while (stream_write(&plain.client, data, sizeof data) > 0)
		;
	assert_false(stream_wants_write(&plain.client));
	carry(&tls.client, &tls.server, "hello");
	while (stream_write(&tls.client, data, sizeof data) > 0)
		;
	assert_true(stream_wants_write(&tls.client));
	close_ends(&plain);
	close_ends(&tls);
}

/* The end that was shut down gets what the other still has to say. */
static void expect_half_closed(struct ends ends)
{
	char byte;

	carry(&ends.client, &ends.server, "hello");
	stream_shutdown(&ends.server);
	assert_int_equal(read_next(&ends.client, &byte, 1), 0);
	carry(&ends.client, &ends.server, "anything else?");
	stream_shutdown(&ends.client);
	assert_int_equal(read_next(&ends.server, &byte, 1), 0);
	close_ends(&ends);
}

static void test_what_is_shut_down_can_still_be_read(void **state)
{
	(void)state;
	expect_half_closed(open_plain());
}

static void test_what_is_shut_down_can_still_be_read_through_tls(void **state)
{
	(void)state;
	expect_half_closed(open_tls());
}

static void test_closing_nothing_is_fine(void **state)
{
	struct stream none = {.fd = -1};

	(void)state;
	stream_close(&none);
	assert_int_equal(none.fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bytes_go_both_ways),
	        cmocka_unit_test(test_bytes_go_both_ways_through_tls),
	        cmocka_unit_test(test_closing_ends_the_stream),
	        cmocka_unit_test(test_closing_ends_the_stream_through_tls),
	        cmocka_unit_test(test_writing_to_a_dead_peer_is_an_error_and_no_signal),
	        cmocka_unit_test(test_writing_to_a_dead_peer_is_an_error_and_no_signal_through_tls),
	        cmocka_unit_test(test_what_would_wait_does_not),
	        cmocka_unit_test(test_what_would_wait_does_not_through_tls),
	        cmocka_unit_test(test_only_tls_has_bytes_that_the_socket_does_not_show),
	        cmocka_unit_test(test_only_tls_may_wait_to_write_what_nobody_offered),
	        cmocka_unit_test(test_what_is_shut_down_can_still_be_read),
	        cmocka_unit_test(test_what_is_shut_down_can_still_be_read_through_tls),
	        cmocka_unit_test(test_closing_nothing_is_fine),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
