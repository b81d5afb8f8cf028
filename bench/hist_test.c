#include "hist.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transports/schedule.h"

#define SAMPLES 100000
#define MS      UINT64_C(1000000)
#define HOUR_NS 3.6e12

static uint64_t samples[SAMPLES];

static uint64_t uniform(uint64_t *random)
{
	return (uint64_t)(1e6 + 9e6 * random_unit(random));
}

static uint64_t exponential(uint64_t *random)
{
	return (uint64_t)(-5e7 * log(1 - random_unit(random)));
}

static uint64_t bimodal(uint64_t *random)
{
	double centre = random_unit(random) < 0.6 ? 2e5 : 1e9;

	return (uint64_t)(centre * (1 + 0.1 * random_unit(random)));
}

static uint64_t microsecond_to_hour(uint64_t *random)
{
	return (uint64_t)(1e3 * exp(random_unit(random) * log(HOUR_NS / 1e3)));
}

static void record_samples(struct hist *hist, uint64_t (*draw)(uint64_t *random))
{
	uint64_t random = 1;

	memset(hist, 0, sizeof(*hist));
	for (size_t i = 0; i < SAMPLES; i++) {
		samples[i] = draw(&random);
		hist_record(hist, samples[i]);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void assert_close(double value, double expected, double relative)
{
	if (!(fabs(value - expected) <= relative * fabs(expected)))
		fail_msg("%.12g is not within %g of %.12g", value, relative, expected);
}

static void assert_quantiles_of(uint64_t (*draw)(uint64_t *random))
{
	const unsigned per_mille[] = {1, 500, 900, 990, 999};
	static struct hist hist;

	record_samples(&hist, draw);
	qsort(samples, SAMPLES, sizeof(samples[0]), compare);
	for (size_t i = 0; i < sizeof(per_mille) / sizeof(per_mille[0]); i++) {
		uint64_t exact = samples[SAMPLES / 1000 * per_mille[i] - 1];
		uint64_t found = hist_quantile_ns(&hist, per_mille[i] / 1000.);

		assert_true(found >= exact);
		assert_close((double)found, (double)exact, 0.01);
	}
	assert_true(hist_quantile_ns(&hist, 1) == samples[SAMPLES - 1]);
	assert_true(hist.max_ns == samples[SAMPLES - 1]);
	assert_true(hist.min_ns == samples[0]);
}

static void test_quantiles_of_uniform_samples(void **state)
{
	(void)state;
	assert_quantiles_of(uniform);
}

static void test_quantiles_of_exponential_samples(void **state)
{
	(void)state;
	assert_quantiles_of(exponential);
}

static void test_quantiles_of_bimodal_samples(void **state)
{
	(void)state;
	assert_quantiles_of(bimodal);
}

static void test_quantiles_of_samples_from_a_microsecond_to_an_hour(void **state)
{
	(void)state;
	assert_quantiles_of(microsecond_to_hour);
}

static void test_the_buckets_cover_every_value_once(void **state)
{
	(void)state;
	assert_true(hist_bucket_low_ns(0) == 0);
	for (unsigned i = 1; i < HIST_BUCKETS; i++)
		assert_true(hist_bucket_low_ns(i) == hist_bucket_high_ns(i - 1) + 1);
	assert_true(hist_bucket_high_ns(HIST_BUCKETS - 1) == UINT64_MAX);
}

static void test_a_bucket_is_at_most_a_128th_wide(void **state)
{
	(void)state;
	for (unsigned i = 1; i < HIST_BUCKETS - 1; i++) {
		uint64_t low = hist_bucket_low_ns(i);

		assert_true((hist_bucket_high_ns(i) - low) * 128 < low);
	}
}

static void test_a_value_counts_in_the_bucket_that_holds_it(void **state)
{
	(void)state;
	static struct hist hist;

	memset(&hist, 0, sizeof(hist));
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		hist_record(&hist, hist_bucket_low_ns(i));
		assert_true(hist.buckets[i] == 1);
		hist_record(&hist, hist_bucket_high_ns(i));
		assert_true(hist.buckets[i] == 2);
	}
}

static void test_a_value_beyond_the_range_counts_in_the_last_bucket(void **state)
{
	(void)state;
	static struct hist hist;
	const uint64_t beyond = UINT64_C(1) << 50;

	memset(&hist, 0, sizeof(hist));
	hist_record(&hist, MS);
	hist_record(&hist, beyond);
	assert_true(hist.buckets[HIST_BUCKETS - 1] == 1);
	assert_true(hist.max_ns == beyond);
	assert_true(hist_quantile_ns(&hist, 1) == beyond);
	assert_close(hist_mean_ns(&hist), (double)(beyond + MS) / 2, 1e-15);
}

static void test_all_of_an_empty_histogram_is_0(void **state)
{
	(void)state;
	static const struct hist hist;

	assert_true(hist_quantile_ns(&hist, 0) == 0);
	assert_true(hist_quantile_ns(&hist, 0.5) == 0);
	assert_true(hist_quantile_ns(&hist, 1) == 0);
	assert_true(hist_mean_ns(&hist) == 0);
	assert_true(hist_stddev_ns(&hist) == 0);
}

static void test_every_quantile_of_one_sample_is_that_sample(void **state)
{
	(void)state;
	static struct hist hist;

	memset(&hist, 0, sizeof(hist));
	hist_record(&hist, 123456789);
	assert_true(hist.min_ns == 123456789);
	assert_true(hist_quantile_ns(&hist, 0) == 123456789);
	assert_true(hist_quantile_ns(&hist, 0.5) == 123456789);
	assert_true(hist_quantile_ns(&hist, 1) == 123456789);
	assert_true(hist_stddev_ns(&hist) == 0);
}

static void test_rounding_does_not_move_a_rank(void **state)
{
	(void)state;
	static struct hist hist;

	memset(&hist, 0, sizeof(hist));
	for (uint64_t value = 1; value <= 100; value++)
		hist_record(&hist, value);
	for (unsigned i = 1; i <= 100; i++)
		assert_true(hist_quantile_ns(&hist, i / 100.) == i);
}

static void test_mean_and_deviation_are_those_of_the_samples(void **state)
{
	(void)state;
	static struct hist hist;
	const uint64_t values[] = {2, 4, 4, 4, 5, 5, 7, 9}; /* mean 5, deviation 2 */

	memset(&hist, 0, sizeof(hist));
	for (size_t i = 0; i < 8; i++)
		hist_record(&hist, values[i] * MS);
	assert_close(hist_mean_ns(&hist), 5e6, 1e-12);
	assert_close(hist_stddev_ns(&hist), 2e6, 1e-12);
}

static void test_equal_samples_have_next_to_no_deviation(void **state)
{
	(void)state;
	static struct hist hist;
	uint64_t random = 1;

	for (int i = 0; i < 100; i++) {
		uint64_t value = microsecond_to_hour(&random);

		memset(&hist, 0, sizeof(hist));
		for (int j = 0; j < 10; j++)
			hist_record(&hist, value);
		assert_true(hist_stddev_ns(&hist) <= 1e-7 * (double)value);
	}
}

static void test_merging_equals_recording_all_in_one(void **state)
{
	(void)state;
	static struct hist all, parts[3];

	record_samples(&all, microsecond_to_hour);
	memset(parts, 0, sizeof(parts));
	for (size_t i = 0; i < SAMPLES; i++)
		hist_record(&parts[i % 2], samples[i]);
	hist_merge(&parts[2], &parts[0]);
	hist_merge(&parts[2], &parts[1]);
	assert_true(parts[2].count == all.count);
	assert_true(parts[2].min_ns == all.min_ns);
	assert_true(parts[2].max_ns == all.max_ns);
	assert_memory_equal(parts[2].buckets, all.buckets, sizeof(all.buckets));
	assert_close(hist_mean_ns(&parts[2]), hist_mean_ns(&all), 1e-12);
	assert_close(hist_stddev_ns(&parts[2]), hist_stddev_ns(&all), 1e-12);
}

static void test_merging_an_empty_one_changes_nothing(void **state)
{
	(void)state;
	static struct hist hist, before;
	static const struct hist empty;

	memset(&hist, 0, sizeof(hist));
	hist_record(&hist, 5 * MS);
	before = hist;
	hist_merge(&hist, &empty);
	assert_memory_equal(&hist, &before, sizeof(hist));
}

#define ROWS_MAX 400

struct hgrm {
	struct row {
		double value_ms, percentile;
		unsigned long long count;
		double distance;
	} rows[ROWS_MAX];
	size_t rows_count;
	char last_row[100], footers[300]; /* as text */
};

static const char *read_row(struct row *row, const char *text)
{
	char *end;

	row->value_ms = strtod(text, &end);
	row->percentile = strtod(end, &end);
	row->count = strtoull(end, &end, 10);
	row->distance = strtod(end, &end);
	assert_int_equal(*end, '\n');
	return end + 1;
}

static void read_hgrm(struct hgrm *hgrm, const char *text)
{
	static const char header[] = "       Value   Percentile   TotalCount 1/(1-Percentile)\n\n";
	const char *last = NULL;

	assert_true(strncmp(text, header, sizeof(header) - 1) == 0);
	text += sizeof(header) - 1;
	for (hgrm->rows_count = 0; *text != '#'; hgrm->rows_count++) {
		assert_true(hgrm->rows_count < ROWS_MAX);
		last = text;
		text = read_row(&hgrm->rows[hgrm->rows_count], text);
	}
	assert_non_null(last);
	snprintf(hgrm->last_row, sizeof(hgrm->last_row), "%.*s", (int)(text - last), last);
	snprintf(hgrm->footers, sizeof(hgrm->footers), "%s", text);
}

/* Writes the histogram and reads it back. */
static const struct hgrm *written(const struct hist *hist)
{
	static struct hgrm hgrm;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(hist_write_hgrm(hist, out), 0);
	fclose(out);
	read_hgrm(&hgrm, text);
	free(text);
	return &hgrm;
}

static void test_hgrm_rows_rise_to_all_of_the_samples(void **state)
{
	(void)state;
	static struct hist hist;
	const struct hgrm *hgrm;

	record_samples(&hist, exponential);
	hgrm = written(&hist);
	assert_true(hgrm->rows_count > 60);
	for (size_t i = 1; i < hgrm->rows_count; i++) {
		const struct row *last = &hgrm->rows[i - 1], *row = &hgrm->rows[i];

		assert_true(row->value_ms >= last->value_ms);
		assert_true(row->percentile > last->percentile);
		assert_true(row->count >= last->count);
		assert_true(row->distance > last->distance);
	}
}

static void test_hgrm_rows_tell_the_quantiles(void **state)
{
	(void)state;
	static struct hist hist;
	const struct hgrm *hgrm;

	record_samples(&hist, exponential);
	hgrm = written(&hist);
	for (size_t i = 0; i + 1 < hgrm->rows_count; i++) {
		const struct row *row = &hgrm->rows[i];
		unsigned long long up_to = 0;

		for (size_t j = 0; j < SAMPLES; j++)
			up_to += (double)samples[j] <= row->value_ms * 1e6 + 0.5;
		assert_true(row->count == up_to);
		assert_true((double)row->count >= row->percentile * SAMPLES * (1 - 1e-9));
		assert_close(row->distance, 1 / (1 - row->percentile), 0.005);
	}
}

static void test_hgrm_percentiles_have_5_ticks_per_half_distance(void **state)
{
	(void)state;
	const double expected[] = {0,    0.1, 0.2,  0.3,   0.4, 0.5,   0.55, 0.6,
	                           0.65, 0.7, 0.75, 0.775, 0.8, 0.825, 0.85, 0.875};
	static struct hist hist;
	const struct hgrm *hgrm;

	record_samples(&hist, uniform);
	hgrm = written(&hist);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_true(fabs(hgrm->rows[i].percentile - expected[i]) < 1e-12);
}

static void test_the_last_hgrm_row_is_the_maximum_at_infinity(void **state)
{
	(void)state;
	static struct hist hist;

	memset(&hist, 0, sizeof(hist));
	hist_record(&hist, 1234567);
	assert_string_equal(written(&hist)->last_row,
	                    "    1.234567 1.000000000000            1          inf\n");
}

static void test_hgrm_keeps_microseconds(void **state)
{
	(void)state;
	static struct hist hist;

	memset(&hist, 0, sizeof(hist));
	hist_record(&hist, 17);
	hist_record(&hist, 2 * MS);
	assert_true(fabs(written(&hist)->rows[0].value_ms - 0.000017) < 1e-12);
}

static void test_the_hgrm_footers_sum_up(void **state)
{
	(void)state;
	static struct hist hist;
	const uint64_t values[] = {2, 4, 4, 4, 5, 5, 7, 9};

	memset(&hist, 0, sizeof(hist));
	for (size_t i = 0; i < 8; i++)
		hist_record(&hist, values[i] * MS);
	assert_string_equal(written(&hist)->footers,
	                    "#[Mean    =        5.000, StdDeviation   =        2.000]\n"
	                    "#[Max     =        9.000, Total count    =            8]\n"
	                    "#[Buckets =           36, SubBuckets     =          128]\n");
}

static void test_an_empty_histogram_is_written_as_one_row(void **state)
{
	(void)state;
	static const struct hist hist;

	assert_int_equal(written(&hist)->rows_count, 1);
	assert_string_equal(written(&hist)->last_row,
	                    "    0.000000 1.000000000000            0          inf\n");
}

static void test_a_full_disk_is_noticed(void **state)
{
	(void)state;
	static const struct hist hist;
	const int modes[] = {_IOFBF, _IONBF}; /* it shows in the flush, or before */

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_int_equal(setvbuf(full, NULL, modes[i], BUFSIZ), 0);
		assert_int_equal(hist_write_hgrm(&hist, full), -EIO);
		fclose(full);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_quantiles_of_uniform_samples),
	        cmocka_unit_test(test_quantiles_of_exponential_samples),
	        cmocka_unit_test(test_quantiles_of_bimodal_samples),
	        cmocka_unit_test(test_quantiles_of_samples_from_a_microsecond_to_an_hour),
	        cmocka_unit_test(test_the_buckets_cover_every_value_once),
	        cmocka_unit_test(test_a_bucket_is_at_most_a_128th_wide),
	        cmocka_unit_test(test_a_value_counts_in_the_bucket_that_holds_it),
	        cmocka_unit_test(test_a_value_beyond_the_range_counts_in_the_last_bucket),
	        cmocka_unit_test(test_all_of_an_empty_histogram_is_0),
	        cmocka_unit_test(test_every_quantile_of_one_sample_is_that_sample),
	        cmocka_unit_test(test_rounding_does_not_move_a_rank),
	        cmocka_unit_test(test_mean_and_deviation_are_those_of_the_samples),
	        cmocka_unit_test(test_equal_samples_have_next_to_no_deviation),
	        cmocka_unit_test(test_merging_equals_recording_all_in_one),
	        cmocka_unit_test(test_merging_an_empty_one_changes_nothing),
	        cmocka_unit_test(test_hgrm_rows_rise_to_all_of_the_samples),
	        cmocka_unit_test(test_hgrm_rows_tell_the_quantiles),
	        cmocka_unit_test(test_hgrm_percentiles_have_5_ticks_per_half_distance),
	        cmocka_unit_test(test_the_last_hgrm_row_is_the_maximum_at_infinity),
	        cmocka_unit_test(test_hgrm_keeps_microseconds),
	        cmocka_unit_test(test_the_hgrm_footers_sum_up),
	        cmocka_unit_test(test_an_empty_histogram_is_written_as_one_row),
	        cmocka_unit_test(test_a_full_disk_is_noticed),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
