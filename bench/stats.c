#include "stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/schedule.h"

#define RESAMPLES 10000
#define TAIL      (RESAMPLES / 40) /* 2.5 % on either side */
#define EXACT_MAX 20               /* values in each sample, up to which U is counted */

static const struct interval unknown;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A sorted copy, to be freed; NULL where there is no order: for no values, or NAN among them. */
static double *sorted(const double *values, size_t count)
{
	double *copy;

	for (size_t i = 0; i < count; i++) {
		if (isnan(values[i]))
			return NULL;
	}
	copy = count ? calloc(count, sizeof(*copy)) : NULL;
	if (!copy)
		return NULL;
	memcpy(copy, values, count * sizeof(*copy));
	qsort(copy, count, sizeof(*copy), compare);
	return copy;
}

double stats_median(const double *values, size_t count)
{
	double *copy = sorted(values, count);
	double median;

	if (!copy)
		return NAN;
	median = (copy[(count - 1) / 2] + copy[count / 2]) / 2;
	free(copy);
	return median;
}

/* The value of the given rank (from 0) where values[i], in order, occurs drawn[i] times. */
static double ranked(const double *values, const size_t *drawn, size_t rank)
{
	size_t i = 0, seen = drawn[0];

	while (seen <= rank)
		seen += drawn[++i];
	return values[i];
}

/* The median of one resample. Values in order need only be counted, not sorted again. */
static double resample(const double *values, size_t *drawn, size_t count, uint64_t *random)
{
	memset(drawn, 0, count * sizeof(*drawn));
	for (size_t i = 0; i < count; i++)
		drawn[random_next(random) % count]++;
	return (ranked(values, drawn, (count - 1) / 2) + ranked(values, drawn, count / 2)) / 2;
}

struct interval stats_median_interval(const double *values, size_t count, uint64_t seed)
{
	struct interval interval = unknown;
	double *copy = sorted(values, count);
	double *medians = calloc(RESAMPLES, sizeof(*medians));
	size_t *drawn = calloc(count, sizeof(*drawn));

	if (copy && medians && drawn) {
		for (size_t i = 0; i < RESAMPLES; i++)
			medians[i] = resample(copy, drawn, count, &seed);
		qsort(medians, RESAMPLES, sizeof(*medians), compare);
		interval = (struct interval){medians[TAIL - 1], medians[RESAMPLES - TAIL - 1]};
	}
	free(drawn);
	free(medians);
	free(copy);
	return interval;
}

struct interval stats_ratio_interval(const double *a, const double *b, size_t count, uint64_t seed)
{
	struct interval interval = unknown;
	double *ratios = calloc(count, sizeof(*ratios));

	if (!ratios)
		return interval;
	for (size_t i = 0; i < count; i++)
		ratios[i] = a[i] / b[i];
	interval = stats_median_interval(ratios, count, seed);
	free(ratios);
	return interval;
}

static double binomial(uint64_t trials, uint64_t successes, double chance)
{
	double n = (double)trials, k = (double)successes;

	return exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(chance) +
	           (n - k) * log1p(-chance));
}

double stats_binomial_at_least(uint64_t trials, uint64_t successes, double chance)
{
	double fewer = 0;

	for (uint64_t i = 0; i < successes && i <= trials; i++)
		fewer += binomial(trials, i, chance);
	return fmax(1 - fewer, 0);
}

/* The values of two samples in order, and twice the rank of each: equal ones share the mean of
 * theirs, which may end in a half. */
struct ranking {
	double *values;
	size_t *ranks;
	size_t count;
	double ties; /* t^3 - t for each value that is there t times, all together */
};

static void rank(struct ranking *ranking)
{
	for (size_t first = 0, end; first < ranking->count; first = end) {
		double equal;

		for (end = first + 1; end < ranking->count; end++)
			if (ranking->values[end] != ranking->values[first])
				break;
		for (size_t i = first; i < end; i++)
			ranking->ranks[i] = first + 1 + end;
		equal = (double)(end - first);
		ranking->ties += equal * equal * equal - equal;
	}
}

/* Whether there is one; close_ranking in any case. */
static bool open_ranking(struct ranking *out, const double *a, size_t a_count, const double *b,
                         size_t b_count)
{
	size_t count = a_count + b_count;
	double *both = a_count && b_count ? calloc(count, sizeof(*both)) : NULL;

	*out = (struct ranking){.count = count};
	if (!both)
		return false;
	memcpy(both, a, a_count * sizeof(*a));
	memcpy(both + a_count, b, b_count * sizeof(*b));
	out->values = sorted(both, count);
	free(both);
	out->ranks = calloc(count, sizeof(*out->ranks));
	if (!out->values || !out->ranks)
		return false;
	rank(out);
	return true;
}

static void close_ranking(struct ranking *ranking)
{
	free(ranking->values);
	free(ranking->ranks);
}

static double distance(double x, double y)
{
	return fabs(x - y);
}

/*
 * The share of the ways to choose that many of the ranks whose sum is as far from its mean as
 * twice_sum, or farther. ways[k * sums + s]: in how many k of those seen so far have the sum s.
 */
static double exact_p(const struct ranking *ranking, size_t chosen, double twice_sum)
{
	size_t sums = ranking->count * (ranking->count + 1) + 1;
	double mean = (double)(chosen * (ranking->count + 1)), far = 0, all = 0;
	double *ways = calloc((chosen + 1) * sums, sizeof(*ways));

	if (!ways)
		return NAN;
	ways[0] = 1;
	for (size_t i = 0; i < ranking->count; i++)
		for (size_t k = chosen; k > 0; k--)
			for (size_t s = ranking->ranks[i]; s < sums; s++)
				ways[k * sums + s] += ways[(k - 1) * sums + s - ranking->ranks[i]];
	for (size_t s = 0; s < sums; s++) {
		all += ways[chosen * sums + s];
		if (distance((double)s, mean) >= distance(twice_sum, mean))
			far += ways[chosen * sums + s];
	}
	free(ways);
	return far / all;
}

static double normal_p(const struct ranking *ranking, double n, double m, double u)
{
	double count = n + m;
	double variance = n * m / 12 * (count + 1 - ranking->ties / (count * (count - 1)));
	double beyond = fmax(distance(u, n * m / 2) - 0.5, 0);

	return variance > 0 ? erfc(beyond / sqrt(2 * variance)) : 1;
}

struct rank_test stats_mann_whitney(const double *a, size_t a_count, const double *b,
                                    size_t b_count)
{
	struct rank_test test = {NAN, NAN};
	double n = (double)a_count, m = (double)b_count, u = 0;
	struct ranking ranking;

	if (open_ranking(&ranking, a, a_count, b, b_count)) {
		for (size_t i = 0; i < a_count; i++)
			for (size_t j = 0; j < b_count; j++)
				u += a[i] > b[j] ? 1 : a[i] == b[j] ? 0.5 : 0;
		test.u = u;
		if (a_count <= EXACT_MAX && b_count <= EXACT_MAX)
			test.p = exact_p(&ranking, a_count, 2 * u + n * (n + 1));
		else
			test.p = normal_p(&ranking, n, m, u);
	}
	close_ranking(&ranking);
	return test;
}

double stats_mann_whitney_least(size_t a_count, size_t b_count)
{
	double n = (double)a_count, m = (double)b_count;

	return fmin(2 * exp(lgamma(n + 1) + lgamma(m + 1) - lgamma(n + m + 1)), 1);
}

static const struct interval unknown = {.low = NAN, .high = NAN};
