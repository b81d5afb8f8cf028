#include "findings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROWS   4
#define BLOCKS 5

static struct summary_row rows[ROWS];
static struct summary_sample samples[ROWS][BLOCKS];
static struct summary_invalid invalid;
static struct summary summary;
static struct experiment experiment;
static struct table table;
static char said[4096];

static void set(size_t i, const char *transport, const char *stack)
{
	struct summary_row *row = &rows[i];

	*row = (struct summary_row){.runs = BLOCKS, .samples = samples[i]};
	strcpy(row->parameters.transport, transport);
	strcpy(row->parameters.stack, stack);
	snprintf(row->label, sizeof(row->label), "%s/%s", transport, stack);
	for (size_t value = 0; value < SUMMARY_VALUES; value++)
		row->values[value] = NAN;
	for (unsigned block = 0; block < BLOCKS; block++) {
		samples[i][block].block = block + 1;
		for (size_t value = 0; value < SUMMARY_MEASURED; value++)
			samples[i][block].values[value] = NAN;
	}
	summary.count = i + 1;
}

/* `spread`: how much of it the blocks differ by. */
static void set_cpu(size_t i, double cpu_us, double spread)
{
	for (unsigned block = 0; block < BLOCKS; block++)
		samples[i][block].values[SERVER_CPU_US_PER_MESSAGE] =
		        cpu_us * (1 + spread * ((double)block - 2) / 2);
}

static int setup(void **state)
{
	(void)state;
	summary = (struct summary){.rows = rows, .blocks = BLOCKS};
	experiment = (struct experiment){.name = "sample"};
	said[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	table_close(&table);
	return 0;
}

static void hear(void *user, const char *text)
{
	(void)user;
	strcat(said, text);
	strcat(said, "\n");
}

static void assert_said(const char *expected)
{
	findings_lines(&experiment, &summary, hear, NULL);
	assert_string_equal(said, expected);
}

static void test_an_expectation_is_held_against_what_was_measured(void **state)
{
	struct expectation expected[] = {
	        {(char *)"within", (char *)"sse/epoll:-:latency_mean_ms", 20, 21, "ms"},
	        {(char *)"outside", (char *)"sse/epoll:-:latency_mean_ms * 10", 1, 2, ""},
	        {(char *)"unknown", (char *)"sse/mhd:-:latency_mean_ms", 3, 3, "ms"},
	};
	static const char *const cells[][4] = {
	        {"within", "20 to 21 ms", "20.50 ms", "yes"},
	        {"outside", "1 to 2", "205.0", "no"},
	        {"unknown", "3 ms", "-", "not measured in this run"},
	};

	(void)state;
	set(0, "sse", "epoll");
	rows[0].values[LATENCY_MEAN_MS] = 20.5;
	experiment.expected = expected;
	experiment.expected_count = 3;
	assert_int_equal(findings_table(&table, &experiment, &summary), 0);
	assert_int_equal(table.rows_count, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 4; j++)
			assert_string_equal(table.rows[i][j], cells[i][j]);
}

static void test_a_verdict_stands_as_long_as_all_that_is_expected_holds(void **state)
{
	struct expectation expected = {(char *)"mean", (char *)"sse/epoll:-:latency_mean_ms", 20,
	                               21, "ms"};

	(void)state;
	set(0, "sse", "epoll");
	rows[0].values[LATENCY_MEAN_MS] = 20.5;
	experiment.expected = &expected;
	experiment.expected_count = 1;
	strcpy(experiment.claim_verdict, "confirmed");
	assert_said("The claim that was put to the test: confirmed.\n");
	said[0] = '\0';
	expected.high = 20.4;
	assert_said(
	        "The claim that was put to the test: open, since not all that was predicted has "
	        "held.\n");
}

static void test_the_row_furthest_from_its_closed_form_is_named(void **state)
{
	(void)state;
	set(0, "polling", "epoll");
	rows[0].values[LATENCY_MEAN_MS] = 99;
	rows[0].values[MODEL_MEAN_MS] = 100;
	set(1, "sse", "epoll");
	rows[1].values[LATENCY_MEAN_MS] = 21;
	rows[1].values[MODEL_MEAN_MS] = 20;
	set(2, "websocket", "epoll"); /* of 0 nothing is a share */
	rows[2].values[LATENCY_MEAN_MS] = 1;
	rows[2].values[MODEL_MEAN_MS] = 0;
	rows[0].values[MESSAGES_PER_RESPONSE] = 1.9;
	rows[0].values[MODEL_MESSAGES_PER_RESPONSE] = 2;
	rows[1].values[MESSAGES_PER_RESPONSE] = 2; /* of a stream, whose every message is one */
	rows[1].values[MODEL_MESSAGES_PER_RESPONSE] = 1;
	rows[1].values[WIRE_BYTES_PER_MESSAGE] = 154.01;
	rows[1].values[MODEL_WIRE_BYTES_PER_MESSAGE] = 154;
	assert_said("Mean latencies of 2 rows are within 5.0 % of the closed form; the furthest is "
	            "sse/epoll, by +1.00 ms.\n"
	            "Bytes on the wire of 1 row are as the closed form says.\n"
	            "Messages per response of 1 row are within 5.0 % of the closed form; the "
	            "furthest is polling/epoll, by -0.10.\n");
}

static void test_only_what_every_block_shows_is_a_difference(void **state)
{
	(void)state;
	set(0, "sse", "epoll");
	set_cpu(0, 10, 0);
	set(1, "sse", "mhd");
	set_cpu(1, 15, 0.1);
	set(2, "sse", "lws");
	set_cpu(2, 10.1, 0.1);
	set(3, "websocket", "epoll");
	set_cpu(3, 5, 0);
	assert_said("Server CPU a message, as a multiple of that of the same transport on epoll: "
	            "sse/mhd 1.50 [1.35 1.65]; no difference measured: sse/lws.\n"
	            "Server CPU a message, as a multiple of that of websocket/epoll: "
	            "sse/epoll 2.00 [2.00 2.00].\n");
}

static void test_too_few_blocks_call_nothing_different(void **state)
{
	(void)state;
	set(0, "sse", "epoll");
	set_cpu(0, 10, 0);
	set(1, "sse", "mhd");
	set_cpu(1, 15, 0);
	rows[0].runs = rows[1].runs = BLOCKS - 1;
	assert_said(
	        "The file has no prediction in numbers, no closed form holds, and there are too "
	        "few blocks to compare CPU: see the figures.\n");
}

static void set_rate(size_t i, const char *transport, double rate_hz, double p99_ms)
{
	set(i, transport, "epoll");
	strcpy(rows[i].variant, "some rate");
	rows[i].parameters.rate_hz = rate_hz;
	rows[i].values[LATENCY_P99_MS] = p99_ms;
}

static void test_the_knee_is_the_highest_rate_that_keeps_the_limit(void **state)
{
	(void)state;
	experiment.p99_max_ms = 50;
	set_rate(0, "sse", 10, 1);
	set_rate(1, "longpoll", 10, 2);
	set_rate(2, "sse", 20, 60);
	set_rate(3, "longpoll", 20, 3);
	assert_said(
	        "sse/epoll: p99 within 50 ms and nothing lost up to 10 messages/s (1.0 ms, 5 of 5 runs valid); at "
	        "20 it is 60.0 ms.\n"
	        "longpoll/epoll: p99 within 50 ms and nothing lost up to 20 messages/s (3.0 "
	        "ms, 5 of 5 runs valid), the highest tried.\n");
}

static void test_a_rate_without_a_valid_run_is_beyond_the_knee(void **state)
{
	(void)state;
	experiment.p99_max_ms = 50;
	set_rate(0, "sse", 10, 60);
	set_rate(1, "sse", 20, 1);
	rows[0].runs = 0;
	invalid.spec.parameters = rows[0].parameters;
	strcpy(invalid.reason, "reach below 1");
	summary.invalid = &invalid;
	summary.invalid_count = 1;
	assert_said("sse/epoll: p99 within 50 ms and nothing lost up to no rate that was tried; at "
	            "10 no run was valid: reach below 1.\n");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CASE(test_an_expectation_is_held_against_what_was_measured),
	        CASE(test_a_verdict_stands_as_long_as_all_that_is_expected_holds),
	        CASE(test_the_row_furthest_from_its_closed_form_is_named),
	        CASE(test_only_what_every_block_shows_is_a_difference),
	        CASE(test_too_few_blocks_call_nothing_different),
	        CASE(test_the_knee_is_the_highest_rate_that_keeps_the_limit),
	        CASE(test_a_rate_without_a_valid_run_is_beyond_the_knee),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
