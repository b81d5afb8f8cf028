#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct run_spec spec = {
        .parameters = {.rate_hz = 25, .poll_interval_ms = 1000, .main_s = 4}};

/* A run of 4 s in which all is well. */
static struct run_result good(void)
{
	return (struct run_result){.expected = 100,
	                           .delivered = 100,
	                           .main_ms = 4000,
	                           .server = {.cpu_ns = 1000000, .wait_ns = 1000000},
	                           .load = {.cpu_ns = 1000000, .cpu_share = 0.1}};
}

static void assert_reason(struct run_result result, const char *reason)
{
	verdict_find(&spec, &result);
	assert_int_equal(result.valid, !*reason);
	if (!strstr(result.reason, reason))
		fail_msg("\"%s\" does not say \"%s\"", result.reason, reason);
}

static void test_a_run_in_which_all_is_well_is_valid(void **state)
{
	(void)state;
	assert_reason(good(), "");
}

static void test_nothing_is_missing_where_nobody_publishes(void **state)
{
	struct run_spec idle = spec;
	struct run_result result = good();

	(void)state;
	idle.parameters.rate_hz = 0;
	result.expected = result.delivered = 0;
	verdict_find(&idle, &result);
	assert_true(result.valid);
}

static void test_a_missing_delivery_is_seen(void **state)
{
	struct run_result result = good();

	(void)state;
	result.delivered = 98;
	assert_reason(result, "2 of 100 deliveries are missing");
	result.missed = 2;
	assert_reason(result, "the server's log had lost 2");
	result.expected = result.delivered = 0;
	assert_reason(result, "no message was scheduled");
}

static void test_who_was_kept_out_lacks_all_and_nobody_else_anything(void **state)
{
	struct run_result result = good();

	(void)state;
	result.published = 10;
	result.kept_out = 2;
	result.delivered = 80;
	assert_reason(result, "");
	result.delivered = 79;
	assert_reason(result, "1 of 100 deliveries are missing");
}

static void test_a_main_phase_of_another_length_is_seen(void **state)
{
	struct run_result result = good();

	(void)state;
	result.main_ms = 4009;
	assert_reason(result, "");
	result.main_ms = 4228;
	assert_reason(result, "the main phase took 4228 ms instead of 4000");
}

static void test_who_waits_for_a_cpu_is_named(void **state)
{
	struct run_result result = good();

	(void)state;
	result.server.wait_ns = 199000000;
	assert_reason(result, "");
	result.server.wait_ns = 201000000;
	assert_reason(result, "the server waited 5.0 % of the time");
	result = good();
	result.load.cpu_ns = 400000000;
	result.load.wait_ns = 240000000;
	assert_reason(result, "the load waited 6.0 % of the time");
	result.load.cpu_ns = 40000000;
	result.load.wait_ns = 100000000;
	assert_reason(result, "the load waited 2.5 times as long");
	result.load.cpu_ns = 1000000;
	result.load.wait_ns = 79000000;
	assert_reason(result, "");
}

static void test_a_load_at_its_limit_is_seen(void **state)
{
	struct run_result result = good();

	(void)state;
	result.load.cpu_share = 0.91;
	assert_reason(result, "the load took 91 % of its CPU");
}

static void test_lateness_is_judged_by_the_poll_interval(void **state)
{
	struct run_result result = good();

	(void)state;
	result.load.lateness_p99_ms = 49;
	assert_reason(result, "");
	result.load.lateness_p99_ms = 51;
	assert_reason(result, "the load was late: 51.0 ms at p99 (at most 50 ms)");
}

static void test_a_reason_that_is_there_stands(void **state)
{
	struct run_result result = good();

	(void)state;
	strcpy(result.reason, "the server died");
	result.delivered = 0;
	assert_reason(result, "the server died");
}

static void test_a_link_that_was_late_is_seen(void **state)
{
	struct run_result result = good();

	(void)state;
	result.link_late_p99_ms = 4;
	assert_reason(result, "");
	result.link_late_p99_ms = 6;
	assert_reason(result, "the link was late: 6.0 ms at p99 (at most 5 ms)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_run_in_which_all_is_well_is_valid),
	        cmocka_unit_test(test_a_link_that_was_late_is_seen),
	        cmocka_unit_test(test_nothing_is_missing_where_nobody_publishes),
	        cmocka_unit_test(test_a_missing_delivery_is_seen),
	        cmocka_unit_test(test_who_was_kept_out_lacks_all_and_nobody_else_anything),
	        cmocka_unit_test(test_a_main_phase_of_another_length_is_seen),
	        cmocka_unit_test(test_who_waits_for_a_cpu_is_named),
	        cmocka_unit_test(test_a_load_at_its_limit_is_seen),
	        cmocka_unit_test(test_lateness_is_judged_by_the_poll_interval),
	        cmocka_unit_test(test_a_reason_that_is_there_stands),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
