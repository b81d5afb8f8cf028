#include "slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TABS 5

static struct slots slots;
static struct slot tabs[TABS];
static char granted[TABS + 1]; /* the numbers of those that were, in order */

static void on_granted(void *owner)
{
	const char number[] = {(char)('0' + ((struct slot *)owner - tabs)), '\0'};

	strcat(granted, number);
}

/* All five ask for one of `max`. */
static void all_take(size_t max)
{
	slots_init(&slots, max);
	*granted = '\0';
	for (size_t i = 0; i < TABS; i++)
		tabs[i] = (struct slot){.granted = on_granted, .owner = &tabs[i]};
	for (size_t i = 0; i < TABS; i++)
		assert_int_equal(slots_take(&slots, &tabs[i]), max == 0 || i < max);
}

static void test_without_a_limit_everybody_has_one(void **state)
{
	(void)state;
	all_take(0);
	slots_give(&slots, &tabs[0]);
	assert_string_equal(granted, "");
}

static void test_who_has_one_or_waits_stays_as_it_is(void **state)
{
	(void)state;
	all_take(3);
	assert_true(slots_take(&slots, &tabs[0]));
	assert_false(slots_take(&slots, &tabs[3]));
	slots_give(&slots, &tabs[0]);
	slots_give(&slots, &tabs[1]);
	assert_string_equal(granted, "34");
}

static void test_what_is_given_back_goes_to_who_waits_longest(void **state)
{
	(void)state;
	all_take(2);
	slots_give(&slots, &tabs[1]);
	assert_string_equal(granted, "2");
	assert_true(slots_take(&slots, &tabs[2]));
	assert_false(slots_take(&slots, &tabs[1])); /* behind the others again */
	slots_give(&slots, &tabs[2]);
	slots_give(&slots, &tabs[0]);
	slots_give(&slots, &tabs[3]);
	assert_string_equal(granted, "2341");
}

static void test_what_nobody_waits_for_is_free(void **state)
{
	(void)state;
	all_take(TABS);
	slots_give(&slots, &tabs[1]);
	slots_give(&slots, &tabs[1]); /* it has none to give */
	assert_string_equal(granted, "");
	assert_true(slots_take(&slots, &tabs[1]));
	tabs[0] = (struct slot){.granted = on_granted, .owner = &tabs[0]};
	assert_false(slots_take(&slots, &tabs[0]));
}

static void test_who_leaves_the_line_is_passed_over(void **state)
{
	(void)state;
	all_take(2);
	slots_give(&slots, &tabs[2]);
	slots_give(&slots, &tabs[0]);
	assert_string_equal(granted, "3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_without_a_limit_everybody_has_one),
	        cmocka_unit_test(test_who_has_one_or_waits_stays_as_it_is),
	        cmocka_unit_test(test_what_is_given_back_goes_to_who_waits_longest),
	        cmocka_unit_test(test_what_nobody_waits_for_is_free),
	        cmocka_unit_test(test_who_leaves_the_line_is_passed_over),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
