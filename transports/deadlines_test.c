#include "deadlines.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "clock.h"

#define HOUR (3600 * NS_PER_S)
/* What the kernel is given to report a timer: it matters only to a test that fails. */
#define PATIENCE_MS 10000

/* Deadlines that write their names when they expire: t->item[0] is "a", and so on. */
struct table {
	struct deadlines deadlines;
	struct item {
		struct deadline deadline;
		struct table *table;
		uint64_t again_ns;     /* 0, or what it is set to when it expires, once */
		struct deadline *ends; /* NULL, or what it clears when it expires */
	} item[4];
	char expired[16];
};

/* Each with an interval of its own. */
static void set(struct table *table, char name, uint64_t at_ns)
{
	uint64_t after_ns = (uint64_t)(name - 'a') + 1;

	deadline_set(&table->deadlines, &table->item[name - 'a'].deadline, at_ns - after_ns,
	             after_ns);
}

static void on_expired(struct deadline *deadline)
{
	struct item *item = (struct item *)deadline;
	struct table *table = item->table;
	size_t length = strlen(table->expired);
	uint64_t again_ns = item->again_ns;

	assert_int_equal(deadline->at_ns, 0);
	assert_true(length + 1 < sizeof table->expired);
	table->expired[length] = (char)('a' + (item - table->item));
	item->again_ns = 0;
	if (again_ns)
		set(table, table->expired[length], again_ns);
	if (item->ends)
		deadline_clear(&table->deadlines, item->ends);
}

static int setup(void **state)
{
	static struct table table;

	table = (struct table){0};
	for (size_t i = 0; i < sizeof table.item / sizeof *table.item; i++) {
		table.item[i].deadline.expired = on_expired;
		table.item[i].table = &table;
	}
	*state = &table;
	return deadlines_open(&table.deadlines);
}

static int teardown(void **state)
{
	deadlines_close(&((struct table *)*state)->deadlines);
	return 0;
}

static void clear(struct table *table, char name)
{
	deadline_clear(&table->deadlines, &table->item[name - 'a'].deadline);
}

static bool is_readable(const struct table *table, int timeout_ms)
{
	struct pollfd fd = {.fd = table->deadlines.fd, .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

/* As a server's loop would. */
static void expect(struct table *table, const char *expired)
{
	assert_true(is_readable(table, PATIENCE_MS));
	deadlines_expire(&table->deadlines);
	assert_string_equal(table->expired, expired);
}

static void test_all_that_are_due_expire_in_the_order_of_time(void **state)
{
	static const char *const orders[] = {"abcd", "dcba", "bdac", "cabd", "dabc"};
	struct table *table = *state;

	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		for (const char *name = orders[i]; *name; name++)
			set(table, *name, (uint64_t)*name);
		expect(table, "abcd");
		memset(table->expired, 0, sizeof table->expired);
	}
}

static void test_deadlines_of_one_interval_expire_in_the_order_in_which_they_were_set(void **state)
{
	struct table *table = *state;
	static const char order[] = "cadb";

	for (size_t i = 0; i < sizeof order - 1; i++)
		deadline_set(&table->deadlines, &table->item[order[i] - 'a'].deadline, i / 2, 5);
	expect(table, order);
}

static void test_there_may_be_as_many_intervals_as_are_promised(void **state)
{
	struct deadline others[DEADLINE_INTERVALS_MAX - 1] = {0};
	struct table *table = *state;

	for (uint64_t i = 0; i < DEADLINE_INTERVALS_MAX - 1; i++) {
		others[i].expired = on_expired;
		deadline_set(&table->deadlines, &others[i], clock_now_ns(), HOUR + i);
	}
	set(table, 'a', 1);
	expect(table, "a");
	for (uint64_t i = 0; i < DEADLINE_INTERVALS_MAX - 1; i++)
		deadline_clear(&table->deadlines, &others[i]);
}

static void test_what_is_not_due_does_not_expire(void **state)
{
	struct table *table = *state;
	uint64_t later = clock_now_ns() + HOUR;

	set(table, 'a', later);
	set(table, 'b', 1);
	expect(table, "b");
	assert_false(is_readable(table, 0));
	deadlines_expire(&table->deadlines);
	assert_string_equal(table->expired, "b");
	assert_true(table->item[0].deadline.at_ns == later);
}

static void test_a_deadline_ahead_expires_when_it_is_due_and_not_before(void **state)
{
	struct table *table = *state;
	uint64_t at_ns = clock_now_ns() + 5 * NS_PER_MS;

	set(table, 'a', at_ns);
	expect(table, "a");
	assert_true(clock_now_ns() >= at_ns);
	assert_false(is_readable(table, 0));
}

static void test_an_earlier_deadline_moves_the_timer_forward(void **state)
{
	struct table *table = *state;

	set(table, 'a', clock_now_ns() + HOUR);
	set(table, 'b', clock_now_ns() + 2 * NS_PER_MS);
	expect(table, "b");
}

static void test_what_is_cleared_does_not_expire(void **state)
{
	struct table *table = *state;

	set(table, 'a', 1);
	set(table, 'b', 2);
	set(table, 'c', 3);
	clear(table, 'b');
	clear(table, 'b');
	clear(table, 'd');
	assert_int_equal(table->item[1].deadline.at_ns, 0);
	expect(table, "ac");
}

static void test_a_timer_that_fires_for_what_was_cleared_is_set_for_what_is_left(void **state)
{
	struct table *table = *state;
	uint64_t at_ns = clock_now_ns() + 5 * NS_PER_MS;

	set(table, 'a', 1);
	set(table, 'b', at_ns);
	clear(table, 'a');
	while (!*table->expired) {
		assert_true(is_readable(table, PATIENCE_MS));
		deadlines_expire(&table->deadlines);
	}
	assert_string_equal(table->expired, "b");
	assert_true(clock_now_ns() >= at_ns);
}

static void test_setting_again_moves_a_deadline(void **state)
{
	struct table *table = *state;

	set(table, 'a', 1);
	set(table, 'b', 2);
	set(table, 'c', 3);
	set(table, 'a', 4);
	set(table, 'c', 1);
	set(table, 'd', 2);
	set(table, 'd', clock_now_ns() + HOUR);
	expect(table, "cba");
}

static void test_a_deadline_that_sets_itself_ahead_expires_then(void **state)
{
	struct table *table = *state;
	uint64_t again_ns = clock_now_ns() + 5 * NS_PER_MS;

	table->item[0].again_ns = again_ns;
	set(table, 'a', 1);
	set(table, 'b', 2);
	assert_true(is_readable(table, PATIENCE_MS));
	deadlines_expire(&table->deadlines);
	while (!strcmp(table->expired, "ab")) {
		assert_true(is_readable(table, PATIENCE_MS));
		deadlines_expire(&table->deadlines);
	}
	assert_true(clock_now_ns() >= again_ns);
	assert_string_equal(table->expired, "aba");
}

static void test_a_deadline_that_sets_itself_in_the_past_takes_its_place_in_the_order(void **state)
{
	struct table *table = *state;

	table->item[0].again_ns = 3;
	set(table, 'a', 1);
	set(table, 'b', 2);
	set(table, 'c', 4);
	expect(table, "abac");
}

static void test_what_another_clears_when_it_expires_does_not_expire(void **state)
{
	struct table *table = *state;

	table->item[0].ends = &table->item[1].deadline;
	set(table, 'a', 1);
	set(table, 'b', 2);
	set(table, 'c', 3);
	expect(table, "ac");
}

static void test_without_deadlines_there_is_nothing_to_do(void **state)
{
	struct table *table = *state;

	assert_false(is_readable(table, 0));
	deadlines_expire(&table->deadlines);
	set(table, 'a', 1);
	expect(table, "a");
	assert_false(is_readable(table, 0));
	deadlines_expire(&table->deadlines);
	assert_string_equal(table->expired, "a");
}

static void test_without_a_descriptor_nothing_is_opened(void **state)
{
	struct deadlines deadlines = {.fd = 0};
	struct rlimit limit, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(deadlines_open(&deadlines), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(deadlines.fd, -1);
	deadlines_close(&deadlines);
}

static void test_closing_twice_is_fine(void **state)
{
	struct deadlines deadlines;

	(void)state;
	assert_int_equal(deadlines_open(&deadlines), 0);
	deadlines_close(&deadlines);
	assert_int_equal(deadlines.fd, -1);
	deadlines_close(&deadlines);
}

#define TABLE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TABLE_TEST(test_all_that_are_due_expire_in_the_order_of_time),
	        TABLE_TEST(
	                test_deadlines_of_one_interval_expire_in_the_order_in_which_they_were_set),
	        TABLE_TEST(test_there_may_be_as_many_intervals_as_are_promised),
	        TABLE_TEST(test_what_is_not_due_does_not_expire),
	        TABLE_TEST(test_a_deadline_ahead_expires_when_it_is_due_and_not_before),
	        TABLE_TEST(test_an_earlier_deadline_moves_the_timer_forward),
	        TABLE_TEST(test_what_is_cleared_does_not_expire),
	        TABLE_TEST(test_a_timer_that_fires_for_what_was_cleared_is_set_for_what_is_left),
	        TABLE_TEST(test_setting_again_moves_a_deadline),
	        TABLE_TEST(test_a_deadline_that_sets_itself_ahead_expires_then),
	        TABLE_TEST(
	                test_a_deadline_that_sets_itself_in_the_past_takes_its_place_in_the_order),
	        TABLE_TEST(test_what_another_clears_when_it_expires_does_not_expire),
	        TABLE_TEST(test_without_deadlines_there_is_nothing_to_do),
	        cmocka_unit_test(test_without_a_descriptor_nothing_is_opened),
	        cmocka_unit_test(test_closing_twice_is_fine),
	};

	return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL);
}
