#include "project.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_a_file_beside_the_executable_is_found(void **state)
{
	char executable[PATH_MAX], found[PATH_MAX];

	(void)state;
	assert_non_null(realpath("/proc/self/exe", executable));
	assert_int_equal(project_path(found, sizeof(found), strrchr(executable, '/') + 1), 0);
	assert_string_equal(found, executable);
}

static void test_the_directories_above_are_searched_up_to_the_root(void **state)
{
	char found[PATH_MAX];

	(void)state;
	assert_int_equal(project_path(found, sizeof(found), "proc/self/exe"), 0);
	assert_string_equal(found, "/proc/self/exe");
}

static void test_what_is_nowhere_is_not_found(void **state)
{
	char found[PATH_MAX];

	(void)state;
	assert_int_equal(project_path(found, sizeof(found), "no/such/thing"), -ENOENT);
}

static void test_a_path_that_does_not_fit_is_refused(void **state)
{
	char found[4];

	(void)state;
	assert_int_equal(project_path(found, sizeof(found), "proc/self/exe"), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_file_beside_the_executable_is_found),
	        cmocka_unit_test(test_the_directories_above_are_searched_up_to_the_root),
	        cmocka_unit_test(test_what_is_nowhere_is_not_found),
	        cmocka_unit_test(test_a_path_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
