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

/*
 * Mann and Whitney's U of two unpaired samples ("On a test of whether one of two random variables
 * is stochastically larger than the other", Annals of Mathematical Statistics 18, 1947): in how
 * many of the pairs a[i], b[j] a[i] is the greater, equal ones counting half. p: the chance of a U
 * at least as far from its mean, to either side, where both are of one distribution. Up to 20
 * values in each it is exact, by counting all ways to deal the values out, which holds for equal
 * ones too; beyond that it is that of the normal distribution, corrected for continuity and for
 * ties (Lehmann 1975, Nonparametrics, ch. 1). Both are NAN where a sample is empty, a value is NAN,
 * or memory runs out.
 */
struct rank_test {
	double u, p;
};

struct rank_test stats_mann_whitney(const double *a, size_t a_count, const double *b,
                                    size_t b_count);

/* The least p that samples of so many values can give, however much they differ: where one lies
 * wholly above the other, and no two values are equal. */
double stats_mann_whitney_least(size_t a_count, size_t b_count);

#endif
