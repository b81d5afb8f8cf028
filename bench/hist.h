/*
 * A log-linear histogram of durations: 1 ns to more than an hour, at most 1/128 (0.8 %) wide
 * buckets, fixed size, no allocation. Write-out as HdrHistogram percentile text (.hgrm).
 */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>
#include <stdio.h>

#define HIST_SUB_BITS 7
#define HIST_MAX_BITS 42 /* 2^42 ns = 73 minutes */
#define HIST_BUCKETS  ((HIST_MAX_BITS - HIST_SUB_BITS + 1) << HIST_SUB_BITS)

/* All zero is an empty histogram; plain data that may lie in shared memory. */
struct hist {
	uint64_t count;
	uint64_t min_ns, max_ns; /* exact; 0 where count is 0 */
	double sum_ns, sum_squares_ns2;
	uint64_t buckets[HIST_BUCKETS];
};

/* A value beyond the range counts in the last bucket; max_ns stays exact. */
void hist_record(struct hist *hist, uint64_t value_ns);

/* Adds what `from` holds. */
void hist_merge(struct hist *into, const struct hist *from);

/* The value that a share `quantile` (0 to 1) of the samples does not exceed: the highest value of
 * that sample's bucket, never above max_ns. 0 for an empty histogram. */
uint64_t hist_quantile_ns(const struct hist *hist, double quantile);

double hist_mean_ns(const struct hist *hist);   /* exact; 0 for an empty histogram */
double hist_stddev_ns(const struct hist *hist); /* of the samples; 0 for an empty histogram */

/* The lowest and highest value of bucket `index`; the last one reaches up to UINT64_MAX. */
uint64_t hist_bucket_low_ns(unsigned index);
uint64_t hist_bucket_high_ns(unsigned index);

/* HdrHistogram's percentile text, values in ms, 5 ticks per half distance: the columns Value,
 * Percentile, TotalCount, 1/(1-Percentile), then the three footer lines. 0 or -EIO. */
int hist_write_hgrm(const struct hist *hist, FILE *out);

#endif
