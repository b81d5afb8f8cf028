#include "run.h"

#include <float.h>
#include <jansson.h>
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
#include "sample_run.h"

/* How a line is laid out; what is in it is run_test's. */

static struct run_spec spec;
static struct run_result wanted, found;

static int setup(void **state)
{
	(void)state;
	sample_run("longpoll", "epoll", 1, &spec, &wanted);
	return 0;
}

/* The line that run_write makes; freed by free(). */
static char *written(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(run_write(out, &spec, &wanted), 0);
	fclose(out);
	return text;
}

/* The same with other buckets for the latency. */
static char *with_buckets(json_t *buckets)
{
	char *line = written(), *text;
	json_t *json = json_loads(line, 0, NULL);

	assert_int_equal(json_object_set_new(json_object_get(json, "latency"), "buckets", buckets),
	                 0);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free(line);
	return text;
}

static void test_a_run_of_empty_buckets_is_one_number(void **state)
{
	char *line;

	(void)state;
	memset(&wanted.latency, 0, sizeof(wanted.latency));
	hist_record(&wanted.latency, 10); /* so small a value is its bucket */
	hist_record(&wanted.latency, 10);
	hist_record(&wanted.latency, 11);
	hist_record(&wanted.latency, 13);
	hist_record(&wanted.latency, 20);
	line = written();
	assert_non_null(strstr(line, "\"buckets\":[-10,2,1,0,1,-6,1]}"));
	free(line);
}

static void test_what_is_empty_is_not_written(void **state)
{
	char *line;

	(void)state;
	memset(&wanted.latency, 0, sizeof(wanted.latency));
	wanted.wire.packets_up = 1;
	line = written();
	assert_non_null(strstr(line, "\"latency\":{\"p50_ms\":null,"));
	assert_null(strstr(line, "\"handshake\""));
	assert_null(strstr(line, "\"kinds_down\""));
	assert_non_null(strstr(line, "\"wire\":{\"bytes_down\":0,"));
	free(line);
}

static void test_a_real_has_no_more_digits_than_it_needs(void **state)
{
	char *line;

	(void)state;
	spec.parameters.rate_hz = 0.1;
	spec.parameters.main_s = 1.0 / 3;
	strcpy(wanted.reason, "a \"0.10000000000000001\" stays");
	wanted.drain_ms = 26.569331;
	line = written();
	assert_non_null(strstr(line, "\"rate_hz\":0.1,"));
	assert_non_null(strstr(line, "\"main_s\":0.3333333333333333,"));
	assert_non_null(strstr(line, "\"warmup_s\":2,"));
	assert_non_null(strstr(line, "\"drain_ms\":26.569331}"));
	assert_non_null(strstr(line, "\"a \\\"0.10000000000000001\\\" stays\""));
	free(line);
}

static void test_every_real_is_read_back_exactly(void **state)
{
	static const double extremes[] = {0,     1e-5,    9.5367431640625e-7,  1e22,
	                                  1e300, DBL_MIN, DBL_TRUE_MIN,        DBL_MAX,
	                                  1e15,  1e16,    123456789012345678., -1.5e-7};
	const size_t count = sizeof(extremes) / sizeof(*extremes);
	uint64_t random = 1;

	(void)state;
	for (size_t i = 0; i < count + 300; i++) {
		struct run_spec back;
		const char *why;
		char *line;

		wanted.main_ms =
		        i < count ? extremes[i] : ldexp(random_unit(&random), (int)i % 100 - 60);
		line = written();
		assert_int_equal(run_read(line, &back, &found, &why), 0);
		assert_memory_equal(&found, &wanted, sizeof(wanted));
		free(line);
	}
}

static void test_lines_of_earlier_versions_have_pairs_of_bucket_and_count(void **state)
{
	json_t *pairs = json_array();
	struct run_spec back;
	const char *why;
	char *line;

	(void)state;
	for (int i = 0; i < HIST_BUCKETS; i++)
		if (wanted.latency.buckets[i])
			json_array_append_new(
			        pairs, json_pack("[iI]", i, (json_int_t)wanted.latency.buckets[i]));
	line = with_buckets(pairs);
	assert_non_null(strstr(line, "\"buckets\":[["));
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&found, &wanted, sizeof(wanted));
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_a_run_of_empty_buckets_is_one_number, setup),
	        cmocka_unit_test_setup(test_what_is_empty_is_not_written, setup),
	        cmocka_unit_test_setup(test_a_real_has_no_more_digits_than_it_needs, setup),
	        cmocka_unit_test_setup(test_every_real_is_read_back_exactly, setup),
	        cmocka_unit_test_setup(
	                test_lines_of_earlier_versions_have_pairs_of_bucket_and_count, setup),
	};

	return cmocka_run_group_tests_name("run_json", tests, NULL, NULL);
}
