#include "timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../transports/schedule.h"

#define COUNT 500

static void test_an_empty_heap_has_no_first(void **state)
{
	struct timers timers = {0};

	(void)state;
	assert_null(timers_first(&timers));
	timers_free(&timers);
}

static void test_timers_come_out_in_order(void **state)
{
	struct timers timers = {0};
	struct timer all[COUNT] = {{0}}, *first;
	uint64_t random = 1, before = 0;

	(void)state;
	assert_int_equal(timers_reserve(&timers, COUNT), 0);
	for (size_t i = 0; i < COUNT; i++)
		timer_set(&timers, &all[i], random_next(&random) % 1000);
	for (size_t i = 0; i < COUNT; i++) {
		first = timers_first(&timers);
		assert_true(first->at_ns >= before);
		before = first->at_ns;
		timer_clear(&timers, first);
	}
	assert_null(timers_first(&timers));
	timers_free(&timers);
}

static void test_a_timer_set_anew_moves_both_ways(void **state)
{
	struct timers timers = {0};
	struct timer early = {0}, middle = {0}, late = {0};

	(void)state;
	assert_int_equal(timers_reserve(&timers, 3), 0);
	timer_set(&timers, &early, 10);
	timer_set(&timers, &middle, 20);
	timer_set(&timers, &late, 30);
	timer_set(&timers, &late, 5);
	assert_ptr_equal(timers_first(&timers), &late);
	timer_set(&timers, &late, 40);
	assert_ptr_equal(timers_first(&timers), &early);
	timers_free(&timers);
}

/* Against a plain search, with timers set, moved and cleared at random. */
static void test_the_first_is_the_earliest_of_all_that_are_set(void **state)
{
	struct timers timers = {0};
	struct timer all[50] = {{0}};
	uint64_t random = 7;

	(void)state;
	assert_int_equal(timers_reserve(&timers, 50), 0);
	for (unsigned step = 0; step < 20000; step++) {
		struct timer *timer = &all[random_next(&random) % 50], *earliest = NULL;

		if (random_next(&random) % 3)
			timer_set(&timers, timer, random_next(&random) % 10000);
		else
			timer_clear(&timers, timer);
		for (size_t i = 0; i < 50; i++)
			if (all[i].place && (!earliest || all[i].at_ns < earliest->at_ns))
				earliest = &all[i];
		if (!earliest)
			assert_null(timers_first(&timers));
		else
			assert_int_equal(timers_first(&timers)->at_ns, earliest->at_ns);
	}
	timers_free(&timers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_an_empty_heap_has_no_first),
	        cmocka_unit_test(test_timers_come_out_in_order),
	        cmocka_unit_test(test_a_timer_set_anew_moves_both_ways),
	        cmocka_unit_test(test_the_first_is_the_earliest_of_all_that_are_set),
	};

	return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
