#include "compare.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "command.h"
#include "sample_run.h"

static char root[] = "/tmp/pushlab-compare-XXXXXX";
static char folder_a[PATH_MAX], folder_b[PATH_MAX];
static struct run_spec spec;
static struct run_result result;
static char error[512];
static char *printed;
static size_t printed_size;

static void write_to(const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX + 32];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* All latencies of that run are the sample's times so much. */
static void add(const char *folder, const char *transport, unsigned block, double times)
{
	char path[PATH_MAX + 32];
	FILE *file;

	sample_run(transport, "epoll", block, &spec, &result);
	result.latency = (struct hist){0};
	for (unsigned i = 1; i <= 100; i++)
		hist_record(&result.latency, (uint64_t)(times * (1e6 + i + 1000 * block)));
	snprintf(path, sizeof path, "%s/runs.jsonl", folder);
	file = fopen(path, "a");
	assert_non_null(file);
	assert_int_equal(run_write(file, &spec, &result), 0);
	assert_int_equal(fclose(file), 0);
}

static int compare_by(enum compare_test test)
{
	FILE *out = open_memstream(&printed, &printed_size);
	int status = compare_results(folder_a, folder_b, test, out, error, sizeof error);

	fclose(out);
	return status;
}

static int compare(void)
{
	return compare_by(COMPARE_INTERVALS);
}

static int setup(void **state)
{
	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(folder_a, sizeof folder_a, "%s/a", root);
	snprintf(folder_b, sizeof folder_b, "%s/b", root);
	assert_int_equal(mkdir(folder_a, 0777), 0);
	assert_int_equal(mkdir(folder_b, 0777), 0);
	printed = NULL;
	return 0;
}

static int teardown(void **state)
{
	const char *const remove[] = {"rm", "-r", root, NULL};

	(void)state;
	free(printed);
	return command_run(remove, "/tmp", NULL, 0);
}

static void test_a_difference_is_one_where_the_interval_leaves_1_out(void **state)
{
	(void)state;
	for (unsigned block = 1; block <= 5; block++) {
		add(folder_a, "sse", block, 1);
		add(folder_b, "sse", block, 2);
		add(folder_a, "polling", block, 2);
		add(folder_b, "polling", block, 1);
		add(folder_a, "websocket", block, 1);
		add(folder_b, "websocket", block, block % 2 ? 1.1 : 0.9);
	}
	assert_int_equal(compare(), 0);
	assert_non_null(strstr(printed, "B is slower"));
	assert_non_null(strstr(printed, "B is faster"));
	assert_non_null(strstr(printed, "no difference measured"));
	assert_non_null(strstr(printed, "2.0"));
}

static void test_few_blocks_tell_nothing(void **state)
{
	(void)state;
	for (unsigned block = 1; block <= 4; block++) {
		add(folder_a, "sse", block, 1);
		add(folder_b, "sse", block, 2);
	}
	assert_int_equal(compare(), 0);
	assert_non_null(strstr(printed, "4 blocks: too few to tell"));
}

static void test_blocks_that_only_one_has_are_left_out(void **state)
{
	(void)state;
	for (unsigned block = 1; block <= 6; block++)
		add(folder_a, "sse", block, 1);
	for (unsigned block = 4; block <= 9; block++)
		add(folder_b, "sse", block, 2);
	assert_int_equal(compare(), 0);
	assert_non_null(strstr(printed, "3 blocks: too few to tell"));
}

static void test_a_p_stands_beside_each_ratio_where_it_is_asked_for(void **state)
{
	(void)state;
	for (unsigned block = 1; block <= 5; block++) {
		add(folder_a, "sse", block, 1);
		add(folder_b, "sse", block, 2);
	}
	assert_int_equal(compare(), 0);
	assert_null(strstr(printed, "Whitney"));
	assert_null(strstr(printed, "0.008"));
	free(printed);
	assert_int_equal(compare_by(COMPARE_MANN_WHITNEY), 0);
	assert_non_null(strstr(printed, "]  0.008  B is slower")); /* 2 / 252 */
	assert_non_null(strstr(printed, "  1.000\n"));             /* the same CPU in all */
	assert_non_null(strstr(printed, "With 5 runs against 5 no p can be below 0.0079.\n"));
}

/* Three runs, and of a cell that has one invalid run two. */
static void test_the_least_p_of_so_few_runs_is_said(void **state)
{
	(void)state;
	for (unsigned block = 1; block <= 3; block++) {
		add(folder_a, "polling", block, 1);
		add(folder_b, "polling", block, 2);
		add(folder_a, "sse", block, 1);
		if (block < 3)
			add(folder_b, "sse", block + 3, 2);
	}
	assert_int_equal(compare_by(COMPARE_MANN_WHITNEY), 0);
	assert_non_null(strstr(printed, "]  0.100  3 blocks: too few"));
	assert_non_null(strstr(printed, "  0.200  no block in common")); /* 2 / 10 */
	assert_non_null(strstr(printed, "With 3 runs against 3 no p can be below 0.1: no such test "
	                                "can call a difference.\nWith 3 runs against 2 no p can be "
	                                "below 0.2: "));
}

static void test_a_test_is_known_by_its_name(void **state)
{
	enum compare_test test = COMPARE_INTERVALS;

	(void)state;
	assert_true(compare_test_parse("mann-whitney", &test));
	assert_int_equal(test, COMPARE_MANN_WHITNEY);
	assert_false(compare_test_parse("t", &test));
}

static void test_what_differs_where_they_were_measured_comes_first(void **state)
{
	(void)state;
	add(folder_a, "sse", 1, 1);
	add(folder_b, "sse", 1, 1);
	write_to(folder_a, "environment.json",
	         "{\"date_utc\": \"1\", \"cpu\": {\"count\": 2, \"model\": \"x\"}}");
	write_to(folder_b, "environment.json",
	         "{\"date_utc\": \"2\", \"cpu\": {\"count\": 4, \"model\": \"x\"}, \"new\": true}");
	assert_int_equal(compare(), 0);
	assert_non_null(strstr(printed, "cpu.count: 2 | 4\n"));
	assert_non_null(strstr(printed, "new: nothing | true\n"));
	assert_null(strstr(printed, "cpu.model"));
	assert_null(strstr(printed, "date_utc"));
	assert_true(strstr(printed, "cpu.count") < strstr(printed, "sse/epoll"));
}

static void test_without_a_common_row_there_is_nothing_to_compare(void **state)
{
	(void)state;
	add(folder_a, "sse", 1, 1);
	add(folder_b, "polling", 1, 1);
	assert_int_equal(compare(), -ENODATA);
	assert_non_null(strstr(error, "no cell with the same parameters is in both"));
}

static void test_a_folder_without_a_result_is_named(void **state)
{
	(void)state;
	add(folder_a, "sse", 1, 1);
	assert_int_equal(compare(), -ENOENT);
	assert_non_null(strstr(error, "b/runs.jsonl: no such file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_difference_is_one_where_the_interval_leaves_1_out),
	        TEST(test_few_blocks_tell_nothing),
	        TEST(test_blocks_that_only_one_has_are_left_out),
	        TEST(test_a_p_stands_beside_each_ratio_where_it_is_asked_for),
	        TEST(test_the_least_p_of_so_few_runs_is_said),
	        TEST(test_a_test_is_known_by_its_name),
	        TEST(test_what_differs_where_they_were_measured_comes_first),
	        TEST(test_without_a_common_row_there_is_nothing_to_compare),
	        TEST(test_a_folder_without_a_result_is_named),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
