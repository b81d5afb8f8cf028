#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"
#include "check.h"
#include "net.h"

/* Programs of a learner's; which of them is the argument behind --port 0. */

static int serves(uint16_t port, int listener)
{
	int connection;

	printf("starting\nready %u\n", port);
	while ((connection = net_accept(listener)) >= 0) {
		puts("served");
		net_write(connection, "Hello", 5);
		close(connection);
	}
	return 0;
}

static int is_silent(uint16_t port, int listener)
{
	(void)port;
	(void)listener;
	pause();
	return 0;
}

static int listens_nowhere(uint16_t port, int listener)
{
	close(listener);
	printf("ready %u\n", port);
	return is_silent(port, -1);
}

static int says_another_port(uint16_t port, int listener)
{
	printf("ready %d\n", port ^ 1);
	return is_silent(port, listener);
}

static int ends_at_once(uint16_t port, int listener)
{
	(void)port;
	(void)listener;
	return 3;
}

static int ends_when_served(uint16_t port, int listener)
{
	printf("ready %u\n", port);
	close(net_accept(listener));
	return 3;
}

int exercise_main(int argc, char **argv)
{
	static int (*const programs[])(uint16_t port, int listener) = {
	        serves,       is_silent,        listens_nowhere, says_another_port,
	        ends_at_once, ends_when_served,
	};
	uint16_t port;
	int listener = net_listen(&port);

	if (argc != 4 || strcmp(argv[1], "--port") != 0 || strcmp(argv[2], "0") != 0)
		return 9;
	return programs[argv[3][0] - '0'](port, listener);
}

/* Cases that a check has for them. */

static struct check_program program;

static void start(const char *which)
{
	check_start(&program, (const char *const[]){which, NULL});
}

static void is_served(void)
{
	char got[8];

	start("0");
	for (int i = 0; i < 3; i++) {
		int client = net_connect(program.port);

		check_bytes("the answer", "Hello", 5, got, net_read_all(client, got, 8), NULL);
		close(client);
	}
	check_stop(&program);
	check_that(net_try_connect(program.port) < 0, "it has ended", NULL);
}

static void never_hears_of(void)
{
	start("1");
}

static void finds_nobody(void)
{
	start("2");
}

static void is_misled(void)
{
	start("3");
}

static void sees_the_end(void)
{
	start("4");
}

static void is_left(void)
{
	char got[1];
	int client;

	start("5");
	client = net_connect(program.port);
	net_read(client, got, 1);
	close(client);
	waitid(P_PID, (id_t)program.pid, &(siginfo_t){0}, WEXITED | WNOWAIT);
	check_stop(&program);
}

static void awaits_the_end(void)
{
	start("5");
	close(net_connect(program.port));
	check_number("the exit status", 3, check_exit_status(&program), NULL);
}

static void awaits_no_end(void)
{
	start("0");
	check_exit_status(&program);
}

static struct captured captured;

static int run(void *user)
{
	char *arguments[] = {"check", NULL};

	return check_main(1, arguments, user);
}

/* Runs a check of one case, which says `expected`, where # stands for any number. */
static void assert_said(void (*run_case)(void), const char *expected)
{
	struct check cases[] = {{"a case", run_case}, {NULL, NULL}};
	const char *got = captured.out;

	captured_run(&captured, run, cases);
	for (; *expected != '\0' && (*expected == '#' || *expected == *got); expected++)
		got += *expected == '#' ? strspn(got, "0123456789") : 1;
	if (*expected != '\0' || *got != '\0')
		fail_msg("it said: %s", captured.out);
}

static void test_a_program_is_started_and_stopped(void **state)
{
	(void)state;
	assert_said(is_served, "ok 1 a case\n");
	assert_memory_equal(captured.err, "starting\n", 9);
}

static void test_a_program_that_says_nothing_is_told_where_it_listens(void **state)
{
	(void)state;
	assert_said(never_hears_of,
	            "FAIL 1 a case\n"
	            "  where:    the start of your program\n"
	            "  expected: the line \"ready PORT\" on stdout within 2 s\n"
	            "  got:      no such line; your program listens on #\n"
	            "  help:     bind port 0, ask getsockname for the port, and print it\n");
}

static void test_a_program_that_listens_elsewhere_is_told_so(void **state)
{
	(void)state;
	assert_said(finds_nobody,
	            "FAIL 1 a case\n"
	            "  where:    the start of your program\n"
	            "  expected: it listens on the port it said, #\n"
	            "  got:      your program listens on no port, it said #\n"
	            "  help:     call listen first; port 0 means any port, which getsockname "
	            "tells\n");
	assert_said(is_misled,
	            "FAIL 1 a case\n"
	            "  where:    the start of your program\n"
	            "  expected: it listens on the port it said, #\n"
	            "  got:      your program listens on #, it said #\n"
	            "  help:     call listen first; port 0 means any port, which getsockname "
	            "tells\n");
}

static void test_an_early_end_is_said(void **state)
{
	(void)state;
	assert_said(sees_the_end,
	            "FAIL 1 a case\n"
	            "  where:    the start of your program\n"
	            "  expected: the line \"ready PORT\" on stdout within 2 s\n"
	            "  got:      ended with exit status 3\n"
	            "  help:     bind port 0, ask getsockname for the port, and print it\n");
	assert_said(is_left, "FAIL 1 a case\n"
	                     "  where:    the end of your program\n"
	                     "  expected: that it runs until it is told to end\n"
	                     "  got:      ended with exit status 3\n");
}

static void test_an_end_can_be_awaited(void **state)
{
	(void)state;
	assert_said(awaits_the_end, "ok 1 a case\n");
	assert_said(awaits_no_end, "FAIL 1 a case\n"
	                           "  where:    the end of your program\n"
	                           "  expected: that it ends by itself within 2 s\n"
	                           "  got:      it runs still\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_program_is_started_and_stopped),
	        cmocka_unit_test(test_a_program_that_says_nothing_is_told_where_it_listens),
	        cmocka_unit_test(test_a_program_that_listens_elsewhere_is_told_so),
	        cmocka_unit_test(test_an_early_end_is_said),
	        cmocka_unit_test(test_an_end_can_be_awaited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
