#include "plots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_every_plot_says_what_it_shows(void **state)
{
	struct plot *plots;
	size_t count;

	(void)state;
	assert_int_equal(plots_list(&plots, &count), 0);
	assert_true(count >= 3);
	for (size_t i = 0; i < count; i++) {
		if (strlen(plots[i].alt) < 20)
			fail_msg("%s.gp does not begin with a comment", plots[i].name);
	}
	free(plots);
}

static void test_plots_are_listed_by_name_without_what_they_share(void **state)
{
	const char *const first[] = {"ratio", "sweep", "sweep-bytes"};
	struct plot *plots;
	size_t count;

	(void)state;
	assert_int_equal(plots_list(&plots, &count), 0);
	assert_true(count > 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(plots[i].name, first[i]);
	for (size_t i = 3; i < count; i++) {
		assert_string_not_equal(plots[i].name, "style");
		assert_true(i == 3 || strcmp(plots[i - 1].name, plots[i].name) < 0);
	}
	free(plots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_plot_says_what_it_shows),
	        cmocka_unit_test(test_plots_are_listed_by_name_without_what_they_share),
	};

	return cmocka_run_group_tests_name("plots", tests, NULL, NULL);
}
