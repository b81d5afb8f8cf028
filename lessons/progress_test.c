#include "progress.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH 0x1234567890abcdefu

static char folder[] = "/tmp/progress_test.XXXXXX";
static char path[sizeof folder + 20];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/progress.txt", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static struct progress open_it(void)
{
	struct progress progress;
	unsigned line;

	assert_int_equal(progress_open(&progress, path, &line), 0);
	return progress;
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void test_no_file_is_an_empty_one(void **state)
{
	struct progress progress = open_it();

	(void)state;
	assert_null(progress_get(&progress, NULL, "current"));
	progress_close(&progress);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_what_is_set_is_kept(void **state)
{
	struct progress progress = open_it();

	(void)state;
	assert_int_equal(progress_set(&progress, NULL, "current", "06-frames"), 0);
	assert_int_equal(progress_set(&progress, "06-frames", "hints", "1"), 0);
	assert_int_equal(progress_set(&progress, "06-frames", "hints", "2"), 0);
	assert_int_equal(progress_set(&progress, "06-frames", "ran", "today"), 0);
	assert_int_equal(progress_set(&progress, "06-frames", "ran", NULL), 0);
	progress_close(&progress);
	progress = open_it();
	assert_string_equal(progress_get(&progress, NULL, "current"), "06-frames");
	assert_string_equal(progress_get(&progress, "06-frames", "hints"), "2");
	assert_null(progress_get(&progress, "06-frames", "ran"));
	progress_close(&progress);
}

static void test_two_keep_each_others_changes(void **state)
{
	struct progress one = open_it(), other = open_it();

	(void)state;
	assert_int_equal(progress_set(&one, "a", "ran", "1"), 0);
	assert_int_equal(progress_set(&other, "b", "ran", "2"), 0);
	assert_int_equal(progress_set(&one, "c", "ran", "3"), 0);
	assert_string_equal(progress_get(&one, "b", "ran"), "2");
	progress_close(&one);
	progress_close(&other);
	one = open_it();
	assert_string_equal(progress_get(&one, "a", "ran"), "1");
	assert_string_equal(progress_get(&one, "b", "ran"), "2");
	assert_string_equal(progress_get(&one, "c", "ran"), "3");
	progress_close(&one);
}

static void test_answers_belong_to_a_hash(void **state)
{
	struct progress progress = open_it();
	struct answer answer;

	(void)state;
	assert_int_equal(progress_set_answer(&progress, "a", PART_QUIZ, "q", HASH,
	                                     (struct answer){VERDICT_WRONG, "A, B"}),
	                 0);
	assert_true(progress_answer(&progress, "a", PART_QUIZ, "q", HASH, &answer));
	assert_int_equal(answer.verdict, VERDICT_WRONG);
	assert_string_equal(answer.said, "A, B");
	assert_false(progress_answer(&progress, "a", PART_QUIZ, "q", HASH + 1, &answer));
	assert_false(progress_answer(&progress, "a", PART_PREDICT, "q", HASH, &answer));
	assert_false(progress_answer(&progress, "b", PART_QUIZ, "q", HASH, &answer));
	progress_close(&progress);
}

static void test_a_skipped_answer_says_nothing(void **state)
{
	struct progress progress = open_it();
	struct answer answer;

	(void)state;
	assert_int_equal(progress_set_answer(&progress, "a", PART_PREDICT, "q", HASH,
	                                     (struct answer){VERDICT_SKIPPED, ""}),
	                 0);
	progress_close(&progress);
	progress = open_it();
	assert_true(progress_answer(&progress, "a", PART_PREDICT, "q", HASH, &answer));
	assert_int_equal(answer.verdict, VERDICT_SKIPPED);
	assert_string_equal(answer.said, "");
	progress_close(&progress);
}

static void test_line_ends_in_an_answer_do_no_harm(void **state)
{
	struct progress progress = open_it();
	struct answer answer;

	(void)state;
	assert_int_equal(progress_set_answer(&progress, "a", PART_QUIZ, "q", HASH,
	                                     (struct answer){VERDICT_RIGHT, "x = y\ncurrent = z"}),
	                 0);
	progress_close(&progress);
	progress = open_it();
	assert_null(progress_get(&progress, NULL, "current"));
	assert_true(progress_answer(&progress, "a", PART_QUIZ, "q", HASH, &answer));
	assert_string_equal(answer.said, "x = y current = z");
	progress_close(&progress);
}

static void test_values_are_those_of_the_last_run(void **state)
{
	struct progress progress = open_it();
	struct pairs values = {0};
	double value;

	(void)state;
	pairs_set(&values, "poll.mean_ms", "220.5");
	pairs_set(&values, "old", "1");
	assert_int_equal(progress_set_values(&progress, "a", &values), 0);
	pairs_set(&values, "old", NULL);
	assert_int_equal(progress_set_values(&progress, "a", &values), 0);
	pairs_free(&values);
	assert_true(progress_value(&progress, "a", "poll.mean_ms", &value));
	assert_true(value == 220.5);
	assert_false(progress_value(&progress, "a", "old", &value));
	progress_close(&progress);
}

/* That of lesson a where the file holds this. */
static void receipt_of(const char *text, char receipt[RECEIPT_SIZE])
{
	struct progress progress;

	write_text(text);
	progress = open_it();
	assert_true(progress_receipt(&progress, "a", receipt));
	assert_int_equal(strlen(receipt), RECEIPT_SIZE - 1);
	progress_close(&progress);
}

static void test_a_receipt_is_of_the_values(void **state)
{
	char receipt[RECEIPT_SIZE], other[RECEIPT_SIZE];

	(void)state;
	receipt_of("a.value.x = 1\na.value.y = 2\n", receipt);
	assert_string_equal(receipt, "VESEKJ");
	receipt_of("b.value.x = 7\na.value.y = 2\na.ran = today\na.value.x = 1\n", other);
	assert_string_equal(other, receipt);
	receipt_of("a.value.x = 1\na.value.y = 3\n", other);
	assert_string_not_equal(other, receipt);
	receipt_of("a.value.x = 2\na.value.y = 1\n", other);
	assert_string_not_equal(other, receipt);
	receipt_of("a.value.x = 1\n", other);
	assert_string_not_equal(other, receipt);
}

static void test_without_values_there_is_no_receipt(void **state)
{
	struct progress progress;
	char receipt[RECEIPT_SIZE];

	(void)state;
	write_text("a.ran = today\nb.value.x = 1\n");
	progress = open_it();
	assert_false(progress_receipt(&progress, "a", receipt));
	progress_close(&progress);
}

static void test_what_is_not_known_stays(void **state)
{
	struct progress progress;

	(void)state;
	write_text("# old comment\n\n06-frames.stars=5\n  current =  01-request \n");
	progress = open_it();
	assert_string_equal(progress_get(&progress, NULL, "current"), "01-request");
	assert_int_equal(progress_set(&progress, "06-frames", "ran", "x"), 0);
	progress_close(&progress);
	progress = open_it();
	assert_string_equal(progress_get(&progress, "06-frames", "stars"), "5");
	progress_close(&progress);
}

static void test_a_bad_line_is_named(void **state)
{
	struct progress progress;
	unsigned line;

	(void)state;
	write_text("current = x\nnonsense\n");
	assert_int_equal(progress_open(&progress, path, &line), -EINVAL);
	assert_int_equal(line, 2);
	progress_close(&progress);
	write_text(" = x\n");
	assert_int_equal(progress_open(&progress, path, &line), -EINVAL);
	progress_close(&progress);
}

static void test_where_it_cannot_be_written_it_holds_in_memory(void **state)
{
	struct progress progress;
	unsigned line;

	(void)state;
	assert_int_equal(progress_open(&progress, "/nowhere/progress.txt", &line), 0);
	assert_int_equal(progress_set(&progress, NULL, "current", "x"), -ENOENT);
	assert_string_equal(progress_get(&progress, NULL, "current"), "x");
	progress_close(&progress);
}

/* Counts in the file until it is killed. */
static _Noreturn void count_up(unsigned long from, int told)
{
	struct progress progress;
	unsigned line;
	char text[32];

	if (progress_open(&progress, path, &line))
		_exit(1);
	for (;; from++) {
		snprintf(text, sizeof text, "%lu", from);
		if (progress_set(&progress, NULL, "count", text) || write(told, "", 1) != 1)
			_exit(1);
	}
}

/* After a random number of writes it is killed, most likely amid the next one. */
static void kill_one(unsigned long *count)
{
	unsigned long writes = 1 + (unsigned long)random() % 8;
	struct progress progress;
	const char *text;
	int told[2], status;
	char c;
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0)
		count_up(*count + 1, told[1]);
	close(told[1]);
	for (unsigned long i = 0; i < writes; i++)
		assert_int_equal(read(told[0], &c, 1), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status));
	close(told[0]);
	progress = open_it();
	text = progress_get(&progress, NULL, "count");
	assert_non_null(text);
	assert_in_range(strtoul(text, NULL, 10), *count + writes, *count + writes + 1000);
	*count = strtoul(text, NULL, 10);
	progress_close(&progress);
}

static void test_fifty_kills_lose_nothing_that_was_set(void **state)
{
	unsigned long count = 0;
	char written[sizeof path + 4];

	(void)state;
	for (int i = 0; i < 50; i++)
		kill_one(&count);
	snprintf(written, sizeof written, "%s.new", path);
	unlink(written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_no_file_is_an_empty_one, remove_file),
	        cmocka_unit_test_teardown(test_what_is_set_is_kept, remove_file),
	        cmocka_unit_test_teardown(test_two_keep_each_others_changes, remove_file),
	        cmocka_unit_test_teardown(test_answers_belong_to_a_hash, remove_file),
	        cmocka_unit_test_teardown(test_a_skipped_answer_says_nothing, remove_file),
	        cmocka_unit_test_teardown(test_line_ends_in_an_answer_do_no_harm, remove_file),
	        cmocka_unit_test_teardown(test_values_are_those_of_the_last_run, remove_file),
	        cmocka_unit_test_teardown(test_a_receipt_is_of_the_values, remove_file),
	        cmocka_unit_test_teardown(test_without_values_there_is_no_receipt, remove_file),
	        cmocka_unit_test_teardown(test_what_is_not_known_stays, remove_file),
	        cmocka_unit_test_teardown(test_a_bad_line_is_named, remove_file),
	        cmocka_unit_test_teardown(test_where_it_cannot_be_written_it_holds_in_memory,
	                                  remove_file),
	        cmocka_unit_test_teardown(test_fifty_kills_lose_nothing_that_was_set, remove_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
