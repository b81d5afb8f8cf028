#include "relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net.h"

#define DELAY_MS 40.0

#define GRACE_MS 20.0

static int listener;
static struct relay relay;

static void echo(int connection, void *user)
{
	char data[4096];
	size_t got;

	(void)user;
	while ((got = net_read(connection, data, sizeof(data))) > 0)
		net_write(connection, data, got);
}

static void greet(int connection, void *user)
{
	char data[16];

	(void)user;
	net_write(connection, "Hello", 5);
	net_read(connection, data, sizeof(data));
}

static pid_t start(void (*serve)(int connection, void *user), double delay)
{
	uint16_t port;
	pid_t server;

	listener = net_listen(&port);
	server = net_serve(listener, serve, NULL);
	relay_start(&relay, port, delay);
	return server;
}

static void stop(pid_t server)
{
	relay_stop(&relay);
	net_stop(server);
	close(listener);
}

/* What measure gives is never less than so many delays; and not more either, but on a busy machine
 * it may have to try again. */
static void assert_takes(double delays, double (*measure)(void))
{
	for (int tries = 0; tries < 10; tries++) {
		double took = measure();

		assert_true(took >= delays * DELAY_MS - 0.1);
		if (took <= delays * DELAY_MS + GRACE_MS)
			return;
	}
	fail_msg("never within %g delays", delays);
}

/* The time until the server's answer is there. */
static double ask(int client, const char *text)
{
	double begun = net_now_ms();
	char got[16];

	net_write(client, text, strlen(text));
	assert_int_equal(net_read_all(client, got, strlen(text)), strlen(text));
	assert_memory_equal(got, text, strlen(text));
	return net_now_ms() - begun;
}

static double first_answer(void)
{
	pid_t server = start(echo, DELAY_MS);
	int client = net_connect(relay.port);
	double took = ask(client, "first");

	close(client);
	stop(server);
	return took;
}

static double second_answer(void)
{
	pid_t server = start(echo, DELAY_MS);
	int client = net_connect(relay.port);
	double took;

	ask(client, "first");
	took = ask(client, "second");
	close(client);
	stop(server);
	assert_int_equal(relay.counts->connections, 1);
	assert_int_equal(relay.counts->bytes_up, 11);
	assert_int_equal(relay.counts->bytes_down, 11);
	return took;
}

static void test_bytes_are_late_each_way(void **state)
{
	(void)state;
	assert_takes(2, second_answer);
}

static void test_the_first_are_late_by_a_handshake_more(void **state)
{
	(void)state;
	assert_takes(4, first_answer);
}

static double first_greeting(void)
{
	pid_t server = start(greet, DELAY_MS);
	double begun = net_now_ms();
	int client = net_connect(relay.port);
	char got[8];
	double took;

	assert_int_equal(net_read_all(client, got, 5), 5);
	took = net_now_ms() - begun;
	close(client);
	stop(server);
	return took;
}

static void test_a_server_that_speaks_first_waits_for_the_handshake(void **state)
{
	(void)state;
	assert_takes(4, first_greeting);
}

static double end(void)
{
	pid_t server = start(echo, DELAY_MS);
	int client = net_connect(relay.port);
	char got[8];
	double begun;

	ask(client, "x");
	begun = net_now_ms();
	shutdown(client, SHUT_WR);
	assert_int_equal(net_read(client, got, sizeof(got)), 0);
	begun = net_now_ms() - begun;
	close(client);
	stop(server);
	return begun;
}

static void test_an_end_is_as_late_as_bytes(void **state)
{
	(void)state;
	assert_takes(2, end);
}

static void test_much_arrives_whole(void **state)
{
	pid_t server = start(echo, 1);
	int client = net_connect(relay.port);
	static char sent[100000], got[sizeof(sent)];

	(void)state;
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * i >> 8);
	for (int round = 0; round < 10; round++) {
		net_write(client, sent, sizeof(sent));
		memset(got, 0, sizeof(got));
		assert_int_equal(net_read_all(client, got, sizeof(got)), sizeof(got));
		assert_memory_equal(got, sent, sizeof(got));
	}
	close(client);
	stop(server);
	assert_int_equal(relay.counts->bytes_down, 10 * sizeof(sent));
}

static void test_where_nobody_listens_the_connection_is_closed(void **state)
{
	pid_t server = start(echo, 1);
	char got[8];
	int client;

	(void)state;
	net_stop(server);
	close(listener);
	client = net_connect(relay.port);
	net_write(client, "x", 1);
	assert_int_equal(net_read(client, got, sizeof(got)), 0);
	close(client);
	client = net_connect(relay.port); /* the relay lives */
	assert_int_equal(net_read(client, got, sizeof(got)), 0);
	close(client);
	relay_stop(&relay);
}

static double two_greetings(void)
{
	pid_t server = start(greet, DELAY_MS);
	pid_t other = net_serve(listener, greet, NULL);
	double begun = net_now_ms();
	int clients[2] = {net_connect(relay.port), net_connect(relay.port)};
	char got[8];
	double took;

	for (int i = 0; i < 2; i++)
		assert_int_equal(net_read_all(clients[i], got, 5), 5);
	took = net_now_ms() - begun;
	close(clients[0]);
	close(clients[1]);
	net_stop(other);
	stop(server);
	assert_int_equal(relay.counts->connections, 2);
	return took;
}

static void test_connections_do_not_wait_for_each_other(void **state)
{
	(void)state;
	assert_takes(4, two_greetings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_bytes_are_late_each_way),
	        cmocka_unit_test(test_the_first_are_late_by_a_handshake_more),
	        cmocka_unit_test(test_a_server_that_speaks_first_waits_for_the_handshake),
	        cmocka_unit_test(test_an_end_is_as_late_as_bytes),
	        cmocka_unit_test(test_much_arrives_whole),
	        cmocka_unit_test(test_where_nobody_listens_the_connection_is_closed),
	        cmocka_unit_test(test_connections_do_not_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
