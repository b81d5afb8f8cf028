#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "http_response.h"

#define OK "HTTP/1.1 200 OK\r\n"

/* Writes what the response reader finds in the input: each head as "STATUS FRAMING:", the body as
 * it is, "|" at the end of a response and "!" for an invalid one. */
static void transcribe(struct bytes *found, struct http_response *response, struct span *input)
{
	static const char *const framings[] = {"none", "length", "chunked", "close"};

	for (;;) {
		struct span body;

		switch (http_response_next(response, input, &body)) {
		case HTTP_MORE:
			assert_int_equal(input->size, 0);
			return;
		case HTTP_HEAD:
			bytes_printf(found, "%d %s:", response->status,
			             framings[response->content.framing]);
			break;
		case HTTP_BODY:
			assert_true(body.size > 0);
			bytes_append(found, body.data, body.size);
			break;
		case HTTP_END:
			bytes_append_text(found, "|");
			break;
		case HTTP_INVALID:
			bytes_append_text(found, "!");
			return;
		}
	}
}

/* Reads the text in pieces that end at the given sizes, each from a guard page, up to the first
 * error; then, where the peer is said to close, adds what comes of that. */
static void read_pieces(struct bytes *found, const char *text, const size_t *ends, size_t count,
                        bool closed)
{
	struct http_response response = {0};
	size_t start = 0;

	for (size_t i = 0; i < count && !response.why; start = ends[i++]) {
		struct feed_guard guard = feed_guard_open(text + start, ends[i] - start);
		struct span input = {guard.data, guard.size};

		transcribe(found, &response, &input);
		feed_guard_close(&guard);
	}
	if (closed) {
		enum http_event event = http_response_closed(&response);

		bytes_append_text(found, event == HTTP_END ? "|" : event == HTTP_MORE ? "" : "!");
	}
	http_response_reset(&response);
}

static void assert_pieces(const char *text, const size_t *ends, size_t count, bool closed,
                          const char *expected)
{
	struct bytes found = {0};

	read_pieces(&found, text, ends, count, closed);
	bytes_append(&found, "", 1);
	assert_string_equal((const char *)bytes_data(&found), expected);
	bytes_free(&found);
}

/* Whole, split at every position, and one byte at a time. */
static void assert_split(const char *text, size_t size, bool closed, const char *expected)
{
	size_t *ends = calloc(size + 1, sizeof(*ends));

	assert_non_null(ends);
	for (size_t i = 0; i < size; i++) {
		assert_pieces(text, (size_t[]){i, size}, 2, closed, expected);
		ends[i] = i + 1;
	}
	assert_pieces(text, ends, size, closed, expected);
	free(ends);
}

static void assert_reads(const char *text, const char *expected)
{
	assert_split(text, strlen(text), false, expected);
}

static void assert_reads_closed(const char *text, const char *expected)
{
	assert_split(text, strlen(text), true, expected);
}

/* A response read up to the end of its head. */
static struct http_response read_head(const char *text)
{
	struct http_response response = {0};
	struct span input = {(const uint8_t *)text, strlen(text)}, body;

	assert_int_equal(http_response_next(&response, &input, &body), HTTP_HEAD);
	return response;
}

static void assert_field(const struct http_response *response, const char *name,
                         const char *expected)
{
	struct span value;

	assert_true(http_response_field(response, name, &value));
	assert_int_equal(value.size, strlen(expected));
	assert_memory_equal(value.data, expected, value.size);
}

static void assert_why(const char *text, const char *expected)
{
	struct http_response response = {0};
	struct span input = {(const uint8_t *)text, strlen(text)}, body;
	enum http_event event;

	do
		event = http_response_next(&response, &input, &body);
	while (event != HTTP_MORE && event != HTTP_INVALID);
	assert_int_equal(event, HTTP_INVALID);
	assert_string_equal(http_response_why(&response), expected);
	http_response_reset(&response);
}

static void test_content_of_a_given_length_is_read(void **state)
{
	(void)state;
	assert_reads(OK "Content-Length: 5\r\n\r\nhello", "200 length:hello|");
	assert_reads(OK "Content-Length: 0\r\n\r\n", "200 length:|");
	assert_reads(OK "content-length:\t005 \t\r\n\r\nhello", "200 length:hello|");
}

static void test_a_reason_phrase_may_be_empty_or_long(void **state)
{
	(void)state;
	assert_reads("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n", "404 length:|");
	assert_reads("HTTP/1.1 404 N\xf6t f\tnd\r\nContent-Length: 0\r\n\r\n", "404 length:|");
}

static void test_a_head_may_end_its_lines_with_lf_alone(void **state)
{
	(void)state;
	assert_reads("HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", "200 length:hi|");
	assert_reads("HTTP/1.1 200 OK\nContent-Length: 2\n\r\nhi", "200 length:hi|");
	assert_reads("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nhi", "200 length:hi|");
}

static void test_one_response_follows_another(void **state)
{
	(void)state;
	assert_reads(OK "Content-Length: 2\r\n\r\nhi"
	                "HTTP/1.1 204 No Content\r\n\r\n" OK
	                "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n" OK
	                "Content-Length: 1\r\n\r\ny",
	             "200 length:hi|204 none:|200 chunked:x|200 length:y|");
}

static void test_204_and_304_have_no_content_whatever_they_say(void **state)
{
	(void)state;
	assert_reads("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "204 none:|");
	assert_reads("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", "304 none:|");
}

static void test_interim_responses_are_passed_over(void **state)
{
	(void)state;
	assert_reads(
	        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK
	        "Content-Length: 1\r\n\r\nx",
	        "200 length:x|");
}

static void test_an_interim_response_leaves_no_fields(void **state)
{
	struct http_response response = read_head(
	        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" OK "Content-Length: 1\r\n\r\n");
	struct span value;

	(void)state;
	assert_false(http_response_field(&response, "Link", &value));
	http_response_reset(&response);
}

static void test_what_follows_101_is_left_in_the_input(void **state)
{
	static const char text[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
	                           "\x81\x02hi";
	struct http_response response = {0};
	struct span input = {(const uint8_t *)text, sizeof(text) - 1}, body;

	(void)state;
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_HEAD);
	assert_int_equal(response.status, 101);
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_END);
	assert_int_equal(input.size, 4);
	assert_memory_equal(input.data, "\x81\x02hi", 4);
	assert_field(&response, "Upgrade", "websocket");
	http_response_reset(&response);
}

static void test_chunks_are_read(void **state)
{
	(void)state;
	assert_reads(OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0b\r\n, new world\r\n"
	                "0\r\n\r\n",
	             "200 chunked:hello, new world|");
	assert_reads(OK "Transfer-Encoding: , Chunked,\r\n\r\n00A\r\n0123456789\r\n000\r\n\r\n",
	             "200 chunked:0123456789|");
}

static void test_transfer_encoding_wins_over_content_length(void **state)
{
	(void)state;
	assert_reads(OK
	             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
	             "200 chunked:hi|");
	assert_reads(OK "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n",
	             "200 chunked:|");
}

static void test_without_framing_the_content_ends_with_the_connection(void **state)
{
	(void)state;
	assert_reads_closed("HTTP/1.0 200 OK\r\n\r\nhello", "200 close:hello|");
	assert_reads_closed(OK "Content-Type: text/plain\r\n\r\n", "200 close:|");
}

static void test_closing_between_responses_is_fine(void **state)
{
	(void)state;
	assert_pieces("", (size_t[]){0}, 1, true, "");
	assert_reads_closed(OK "Content-Length: 1\r\n\r\nx", "200 length:x|");
	assert_reads_closed("HTTP/1.1 204 No Content\r\n\r\n", "204 none:|");
}

static void test_closing_inside_a_response_cuts_it_short(void **state)
{
	static const char text[] =
	        OK "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n";

	(void)state;
	for (size_t size = 1; size < sizeof(text) - 1; size++) {
		struct http_response response = {0};
		struct span input = {(const uint8_t *)text, size};
		struct bytes found = {0};

		transcribe(&found, &response, &input);
		assert_int_equal(http_response_closed(&response), HTTP_INVALID);
		assert_string_equal(http_response_why(&response),
		                    "the connection was closed inside a response");
		bytes_free(&found);
		http_response_reset(&response);
	}
	assert_reads_closed(OK "Content-Length: 2\r\n\r\nx", "200 length:x!");
}

static void test_a_malformed_status_line_is_invalid(void **state)
{
	static const char *const lines[] = {
	        "",
	        "HTTP/1.1 200",
	        "HTTP/1.1 20 OK ",
	        "HTTP/1.1 2000 OK",
	        "HTTP/1.1 2x0 OK",
	        "HTTP/1.1  200 OK",
	        "HTTP/1.1\t200 OK",
	        "HTTP/1.1 200\tOK",
	        " HTTP/1.1 200 OK",
	        "http/1.1 200 OK",
	        "ICY 200 OK and more",
	        "HTTP/1.1 200 O\rK",
	        "HTTP/1.1 200 O\x01K",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s\r\nA: b\r\n\r\n", lines[i]);
		assert_reads(text, "!");
		assert_why(text, "the status line is malformed");
	}
}

static void test_another_major_version_is_invalid(void **state)
{
	(void)state;
	assert_why("HTTP/2.0 200 OK\r\n\r\n", "the version is not HTTP/1.x");
	assert_why("HTTP/1.x 200 OK\r\n\r\n", "the version is not HTTP/1.x");
}

static void test_a_malformed_field_is_invalid(void **state)
{
	static const char *const fields[] = {
	        "A : b", "A\t: b",   ": b",     "A",       "A b",
	        "A(: b", "A\x80: b", "A: b\rc", "A: \x01", "A: b\x7f",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char text[64];

		snprintf(text, sizeof(text), OK "%s\r\n\r\n", fields[i]);
		assert_reads(text, "!");
		assert_why(text, "a field is malformed");
	}
}

static void test_a_zero_byte_in_a_head_is_invalid(void **state)
{
	static const char in_name[] = OK "A\0B: c\r\n\r\n", in_value[] = OK "A: b\0c\r\n\r\n";

	(void)state;
	assert_split(in_name, sizeof(in_name) - 1, false, "!");
	assert_split(in_value, sizeof(in_value) - 1, false, "!");
}

static void test_white_space_before_the_first_field_is_invalid(void **state)
{
	(void)state;
	assert_why(OK " Content-Length: 0\r\n\r\n", "white space before the first field");
	assert_why(OK "\tA: b\r\n\r\n", "white space before the first field");
}

static void test_a_folded_field_is_unfolded(void **state)
{
	struct http_response response =
	        read_head(OK "A: b\r\n  c\r\n\td\r\nB: e\n f\r\nContent-Length:\r\n 0\r\n\r\n");

	(void)state;
	assert_field(&response, "A", "b    c  \td");
	assert_field(&response, "B", "e  f");
	assert_int_equal(response.content.framing, HTTP_LENGTH);
	http_response_reset(&response);
}

static void test_content_length_must_be_one_number(void **state)
{
	static const char *const values[] = {"x", "-1", "+1", "1 2", "1, 1", "0x1", "1.0", "1;"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		char text[64];

		snprintf(text, sizeof(text), OK "Content-Length: %s\r\n\r\n", values[i]);
		assert_why(text, "Content-Length is not a number");
	}
	assert_why(OK "Content-Length:\r\n\r\n", "Content-Length is empty");
}

static void test_content_length_may_not_be_given_twice(void **state)
{
	(void)state;
	assert_why(OK "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
	           "Content-Length is given twice");
	assert_why(OK "Content-Length: 1\r\ncontent-length: 1\r\n\r\n",
	           "Content-Length is given twice");
}

static void test_content_length_of_64_bits_is_read_and_no_larger_one(void **state)
{
	struct http_response response =
	        read_head(OK "Content-Length: 18446744073709551615\r\n\r\n");

	(void)state;
	assert_true(response.content.remaining == UINT64_MAX);
	http_response_reset(&response);
	assert_why(OK "Content-Length: 18446744073709551616\r\n\r\n",
	           "Content-Length is too large");
	assert_why(OK "Content-Length: 99999999999999999999999\r\n\r\n",
	           "Content-Length is too large");
}

static void test_any_transfer_coding_but_chunked_alone_is_invalid(void **state)
{
	static const char *const fields[] = {
	        "Transfer-Encoding: gzip",
	        "Transfer-Encoding: gzip, chunked",
	        "Transfer-Encoding: chunked, gzip",
	        "Transfer-Encoding: chunked, chunked",
	        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	        "Transfer-Encoding: chunked;q=1",
	        "Transfer-Encoding: xchunked",
	        "Transfer-Encoding: identity\r\nContent-Length: 0",
	        "Transfer-Encoding:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		char text[96];

		snprintf(text, sizeof(text), OK "%s\r\n\r\n", fields[i]);
		assert_why(text, "the transfer coding is not chunked alone");
	}
}

static void test_a_transfer_coding_in_http_1_0_is_invalid(void **state)
{
	(void)state;
	assert_why("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	           "Transfer-Encoding in HTTP/1.0");
}

/* Reads prefix, then count times the letter a, then suffix, and gives back the reason it is
 * invalid, or NULL. */
static const char *read_long(const char *prefix, size_t count, const char *suffix, size_t piece)
{
	struct http_response response = {0};
	struct bytes text = {0}, found = {0};
	const char *why;

	bytes_append_text(&text, prefix);
	for (size_t i = 0; i < count; i++)
		bytes_append(&text, "a", 1);
	bytes_append_text(&text, suffix);
	while (bytes_size(&text) > 0 && !response.why) {
		size_t size = piece < bytes_size(&text) ? piece : bytes_size(&text);
		struct span input = {bytes_data(&text), size};

		transcribe(&found, &response, &input);
		bytes_consume(&text, size);
	}
	why = response.why;
	assert_true(why || response.status == 200);
	bytes_free(&text);
	bytes_free(&found);
	http_response_reset(&response);
	return why;
}

static void assert_limit(const char *prefix, size_t most, const char *suffix, const char *why)
{
	static const size_t pieces[] = {1, 1000, SIZE_MAX};

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		assert_null(read_long(prefix, most, suffix, pieces[i]));
		assert_string_equal(read_long(prefix, most + 1, suffix, pieces[i]), why);
	}
}

static void test_a_head_has_a_largest_size(void **state)
{
	static const char prefix[] = OK "Content-Length: 0\r\nA: ", suffix[] = "\r\n\r\n";

	(void)state;
	assert_limit(prefix, HTTP_HEAD_MAX_BYTES - (sizeof(prefix) - 1) - (sizeof(suffix) - 1),
	             suffix, "the head is too large");
}

static void test_a_head_without_any_line_end_is_not_kept_for_ever(void **state)
{
	(void)state;
	assert_string_equal(read_long("", HTTP_HEAD_MAX_BYTES + 1, "", 1000),
	                    "the head is too large");
}

static void test_an_invalid_response_stays_invalid(void **state)
{
	struct http_response response = {0};
	struct span input = {(const uint8_t *)"\n\n", 2}, body, value;

	(void)state;
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_INVALID);
	input = (struct span){(const uint8_t *)OK "\r\n", sizeof(OK "\r\n") - 1};
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_INVALID);
	assert_int_equal(http_response_closed(&response), HTTP_INVALID);
	assert_string_equal(http_response_why(&response), "the status line is malformed");
	assert_false(http_response_field(&response, "A", &value));
	http_response_reset(&response);
}

static void test_a_reset_response_is_ready_again(void **state)
{
	struct http_response response = {0};
	struct span input = {(const uint8_t *)"\n\n", 2}, body;

	(void)state;
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_INVALID);
	http_response_reset(&response);
	input = (struct span){(const uint8_t *)OK "\r\n", sizeof(OK "\r\n") - 1};
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_HEAD);
	assert_non_null(http_response_why(&response));
	http_response_reset(&response);
}

static void test_the_body_is_given_out_where_it_lies(void **state)
{
	static const char text[] = OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
	struct http_response response = {0};
	struct span input = {(const uint8_t *)text, sizeof(text) - 1}, body;

	(void)state;
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_HEAD);
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_BODY);
	assert_ptr_equal(body.data, strstr(text, "hello"));
	assert_int_equal(body.size, 5);
	http_response_reset(&response);
}

static void test_fields_are_found_by_name_in_any_case(void **state)
{
	struct http_response response =
	        read_head(OK "X-Pushlab-Missed: \t 7 \r\nEmpty:\r\nx-pushlab-missed: 8\r\n\r\n");
	struct span value;

	(void)state;
	assert_field(&response, "x-PUSHLAB-missed", "7");
	assert_field(&response, "Empty", "");
	assert_false(http_response_field(&response, "X-Pushlab", &value));
	assert_false(http_response_field(&response, "HTTP/1.1 200 OK", &value));
	http_response_reset(&response);
}

static void test_fields_stay_until_the_next_response_begins(void **state)
{
	struct http_response response = read_head("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n");
	struct span input = {0}, body, value;

	(void)state;
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_END);
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_MORE);
	assert_int_equal(response.status, 204);
	assert_field(&response, "A", "b");
	input = (struct span){(const uint8_t *)OK "A: c\r\n", sizeof(OK "A: c\r\n") - 1};
	assert_int_equal(http_response_next(&response, &input, &body), HTTP_MORE);
	assert_false(http_response_field(&response, "A", &value));
	http_response_reset(&response);
}

static void test_a_token_is_found_in_a_list_over_several_fields(void **state)
{
	struct http_response response =
	        read_head(OK "Connection: keep-alive,, Upgrade\r\nconnection: TE ,\r\n\r\n");

	(void)state;
	assert_true(http_response_field_has(&response, "Connection", "upgrade"));
	assert_true(http_response_field_has(&response, "connection", "Keep-Alive"));
	assert_true(http_response_field_has(&response, "Connection", "te"));
	assert_false(http_response_field_has(&response, "Connection", "keep"));
	assert_false(http_response_field_has(&response, "Connection", ""));
	assert_false(http_response_field_has(&response, "Upgrade", "te"));
	http_response_reset(&response);
}

static void test_a_head_without_memory_is_invalid(void **state)
{
	static const char text[] = OK "A: 0123456789012345678901234567890123456789012345678901\r\n"
	                              "Content-Length: 1\r\n\r\nx";
	long allocations = 0;
	bool failed;

	(void)state;
	do {
		struct http_response response = {0};
		struct span input = {(const uint8_t *)text, sizeof(text) - 1}, body, value;

		feed_fail_at = ++allocations;
		failed = http_response_next(&response, &input, &body) == HTTP_INVALID;
		assert_int_equal(failed, feed_fail_at == 0);
		if (failed) {
			assert_string_equal(http_response_why(&response), "out of memory");
			assert_false(http_response_field(&response, "A", &value));
		}
		feed_fail_at = 0;
		http_response_reset(&response);
	} while (failed);
	assert_true(allocations > 2);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_of_a_given_length_is_read),
        cmocka_unit_test(test_a_reason_phrase_may_be_empty_or_long),
        cmocka_unit_test(test_a_head_may_end_its_lines_with_lf_alone),
        cmocka_unit_test(test_one_response_follows_another),
        cmocka_unit_test(test_204_and_304_have_no_content_whatever_they_say),
        cmocka_unit_test(test_interim_responses_are_passed_over),
        cmocka_unit_test(test_an_interim_response_leaves_no_fields),
        cmocka_unit_test(test_what_follows_101_is_left_in_the_input),
        cmocka_unit_test(test_chunks_are_read),
        cmocka_unit_test(test_transfer_encoding_wins_over_content_length),
        cmocka_unit_test(test_without_framing_the_content_ends_with_the_connection),
        cmocka_unit_test(test_closing_between_responses_is_fine),
        cmocka_unit_test(test_closing_inside_a_response_cuts_it_short),
        cmocka_unit_test(test_a_malformed_status_line_is_invalid),
        cmocka_unit_test(test_another_major_version_is_invalid),
        cmocka_unit_test(test_a_malformed_field_is_invalid),
        cmocka_unit_test(test_a_zero_byte_in_a_head_is_invalid),
        cmocka_unit_test(test_white_space_before_the_first_field_is_invalid),
        cmocka_unit_test(test_a_folded_field_is_unfolded),
        cmocka_unit_test(test_content_length_must_be_one_number),
        cmocka_unit_test(test_content_length_may_not_be_given_twice),
        cmocka_unit_test(test_content_length_of_64_bits_is_read_and_no_larger_one),
        cmocka_unit_test(test_any_transfer_coding_but_chunked_alone_is_invalid),
        cmocka_unit_test(test_a_transfer_coding_in_http_1_0_is_invalid),
        cmocka_unit_test(test_a_head_has_a_largest_size),
        cmocka_unit_test(test_a_head_without_any_line_end_is_not_kept_for_ever),
        cmocka_unit_test(test_an_invalid_response_stays_invalid),
        cmocka_unit_test(test_a_reset_response_is_ready_again),
        cmocka_unit_test(test_the_body_is_given_out_where_it_lies),
        cmocka_unit_test(test_fields_are_found_by_name_in_any_case),
        cmocka_unit_test(test_fields_stay_until_the_next_response_begins),
        cmocka_unit_test(test_a_token_is_found_in_a_list_over_several_fields),
        cmocka_unit_test(test_a_head_without_memory_is_invalid),
};

int main(void)
{
	return cmocka_run_group_tests_name("http_response", tests, NULL, NULL);
}
