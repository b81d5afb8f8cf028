#include "link_profiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "run.h"

static void test_a_profile_is_found_by_its_name(void **state)
{
	static const char *const names[] = {"lan", "lossy-wifi", "fibre", "lte", "3g", "satellite"};
	size_t count = 0;

	(void)state;
	while (link_profiles[count].name)
		count++;
	assert_int_equal(count, sizeof names / sizeof *names);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(link_profiles[i].name, names[i]);
		assert_ptr_equal(link_profile(names[i]), &link_profiles[i]);
	}
}

static void test_an_unknown_name_is_no_profile(void **state)
{
	(void)state;
	assert_null(link_profile("none"));
	assert_null(link_profile("LTE"));
	assert_null(link_profile(""));
}

static void test_every_profile_is_a_link_with_a_source(void **state)
{
	(void)state;
	for (const struct link_profile *profile = link_profiles; profile->name; profile++) {
		assert_true(link_is_there(&profile->settings));
		assert_true(profile->settings.delay_ms > 0);
		assert_true(profile->settings.rate_mbit > 0);
		assert_true(profile->settings.loss < 1);
		assert_true(strlen(profile->what) > 0);
		assert_true(strlen(profile->source) > 0);
	}
}

/* link_queue says it, and where a rate is there must be a queue. */
static void test_no_profile_says_how_long_the_queue_is(void **state)
{
	(void)state;
	for (const struct link_profile *profile = link_profiles; profile->name; profile++)
		assert_int_equal(profile->settings.queue, 0);
}

static void test_every_name_fits_into_the_parameters(void **state)
{
	(void)state;
	for (const struct link_profile *profile = link_profiles; profile->name; profile++)
		assert_true(strlen(profile->name) <
		            sizeof(((struct run_parameters *)0)->link_profile));
}

static void test_the_figures_are_those_of_the_sources(void **state)
{
	const struct link_settings *mobile = &link_profile("3g")->settings;

	(void)state;
	assert_true(mobile->delay_ms == 300 / 2.0);
	assert_true(mobile->rate_mbit == 1.6);
	assert_true(mobile->rate_up_mbit == 0.768);
	assert_true(link_profile("satellite")->settings.delay_ms == 558 / 2.0);
	assert_true(link_profile("lte")->settings.delay_ms == 70 / 2.0);
	assert_true(link_profile("fibre")->settings.delay_ms == 4 / 2.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_profile_is_found_by_its_name),
	        cmocka_unit_test(test_an_unknown_name_is_no_profile),
	        cmocka_unit_test(test_every_profile_is_a_link_with_a_source),
	        cmocka_unit_test(test_no_profile_says_how_long_the_queue_is),
	        cmocka_unit_test(test_every_name_fits_into_the_parameters),
	        cmocka_unit_test(test_the_figures_are_those_of_the_sources),
	};

	return cmocka_run_group_tests_name("link_profiles", tests, NULL, NULL);
}
