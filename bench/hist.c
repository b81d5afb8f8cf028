#include "hist.h"

#include <errno.h>
#include <math.h>

#define SUB_BUCKETS             (1u << HIST_SUB_BITS)
#define NS_PER_MS               1e6
#define TICKS_PER_HALF_DISTANCE 5

/* A sample's bucket, and how many samples lie in it and below. */
struct place {
	unsigned index;
	uint64_t count;
};

/*
 * Values below SUB_BUCKETS have a bucket each. Above, every power of two is split into SUB_BUCKETS
 * of equal width: the leading one bit tells the power, the HIST_SUB_BITS after it the bucket.
 */
static unsigned bucket_of(uint64_t value_ns)
{
	unsigned shift;

	if (value_ns < SUB_BUCKETS)
		return (unsigned)value_ns;
	if (value_ns >> HIST_MAX_BITS)
		return HIST_BUCKETS - 1;
	shift = 63 - HIST_SUB_BITS - (unsigned)__builtin_clzll(value_ns);
	/* The leading one adds the SUB_BUCKETS of the values below. */
	return (shift << HIST_SUB_BITS) + (unsigned)(value_ns >> shift);
}

uint64_t hist_bucket_low_ns(unsigned index)
{
	unsigned power = index >> HIST_SUB_BITS;

	if (power == 0)
		return index;
	return (uint64_t)(SUB_BUCKETS + index % SUB_BUCKETS) << (power - 1);
}

uint64_t hist_bucket_high_ns(unsigned index)
{
	return index < HIST_BUCKETS - 1 ? hist_bucket_low_ns(index + 1) - 1 : UINT64_MAX;
}

void hist_record(struct hist *hist, uint64_t value_ns)
{
	double value = (double)value_ns;

	if (hist->count == 0 || value_ns < hist->min_ns)
		hist->min_ns = value_ns;
	if (value_ns > hist->max_ns)
		hist->max_ns = value_ns;
	hist->count++;
	hist->sum_ns += value;
	hist->sum_squares_ns2 += value * value;
	hist->buckets[bucket_of(value_ns)]++;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	if (from->count == 0)
		return;
	if (into->count == 0 || from->min_ns < into->min_ns)
		into->min_ns = from->min_ns;
	if (from->max_ns > into->max_ns)
		into->max_ns = from->max_ns;
	into->count += from->count;
	into->sum_ns += from->sum_ns;
	into->sum_squares_ns2 += from->sum_squares_ns2;
	for (unsigned i = 0; i < HIST_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

/* The lowest bucket that, with all below, holds a share `quantile` of the samples, and at least
 * one of them. */
static struct place find(const struct hist *hist, double quantile)
{
	/* One step down, so that 0.07 of 100 is 7 although the product is above it. */
	double rank = ceil(nextafter(quantile, 0) * (double)hist->count);
	struct place place = {.index = 0, .count = hist->buckets[0]};

	while (place.index < HIST_BUCKETS - 1 && (place.count == 0 || (double)place.count < rank))
		place.count += hist->buckets[++place.index];
	return place;
}

static uint64_t value_at(const struct hist *hist, struct place place)
{
	uint64_t high = hist_bucket_high_ns(place.index);

	return high < hist->max_ns ? high : hist->max_ns;
}

uint64_t hist_quantile_ns(const struct hist *hist, double quantile)
{
	return value_at(hist, find(hist, quantile));
}

double hist_mean_ns(const struct hist *hist)
{
	return hist->count ? hist->sum_ns / (double)hist->count : 0;
}

double hist_stddev_ns(const struct hist *hist)
{
	double mean = hist_mean_ns(hist);
	double variance;

	if (hist->count == 0)
		return 0;
	variance = hist->sum_squares_ns2 / (double)hist->count - mean * mean;
	/* Equal samples may round to a little below 0. */
	return variance > 0 ? sqrt(variance) : 0;
}

static void write_row(FILE *out, uint64_t value_ns, double quantile, uint64_t count,
                      double distance)
{
	fprintf(out, "%12.6f %14.12f %12llu %12.2f\n", (double)value_ns / NS_PER_MS, quantile,
	        (unsigned long long)count, distance);
}

/* Every half of what is left to 1 is walked in equal ticks, until no sample is left above. */
static void write_rows(const struct hist *hist, FILE *out)
{
	struct place place = {.count = 0};

	for (int i = 0; place.count < hist->count; i++) {
		double left =
		        1 - (double)(i % TICKS_PER_HALF_DISTANCE) / (2. * TICKS_PER_HALF_DISTANCE);
		double share_above = ldexp(left, -(i / TICKS_PER_HALF_DISTANCE));

		place = find(hist, 1 - share_above);
		write_row(out, value_at(hist, place), 1 - share_above, place.count,
		          1 / share_above);
	}
	write_row(out, hist->max_ns, 1, hist->count, INFINITY);
}

int hist_write_hgrm(const struct hist *hist, FILE *out)
{
	fprintf(out, "%12s %12s %12s %12s\n\n", "Value", "Percentile", "TotalCount",
	        "1/(1-Percentile)");
	write_rows(hist, out);
	fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n",
	        hist_mean_ns(hist) / NS_PER_MS, hist_stddev_ns(hist) / NS_PER_MS);
	fprintf(out, "#[Max     = %12.3f, Total count    = %12llu]\n",
	        (double)hist->max_ns / NS_PER_MS, (unsigned long long)hist->count);
	fprintf(out, "#[Buckets = %12d, SubBuckets     = %12u]\n", HIST_BUCKETS >> HIST_SUB_BITS,
	        SUB_BUCKETS);
	return fflush(out) == 0 && !ferror(out) ? 0 : -EIO;
}
