#include "wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../feed.h"

#define MAX 100

static void assert_bytes(struct bytes *out, const void *expected, size_t size)
{
	assert_false(out->failed);
	assert_int_equal(bytes_size(out), size);
	assert_memory_equal(bytes_data(out), expected, size);
	bytes_free(out);
}

static void test_a_cursor_is_eight_bytes(void **state)
{
	struct bytes out = {0};

	(void)state;
	floor_append_cursor(&out, UINT64_C(0x0102030405060708));
	floor_append_cursor(&out, UINT64_MAX);
	assert_bytes(&out, "\1\2\3\4\5\6\7\10\377\377\377\377\377\377\377\377", 16);
}

static void test_a_frame_is_a_length_and_its_bytes(void **state)
{
	struct bytes out = {0};

	(void)state;
	floor_append_frame(&out, "hello", 5);
	floor_append_frame(&out, NULL, 0);
	assert_bytes(&out, "\0\0\0\5hello\0\0\0\0", 13);
}

static void test_missed_messages_are_a_length_of_their_own(void **state)
{
	struct bytes out = {0};

	(void)state;
	floor_append_missed(&out, 258);
	assert_bytes(&out, "\377\377\377\377\0\0\0\0\0\0\1\2", 12);
}

/* Feeds one piece, from a guard page, and notes what it amounts to. */
static enum floor_event feed(struct floor_reader *reader, const void *data, size_t size,
                             struct bytes *log)
{
	struct feed_guard guard = feed_guard_open(data, size);
	struct span input = {guard.data, guard.size}, frame = {0};
	enum floor_event event;
	uint64_t missed = 0;

	do {
		event = floor_next(reader, &input, &frame, &missed, MAX);
		if (event == FLOOR_FRAME)
			bytes_printf(log, "[%.*s]", (int)frame.size, (const char *)frame.data);
		if (event == FLOOR_MISSED)
			bytes_printf(log, "missed %d;", (int)missed);
	} while (event == FLOOR_FRAME || event == FLOOR_MISSED);
	feed_guard_close(&guard);
	return event;
}

/* In pieces: the first `first` bytes, then `step` at a time. */
static void assert_pieces(const char *data, size_t size, const char *expected,
                          enum floor_event last, size_t first, size_t step)
{
	struct floor_reader reader = {0};
	enum floor_event event = FLOOR_MORE;
	struct bytes log = {0};

	for (size_t at = 0, piece = first; at < size && event == FLOOR_MORE; piece = step) {
		piece = piece < size - at ? piece : size - at;
		event = feed(&reader, data + at, piece, &log);
		at += piece;
	}
	bytes_append(&log, "", 1);
	assert_string_equal((const char *)bytes_data(&log), expected);
	assert_int_equal(event, last);
	bytes_free(&log);
	floor_reset(&reader);
}

/* Whole, cut in two anywhere, and a byte at a time. */
static void assert_read(const char *data, size_t size, const char *expected, enum floor_event last)
{
	for (size_t first = 1; first <= size; first++)
		assert_pieces(data, size, expected, last, first, size);
	assert_pieces(data, size, expected, last, 1, 1);
}

static void test_frames_are_read_however_they_are_cut(void **state)
{
	static const char data[] = "\0\0\0\0\0\0\0\5hello\0\0\0\1x\0\0\0\0";

	(void)state;
	assert_read(data, sizeof data - 1, "[][hello][x][]", FLOOR_MORE);
}

static void test_missed_messages_are_read_between_frames(void **state)
{
	static const char data[] =
	        "\0\0\0\2ab\377\377\377\377\0\0\0\0\0\0\1\2\0\0\0\1c\377\377\377\377\0\0\0\0\0\0\0\0";

	(void)state;
	assert_read(data, sizeof data - 1, "[ab]missed 258;[c]missed 0;", FLOOR_MORE);
}

static void test_a_frame_of_the_largest_size_is_read(void **state)
{
	char data[4 + MAX] = {0, 0, 0, MAX}, expected[MAX + 3];

	(void)state;
	memset(data + 4, 'x', MAX);
	snprintf(expected, sizeof expected, "[%.*s]", MAX, data + 4);
	assert_read(data, sizeof data, expected, FLOOR_MORE);
}

static void test_a_frame_beyond_it_is_known_by_its_length(void **state)
{
	(void)state;
	assert_read("\0\0\0\145", 4, "", FLOOR_TOO_LARGE);
	assert_read("\377\377\377\376", 4, "", FLOOR_TOO_LARGE);
}

static void test_a_cursor_is_read_before_the_frames(void **state)
{
	static const char data[] = "\0\0\0\0\0\0\1\2\0\0\0\1c";
	const size_t size = sizeof data - 1;

	(void)state;
	for (size_t first = 1; first <= size; first++) {
		struct floor_reader reader = {0};
		struct span piece = {(const uint8_t *)data, first}, frame = {0};
		uint64_t cursor = 0, missed;
		int got = floor_next_cursor(&reader, &piece, &cursor);

		assert_int_equal(got, first >= 8);
		if (!got) {
			assert_int_equal(piece.size, 0);
			piece = (struct span){(const uint8_t *)data + first, size - first};
			assert_int_equal(floor_next_cursor(&reader, &piece, &cursor), 1);
		}
		assert_int_equal(cursor, 258);
		if (piece.size < 5 && first >= 8) {
			assert_int_equal(floor_next(&reader, &piece, &frame, &missed, MAX),
			                 FLOOR_MORE);
			piece = (struct span){(const uint8_t *)data + first, size - first};
		}
		assert_int_equal(floor_next(&reader, &piece, &frame, &missed, MAX), FLOOR_FRAME);
		assert_int_equal(frame.size, 1);
		assert_int_equal(frame.data[0], 'c');
		floor_reset(&reader);
	}
}

static void test_no_memory_is_said(void **state)
{
	struct floor_reader reader = {0};
	struct bytes log = {0};
	uint64_t cursor;
	struct span input = {(const uint8_t *)"\0", 1};

	(void)state;
	feed_fail_at = 1;
	assert_int_equal(feed(&reader, "\0\0", 2, &log), FLOOR_NO_MEMORY);
	assert_int_equal(feed(&reader, "\0\0", 2, &log), FLOOR_NO_MEMORY);
	floor_reset(&reader);
	feed_fail_at = 1;
	assert_int_equal(floor_next_cursor(&reader, &input, &cursor), -ENOMEM);
	floor_reset(&reader);
	feed_fail_at = 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_cursor_is_eight_bytes),
	        cmocka_unit_test(test_a_frame_is_a_length_and_its_bytes),
	        cmocka_unit_test(test_missed_messages_are_a_length_of_their_own),
	        cmocka_unit_test(test_frames_are_read_however_they_are_cut),
	        cmocka_unit_test(test_missed_messages_are_read_between_frames),
	        cmocka_unit_test(test_a_frame_of_the_largest_size_is_read),
	        cmocka_unit_test(test_a_frame_beyond_it_is_known_by_its_length),
	        cmocka_unit_test(test_a_cursor_is_read_before_the_frames),
	        cmocka_unit_test(test_no_memory_is_said),
	};

	return cmocka_run_group_tests_name("floor/wire", tests, NULL, NULL);
}
