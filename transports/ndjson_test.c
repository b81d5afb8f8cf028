#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "ndjson.h"

#define NO_LIMIT SIZE_MAX

/* Reads the pieces of text that end at the given sizes, each from a guard page, and gives back
 * the lines with '|' after each. */
static void read_pieces(struct bytes *lines, const char *text, const size_t *ends, size_t count)
{
	struct ndjson_reader reader = {0};
	size_t start = 0;

	for (size_t i = 0; i < count; start = ends[i++]) {
		struct feed_guard guard = feed_guard_open(text + start, ends[i] - start);
		struct span input = {guard.data, guard.size}, line;
		int got;

		while ((got = ndjson_next(&reader, &input, &line, NO_LIMIT)) == 1) {
			bytes_append(lines, line.data, line.size);
			bytes_append_text(lines, "|");
		}
		assert_int_equal(got, 0);
		assert_int_equal(input.size, 0);
		feed_guard_close(&guard);
	}
	ndjson_reset(&reader);
}

static void assert_lines(const char *text, const size_t *ends, size_t count, const char *expected)
{
	struct bytes lines = {0};

	read_pieces(&lines, text, ends, count);
	bytes_append(&lines, "", 1);
	assert_string_equal((const char *)bytes_data(&lines), expected);
	bytes_free(&lines);
}

static void test_lines_split_anywhere_are_read(void **state)
{
	static const char text[] = "one\n\nthree\nfour\nfi";
	static const char expected[] = "one||three|four|";
	size_t ends[sizeof(text) - 1];

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_lines(text, (size_t[]){i, sizeof(text) - 1}, 2, expected);
		ends[i] = i + 1;
	}
	assert_lines(text, ends, sizeof(text) - 1, expected);
}

static void test_lines_in_three_pieces_are_read(void **state)
{
	static const char text[] = "one\ntwo\nx\n";
	size_t size = sizeof(text) - 1;

	(void)state;
	for (size_t i = 0; i < size; i++) {
		for (size_t k = i; k < size; k++)
			assert_lines(text, (size_t[]){i, k, size}, 3, "one|two|x|");
	}
}

static void test_a_line_that_came_whole_is_not_copied(void **state)
{
	struct ndjson_reader reader = {0};
	const uint8_t text[] = "o\ntwo\nx";
	struct span first = {text, 1}, second = {text + 1, sizeof(text) - 2}, line;

	(void)state;
	assert_int_equal(ndjson_next(&reader, &first, &line, NO_LIMIT), 0);
	assert_int_equal(ndjson_next(&reader, &second, &line, NO_LIMIT), 1);
	assert_int_equal(ndjson_next(&reader, &second, &line, NO_LIMIT), 1);
	assert_ptr_equal(line.data, text + 2);
	assert_int_equal(line.size, 3);
	ndjson_reset(&reader);
}

static void test_whole_lines_need_no_memory(void **state)
{
	struct ndjson_reader reader = {0};
	struct span input = {(const uint8_t *)"one\ntwo\n", 8}, line;

	(void)state;
	feed_fail_at = 1;
	while (ndjson_next(&reader, &input, &line, NO_LIMIT) == 1)
		;
	assert_int_equal(feed_fail_at, 1);
	feed_fail_at = 0;
}

/* What reading "four\n" in two pieces comes to. */
static int read_four(size_t split, size_t line_max_bytes)
{
	struct ndjson_reader reader = {0};
	struct span begin = {(const uint8_t *)"four\n", split};
	struct span end = {begin.data + split, 5 - split}, line;
	int got = ndjson_next(&reader, &begin, &line, line_max_bytes);

	if (got == 0)
		got = ndjson_next(&reader, &end, &line, line_max_bytes);
	ndjson_reset(&reader);
	return got;
}

static void test_a_line_as_long_as_the_limit_is_read(void **state)
{
	(void)state;
	for (size_t split = 0; split <= 5; split++)
		assert_int_equal(read_four(split, 4), 1);
}

static void test_a_line_longer_than_the_limit_is_refused(void **state)
{
	(void)state;
	for (size_t split = 0; split <= 5; split++)
		assert_int_equal(read_four(split, 3), -EMSGSIZE);
}

static void test_when_memory_runs_out_no_line_is_given_any_more(void **state)
{
	struct ndjson_reader reader = {0};
	struct span input = {(const uint8_t *)"on", 2}, line;

	(void)state;
	feed_fail_at = 1;
	assert_int_equal(ndjson_next(&reader, &input, &line, NO_LIMIT), -ENOMEM);
	input = (struct span){(const uint8_t *)"e\n", 2};
	assert_int_equal(ndjson_next(&reader, &input, &line, NO_LIMIT), -ENOMEM);
	ndjson_reset(&reader);
	assert_int_equal(ndjson_next(&reader, &input, &line, NO_LIMIT), 1);
	assert_int_equal(line.size, 1);
	ndjson_reset(&reader);
}

/* A topic that keeps four messages of the smallest size and was given `published`. */
static struct topic *open_topic(struct hub **hub, uint64_t published)
{
	struct topic *topic;

	assert_int_equal(hub_open(hub, 4, 1), 0);
	assert_int_equal(hub_topic(*hub, "t", &topic), 0);
	for (uint64_t id = 1; id <= published; id++) {
		struct message *message =
		        message_filler(MESSAGE_LEAN, MESSAGE_LEAN_MIN_BYTES, id, 0);

		assert_non_null(message);
		topic_append(topic, message);
	}
	return topic;
}

static void assert_appended(uint64_t published, uint64_t cursor, unsigned max, uint64_t moved,
                            const char *expected)
{
	struct hub *hub;
	const struct topic *topic = open_topic(&hub, published);
	struct bytes out = {0};
	unsigned lines = (unsigned)(strlen(expected) / (MESSAGE_LEAN_MIN_BYTES + 1));

	assert_int_equal(ndjson_append_after(&out, topic, &cursor, max, SIZE_MAX), lines);
	assert_int_equal(cursor, moved);
	assert_int_equal(bytes_size(&out), strlen(expected));
	if (lines > 0)
		assert_memory_equal(bytes_data(&out), expected, strlen(expected));
	bytes_free(&out);
	hub_close(&hub);
}

static void test_the_messages_above_the_cursor_are_appended_one_a_line(void **state)
{
	(void)state;
	assert_appended(3, 1, 10, 3, "         2\n         3\n");
}

static void test_no_more_than_max_messages_are_appended(void **state)
{
	(void)state;
	assert_appended(3, 0, 2, 2, "         1\n         2\n");
	assert_appended(3, 0, 0, 0, "");
}

static void test_no_more_is_appended_once_max_bytes_are_reached(void **state)
{
	struct hub *hub;
	const struct topic *topic = open_topic(&hub, 4);
	struct bytes out = {0};
	uint64_t cursor = 0;

	(void)state;
	assert_int_equal(ndjson_append_after(&out, topic, &cursor, 4, 1), 1);
	assert_int_equal(cursor, 1);
	bytes_clear(&out);
	assert_int_equal(ndjson_append_after(&out, topic, &cursor, 4, 12), 2);
	assert_int_equal(cursor, 3);
	bytes_free(&out);
	hub_close(&hub);
}

static void test_without_news_nothing_is_appended(void **state)
{
	(void)state;
	assert_appended(3, 3, 10, 3, "");
	assert_appended(0, 0, 10, 0, "");
}

static void test_messages_that_left_the_log_are_passed_over(void **state)
{
	(void)state;
	assert_appended(6, 1, 1, 3, "         3\n");
}

static void test_what_is_appended_is_read_again(void **state)
{
	struct hub *hub;
	const struct topic *topic = open_topic(&hub, 4);
	struct ndjson_reader reader = {0};
	struct bytes out = {0};
	struct span input, line;
	uint64_t cursor = 0, id, scheduled_ns;

	(void)state;
	ndjson_append_after(&out, topic, &cursor, 4, SIZE_MAX);
	input = (struct span){bytes_data(&out), bytes_size(&out)};
	for (uint64_t expected = 1; expected <= 4; expected++) {
		assert_int_equal(ndjson_next(&reader, &input, &line, NO_LIMIT), 1);
		assert_int_equal(
		        message_read(MESSAGE_LEAN, line.data, line.size, &id, &scheduled_ns), 0);
		assert_int_equal(id, expected);
	}
	assert_int_equal(ndjson_next(&reader, &input, &line, NO_LIMIT), 0);
	ndjson_reset(&reader);
	bytes_free(&out);
	hub_close(&hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines_split_anywhere_are_read),
	        cmocka_unit_test(test_lines_in_three_pieces_are_read),
	        cmocka_unit_test(test_a_line_that_came_whole_is_not_copied),
	        cmocka_unit_test(test_whole_lines_need_no_memory),
	        cmocka_unit_test(test_a_line_as_long_as_the_limit_is_read),
	        cmocka_unit_test(test_a_line_longer_than_the_limit_is_refused),
	        cmocka_unit_test(test_when_memory_runs_out_no_line_is_given_any_more),
	        cmocka_unit_test(test_the_messages_above_the_cursor_are_appended_one_a_line),
	        cmocka_unit_test(test_no_more_than_max_messages_are_appended),
	        cmocka_unit_test(test_no_more_is_appended_once_max_bytes_are_reached),
	        cmocka_unit_test(test_without_news_nothing_is_appended),
	        cmocka_unit_test(test_messages_that_left_the_log_are_passed_over),
	        cmocka_unit_test(test_what_is_appended_is_read_again),
	};

	return cmocka_run_group_tests_name("ndjson", tests, NULL, NULL);
}
