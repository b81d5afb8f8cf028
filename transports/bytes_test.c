#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "feed.h"

static void assert_content(const struct bytes *bytes, const char *expected)
{
	assert_int_equal(bytes_size(bytes), strlen(expected));
	assert_memory_equal(bytes_data(bytes), expected, strlen(expected));
}

static void test_all_zero_is_empty(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	assert_int_equal(bytes_size(&bytes), 0);
	bytes_consume(&bytes, 0);
	bytes_clear(&bytes);
	bytes_free(&bytes);
}

static void test_nothing_may_be_appended(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	assert_int_equal(bytes_append(&bytes, NULL, 0), 0);
	assert_int_equal(bytes_append_text(&bytes, ""), 0);
	assert_int_equal(bytes_size(&bytes), 0);
	bytes_free(&bytes);
}

static void test_what_is_appended_comes_in_order(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	assert_int_equal(bytes_append(&bytes, "a\0b", 3), 0);
	assert_int_equal(bytes_append_text(&bytes, "cd"), 0);
	assert_int_equal(bytes_size(&bytes), 5);
	assert_memory_equal(bytes_data(&bytes), "a\0bcd", 5);
	bytes_free(&bytes);
}

static void test_consuming_drops_the_front(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	bytes_append_text(&bytes, "abcdef");
	bytes_consume(&bytes, 2);
	assert_content(&bytes, "cdef");
	bytes_append_text(&bytes, "gh");
	assert_content(&bytes, "cdefgh");
	bytes_free(&bytes);
}

static void test_clearing_drops_all_and_keeps_the_memory(void **state)
{
	struct bytes bytes = {0};
	const uint8_t *memory;

	(void)state;
	bytes_append_text(&bytes, "abcdef");
	memory = bytes.data;
	bytes_consume(&bytes, 1);
	bytes_clear(&bytes);
	assert_int_equal(bytes_size(&bytes), 0);
	bytes_append_text(&bytes, "xyz");
	assert_content(&bytes, "xyz");
	assert_ptr_equal(bytes_data(&bytes), memory);
	bytes_free(&bytes);
}

/* A stream with a bounded backlog, of a size that divides nothing evenly. */
static void test_consumed_room_is_used_again(void **state)
{
	struct bytes bytes = {0};
	uint8_t written = 0, read = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		for (unsigned k = 0; k < 37; k++, written++)
			assert_int_equal(bytes_append(&bytes, &written, 1), 0);
		while (bytes_size(&bytes) > 100) {
			assert_int_equal(*bytes_data(&bytes), read++);
			bytes_consume(&bytes, 1);
		}
	}
	assert_true(bytes.capacity <= 4 * 137);
	bytes_free(&bytes);
}

static void test_only_what_is_committed_of_a_reserve_is_content(void **state)
{
	struct bytes bytes = {0};
	uint8_t *room;

	(void)state;
	bytes_append_text(&bytes, "ab");
	room = bytes_reserve(&bytes, 1000);
	assert_non_null(room);
	memset(room, 'x', 1000);
	assert_content(&bytes, "ab");
	bytes_commit(&bytes, 2);
	assert_content(&bytes, "abxx");
	bytes_free(&bytes);
}

static void test_reserving_nothing_succeeds(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	assert_non_null(bytes_reserve(&bytes, 0));
	bytes_free(&bytes);
}

static void test_printf_appends_what_printf_prints_at_any_size(void **state)
{
	struct bytes bytes = {0};
	char expected[601];

	(void)state;
	for (int width = 1; width <= 600; width++) {
		bytes_clear(&bytes);
		assert_int_equal(bytes_printf(&bytes, "%0*d", width, 7), 0);
		memset(expected, '0', sizeof(expected));
		expected[width - 1] = '7';
		expected[width] = '\0';
		assert_content(&bytes, expected);
		if (width % 50 == 0)
			bytes_free(&bytes);
	}
	assert_int_equal(bytes_printf(&bytes, "%s", ""), 0);
	assert_int_equal(bytes_size(&bytes), 0);
	bytes_free(&bytes);
}

static void test_printf_says_what_it_cannot_print(void **state)
{
	static const wchar_t no_character[] = {0x7fffffff, 0};
	struct bytes bytes = {0};

	(void)state;
	bytes_append_text(&bytes, "ab");
	assert_int_equal(bytes_printf(&bytes, "x%ls", no_character), -EINVAL);
	assert_content(&bytes, "ab");
	assert_false(bytes.failed);
	bytes_free(&bytes);
}

static void test_when_memory_runs_out_the_content_stays_and_nothing_is_added(void **state)
{
	struct bytes bytes = {0};
	char large[1000] = {0};

	(void)state;
	bytes_append_text(&bytes, "ab");
	feed_fail_at = 1;
	assert_int_equal(bytes_append(&bytes, large, sizeof(large)), -ENOMEM);
	assert_int_equal(feed_fail_at, 0);
	assert_true(bytes.failed);
	assert_int_equal(bytes_append_text(&bytes, "c"), -ENOMEM);
	assert_int_equal(bytes_append(&bytes, NULL, 0), -ENOMEM);
	assert_int_equal(bytes_printf(&bytes, "d"), -ENOMEM);
	assert_null(bytes_reserve(&bytes, 1));
	assert_content(&bytes, "ab");
	bytes_free(&bytes);
}

static void test_printf_and_reserve_notice_that_memory_runs_out(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	feed_fail_at = 1;
	assert_null(bytes_reserve(&bytes, 1));
	assert_true(bytes.failed);
	bytes_free(&bytes);
	feed_fail_at = 2; /* the second time, when the size is known */
	assert_int_equal(bytes_printf(&bytes, "%1000d", 1), -ENOMEM);
	assert_int_equal(feed_fail_at, 0);
	assert_true(bytes.failed);
	assert_int_equal(bytes_size(&bytes), 0);
	bytes_free(&bytes);
}

static void test_a_size_beyond_the_address_space_is_out_of_memory(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	bytes_append_text(&bytes, "ab");
	assert_null(bytes_reserve(&bytes, SIZE_MAX));
	assert_true(bytes.failed);
	assert_content(&bytes, "ab");
	bytes_free(&bytes);
}

static void test_a_freed_buffer_is_usable_again(void **state)
{
	struct bytes bytes = {0};

	(void)state;
	feed_fail_at = 1;
	bytes_append_text(&bytes, "ab");
	bytes_free(&bytes);
	assert_false(bytes.failed);
	assert_int_equal(bytes_append_text(&bytes, "cd"), 0);
	assert_content(&bytes, "cd");
	bytes_free(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_all_zero_is_empty),
	        cmocka_unit_test(test_nothing_may_be_appended),
	        cmocka_unit_test(test_what_is_appended_comes_in_order),
	        cmocka_unit_test(test_consuming_drops_the_front),
	        cmocka_unit_test(test_clearing_drops_all_and_keeps_the_memory),
	        cmocka_unit_test(test_consumed_room_is_used_again),
	        cmocka_unit_test(test_only_what_is_committed_of_a_reserve_is_content),
	        cmocka_unit_test(test_reserving_nothing_succeeds),
	        cmocka_unit_test(test_printf_appends_what_printf_prints_at_any_size),
	        cmocka_unit_test(test_printf_says_what_it_cannot_print),
	        cmocka_unit_test(test_when_memory_runs_out_the_content_stays_and_nothing_is_added),
	        cmocka_unit_test(test_printf_and_reserve_notice_that_memory_runs_out),
	        cmocka_unit_test(test_a_size_beyond_the_address_space_is_out_of_memory),
	        cmocka_unit_test(test_a_freed_buffer_is_usable_again),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
