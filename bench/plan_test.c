#include "plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../transports/clock.h"

static struct run_plan plan_of(enum arrivals arrivals, double rate_hz, double warmup_s,
                               double main_s)
{
	struct run_spec spec = {.seed = 11,
	                        .parameters = {.arrivals = arrivals,
	                                       .rate_hz = rate_hz,
	                                       .warmup_s = warmup_s,
	                                       .main_s = main_s}};

	return run_plan(&spec);
}

static void assert_even(double rate_hz, double warmup_s, double main_s, uint64_t in_main,
                        uint64_t in_all)
{
	struct run_plan plan = plan_of(ARRIVALS_EVEN, rate_hz, warmup_s, main_s);

	assert_int_equal(plan.messages_main, in_main);
	assert_int_equal(plan.messages, in_all);
}

/* The first instant is one gap after the start; one that falls on the end of a phase belongs to the
 * next. */
static void test_even_arrivals_are_counted_exactly(void **state)
{
	(void)state;
	assert_even(10, 1, 2, 20, 29);
	assert_even(100, 1, 2, 200, 299);
	assert_even(1000, 0.5, 0.25, 250, 749);
	assert_even(3, 1, 1, 3, 5);
	assert_even(0.5, 4, 4, 2, 3);
	assert_even(100, 0.1, 0.2, 20, 29);
}

static void test_without_warm_up_all_messages_are_of_the_main_phase(void **state)
{
	(void)state;
	assert_even(10, 0, 1, 9, 9);
}

static void test_a_run_shorter_than_a_gap_has_no_message(void **state)
{
	(void)state;
	assert_even(1, 0.5, 0.5, 0, 0);
	assert_even(1, 1, 0.5, 1, 1);
}

static void test_phases_are_the_nearest_nanosecond(void **state)
{
	/* 1.001 s is a little less than 1001000000 ns in a double. */
	struct run_plan plan = plan_of(ARRIVALS_EVEN, 1, 1.001, 2.3);

	(void)state;
	assert_int_equal(plan.warmup_ns, 1001 * NS_PER_MS);
	assert_int_equal(plan.main_ns, 2300 * NS_PER_MS);
}

/* Wherever the schedule starts: the plan is made before the start is known. */
static void assert_planned(const struct run_plan *plan, uint64_t start_ns)
{
	uint64_t warmup_end = start_ns + plan->warmup_ns, end = warmup_end + plan->main_ns;
	struct schedule schedule;

	schedule_start(&schedule, ARRIVALS_POISSON, 500, 11, start_ns);
	for (; schedule.next_id <= plan->messages + 1; schedule_advance(&schedule)) {
		assert_int_equal(schedule.next_id <= plan->messages - plan->messages_main,
		                 schedule.next_ns < warmup_end);
		assert_int_equal(schedule.next_id <= plan->messages, schedule.next_ns < end);
	}
}

static void test_ids_divide_where_the_instants_of_the_schedule_do(void **state)
{
	struct run_plan plan = plan_of(ARRIVALS_POISSON, 500, 0.7, 1.3);

	(void)state;
	assert_in_range(plan.messages - plan.messages_main, 250, 450);
	assert_in_range(plan.messages, 850, 1150);
	assert_planned(&plan, 0);
	assert_planned(&plan, UINT64_C(123456789) * NS_PER_S + 1);
}

static void test_what_clients_publish_has_a_schedule_of_its_own(void **state)
{
	struct run_spec spec = {.seed = 11,
	                        .parameters = {.arrivals = ARRIVALS_POISSON,
	                                       .rate_hz = 50,
	                                       .rate_up_hz = 50,
	                                       .warmup_s = 1,
	                                       .main_s = 2}};
	struct run_plan plan = run_plan(&spec);
	struct schedule server, clients;

	(void)state;
	schedule_start(&server, ARRIVALS_POISSON, 50, spec.seed, 0);
	run_plan_up_schedule(&clients, &spec, 0);
	assert_int_not_equal(server.next_ns, clients.next_ns);
	assert_in_range(plan.up_messages, 100, 200);
	assert_in_range(plan.up_messages_main, 60, 140);
	assert_int_equal(run_plan_ids(&plan), plan.messages + plan.up_messages);
}

static void test_clients_alone_can_publish(void **state)
{
	struct run_spec spec = {.parameters = {.rate_up_hz = 10, .warmup_s = 1, .main_s = 2}};
	struct run_plan plan = run_plan(&spec);

	(void)state;
	assert_int_equal(plan.messages, 0);
	assert_int_equal(plan.up_messages_main, 20);
	assert_int_equal(run_plan_ids(&plan), 29);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_even_arrivals_are_counted_exactly),
	        cmocka_unit_test(test_without_warm_up_all_messages_are_of_the_main_phase),
	        cmocka_unit_test(test_a_run_shorter_than_a_gap_has_no_message),
	        cmocka_unit_test(test_phases_are_the_nearest_nanosecond),
	        cmocka_unit_test(test_ids_divide_where_the_instants_of_the_schedule_do),
	        cmocka_unit_test(test_what_clients_publish_has_a_schedule_of_its_own),
	        cmocka_unit_test(test_clients_alone_can_publish),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
