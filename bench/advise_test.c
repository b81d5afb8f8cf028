#include "advise.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 3

static struct summary_row rows[ROWS];
static const struct summary summary = {.rows = rows, .count = ROWS, .blocks = 3};
static struct experiment workload;
static char *printed;
static size_t size;

static void set(size_t i, const char *transport, double p99_ms, double bytes, double cpu_us)
{
	rows[i] = (struct summary_row){.runs = 3};
	snprintf(rows[i].parameters.transport, sizeof rows[i].parameters.transport, "%s",
	         transport);
	snprintf(rows[i].label, sizeof rows[i].label, "%s/epoll", transport);
	for (size_t value = 0; value < SUMMARY_VALUES; value++)
		rows[i].values[value] = NAN;
	rows[i].values[LATENCY_P99_MS] = p99_ms;
	rows[i].values[WIRE_BYTES_PER_MESSAGE] = bytes;
	rows[i].values[SERVER_CPU_US_PER_MESSAGE] = cpu_us;
	rows[i].values[CONNECT_BYTES_PER_CONNECTION] = 600;
	rows[i].parameters.rate_hz = 2;
	rows[i].parameters.rate_up_hz = 3;
	rows[i].parameters.main_s = 10;
	rows[i].parameters.subscribers = 7;
	rows[i].values[SERVER_CPU_US_LOW] = cpu_us - 1;
	rows[i].values[SERVER_CPU_US_HIGH] = cpu_us + 1;
}

static int setup(void **state)
{
	(void)state;
	workload = (struct experiment){.name = "feed", .question = "What?", .p99_max_ms = 100};
	set(0, "polling", 900, 100, 5);
	set(1, "sse", 40, 250, 6);
	set(2, "websocket", 41, 200, 6.5);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(printed);
	printed = NULL;
	return 0;
}

static void advise(void)
{
	FILE *out = open_memstream(&printed, &size);

	assert_int_equal(advise_write(&workload, &summary, out), 0);
	fclose(out);
}

static void assert_says(const char *text)
{
	if (!strstr(printed, text))
		fail_msg("\"%s\" is not in:\n%s", text, printed);
}

static void test_who_is_too_late_does_not_do(void **state)
{
	(void)state;
	advise();
	assert_says("delivered within 100 ms.");
	assert_says("no   polling/epoll");
	assert_says("yes  sse/epoll");
	assert_says("yes  websocket/epoll");
}

static void test_it_is_said_by_how_many_messages_they_are_judged(void **state)
{
	(void)state;
	advise();
	assert_says("Judged by some 150 messages, each to 7 subscribers.\n");
	assert_says("200 B and 6.5 µs of CPU a message, 600 B to connect\n");
}

static void test_the_cheapest_is_one_of_those_that_do(void **state)
{
	(void)state;
	advise();
	assert_says("Cheapest in bytes: websocket/epoll\n");
}

static void test_costs_that_cannot_be_told_apart_are_a_tie(void **state)
{
	(void)state;
	advise();
	assert_says("Cheapest in CPU: sse/epoll, websocket/epoll (a tie");
}

static void test_costs_that_can_are_none(void **state)
{
	(void)state;
	set(2, "websocket", 41, 200, 9);
	advise();
	assert_says("Cheapest in CPU: sse/epoll\n");
}

static void test_nearly_the_same_bytes_are_a_tie(void **state)
{
	(void)state;
	set(1, "sse", 40, 203, 6);
	advise();
	assert_says("Cheapest in bytes: websocket/epoll, sse/epoll (a tie");
}

static void test_both_requirements_must_be_met(void **state)
{
	(void)state;
	workload.round_trip_p99_max_ms = 50;
	rows[1].values[ROUND_TRIP_P99_MS] = 60;
	rows[2].values[ROUND_TRIP_P99_MS] = 45;
	advise();
	assert_says("delivered within 100 ms, and are back at who published them within 50 ms.");
	assert_says("no   sse/epoll");
	assert_says("yes  websocket/epoll");
}

static void test_where_none_does_that_is_said(void **state)
{
	(void)state;
	workload.p99_max_ms = 10;
	advise();
	assert_says("None meets it on this link.");
}

static void test_without_a_valid_run_nothing_is_known(void **state)
{
	(void)state;
	rows[2].runs = 0;
	advise();
	assert_says("no   websocket/epoll   no valid run");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_who_is_too_late_does_not_do),
	        TEST(test_it_is_said_by_how_many_messages_they_are_judged),
	        TEST(test_the_cheapest_is_one_of_those_that_do),
	        TEST(test_costs_that_cannot_be_told_apart_are_a_tie),
	        TEST(test_costs_that_can_are_none),
	        TEST(test_nearly_the_same_bytes_are_a_tie),
	        TEST(test_both_requirements_must_be_met),
	        TEST(test_where_none_does_that_is_said),
	        TEST(test_without_a_valid_run_nothing_is_known),
	};

	return cmocka_run_group_tests_name("advise", tests, NULL, NULL);
}
