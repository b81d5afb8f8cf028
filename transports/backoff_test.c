#include "backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DRAWS 2000

/* Of many clients the highest and the mean wait after so many failures before. */
static void draw(unsigned failures, uint64_t *highest, double *mean)
{
	*highest = 0;
	*mean = 0;
	for (uint64_t seed = 0; seed < DRAWS; seed++) {
		struct backoff backoff = {.random = seed, .attempts = failures};
		uint64_t wait_ns = backoff_next_ns(&backoff);

		*highest = wait_ns > *highest ? wait_ns : *highest;
		*mean += (double)wait_ns / DRAWS;
	}
}

/* Waits are spread evenly from 0 to most_ns: within 1 % at the upper end, 5 % in the mean. */
static void assert_spread(unsigned failures, uint64_t most_ns)
{
	uint64_t highest;
	double mean;

	draw(failures, &highest, &mean);
	assert_in_range(highest, most_ns / 100 * 99, most_ns);
	assert_in_range((uint64_t)mean, most_ns / 100 * 45, most_ns / 100 * 55);
}

static void test_the_first_wait_is_up_to_the_first_ceiling(void **state)
{
	(void)state;
	assert_spread(0, BACKOFF_FIRST_NS);
}

static void test_the_ceiling_doubles_with_every_failure(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 5; i++)
		assert_spread(i, BACKOFF_FIRST_NS << i);
}

static void test_the_ceiling_has_an_end(void **state)
{
	(void)state;
	assert_spread(6, BACKOFF_MAX_NS);
	assert_spread(63, BACKOFF_MAX_NS);
	assert_spread(UINT32_MAX, BACKOFF_MAX_NS);
}

static void test_success_begins_anew(void **state)
{
	struct backoff backoff = {.random = 7};

	(void)state;
	for (int i = 0; i < 10; i++)
		backoff_next_ns(&backoff);
	assert_int_equal(backoff.attempts, 10);
	backoff_reset(&backoff);
	assert_int_equal(backoff.attempts, 0);
	assert_true(backoff_next_ns(&backoff) <= BACKOFF_FIRST_NS);
}

static void test_one_seed_draws_the_same_waits(void **state)
{
	struct backoff one = {.random = 7}, again = {.random = 7}, other = {.random = 8};
	int differ = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		uint64_t wait_ns = backoff_next_ns(&one);

		assert_int_equal(backoff_next_ns(&again), wait_ns);
		differ += backoff_next_ns(&other) != wait_ns;
	}
	assert_int_equal(differ, 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_first_wait_is_up_to_the_first_ceiling),
	        cmocka_unit_test(test_the_ceiling_doubles_with_every_failure),
	        cmocka_unit_test(test_the_ceiling_has_an_end),
	        cmocka_unit_test(test_success_begins_anew),
	        cmocka_unit_test(test_one_seed_draws_the_same_waits),
	};

	return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
