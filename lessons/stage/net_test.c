#include "net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"

/* Two ends of a connection. */
struct pair {
	int client, server;
};

static struct pair connect_pair(void)
{
	uint16_t port;
	int listener = net_listen(&port);
	struct pair pair = {.client = net_connect(port)};

	pair.server = net_accept(listener);
	close(listener);
	return pair;
}

static void send_text(struct pair pair, const char *text)
{
	net_write(pair.client, text, strlen(text));
}

static void close_pair(struct pair pair)
{
	close(pair.client);
	close(pair.server);
}

static void assert_message(struct pair pair, const char *expected)
{
	char got[256];

	assert_int_equal(net_read_http(pair.server, got, sizeof(got)), strlen(expected));
	assert_string_equal(got, expected);
}

static void test_messages_are_read_one_by_one(void **state)
{
	struct pair pair = connect_pair();

	(void)state;
	send_text(pair, "GET / HTTP/1.1\r\n\r\n"
	                "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nHello"
	                "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
	                "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Length: 1\r\n\r\n1rest");
	assert_message(pair, "GET / HTTP/1.1\r\n\r\n");
	assert_message(pair, "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nHello");
	assert_message(pair, "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
	assert_message(pair,
	               "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Length: 1\r\n\r\n1");
	shutdown(pair.client, SHUT_WR);
	assert_message(pair, "rest");
	assert_message(pair, "");
	close_pair(pair);
}

static void send_slowly(int connection, void *user)
{
	for (const char *text = user; *text != '\0'; text++)
		net_write(connection, text, 1);
}

static void test_a_message_may_come_byte_by_byte(void **state)
{
	static char message[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello";
	char got[256];
	uint16_t port;
	int listener = net_listen(&port);
	pid_t server = net_serve(listener, send_slowly, message);
	int client = net_connect(port);

	(void)state;
	assert_int_equal(net_read_http(client, got, sizeof(got)), strlen(message));
	assert_string_equal(got, message);
	net_stop(server);
	close(client);
	close(listener);
}

static void test_a_message_that_is_too_long_is_cut(void **state)
{
	struct pair pair = connect_pair();
	char got[24];

	(void)state;
	send_text(pair, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nHello");
	assert_int_equal(net_read_http(pair.server, got, sizeof(got)), 23);
	assert_string_equal(got, "POST / HTTP/1.1\r\nConten");
	close_pair(pair);
}

static void test_a_peer_that_has_gone_is_no_error(void **state)
{
	struct pair pair = connect_pair();
	char got[4];

	(void)state;
	close(pair.client);
	for (int i = 0; i < 3; i++)
		net_write(pair.server, "Hello", 5);
	assert_int_equal(net_read(pair.server, got, sizeof(got)), 0);
	close(pair.server);
}

static void test_all_is_read_up_to_the_end(void **state)
{
	struct pair pair = connect_pair();
	char got[8];

	(void)state;
	send_text(pair, "abc");
	send_text(pair, "def");
	assert_int_equal(net_read_all(pair.server, got, 4), 4);
	assert_memory_equal(got, "abcd", 4);
	shutdown(pair.client, SHUT_WR);
	assert_int_equal(net_read_all(pair.server, got, 4), 2);
	assert_memory_equal(got, "ef", 2);
	close_pair(pair);
}

static void count(int connection, void *user)
{
	int *counted = user;

	(*counted)++;
	net_write(connection, "x", 1);
}

static void test_connections_are_served_in_turn(void **state)
{
	uint16_t port;
	int listener = net_listen(&port);
	int *counted = net_share(sizeof(*counted));
	pid_t server = net_serve(listener, count, counted);
	char got[2];

	(void)state;
	for (int i = 1; i <= 3; i++) {
		int client = net_connect(port);

		assert_int_equal(net_read_all(client, got, 2), 1);
		assert_int_equal(*(volatile int *)counted, i);
		close(client);
	}
	net_stop(server);
	close(listener);
	assert_int_equal(net_try_connect(port), -1);
}

static int connect_to_nobody(void *user)
{
	return net_connect(*(uint16_t *)user);
}

static void test_what_is_refused_is_said_in_a_line(void **state)
{
	struct captured captured;
	uint16_t port;
	int listener = net_listen(&port);

	(void)state;
	close(listener);
	captured_run(&captured, connect_to_nobody, &port);
	assert_int_equal(captured.status, 1);
	assert_non_null(strstr(captured.err, ": cannot connect to 127.0.0.1, port "));
	assert_string_equal(strchr(captured.err, '\n'), "\n");
}

static void test_sleep_does_not_end_early(void **state)
{
	double until = net_now_ms() + 2.5;

	(void)state;
	net_sleep_until_ms(until);
	assert_true(net_now_ms() >= until - 0.001);
	net_sleep_until_ms(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_messages_are_read_one_by_one),
	        cmocka_unit_test(test_a_message_may_come_byte_by_byte),
	        cmocka_unit_test(test_a_message_that_is_too_long_is_cut),
	        cmocka_unit_test(test_a_peer_that_has_gone_is_no_error),
	        cmocka_unit_test(test_all_is_read_up_to_the_end),
	        cmocka_unit_test(test_connections_are_served_in_turn),
	        cmocka_unit_test(test_what_is_refused_is_said_in_a_line),
	        cmocka_unit_test(test_sleep_does_not_end_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
