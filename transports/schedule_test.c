#include "schedule.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECOND  UINT64_C(1000000000)
#define SAMPLES 100000

/* Statistical bounds are four standard errors wide; the seeds are fixed. */
#define ERRORS 4

static void assert_near(double value, double expected, double bound)
{
	if (!(fabs(value - expected) <= bound))
		fail_msg("%.9g is not within %.3g of %.9g", value, bound, expected);
}

static void test_the_generator_is_splitmix64(void **state)
{
	(void)state;
	uint64_t random = 1234567;

	assert_true(random_next(&random) == UINT64_C(6457827717110365317));
	assert_true(random_next(&random) == UINT64_C(3203168211198807973));
	assert_true(random_next(&random) == UINT64_C(9817491932198370423));
	assert_true(random_next(&random) == UINT64_C(4593380528125082431));
	assert_true(random_next(&random) == UINT64_C(16408922859458223821));
}

static void test_a_unit_lies_in_0_to_below_1(void **state)
{
	(void)state;
	uint64_t random = 1;

	for (int i = 0; i < SAMPLES; i++) {
		double u = random_unit(&random);

		assert_true(u >= 0 && u < 1);
	}
}

static void test_units_are_uniform(void **state)
{
	(void)state;
	double sum = 0, squares = 0;
	uint64_t random = 2;

	for (int i = 0; i < SAMPLES; i++) {
		double u = random_unit(&random);

		sum += u;
		squares += u * u;
	}
	assert_near(sum / SAMPLES, 1. / 2, ERRORS * sqrt(1. / 12 / SAMPLES));
	assert_near(squares / SAMPLES, 1. / 3, ERRORS * sqrt(4. / 45 / SAMPLES));
}

static void test_a_seed_gives_one_schedule(void **state)
{
	(void)state;
	struct schedule a, b;

	schedule_start(&a, ARRIVALS_POISSON, 10, 7, SECOND);
	schedule_start(&b, ARRIVALS_POISSON, 10, 7, SECOND);
	for (int i = 0; i < 1000; i++) {
		assert_true(a.next_ns == b.next_ns);
		schedule_advance(&a);
		schedule_advance(&b);
	}
}

static void test_another_seed_gives_another_schedule(void **state)
{
	(void)state;
	struct schedule a, b;

	schedule_start(&a, ARRIVALS_POISSON, 10, 7, SECOND);
	schedule_start(&b, ARRIVALS_POISSON, 10, 8, SECOND);
	assert_true(a.next_ns != b.next_ns);
}

static void test_ids_count_up_from_1(void **state)
{
	(void)state;
	struct schedule schedule;

	schedule_start(&schedule, ARRIVALS_POISSON, 10, 1, 0);
	for (uint64_t id = 1; id <= 100; id++) {
		assert_true(schedule.next_id == id);
		schedule_advance(&schedule);
	}
}

static void test_time_never_runs_backwards(void **state)
{
	(void)state;
	struct schedule schedule;
	uint64_t last = 5;

	/* So fast that many gaps are below a nanosecond. */
	schedule_start(&schedule, ARRIVALS_POISSON, 1e9, 1, last);
	for (int i = 0; i < SAMPLES; i++) {
		assert_true(schedule.next_ns >= last);
		last = schedule.next_ns;
		schedule_advance(&schedule);
	}
}

static void test_poisson_gaps_have_the_mean_and_variance_of_exponential_ones(void **state)
{
	(void)state;
	const double expected = 1. / 250;
	struct schedule schedule;
	uint64_t last = SECOND;
	double sum = 0, squares = 0;

	schedule_start(&schedule, ARRIVALS_POISSON, 250, 3, last);
	for (int i = 0; i < SAMPLES; i++) {
		double gap = (double)(schedule.next_ns - last) / SECOND;

		sum += gap;
		squares += gap * gap;
		last = schedule.next_ns;
		schedule_advance(&schedule);
	}
	double mean = sum / SAMPLES, variance = squares / SAMPLES - mean * mean;

	/* The fourth central moment of an exponential is 9 variances squared, hence the 8. */
	assert_near(mean / expected, 1, ERRORS * sqrt(1. / SAMPLES));
	assert_near(variance / (expected * expected), 1, ERRORS * sqrt(8. / SAMPLES));
}

static void test_a_share_of_1_by_e_to_the_k_of_poisson_gaps_exceeds_k_means(void **state)
{
	(void)state;
	struct schedule schedule;
	uint64_t last = 0, longer[5] = {0};

	schedule_start(&schedule, ARRIVALS_POISSON, 1, 4, last);
	for (int i = 0; i < SAMPLES; i++) {
		for (uint64_t k = 1; k < 5; k++)
			longer[k] += schedule.next_ns - last > k * SECOND;
		last = schedule.next_ns;
		schedule_advance(&schedule);
	}
	for (int k = 1; k < 5; k++) {
		double share = exp(-k);

		assert_near((double)longer[k] / SAMPLES, share,
		            ERRORS * sqrt(share * (1 - share) / SAMPLES));
	}
}

/* What Poisson says of counts, and what gaps that were not independent would break. */
static void test_poisson_counts_per_second_vary_by_their_mean(void **state)
{
	(void)state;
	enum { SECONDS = 10000, RATE = 10 };
	struct schedule schedule;
	double sum = 0, squares = 0;

	schedule_start(&schedule, ARRIVALS_POISSON, RATE, 5, 0);
	for (uint64_t second = 1; second <= SECONDS; second++) {
		double count = 0;

		for (; schedule.next_ns < second * SECOND; schedule_advance(&schedule))
			count++;
		sum += count;
		squares += count * count;
	}
	double mean = sum / SECONDS, variance = squares / SECONDS - mean * mean;

	assert_near(mean / RATE, 1, ERRORS * sqrt(1. / RATE / SECONDS));
	assert_near(variance / RATE, 1, ERRORS * sqrt((2. + 1. / RATE) / SECONDS));
}

static void test_the_first_even_instant_is_one_gap_after_the_start(void **state)
{
	(void)state;
	struct schedule schedule;

	schedule_start(&schedule, ARRIVALS_EVEN, 4, 0, 3 * SECOND);
	assert_true(schedule.next_ns == 3 * SECOND + SECOND / 4);
}

static void test_even_instants_are_the_nearest_nanosecond_and_never_drift(void **state)
{
	(void)state;
	/* After years of uptime, where a double no longer holds every nanosecond. */
	const uint64_t start = (UINT64_C(1) << 60) + 1;
	struct schedule schedule;

	schedule_start(&schedule, ARRIVALS_EVEN, 3, 0, start);
	for (uint64_t k = 1; k <= 1000000; k++) {
		assert_true(schedule.next_ns == start + (k * SECOND + 1) / 3);
		schedule_advance(&schedule);
	}
}

static void test_names_are_read_back(void **state)
{
	(void)state;
	enum arrivals arrivals = ARRIVALS_POISSON;

	assert_int_equal(arrivals_parse("even", &arrivals), 0);
	assert_int_equal(arrivals, ARRIVALS_EVEN);
	assert_string_equal(arrivals_name(arrivals), "even");
	assert_int_equal(arrivals_parse("poisson", &arrivals), 0);
	assert_int_equal(arrivals, ARRIVALS_POISSON);
	assert_string_equal(arrivals_name(arrivals), "poisson");
}

static void test_other_names_are_refused(void **state)
{
	(void)state;
	enum arrivals arrivals;

	assert_int_equal(arrivals_parse("", &arrivals), -EINVAL);
	assert_int_equal(arrivals_parse("Poisson", &arrivals), -EINVAL);
	assert_int_equal(arrivals_parse("evenly", &arrivals), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_generator_is_splitmix64),
	        cmocka_unit_test(test_a_unit_lies_in_0_to_below_1),
	        cmocka_unit_test(test_units_are_uniform),
	        cmocka_unit_test(test_a_seed_gives_one_schedule),
	        cmocka_unit_test(test_another_seed_gives_another_schedule),
	        cmocka_unit_test(test_ids_count_up_from_1),
	        cmocka_unit_test(test_time_never_runs_backwards),
	        cmocka_unit_test(test_poisson_gaps_have_the_mean_and_variance_of_exponential_ones),
	        cmocka_unit_test(test_a_share_of_1_by_e_to_the_k_of_poisson_gaps_exceeds_k_means),
	        cmocka_unit_test(test_poisson_counts_per_second_vary_by_their_mean),
	        cmocka_unit_test(test_the_first_even_instant_is_one_gap_after_the_start),
	        cmocka_unit_test(test_even_instants_are_the_nearest_nanosecond_and_never_drift),
	        cmocka_unit_test(test_names_are_read_back),
	        cmocka_unit_test(test_other_names_are_refused),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
