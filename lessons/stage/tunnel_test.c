#include "tunnel.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "net.h"
#include "network.h"

#define DELAY_MS 40.0
#define GRACE_MS 20.0

static bool there; /* a private network */
static uint16_t server_port;
static pid_t server;
static struct relay relay;

static void echo(int connection, void *user)
{
	char data[4096];
	size_t got;

	(void)user;
	while ((got = net_read(connection, data, sizeof(data))) > 0)
		net_write(connection, data, got);
}

static void start(double delay)
{
	int listener = net_listen(&server_port);

	server = net_serve(listener, echo, NULL);
	close(listener);
	tunnel_start(&relay, server_port, delay);
}

static void stop(void)
{
	tunnel_stop(&relay);
	net_stop(server);
}

/* As in relay_test.c: never less than so many delays, and on a quiet machine not more. */
static void assert_takes(double delays, double (*measure)(void))
{
	if (!there)
		skip();
	for (int tries = 0; tries < 10; tries++) {
		double took = measure();

		assert_true(took >= delays * DELAY_MS - 0.1);
		if (took <= delays * DELAY_MS + GRACE_MS)
			return;
	}
	fail_msg("never within %g delays", delays);
}

static double open_connection(void)
{
	start(DELAY_MS);
	double begun = net_now_ms();
	int client = net_connect(relay.port);
	double took = net_now_ms() - begun;

	close(client);
	stop();
	assert_int_equal(relay.counts->connections, 1);
	assert_int_equal(relay.counts->bytes_up + relay.counts->bytes_down, 0);
	return took;
}

static double ask(void)
{
	char got[8];

	start(DELAY_MS);
	int client = net_connect(relay.port);
	double begun = net_now_ms();
	net_write(client, "Hello", 5);
	assert_int_equal(net_read_all(client, got, 5), 5);
	double took = net_now_ms() - begun;
	assert_memory_equal(got, "Hello", 5);
	close(client);
	stop();
	assert_int_equal(relay.counts->bytes_up, 5);
	assert_int_equal(relay.counts->bytes_down, 5);
	return took;
}

static double end(void)
{
	char got[8];

	start(DELAY_MS);
	int client = net_connect(relay.port);
	double begun = net_now_ms();
	shutdown(client, SHUT_WR);
	assert_int_equal(net_read(client, got, sizeof got), 0);
	double took = net_now_ms() - begun;
	close(client);
	stop();
	return took;
}

static void the_handshake_takes_a_round_trip(void **state)
{
	(void)state;
	assert_takes(2, open_connection);
}

static void bytes_are_late_each_way(void **state)
{
	(void)state;
	assert_takes(2, ask);
}

static void an_end_is_as_late_as_bytes(void **state)
{
	(void)state;
	assert_takes(2, end);
}

static void much_arrives_whole_and_counts_once(void **state)
{
	static char sent[100000], got[sizeof(sent)];

	(void)state;
	if (!there)
		skip();
	start(1);
	int client = net_connect(relay.port);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * i >> 8);
	for (int round = 0; round < 10; round++) {
		net_write(client, sent, sizeof(sent));
		memset(got, 0, sizeof(got));
		assert_int_equal(net_read_all(client, got, sizeof(got)), sizeof(got));
		assert_memory_equal(got, sent, sizeof(got));
	}
	close(client);
	stop();
	assert_int_equal(relay.counts->bytes_up, 10 * sizeof(sent));
	assert_int_equal(relay.counts->bytes_down, 10 * sizeof(sent));
}

static void where_nobody_listens_it_is_refused(void **state)
{
	(void)state;
	if (!there)
		skip();
	start(1);
	net_stop(server);
	assert_int_equal(net_try_connect(relay.port), -1);
	assert_int_equal(errno, ECONNREFUSED);
	tunnel_stop(&relay);
}

/* Else whoever reads would wait for ever. */
static void whoever_is_connected_when_it_stops_is_told(void **state)
{
	char got[8];

	(void)state;
	if (!there)
		skip();
	start(1);
	int client = net_connect(relay.port);
	net_write(client, "x", 1);
	assert_int_equal(net_read(client, got, sizeof got), 1);
	kill(relay.pid, SIGSTOP); /* what is under way then is lost */
	net_write(client, "y", 1);
	tunnel_stop(&relay);
	assert_int_equal(net_read(client, got, sizeof got), 0);
	close(client);
	/* The server was told too: it takes the next connection, past the link. */
	client = net_connect(server_port);
	net_write(client, "z", 1);
	assert_int_equal(net_read(client, got, sizeof got), 1);
	close(client);
	net_stop(server);
}

static void whoever_still_connects_when_it_stops_is_told(void **state)
{
	int status;

	(void)state;
	if (!there)
		skip();
	start(1000);
	pid_t client = child_fork();
	if (client == 0)
		_exit(net_try_connect(relay.port) < 0 && errno == ECONNREFUSED ? 0 : 1);
	while (relay.counts->connections == 0)
		net_sleep_until_ms(net_now_ms() + 1);
	stop();
	assert_true(child_wait(client, 2000, &status));
	assert_int_equal(status, 0);
}

/* And whoever began when it stood still. */
static void whoever_connects_to_a_link_that_stands_still_is_told(void **state)
{
	int status;

	(void)state;
	if (!there)
		skip();
	start(1);
	kill(relay.pid, SIGSTOP);
	pid_t client = child_fork();
	if (client == 0)
		_exit(net_try_connect(relay.port) < 0 && errno == ECONNREFUSED ? 0 : 1);
	while (poll(&(struct pollfd){.fd = relay.device, .events = POLLIN}, 1, 1000) == 0)
		continue;
	stop();
	assert_true(child_wait(client, 2000, &status));
	assert_int_equal(status, 0);
}

static void links_do_not_meet(void **state)
{
	char got[8];

	(void)state;
	if (!there)
		skip();
	start(1);
	struct relay first = relay;
	pid_t first_server = server;
	start(DELAY_MS);
	int near = net_connect(first.port);
	net_write(near, "near", 4);
	assert_int_equal(net_read_all(near, got, 4), 4);
	close(near);
	stop();
	assert_int_equal(relay.counts->connections, 0);
	tunnel_stop(&first);
	net_stop(first_server);
	assert_int_equal(first.counts->bytes_up, 4);
}

/* Another process has the number that comes next. */
static void a_number_that_is_taken_is_left_out(void **state)
{
	volatile bool *made = net_share(sizeof *made);
	char got[8];

	(void)state;
	if (!there)
		skip();
	pid_t other = child_fork();
	if (other == 0) {
		tunnel_start(&relay, 1, 1);
		*made = true;
		for (;;)
			pause();
	}
	while (!*made)
		net_sleep_until_ms(net_now_ms() + 1);
	start(1);
	int client = net_connect(relay.port);
	net_write(client, "Hello", 5);
	assert_int_equal(net_read_all(client, got, 5), 5);
	close(client);
	stop();
	assert_int_equal(relay.counts->bytes_up, 5);
	child_end(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_handshake_takes_a_round_trip),
	        cmocka_unit_test(bytes_are_late_each_way),
	        cmocka_unit_test(an_end_is_as_late_as_bytes),
	        cmocka_unit_test(much_arrives_whole_and_counts_once),
	        cmocka_unit_test(where_nobody_listens_it_is_refused),
	        cmocka_unit_test(whoever_is_connected_when_it_stops_is_told),
	        cmocka_unit_test(whoever_still_connects_when_it_stops_is_told),
	        cmocka_unit_test(whoever_connects_to_a_link_that_stands_still_is_told),
	        cmocka_unit_test(links_do_not_meet),
	        cmocka_unit_test(a_number_that_is_taken_is_left_out),
	};

	there = network_open();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
