#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "feed.h"
#include "http_content.h"

/* Reads one piece from a guard page: the content as it is, "|" and what is left at its end, "!"
 * where it is invalid. Gives the last event. */
static enum http_event read_piece(struct bytes *found, struct http_content *content,
                                  const char *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);
	struct span input = {guard.data, guard.size}, body;
	enum http_event event;

	while ((event = http_content_next(content, &input, &body)) == HTTP_BODY) {
		assert_true(body.size > 0);
		bytes_append(found, body.data, body.size);
	}
	if (event == HTTP_MORE)
		assert_int_equal(input.size, 0);
	else
		bytes_append_text(found, event == HTTP_END ? "|" : "!");
	if (event == HTTP_END) {
		bytes_append(found, input.data, input.size);
		assert_int_equal(http_content_next(content, &input, &body), HTTP_END);
	}
	feed_guard_close(&guard);
	return event;
}

/* In pieces: the first, then each of `step` bytes; what follows the end is not read. */
static void assert_pieces(enum http_framing framing, uint64_t length, const char *text,
                          size_t first, size_t step, const char *expected)
{
	size_t size = strlen(text), at = first;
	struct http_content content;
	struct bytes found = {0};
	enum http_event event;

	http_content_start(&content, framing, length);
	event = read_piece(&found, &content, text, first);
	while (event == HTTP_MORE && at < size) {
		size_t piece = size - at < step ? size - at : step;

		event = read_piece(&found, &content, text + at, piece);
		at += piece;
	}
	if (event == HTTP_END)
		bytes_append_text(&found, text + at);
	bytes_append(&found, "", 1);
	assert_string_equal((const char *)bytes_data(&found), expected);
	assert_true((event == HTTP_INVALID) == !!content.why);
	bytes_free(&found);
}

/* Whole, split at every position, and one byte at a time. */
static void assert_content(enum http_framing framing, uint64_t length, const char *text,
                           const char *expected)
{
	size_t size = strlen(text);

	for (size_t first = 0; first <= size; first++)
		assert_pieces(framing, length, text, first, size, expected);
	assert_pieces(framing, length, text, 0, 1, expected);
}

static void assert_chunks(const char *text, const char *expected)
{
	assert_content(HTTP_CHUNKED, 0, text, expected);
}

static void test_no_content_ends_at_once(void **state)
{
	(void)state;
	assert_content(HTTP_NO_CONTENT, 0, "GET", "|GET");
	assert_content(HTTP_NO_CONTENT, 7, "GET", "|GET");
}

static void test_content_of_a_given_length_ends_there(void **state)
{
	(void)state;
	assert_content(HTTP_LENGTH, 5, "helloGET", "hello|GET");
	assert_content(HTTP_LENGTH, 5, "hello", "hello|");
	assert_content(HTTP_LENGTH, 5, "hell", "hell");
	assert_content(HTTP_LENGTH, 0, "GET", "|GET");
	assert_content(HTTP_LENGTH, UINT64_MAX, "hello", "hello");
}

static void test_content_until_the_close_never_ends(void **state)
{
	(void)state;
	assert_content(HTTP_UNTIL_CLOSE, 0, "hello", "hello");
}

static void test_chunks_are_joined(void **state)
{
	(void)state;
	assert_chunks("5\r\nhello\r\n0b\r\n, new world\r\n0\r\n\r\nGET", "hello, new world|GET");
	assert_chunks("00A\r\n0123456789\r\n000\r\n\r\n", "0123456789|");
	assert_chunks("a\r\n0123456789\r\n0\r\n\r\n", "0123456789|");
	assert_chunks("0\r\n\r\n", "|");
}

static void test_chunk_extensions_are_skipped(void **state)
{
	(void)state;
	assert_chunks("2;a=b;c=\"d;e\"\r\nhi\r\n1 ;f\r\n!\r\n1 \t \r\n?\r\n0;last\r\n\r\n",
	              "hi!?|");
}

static void test_trailers_are_skipped(void **state)
{
	(void)state;
	assert_chunks("1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nGET", "x|GET");
	assert_chunks("0\r\nA: b\n\nGET", "|GET");
}

static void test_malformed_chunks_are_invalid(void **state)
{
	static const struct {
		const char *chunks, *found;
	} cases[] = {
	        {"\r\n", "!"},
	        {"x\r\n", "!"},
	        {";a\r\n", "!"},
	        {" 1\r\nx\r\n", "!"},
	        {"-1\r\n", "!"},
	        {"+1\r\n", "!"},
	        {"0x1\r\nx\r\n", "!"},
	        {"1_0\r\nx\r\n", "!"},
	        {"1 2\r\nx\r\n", "!"},
	        {"1 x\r\nx\r\n", "!"},
	        {"1\nx\r\n", "!"},
	        {"1 \nx\r\n", "!"},
	        {"1;a\nx\r\n", "!"},
	        {"1\rx\r\n", "!"},
	        {"1;a\rb\r\nx\r\n", "!"},
	        {"1\r\nxy", "x!"},
	        {"1\r\nx\n0\r\n\r\n", "x!"},
	        {"1\r\nx\r0\r\n\r\n", "x!"},
	        {"0\r\n\rx", "!"},
	        {"10000000000000000\r\n", "!"},
	        {"ffffffffffffffff0\r\n", "!"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_chunks(cases[i].chunks, cases[i].found);
}

static void test_a_chunk_size_of_64_bits_is_read(void **state)
{
	(void)state;
	assert_chunks("0FFFFffffffffFFFF\r\nhello", "hello");
}

/* Reads prefix, then count times the letter a, then suffix, in pieces; gives the last event. */
static enum http_event read_long(struct http_content *content, const char *prefix, size_t count,
                                 const char *suffix, size_t piece)
{
	size_t size = strlen(prefix) + count + strlen(suffix);
	char *text = malloc(size + 1);
	enum http_event event = HTTP_MORE;
	struct bytes found = {0};

	assert_non_null(text);
	memset(mempcpy(text, prefix, strlen(prefix)), 'a', count);
	memcpy(text + strlen(prefix) + count, suffix, strlen(suffix) + 1);
	http_content_start(content, HTTP_CHUNKED, 0);
	for (size_t at = 0; at < size && event == HTTP_MORE; at += piece)
		event = read_piece(&found, content, text + at,
		                   size - at < piece ? size - at : piece);
	bytes_free(&found);
	free(text);
	return event;
}

static void assert_limit(const char *prefix, size_t most, const char *suffix, const char *why)
{
	static const size_t pieces[] = {1, 1000, SIZE_MAX / 2};
	struct http_content content;

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		assert_int_equal(read_long(&content, prefix, most, suffix, pieces[i]), HTTP_END);
		assert_int_equal(read_long(&content, prefix, most + 1, suffix, pieces[i]),
		                 HTTP_INVALID);
		assert_string_equal(content.why, why);
	}
}

static void test_a_trailer_section_has_a_largest_size(void **state)
{
	static const char suffix[] = ": b\r\n\r\n";

	(void)state;
	assert_limit("0\r\n", HTTP_TRAILERS_MAX_BYTES - (sizeof(suffix) - 1), suffix,
	             "the trailer section is too large");
}

static void test_the_line_before_a_chunk_has_a_largest_size(void **state)
{
	(void)state;
	assert_limit("1;", 1024 - 4, "\r\nx\r\n0\r\n\r\n", "the line before a chunk is too long");
}

static void test_invalid_content_stays_invalid(void **state)
{
	struct span input = {(const uint8_t *)"x0\r\n\r\n", 6}, body;
	struct http_content content;

	(void)state;
	http_content_start(&content, HTTP_CHUNKED, 0);
	assert_int_equal(http_content_next(&content, &input, &body), HTTP_INVALID);
	assert_int_equal(http_content_next(&content, &input, &body), HTTP_INVALID);
	assert_string_equal(content.why, "the size of a chunk is malformed");
}

static void test_content_is_given_out_where_it_lies(void **state)
{
	static const char text[] = "5\r\nhello\r\n0\r\n\r\n";
	struct span input = {(const uint8_t *)text, sizeof text - 1}, body;
	struct http_content content;

	(void)state;
	http_content_start(&content, HTTP_CHUNKED, 0);
	assert_int_equal(http_content_next(&content, &input, &body), HTTP_BODY);
	assert_ptr_equal(body.data, text + 3);
	assert_int_equal(body.size, 5);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_content_ends_at_once),
        cmocka_unit_test(test_content_of_a_given_length_ends_there),
        cmocka_unit_test(test_content_until_the_close_never_ends),
        cmocka_unit_test(test_chunks_are_joined),
        cmocka_unit_test(test_chunk_extensions_are_skipped),
        cmocka_unit_test(test_trailers_are_skipped),
        cmocka_unit_test(test_malformed_chunks_are_invalid),
        cmocka_unit_test(test_a_chunk_size_of_64_bits_is_read),
        cmocka_unit_test(test_a_trailer_section_has_a_largest_size),
        cmocka_unit_test(test_the_line_before_a_chunk_has_a_largest_size),
        cmocka_unit_test(test_invalid_content_stays_invalid),
        cmocka_unit_test(test_content_is_given_out_where_it_lies),
};

int main(void)
{
	return cmocka_run_group_tests_name("http_content", tests, NULL, NULL);
}
