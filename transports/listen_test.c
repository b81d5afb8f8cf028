#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define LOOPBACK "127.0.0.1"

static int listening(const char *address)
{
	int fd = listen_tcp(address, 0);

	assert_true(fd >= 0);
	assert_true(listen_port(fd) > 0);
	return fd;
}

static int connected(uint16_t port)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
	                             .sin_port = htons(port),
	                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&server, sizeof server), 0);
	return fd;
}

static void test_port_0_is_a_free_one_that_takes_connections(void **state)
{
	int server = listening(LOOPBACK), client, peer;

	(void)state;
	client = connected(listen_port(server));
	peer = accept(server, NULL, NULL);
	assert_true(peer >= 0);
	close(peer);
	close(client);
	close(server);
}

static void test_it_listens_on_ipv6_too(void **state)
{
	const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
	                                      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	int refused = probe < 0 || bind(probe, (const struct sockaddr *)&loopback, sizeof loopback);

	(void)state;
	if (probe >= 0)
		close(probe);
	if (refused)
		skip(); /* this machine has no IPv6 */
	fd = listening("::1");
	close(fd);
}

static void test_a_port_that_was_asked_for_is_the_one(void **state)
{
	int first = listening(LOOPBACK), again;
	uint16_t port = listen_port(first);

	(void)state;
	close(first);
	again = listen_tcp(LOOPBACK, port);
	assert_true(again >= 0);
	assert_int_equal(listen_port(again), port);
	close(again);
}

static void test_a_port_whose_connections_linger_is_free_for_the_next_server(void **state)
{
	int server = listening(LOOPBACK), client, peer, again;
	uint16_t port = listen_port(server);
	char byte;

	(void)state;
	client = connected(port);
	peer = accept(server, NULL, NULL);
	assert_true(peer >= 0);
	close(peer); /* first, so that TIME_WAIT is on the server's side */
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	close(server);
	again = listen_tcp(LOOPBACK, port);
	assert_true(again >= 0);
	close(again);
}

static void test_a_port_in_use_is_an_error(void **state)
{
	int fd = listening(LOOPBACK);

	(void)state;
	assert_int_equal(listen_tcp(LOOPBACK, listen_port(fd)), -EADDRINUSE);
	close(fd);
}

/* 192.0.2.0/24 is for documentation (RFC 5737): nobody has it. */
static void test_an_address_of_another_machine_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(listen_tcp("192.0.2.1", 0), -EADDRNOTAVAIL);
}

static void test_what_is_not_a_numeric_address_is_an_error(void **state)
{
	static const char *const bad[] = {"",      "localhost", "256.0.0.1", "127.0.0.1:80",
	                                  "[::1]", "::g"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(listen_tcp(bad[i], 0), -EINVAL);
}

static void test_it_blocks_nobody_and_no_program_inherits_it(void **state)
{
	int fd = listening(LOOPBACK);

	(void)state;
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	close(fd);
}

static void test_the_backlog_is_the_longest_that_the_kernel_allows(void **state)
{
	int fd = listening(LOOPBACK);
	FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
	struct tcp_info info;
	socklen_t size = sizeof info;
	unsigned longest = 0;

	(void)state;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%u", &longest), 1);
	fclose(file);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
	assert_int_equal(info.tcpi_sacked, longest); /* of a listening socket, its backlog */
	close(fd);
}

static void test_what_is_not_bound_has_port_0(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(listen_port(fd), 0);
	assert_int_equal(listen_port(-1), 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_port_0_is_a_free_one_that_takes_connections),
	        cmocka_unit_test(test_it_listens_on_ipv6_too),
	        cmocka_unit_test(test_a_port_that_was_asked_for_is_the_one),
	        cmocka_unit_test(test_a_port_whose_connections_linger_is_free_for_the_next_server),
	        cmocka_unit_test(test_a_port_in_use_is_an_error),
	        cmocka_unit_test(test_an_address_of_another_machine_is_an_error),
	        cmocka_unit_test(test_what_is_not_a_numeric_address_is_an_error),
	        cmocka_unit_test(test_it_blocks_nobody_and_no_program_inherits_it),
	        cmocka_unit_test(test_the_backlog_is_the_longest_that_the_kernel_allows),
	        cmocka_unit_test(test_what_is_not_bound_has_port_0),
	};

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
