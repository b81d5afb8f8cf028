#include "stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/schedule.h"

#define RESAMPLES 10000
#define TAIL      (RESAMPLES / 40) /* 2.5 % on either side */

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

static const struct interval unknown = {.low = NAN, .high = NAN};
