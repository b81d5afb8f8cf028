/* What is said of several runs: medians and bootstrap intervals. */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>
#include <stdint.h>

/* The median (mean of the middle two where count is even); values are left alone. NAN where
 * count is 0, one of the values is NAN, or memory runs out; the same goes for the intervals. */
double stats_median(const double *values, size_t count);

struct interval {
	double low, high;
};

/* Percentile-bootstrap 95 % interval of the median (Efron & Tibshirani 1993, ch. 13), from
 * resamples drawn with the seed. With one value both ends are that value. */
struct interval stats_median_interval(const double *values, size_t count, uint64_t seed);

/* The same for the median of paired ratios a[i] / b[i]: the two arms of one block each. */
struct interval stats_ratio_interval(const double *a, const double *b, size_t count, uint64_t seed);

/* The chance of `successes` or more in so many independent trials, each with that chance. */
double stats_binomial_at_least(uint64_t trials, uint64_t successes, double chance);

#endif
