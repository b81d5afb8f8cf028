#include "command.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int shell(const char *script, char *output, size_t size)
{
	return command_run((const char *const[]){"sh", "-c", script, NULL}, "/", output, size);
}

static void test_the_output_is_kept(void **state)
{
	char output[16];

	(void)state;
	assert_int_equal(shell("echo out; echo err >&2", output, sizeof(output)), 0);
	assert_string_equal(output, "out\n");
}

static void test_the_exit_status_is_given(void **state)
{
	(void)state;
	assert_int_equal(shell("exit 3", NULL, 0), 3);
	assert_int_equal(shell("kill -9 $$", NULL, 0), 128 + 9);
}

static void test_it_runs_in_the_directory(void **state)
{
	char output[16];

	(void)state;
	assert_int_equal(
	        command_run((const char *const[]){"pwd", NULL}, "/proc", output, sizeof(output)),
	        0);
	assert_string_equal(output, "/proc\n");
}

static void test_output_that_does_not_fit_is_cut(void **state)
{
	char output[4];

	(void)state;
	assert_int_equal(shell("head -c 200000 /dev/zero | tr '\\0' x", output, sizeof(output)), 0);
	assert_string_equal(output, "xxx");
}

static void test_a_program_that_is_not_there_is_reported(void **state)
{
	const char *const argv[] = {"no-such-program-here", NULL};

	(void)state;
	assert_int_equal(command_run(argv, "/", NULL, 0), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_output_is_kept),
	        cmocka_unit_test(test_the_exit_status_is_given),
	        cmocka_unit_test(test_it_runs_in_the_directory),
	        cmocka_unit_test(test_output_that_does_not_fit_is_cut),
	        cmocka_unit_test(test_a_program_that_is_not_there_is_reported),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
