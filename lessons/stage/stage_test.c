#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"

static double delay;

/* A lesson, run with the arguments that user points to. */
static int lesson(void *user)
{
	static const struct stage_option options[] = {{"delay", &delay, "one-way delay in ms"},
	                                              {NULL, NULL, NULL}};
	char **arguments = user;
	int count = 0;

	while (arguments[count] != NULL)
		count++;
	delay = 20;
	stage_open(count, arguments, "A lesson", options);
	stage_say("The delay is %g ms, and this paragraph is so long that it takes two lines.",
	          delay);
	stage_say("Two items:\n  one\n  two");
	stage_step("the values");
	stage_value("delay.ms", delay);
	stage_value("a_third", 1.0 / 3);
	return stage_close();
}

static struct captured captured;

#define RUN(...) captured_run(&captured, lesson, (char *[]){"lesson", __VA_ARGS__})

static void test_paragraphs_are_wrapped(void **state)
{
	(void)state;
	RUN(NULL);
	assert_string_equal(captured.out,
	                    "A lesson\n\n"
	                    "The delay is 20 ms, and this paragraph is so long that it takes two\n"
	                    "lines.\n\n"
	                    "Two items:\n  one\n  two\n\n"
	                    "Next: the values.\n\n");
	assert_string_equal(captured.err, "");
	assert_int_equal(captured.status, 0);
}

static int lesson_with_a_long_step(void *user)
{
	char *arguments[] = {"lesson", "--loopback", NULL};

	(void)user;
	stage_open(2, arguments, "A lesson", NULL);
	stage_step("forty messages, spread evenly, and a client that polls");
	stage_say("Over.");
	return stage_close();
}

static void test_a_step_waits_for_enter_on_lines_that_fit(void **state)
{
	(void)state;
	captured_run_on_terminal(&captured, 40, lesson_with_a_long_step, NULL);
	assert_string_equal(captured.out, "A lesson\n\n"
	                                  "Next: forty messages, spread evenly, and\n"
	                                  "a client that polls. Press Enter.\n"
	                                  "Over.\n\n");
}

static void test_values_alone_are_printed(void **state)
{
	(void)state;
	RUN("--values", NULL);
	assert_string_equal(captured.out, "delay.ms=20\na_third=0.333333\n");
}

static void test_options_set_their_numbers(void **state)
{
	(void)state;
	RUN("--values", "--delay", "2.5", NULL);
	assert_string_equal(captured.out, "delay.ms=2.5\na_third=0.333333\n");
	RUN("--delay=0", "--values", NULL);
	assert_string_equal(captured.out, "delay.ms=0\na_third=0.333333\n");
}

static void assert_refused(const char *why)
{
	assert_string_equal(captured.out, "");
	assert_non_null(strstr(captured.err, why));
	assert_string_equal(strchr(captured.err, '\n'), "\n");
	assert_int_equal(captured.status, 2);
}

static void test_what_is_wrong_is_said_in_a_line(void **state)
{
	(void)state;
	RUN("--delay", NULL);
	assert_refused(": --delay wants a number of at least 0; ");
	RUN("--delay", "x", NULL);
	assert_refused(": --delay wants a number of at least 0, not x; ");
	RUN("--delay=-1", NULL);
	assert_refused(" wants a number of at least 0, not -1; ");
	RUN("--delay=nan", NULL);
	assert_refused(", not nan; ");
	RUN("--delays=1", NULL);
	assert_refused(": --delays=1 is no option of this lesson; ");
	RUN("delay", NULL);
	assert_refused(": delay is no option of this lesson; ");
}

static void test_help_lists_the_options(void **state)
{
	(void)state;
	RUN("--help", NULL);
	assert_non_null(strstr(captured.out, "  --delay N   one-way delay in ms (20, "));
	assert_non_null(strstr(captured.out, "  --values    "));
	assert_int_equal(captured.status, 0);
}

static double retries, half;

static int lesson_with_long_names(void *user)
{
	static const struct stage_option options[] = {
	        {"retries-at-most", &retries, "how often"}, {"d", &half, "ms"}, {NULL, NULL, NULL}};
	char *arguments[] = {"lesson", "--help", NULL};

	(void)user;
	stage_open(2, arguments, "A lesson", options);
	return 1;
}

static void test_help_is_in_columns_however_long_a_name_is(void **state)
{
	(void)state;
	captured_run(&captured, lesson_with_long_names, NULL);
	assert_non_null(strstr(captured.out,
	                       "\n  --retries-at-most N  how often (0, if not given)\n"
	                       "  --d N                ms (0, if not given)\n"
	                       "  --values             print the "));
	assert_non_null(strstr(captured.out, "\n  --help               print this\n"));
}

static void test_help_is_wrapped_to_a_terminal(void **state)
{
	(void)state;
	captured_run_on_terminal(&captured, 40, lesson_with_long_names, NULL);
	assert_non_null(strstr(captured.out, "\n  --retries-at-most N  how often (0, if\n"
	                                     "                       not given)\n"));
}

static void test_values_are_appended_to_a_file(void **state)
{
	char path[] = "/tmp/stage_test.XXXXXX";
	char text[128] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	setenv("STAGE_VALUES", path, 1);
	RUN(NULL);
	RUN("--values", "--delay=1", NULL);
	assert_string_equal(captured.out, "delay.ms=1\na_third=0.333333\n");
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "delay.ms=20\na_third=0.333333\ndelay.ms=1\na_third=0.333333\n");
	setenv("STAGE_VALUES", "/nowhere/values", 1);
	RUN(NULL);
	assert_int_equal(captured.status, 1);
	assert_non_null(strstr(captured.err, ": cannot append to /nowhere/values, "));
	unsetenv("STAGE_VALUES");
	close(fd);
	unlink(path);
}

static bool replay;
static const char *file;

static int lesson_with_words(void *user)
{
	static const struct stage_word words[] = {{"replay", &replay, NULL, "show a recording"},
	                                          {"record", NULL, &file, "FILE: keep it there"},
	                                          {NULL, NULL, NULL, NULL}};

	replay = false;
	file = "none";
	stage_words(words);
	lesson(user);
	stage_say("%d %s", replay, file);
	return stage_close();
}

#define RUN_WORDS(...) captured_run(&captured, lesson_with_words, (char *[]){"lesson", __VA_ARGS__})

static void test_options_may_be_words(void **state)
{
	(void)state;
	RUN_WORDS(NULL);
	assert_non_null(strstr(captured.out, "0 none\n"));
	RUN_WORDS("--record", "a.txt", "--replay", "--delay", "3", NULL);
	assert_non_null(strstr(captured.out, "The delay is 3 ms"));
	assert_non_null(strstr(captured.out, "1 a.txt\n"));
	RUN_WORDS("--record=b.txt", NULL);
	assert_non_null(strstr(captured.out, "0 b.txt\n"));
	RUN_WORDS("--help", NULL);
	assert_non_null(strstr(captured.out, "  --replay    show a recording\n"));
	RUN_WORDS("--record", NULL);
	assert_refused(": --record wants a word behind it; ");
	RUN_WORDS("--replay=1", NULL);
	assert_refused(": --replay=1 takes no value; ");
	RUN_WORDS("--rep", NULL);
	assert_refused(": --rep is no option of this lesson; ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_options_may_be_words),
	        cmocka_unit_test(test_paragraphs_are_wrapped),
	        cmocka_unit_test(test_a_step_waits_for_enter_on_lines_that_fit),
	        cmocka_unit_test(test_values_alone_are_printed),
	        cmocka_unit_test(test_options_set_their_numbers),
	        cmocka_unit_test(test_what_is_wrong_is_said_in_a_line),
	        cmocka_unit_test(test_help_lists_the_options),
	        cmocka_unit_test(test_help_is_in_columns_however_long_a_name_is),
	        cmocka_unit_test(test_help_is_wrapped_to_a_terminal),
	        cmocka_unit_test(test_values_are_appended_to_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
