#include "stats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../transports/schedule.h"

static void assert_is(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void assert_unknown(struct interval interval)
{
	assert_true(isnan(interval.low));
	assert_true(isnan(interval.high));
}

static void test_the_median_of_an_odd_count_is_the_middle_one(void **state)
{
	(void)state;
	const double values[] = {9, -1, 4, 100, 3};

	assert_is(stats_median(values, 5), 4);
}

static void test_the_median_of_an_even_count_is_the_mean_of_the_middle_two(void **state)
{
	(void)state;
	const double values[] = {9, -1, 4, 3};

	assert_is(stats_median(values, 4), 3.5);
}

static void test_the_median_of_one_is_that_one(void **state)
{
	(void)state;
	const double values[] = {7.25};

	assert_is(stats_median(values, 1), 7.25);
}

static void test_there_is_no_median_of_nothing(void **state)
{
	(void)state;
	assert_true(isnan(stats_median(NULL, 0)));
}

static void test_an_infinite_value_is_the_largest(void **state)
{
	(void)state;
	const double values[] = {INFINITY, 1, 2};

	assert_is(stats_median(values, 3), 2);
}

static void test_a_nan_among_the_values_makes_the_result_nan(void **state)
{
	(void)state;
	const double values[] = {1, 2, NAN, 4, 5}, ones[] = {1, 1, 1, 1, 1};

	assert_true(isnan(stats_median(values, 5)));
	assert_unknown(stats_median_interval(values, 5, 1));
	assert_unknown(stats_ratio_interval(values, ones, 5, 1));
	assert_unknown(stats_ratio_interval(ones, values, 5, 1));
}

static void test_the_values_are_left_alone(void **state)
{
	(void)state;
	const double values[] = {5, 3, 4}, before[] = {5, 3, 4};

	stats_median(values, 3);
	stats_median_interval(values, 3, 1);
	assert_memory_equal(values, before, sizeof(values));
}

static void test_there_is_no_interval_of_nothing(void **state)
{
	(void)state;
	assert_unknown(stats_median_interval(NULL, 0, 1));
	assert_unknown(stats_ratio_interval(NULL, NULL, 0, 1));
}

static void test_the_interval_of_one_value_is_that_value(void **state)
{
	(void)state;
	const double values[] = {3.5};
	struct interval interval = stats_median_interval(values, 1, 1);

	assert_is(interval.low, 3.5);
	assert_is(interval.high, 3.5);
}

/*
 * The median of a resample of 9 is at most the k-th value where 5 draws or more fall on the first
 * k: with Binomial(9, k/9) that is 0.1 % for k = 1, 3.0 % for k = 2, so that 2.5 % is passed at
 * the second, and by symmetry 97.5 % at the second from the end.
 */
static void test_the_interval_of_9_spans_the_second_to_the_eighth(void **state)
{
	(void)state;
	const double values[] = {60, 20, 90, 50, 10, 80, 40, 30, 70};

	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct interval interval = stats_median_interval(values, 9, seed);

		assert_is(interval.low, 20);
		assert_is(interval.high, 80);
	}
}

/* Of 2 values the median is the lower, the mean or the higher one with 1/4, 1/2, 1/4. */
static void test_the_interval_of_2_spans_both(void **state)
{
	(void)state;
	const double values[] = {8, 6};
	struct interval interval = stats_median_interval(values, 2, 1);

	assert_is(interval.low, 6);
	assert_is(interval.high, 8);
}

static void test_the_interval_covers_the_true_median(void **state)
{
	(void)state;
	enum { SETS = 400, COUNT = 9 };
	uint64_t random = 1;
	int covered = 0;

	for (uint64_t set = 0; set < SETS; set++) {
		double values[COUNT];
		struct interval interval;

		for (int i = 0; i < COUNT; i++)
			values[i] = -log(1 - random_unit(&random));
		interval = stats_median_interval(values, COUNT, set);
		covered += interval.low <= log(2) && log(2) <= interval.high;
	}
	assert_in_range(covered, SETS * 85 / 100, SETS);
}

static void test_an_interval_narrows_with_more_values(void **state)
{
	(void)state;
	uint64_t random = 1;
	double values[400];
	struct interval few, many;

	for (int i = 0; i < 400; i++)
		values[i] = random_unit(&random);
	few = stats_median_interval(values, 25, 1);
	many = stats_median_interval(values, 400, 1);
	assert_true(many.high - many.low < (few.high - few.low) / 2);
	assert_true(many.high > many.low);
}

static void test_a_seed_gives_one_interval(void **state)
{
	(void)state;
	uint64_t random = 1;
	double values[200];
	struct interval a, b;
	int others = 0;

	for (int i = 0; i < 200; i++)
		values[i] = random_unit(&random);
	a = stats_median_interval(values, 200, 1);
	b = stats_median_interval(values, 200, 1);
	assert_memory_equal(&a, &b, sizeof(a));
	/* Medians come in steps, so that another seed often gives the same, but not always. */
	for (uint64_t seed = 2; seed <= 20; seed++) {
		b = stats_median_interval(values, 200, seed);
		others += a.low != b.low || a.high != b.high;
	}
	assert_true(others > 0);
}

static void test_identical_arms_have_the_ratio_1(void **state)
{
	(void)state;
	const double values[] = {3, 0.1, 7, 1e9, 1e-9};
	struct interval interval = stats_ratio_interval(values, values, 5, 1);

	assert_is(interval.low, 1);
	assert_is(interval.high, 1);
}

/* The arms overlap widely; only block by block is one of them always twice the other. */
static void test_ratios_are_taken_within_a_block(void **state)
{
	(void)state;
	const double a[] = {2, 20, 200, 2000, 20000}, b[] = {1, 10, 100, 1000, 10000};
	struct interval interval = stats_ratio_interval(a, b, 5, 1);

	assert_is(interval.low, 2);
	assert_is(interval.high, 2);
}

static void test_a_ratio_of_nothing_to_nothing_is_unknown(void **state)
{
	(void)state;
	const double a[] = {1, 0, 3}, b[] = {1, 0, 3};

	assert_unknown(stats_ratio_interval(a, b, 3, 1));
}

/* By exact arithmetic: what bench verify asks of 40 comparisons, of which chance alone calls 2.5
 * different. */
static void test_a_binomial_tail_is_that_of_exact_arithmetic(void **state)
{
	(void)state;
	assert_is(stats_binomial_at_least(40, 1, 0.0625), 0.924342662105164);
	assert_is(stats_binomial_at_least(40, 2, 0.0625), 0.7225897610522681);
	assert_is(stats_binomial_at_least(40, 6, 0.0625), 0.036693860614385565);
	assert_is(stats_binomial_at_least(40, 8, 0.0625), 0.002943612447351388);
	assert_is(stats_binomial_at_least(10, 8, 0.5), 56.0 / 1024);
	assert_is(stats_binomial_at_least(10, 10, 0.5), 1.0 / 1024);
	assert_is(stats_binomial_at_least(1, 1, 0.3), 0.3);
}

static void test_none_or_more_is_certain_and_more_than_there_are_is_impossible(void **state)
{
	(void)state;
	assert_is(stats_binomial_at_least(40, 0, 0.0625), 1);
	assert_is(stats_binomial_at_least(40, 41, 0.0625), 0);
	assert_is(stats_binomial_at_least(40, 1000, 0.0625), 0);
	assert_is(stats_binomial_at_least(0, 0, 0.5), 1);
	assert_is(stats_binomial_at_least(0, 1, 0.5), 0);
}

static void test_what_never_or_always_succeeds_does_so(void **state)
{
	(void)state;
	assert_is(stats_binomial_at_least(10, 0, 0), 1);
	assert_is(stats_binomial_at_least(10, 1, 0), 0);
	assert_is(stats_binomial_at_least(10, 10, 1), 1);
	assert_is(stats_binomial_at_least(10, 11, 1), 0);
}

/* So many packets does a run over a link have: exact for those of the 1 % that is asked for, and
 * never out of range or out of order. */
static void test_a_binomial_tail_of_many_trials_falls_from_1_to_0(void **state)
{
	(void)state;
	enum { TRIALS = 8457 };
	double before = 1;

	for (uint64_t successes = 0; successes <= TRIALS + 1; successes += 9) {
		double now = stats_binomial_at_least(TRIALS, successes, 0.01);

		assert_true(now >= 0 && now <= before);
		before = now;
	}
	assert_true(fabs(stats_binomial_at_least(TRIALS, 50, 0.01) - 0.999982271293308) < 1e-9);
	assert_true(fabs(stats_binomial_at_least(TRIALS, 85, 0.01) - 0.495920119533934) < 1e-9);
	assert_true(fabs(stats_binomial_at_least(TRIALS, 110, 0.01) - 0.004355528124796) < 1e-9);
}

/* Two samples without equal values, at most 20 each, whose U is that: u / b_count of a lie above
 * all of b, one above the lowest u % b_count of b, the others below. */
static struct rank_test test_with_u(size_t a_count, size_t b_count, size_t u)
{
	double a[20], b[20];

	for (size_t j = 0; j < b_count; j++)
		b[j] = (double)(j + 1);
	for (size_t i = 0; i < a_count; i++) {
		if (i < u / b_count)
			a[i] = (double)(b_count + 1 + i);
		else if (i == u / b_count)
			a[i] = (double)(u % b_count) + 0.5;
		else
			a[i] = -(double)i;
	}
	return stats_mann_whitney(a, a_count, b, b_count);
}

/* Mann and Whitney 1947, table I, to the three places that are printed there: the chance of a U
 * of so much or less, which is on one side. */
static void test_the_chance_of_u_is_that_of_mann_and_whitney_s_table(void **state)
{
	static const double of_3_and_3[] = {.050, .100, .200, .350, .500};
	static const double of_4_and_4[] = {.014, .029, .057, .100, .171, .243, .343, .443};

	(void)state;
	for (size_t u = 0; u < 5; u++) {
		struct rank_test test = test_with_u(3, 3, u);

		assert_is(test.u, (double)u);
		assert_true(fabs(test.p / 2 - of_3_and_3[u]) < 0.0005);
	}
	for (size_t u = 0; u < 8; u++)
		assert_true(fabs(test_with_u(4, 4, u).p / 2 - of_4_and_4[u]) < 0.0005);
}

/* Two-sided at 0.05 and at 0.01: the greatest U that is still significant. */
static void test_critical_values_are_those_of_the_tables(void **state)
{
	static const struct {
		size_t n, m, u;
		double level;
	} critical[] = {
	        {5, 5, 2, 0.05},    {5, 9, 7, 0.05},     {6, 10, 11, 0.05},   {8, 8, 13, 0.05},
	        {9, 9, 17, 0.05},   {9, 9, 11, 0.01},    {10, 10, 23, 0.05},  {12, 20, 69, 0.05},
	        {10, 10, 16, 0.01}, {20, 20, 127, 0.05}, {20, 20, 105, 0.01},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(critical) / sizeof(*critical); i++) {
		size_t n = critical[i].n, m = critical[i].m, u = critical[i].u;

		assert_true(test_with_u(n, m, u).p <= critical[i].level);
		assert_true(test_with_u(n, m, u + 1).p > critical[i].level);
	}
}

/* By counting in integers, with another recurrence. */
static void test_p_without_ties_is_exact(void **state)
{
	(void)state;
	assert_is(test_with_u(5, 5, 2).p, 8. / 252);
	assert_is(test_with_u(9, 9, 17).p, 0.039983545865898806);
	assert_is(test_with_u(9, 9, 12).p, 0.010612916495269437);
	assert_is(test_with_u(20, 20, 127).p, 0.04909032518937244);
	assert_is(test_with_u(20, 20, 200).p, 1);
}

static void test_either_sample_may_come_first(void **state)
{
	(void)state;
	const double a[] = {19, 22, 16, 29, 24}, b[] = {20, 11, 17, 12};
	struct rank_test one = stats_mann_whitney(a, 5, b, 4);
	struct rank_test other = stats_mann_whitney(b, 4, a, 5);

	assert_is(one.u, 17);
	assert_is(other.u, 3);
	assert_is(one.p, 14. / 126);
	assert_is(other.p, 14. / 126);
}

/* By trying all 20, 126 and 84 ways to deal out the values. */
static void test_p_with_ties_is_exact_too(void **state)
{
	(void)state;
	const double ones[] = {1, 1, 1}, twos[] = {2, 2, 2};
	const double a[] = {1, 2, 2, 5}, b[] = {2, 3, 4, 6, 6};
	const double c[] = {3, 4, 4}, d[] = {1, 2, 3, 3, 4, 5};

	assert_is(stats_mann_whitney(ones, 3, twos, 3).p, 0.1);
	assert_is(stats_mann_whitney(ones, 3, ones, 3).p, 1);
	assert_is(stats_mann_whitney(a, 4, b, 5).u, 4);
	assert_is(stats_mann_whitney(a, 4, b, 5).p, 11. / 63);
	assert_is(stats_mann_whitney(c, 3, d, 6).p, 4. / 7);
}

/* Whole numbers, so that there are ties: by the formula, and near what exact counting gives. */
static void test_p_of_many_values_is_that_of_a_normal_distribution(void **state)
{
	enum { COUNT = 30 };
	double a[COUNT], b[COUNT], same[COUNT];
	struct rank_test test;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		a[i] = i % 5;
		b[i] = i % 5 + (i % 3 != 0);
		same[i] = 7;
	}
	test = stats_mann_whitney(a, COUNT, b, COUNT);
	assert_is(test.u, 342);
	assert_is(test.p, 0.10579477934122805);
	assert_true(fabs(test.p - 0.10637750237283615) < 0.001);
	assert_is(stats_mann_whitney(same, COUNT, same, COUNT).p, 1);
}

static void test_there_is_no_p_of_nothing(void **state)
{
	(void)state;
	const double values[] = {1, 2, NAN};

	assert_true(isnan(stats_mann_whitney(values, 2, NULL, 0).p));
	assert_true(isnan(stats_mann_whitney(NULL, 0, values, 2).u));
	assert_true(isnan(stats_mann_whitney(values, 2, values, 3).p));
}

static void test_the_least_p_is_that_of_samples_that_do_not_meet(void **state)
{
	(void)state;
	assert_is(stats_mann_whitney_least(1, 1), 1);
	assert_is(stats_mann_whitney_least(3, 3), 0.1);
	assert_is(stats_mann_whitney_least(5, 5), 2. / 252);
	for (size_t count = 1; count <= 9; count++)
		assert_is(stats_mann_whitney_least(count, 9), test_with_u(count, 9, 0).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_median_of_an_odd_count_is_the_middle_one),
	        cmocka_unit_test(test_the_median_of_an_even_count_is_the_mean_of_the_middle_two),
	        cmocka_unit_test(test_the_median_of_one_is_that_one),
	        cmocka_unit_test(test_there_is_no_median_of_nothing),
	        cmocka_unit_test(test_an_infinite_value_is_the_largest),
	        cmocka_unit_test(test_a_nan_among_the_values_makes_the_result_nan),
	        cmocka_unit_test(test_the_values_are_left_alone),
	        cmocka_unit_test(test_there_is_no_interval_of_nothing),
	        cmocka_unit_test(test_the_interval_of_one_value_is_that_value),
	        cmocka_unit_test(test_the_interval_of_9_spans_the_second_to_the_eighth),
	        cmocka_unit_test(test_the_interval_of_2_spans_both),
	        cmocka_unit_test(test_the_interval_covers_the_true_median),
	        cmocka_unit_test(test_an_interval_narrows_with_more_values),
	        cmocka_unit_test(test_a_seed_gives_one_interval),
	        cmocka_unit_test(test_identical_arms_have_the_ratio_1),
	        cmocka_unit_test(test_ratios_are_taken_within_a_block),
	        cmocka_unit_test(test_a_ratio_of_nothing_to_nothing_is_unknown),
	        cmocka_unit_test(test_a_binomial_tail_is_that_of_exact_arithmetic),
	        cmocka_unit_test(
	                test_none_or_more_is_certain_and_more_than_there_are_is_impossible),
	        cmocka_unit_test(test_what_never_or_always_succeeds_does_so),
	        cmocka_unit_test(test_a_binomial_tail_of_many_trials_falls_from_1_to_0),
	        cmocka_unit_test(test_the_chance_of_u_is_that_of_mann_and_whitney_s_table),
	        cmocka_unit_test(test_critical_values_are_those_of_the_tables),
	        cmocka_unit_test(test_p_without_ties_is_exact),
	        cmocka_unit_test(test_either_sample_may_come_first),
	        cmocka_unit_test(test_p_with_ties_is_exact_too),
	        cmocka_unit_test(test_p_of_many_values_is_that_of_a_normal_distribution),
	        cmocka_unit_test(test_there_is_no_p_of_nothing),
	        cmocka_unit_test(test_the_least_p_is_that_of_samples_that_do_not_meet),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
