#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "http_request.h"
#include "schedule.h"

#define MAX_BYTES 4096
#define HOST      "Host: lab\r\n"

/* A string literal as bytes and their number. */
#define LITERAL(text) (text), sizeof(text) - 1

/* Reads from a guard page, where nothing behind the input may be looked at. */
static int read_guarded(const char *text, size_t size, size_t max_bytes, const char **why)
{
	struct feed_guard guard = feed_guard_open(text, size);
	struct http_request request;
	int result = http_request_read(&request, (struct span){guard.data, size}, max_bytes, why);

	feed_guard_close(&guard);
	return result;
}

/* The head is whole with its last byte, and not before; what follows it changes nothing. */
static struct http_request assert_reads(const char *text)
{
	size_t size = strlen(text), head_size = (size_t)(strstr(text, "\r\n\r\n") + 4 - text);
	struct http_request request;
	const char *why = NULL;

	for (size_t i = 0; i <= size; i++) {
		size_t expected = i < head_size ? 0 : head_size;

		assert_int_equal(read_guarded(text, i, MAX_BYTES, &why), expected);
	}
	assert_int_equal(http_request_read(&request, (struct span){(const uint8_t *)text, size},
	                                   MAX_BYTES, &why),
	                 head_size);
	assert_null(why);
	return request;
}

/* Refused, for the same reason however much of it has come when the reason is known. */
static void assert_refused_bytes(const char *text, size_t size, int status, const char *expected)
{
	size_t before = 0;

	for (size_t i = 0; i <= size; i++) {
		const char *why = NULL;
		int result = read_guarded(text, i, MAX_BYTES, &why);

		if (result == 0) {
			assert_int_equal(before, i);
			before++;
			continue;
		}
		assert_int_equal(result, -status);
		assert_string_equal(why, expected);
	}
	assert_true(before <= size);
}

static void assert_refused(const char *text, int status, const char *why)
{
	assert_refused_bytes(text, strlen(text), status, why);
}

/* A request with that line, resp. with those fields beside Host. */
static void assert_line_refused(const char *line, int status, const char *why)
{
	char text[256];

	snprintf(text, sizeof text, "%s\r\n" HOST "\r\n", line);
	assert_refused(text, status, why);
}

static void assert_fields_refused(const char *fields, int status, const char *why)
{
	char text[256];

	snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "%s\r\n\r\n", fields);
	assert_refused(text, status, why);
}

static struct http_request assert_fields_read(const char *fields)
{
	static char text[256];

	snprintf(text, sizeof text, "POST / HTTP/1.1\r\n" HOST "%s\r\n\r\n", fields);
	return assert_reads(text);
}

static void assert_span(struct span span, const char *expected)
{
	assert_int_equal(span.size, strlen(expected));
	if (span.size > 0)
		assert_memory_equal(span.data, expected, span.size);
}

static void assert_target(const char *line, const char *path, const char *query)
{
	char text[256];
	struct http_request request;

	snprintf(text, sizeof text, "%s\r\n" HOST "\r\n", line);
	request = assert_reads(text);
	assert_span(request.path, path);
	assert_span(request.query, query);
}

static void test_a_request_is_taken_apart(void **state)
{
	struct http_request request = assert_reads("GET /polling?topic=a&since=3 HTTP/1.1\r\n" HOST
	                                           "Accept: */*\r\n\r\n");

	(void)state;
	assert_span(request.method, "GET");
	assert_span(request.target, "/polling?topic=a&since=3");
	assert_span(request.path, "/polling");
	assert_span(request.query, "topic=a&since=3");
	assert_span(request.fields, HOST "Accept: */*\r\n");
	assert_int_equal(request.content.framing, HTTP_NO_CONTENT);
	assert_false(request.has_content);
	assert_true(request.keep_alive);
	assert_false(request.expects_continue);
}

static void test_spans_point_into_the_input(void **state)
{
	static const char text[] = "GET /a?b HTTP/1.1\r\n" HOST "\r\n";
	struct http_request request;
	const char *why;

	(void)state;
	assert_true(http_request_read(&request,
	                              (struct span){(const uint8_t *)text, sizeof text - 1},
	                              MAX_BYTES, &why) > 0);
	assert_ptr_equal(request.method.data, text);
	assert_ptr_equal(request.target.data, text + 4);
	assert_ptr_equal(request.path.data, text + 4);
	assert_ptr_equal(request.query.data, text + 7);
	assert_ptr_equal(request.fields.data, text + 19);
}

static void test_any_token_is_a_method(void **state)
{
	static const char *const methods[] = {"HEAD", "POST", "get", "M-SEARCH", "!#$%&'*+-.^_`|~",
	                                      "X"};

	(void)state;
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		char text[64];

		snprintf(text, sizeof text, "%s / HTTP/1.1\r\n" HOST "\r\n", methods[i]);
		assert_span(assert_reads(text).method, methods[i]);
	}
}

static void test_a_method_holds_exactly_the_bytes_of_a_token(void **state)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		char text[] = "G?T / HTTP/1.1\r\n" HOST "\r\n";
		bool expected = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
		                (byte >= 'A' && byte <= 'Z') ||
		                memchr(others, (int)byte, sizeof others - 1);
		const char *why;

		text[1] = (char)byte;
		assert_int_equal(read_guarded(text, sizeof text - 1, MAX_BYTES, &why),
		                 expected ? (int)sizeof text - 1 : -400);
	}
}

static void test_a_target_is_split_at_its_first_question_mark(void **state)
{
	(void)state;
	assert_target("GET / HTTP/1.1", "/", "");
	assert_target("GET /? HTTP/1.1", "/", "");
	assert_target("GET /a/b?c?d=/e HTTP/1.1", "/a/b", "c?d=/e");
	assert_target("GET //a HTTP/1.1", "//a", "");
	assert_target("GET /%2f%zz?a|b HTTP/1.1", "/%2f%zz", "a|b");
}

static void test_the_absolute_form_gives_its_path(void **state)
{
	(void)state;
	assert_target("GET http://lab:80/a?b HTTP/1.1", "/a", "b");
	assert_target("GET HTTPS://lab/a HTTP/1.1", "/a", "");
	assert_target("GET http://lab HTTP/1.1", "/", "");
	assert_target("GET http://lab?a=http://b/c HTTP/1.1", "/", "a=http://b/c");
	assert_target("GET http://[::1]:80/ HTTP/1.1", "/", "");
	assert_target("OPTIONS http://lab HTTP/1.1", "/", "");
}

static void test_options_and_connect_have_targets_of_their_own(void **state)
{
	(void)state;
	assert_target("OPTIONS * HTTP/1.1", "*", "");
	assert_target("CONNECT lab:443 HTTP/1.1", "", "");
	assert_line_refused("GET * HTTP/1.1", 400, "the request target is malformed");
	assert_line_refused("GET lab:443 HTTP/1.1", 400, "the request target is malformed");
	assert_line_refused("CONNECT /a HTTP/1.1", 400, "CONNECT to no authority");
	assert_line_refused("options * HTTP/1.1", 400, "the request target is malformed");
}

static void test_a_malformed_target_is_refused(void **state)
{
	static const char *const targets[] = {
	        "a",         "?a=b",          "/a#b",      "/a\tb",     "/a\x01",   "/\x7f",
	        "/\xc3\xa4", "http:/lab/",    "http:///a", "http://?a", "ftp://a/", "http://a@b/c",
	        "http://",   "http://a\\b/c", "//lab/\r/", "**",
	};

	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		char line[64];

		snprintf(line, sizeof line, "GET %s HTTP/1.1", targets[i]);
		assert_line_refused(line, 400, "the request target is malformed");
	}
	assert_line_refused("GET  HTTP/1.1", 400, "the request target is malformed");
}

static void test_a_malformed_request_line_is_refused(void **state)
{
	static const char *const lines[] = {
	        "GET",
	        "GET ",
	        "GET /",
	        "GET / ",
	        " GET / HTTP/1.1",
	        "GET\t/ HTTP/1.1",
	        "GET  / HTTP/1.1",
	        "GET /  HTTP/1.1",
	        "GET /\tHTTP/1.1",
	        "GET / HTTP/1.1 ",
	        "GET / a HTTP/1.1",
	        "G(T / HTTP/1.1",
	        "GET\x80 / HTTP/1.1",
	        "\rGET / HTTP/1.1",
	        "GET / HTTP/1.1\r",
	        "GET /\rHTTP/1.1",
	        "GET / http/1.1",
	        "GET / HTTP/1",
	        "GET / HTTP/11",
	        "GET / HTTP/1.",
	        "GET / HTTP/1.10",
	        "GET / HTTP/01.1",
	        "GET / HTTP/1,1",
	        "GET / HTTP/x.1",
	        "GET / HTTP/1.x",
	        "GET / HTTPS/1.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_line_refused(lines[i], 400, "the request line is malformed");
}

static void test_another_major_version_is_refused_with_505(void **state)
{
	(void)state;
	assert_line_refused("GET / HTTP/2.0", 505, "the version is not HTTP/1.x");
	assert_line_refused("GET / HTTP/0.9", 505, "the version is not HTTP/1.x");
	assert_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "the version is not HTTP/1.x");
}

static void test_a_later_minor_version_is_read_as_1_1(void **state)
{
	(void)state;
	assert_true(assert_reads("GET / HTTP/1.9\r\n" HOST "\r\n").keep_alive);
	assert_refused("GET / HTTP/1.9\r\n\r\n", 400, "no Host field");
}

static void test_lines_may_end_in_lf_alone(void **state)
{
	static const char text[] = "GET / HTTP/1.1\nHost: lab\nA: b\r\n\nGET";
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof text - 4; i++)
		assert_int_equal(read_guarded(text, i, MAX_BYTES, &why), 0);
	assert_int_equal(read_guarded(text, sizeof text - 1, MAX_BYTES, &why), sizeof text - 4);
	assert_int_equal(
	        read_guarded(LITERAL("GET / HTTP/1.1\r\nHost: lab\n\r\n"), MAX_BYTES, &why), 28);
}

static void test_empty_lines_before_a_request_are_passed_over(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(
	        read_guarded(LITERAL("\r\n\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), MAX_BYTES, &why),
	        5 + 16 + 11 + 2);
	assert_int_equal(read_guarded(LITERAL("\r\n\r"), MAX_BYTES, &why), 0);
	assert_refused("\r\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400,
	               "the request line is malformed");
}

static void test_only_the_first_of_pipelined_requests_is_read(void **state)
{
	static const char text[] = "GET /a HTTP/1.1\r\n" HOST "\r\n"
	                           "POST /b HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi"
	                           "GET /c HTTP/1.1\r\n" HOST "\r\n";
	struct span input = {(const uint8_t *)text, sizeof text - 1}, body;
	struct http_request request;
	char paths[8] = "";
	const char *why;

	(void)state;
	while (input.size > 0) {
		int size = http_request_read(&request, input, MAX_BYTES, &why);

		assert_true(size > 0);
		strncat(paths, (const char *)request.path.data, request.path.size);
		input.data += size;
		input.size -= (size_t)size;
		while (http_content_next(&request.content, &input, &body) == HTTP_BODY)
			assert_span(body, "hi");
	}
	assert_string_equal(paths, "/a/b/c");
}

static void test_a_malformed_field_is_refused(void **state)
{
	static const char *const fields[] = {
	        "A : b",    "A\t: b",          ": b",          "A",        "A b",    "A(: b",
	        "A\x80: b", "A: b\rc",         "A: \x01",      "A: b\x7f", "A: b\r", "\r",
	        "A\r: b",   "A: 1234567\x1f/", "A: 1234567\v",
	};

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		assert_fields_refused(fields[i], 400, "a field is malformed");
}

static void test_a_zero_byte_is_refused(void **state)
{
	(void)state;
	assert_refused_bytes(LITERAL("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"), 400,
	                     "a field is malformed");
	assert_refused_bytes(LITERAL("GET / HTTP/1.1\r\nA\0: b\r\n\r\n"), 400,
	                     "a field is malformed");
	assert_refused_bytes(LITERAL("GET /\0 HTTP/1.1\r\n\r\n"), 400,
	                     "the request target is malformed");
}

static void test_control_characters_are_found_wherever_they_are(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t at = 0; at < 19; at++) {
			char text[] =
			        "GET / HTTP/1.1\r\n" HOST "A: \xff.{\t~ \x80 _ABCDEFGHIJ\r\n\r\n";
			bool control = (byte < ' ' && byte != '\t') || byte == 0x7f;
			const char *why;

			if (byte == '\n')
				continue;
			text[16 + 11 + 3 + at] = (char)byte;
			assert_int_equal(read_guarded(text, sizeof text - 1, MAX_BYTES, &why),
			                 control ? -400 : (int)sizeof text - 1);
		}
	}
}

static void test_a_folded_field_is_refused(void **state)
{
	(void)state;
	assert_fields_refused("A: b\r\n c", 400, "a folded field");
	assert_fields_refused("A: b\r\n\tc: d", 400, "a folded field");
	assert_refused("GET / HTTP/1.1\r\n Host: lab\r\n\r\n", 400, "a folded field");
}

static void test_http_1_1_demands_one_host(void **state)
{
	(void)state;
	assert_refused("GET / HTTP/1.1\r\n\r\n", 400, "no Host field");
	assert_refused("GET http://lab/ HTTP/1.1\r\nA: b\r\n\r\n", 400, "no Host field");
	assert_fields_refused("Host: lab", 400, "several Host fields");
	assert_fields_refused("hOST: other", 400, "several Host fields");
}

static void test_a_host_is_a_host(void **state)
{
	static const char *const wrong[] = {"a b", "a/b", "a@b", "a?b", "a#b", "a\\b", "\xc3\xa4"};
	static const char *const right[] = {"", "lab", "lab:80", "[::1]:80", "10.0.0.1", "a%20b"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", wrong[i]);
		assert_refused(text, 400, "Host is malformed");
	}
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", right[i]);
		assert_reads(text);
	}
}

static void test_http_1_0_needs_no_host(void **state)
{
	(void)state;
	assert_reads("GET / HTTP/1.0\r\n\r\n");
	assert_reads("GET / HTTP/1.0\r\n" HOST "\r\n");
	assert_refused("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400, "several Host fields");
}

static void test_a_connection_is_kept_unless_a_side_says_otherwise(void **state)
{
	(void)state;
	assert_true(assert_fields_read("Connection: keep-alive").keep_alive);
	assert_true(assert_fields_read("Connection: Upgrade").keep_alive);
	assert_true(assert_fields_read("Connection: closed, \"close\"").keep_alive);
	assert_false(assert_fields_read("Connection: close").keep_alive);
	assert_false(assert_fields_read("connection: TE ,, Close").keep_alive);
	assert_false(assert_fields_read("Connection: TE\r\nConnection: close").keep_alive);
	assert_false(assert_fields_read("Connection: keep-alive, close").keep_alive);
}

static void test_an_http_1_0_connection_is_not_kept(void **state)
{
	(void)state;
	assert_false(assert_reads("GET / HTTP/1.0\r\n\r\n").keep_alive);
	assert_false(assert_reads("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

static void test_content_of_a_given_length_follows(void **state)
{
	struct http_request request = assert_fields_read("content-LENGTH:\t0005 ");
	struct span input = {(const uint8_t *)"helloGET", 8}, body;

	(void)state;
	assert_true(request.has_content);
	assert_int_equal(request.content.framing, HTTP_LENGTH);
	assert_int_equal(http_content_next(&request.content, &input, &body), HTTP_BODY);
	assert_span(body, "hello");
	assert_int_equal(http_content_next(&request.content, &input, &body), HTTP_END);
	assert_span(input, "GET");
}

static void test_content_of_length_0_is_none(void **state)
{
	struct http_request request = assert_fields_read("Content-Length: 0");

	(void)state;
	assert_false(request.has_content);
	assert_int_equal(request.content.framing, HTTP_LENGTH);
}

static void test_chunks_follow(void **state)
{
	struct http_request request = assert_fields_read("Transfer-Encoding: , CHUNKED");
	struct span input = {(const uint8_t *)"2\r\nhi\r\n0\r\n\r\nGET", 15}, body;

	(void)state;
	assert_true(request.has_content);
	assert_int_equal(request.content.framing, HTTP_CHUNKED);
	assert_int_equal(http_content_next(&request.content, &input, &body), HTTP_BODY);
	assert_span(body, "hi");
	assert_int_equal(http_content_next(&request.content, &input, &body), HTTP_END);
	assert_span(input, "GET");
}

static void test_content_length_must_be_a_number(void **state)
{
	static const char *const values[] = {"x",   "-1",  "+1",  "1 2", "1, 1",
	                                     "1,1", "0x1", "1.0", "1;"};

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char field[64];

		snprintf(field, sizeof field, "Content-Length: %s", values[i]);
		assert_fields_refused(field, 400, "Content-Length is not a number");
	}
	assert_fields_refused("Content-Length:", 400, "Content-Length is empty");
	assert_fields_refused("Content-Length: 18446744073709551616", 400,
	                      "Content-Length is too large");
}

static void test_several_content_lengths_are_refused(void **state)
{
	(void)state;
	assert_fields_refused("Content-Length: 1\r\nContent-Length: 2", 400,
	                      "several Content-Length fields");
	assert_fields_refused("Content-Length: 1\r\nA: b\r\ncontent-length: 1", 400,
	                      "several Content-Length fields");
}

static void test_both_a_length_and_a_coding_are_refused(void **state)
{
	(void)state;
	assert_fields_refused("Content-Length: 1\r\nTransfer-Encoding: chunked", 400,
	                      "both Content-Length and Transfer-Encoding");
	assert_fields_refused("Transfer-Encoding: gzip\r\nContent-Length: 0", 400,
	                      "both Content-Length and Transfer-Encoding");
}

static void test_an_unknown_coding_is_refused_with_501(void **state)
{
	static const char *const codings[] = {"gzip",        "identity",    "xchunked",
	                                      "chunked;q=1", "\"chunked\"", "chunked chunked"};

	(void)state;
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		char field[64];

		snprintf(field, sizeof field, "Transfer-Encoding: %s", codings[i]);
		assert_fields_refused(field, 501, "an unknown transfer coding");
	}
}

static void test_several_codings_or_none_are_refused(void **state)
{
	static const char *const fields[] = {
	        "Transfer-Encoding: gzip, chunked",
	        "Transfer-Encoding: chunked, gzip",
	        "Transfer-Encoding: chunked, chunked",
	        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	        "Transfer-Encoding: gzip\r\nA: b\r\ntransfer-encoding: chunked",
	        "Transfer-Encoding:",
	        "Transfer-Encoding: ,",
	};

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		assert_fields_refused(fields[i], 400, "the transfer coding is not chunked alone");
}

static void test_a_transfer_coding_in_http_1_0_is_refused(void **state)
{
	(void)state;
	assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
	               "Transfer-Encoding in HTTP/1.0");
}

static void test_a_client_that_waits_for_100_is_noticed(void **state)
{
	(void)state;
	assert_true(
	        assert_fields_read("Content-Length: 1\r\nExpect: 100-continue").expects_continue);
	assert_true(assert_fields_read("expect: 100-Continue\r\nTransfer-Encoding: chunked")
	                    .expects_continue);
	assert_false(assert_fields_read("Content-Length: 1").expects_continue);
	assert_false(assert_fields_read("Content-Length: 1\r\nExpect: 200-ok").expects_continue);
}

static void test_an_expectation_without_content_or_in_http_1_0_is_ignored(void **state)
{
	(void)state;
	assert_false(assert_fields_read("Expect: 100-continue").expects_continue);
	assert_false(
	        assert_fields_read("Content-Length: 0\r\nExpect: 100-continue").expects_continue);
	assert_false(assert_reads("POST / HTTP/1.0\r\nContent-Length: 1\r\n"
	                          "Expect: 100-continue\r\n\r\n")
	                     .expects_continue);
}

static void test_a_head_has_a_largest_size(void **state)
{
	static const char text[] = "\r\nGET / HTTP/1.1\r\n" HOST "A: b\r\n\r\nGET";
	const size_t size = sizeof text - 4;
	const char *why = NULL;

	(void)state;
	assert_int_equal(read_guarded(text, sizeof text - 1, size, &why), size);
	assert_int_equal(read_guarded(text, size - 1, size, &why), 0);
	for (size_t max_bytes = 0; max_bytes < size; max_bytes++) {
		for (size_t i = 0; i < max_bytes; i++)
			assert_int_equal(read_guarded(text, i, max_bytes, &why), 0);
		for (size_t i = max_bytes; i < sizeof text; i++) {
			assert_int_equal(read_guarded(text, i, max_bytes, &why), -431);
			assert_string_equal(why, "the head is too large");
		}
	}
}

static void test_empty_lines_alone_become_too_large(void **state)
{
	char text[64];
	const char *why;

	(void)state;
	memset(text, '\n', sizeof text);
	assert_int_equal(read_guarded(text, 63, 64, &why), 0);
	assert_int_equal(read_guarded(text, 64, 64, &why), -431);
}

static void test_fields_are_found_by_name_in_any_case(void **state)
{
	struct http_request request =
	        assert_fields_read("X-A: \t 7: 8 \r\nEmpty:\r\nx-a: 9\r\nX-AB: 1");
	struct span value;

	(void)state;
	assert_true(http_request_field(&request, "x-a", &value));
	assert_span(value, "7: 8");
	assert_true(http_request_field(&request, "EMPTY", &value));
	assert_span(value, "");
	assert_true(http_request_field(&request, "X-ab", &value));
	assert_span(value, "1");
	assert_false(http_request_field(&request, "X", &value));
	assert_false(http_request_field(&request, "POST / HTTP/1.1", &value));
	assert_int_equal(http_request_field_count(&request, "X-A"), 2);
	assert_int_equal(http_request_field_count(&request, "host"), 1);
	assert_int_equal(http_request_field_count(&request, "X"), 0);
}

static void test_a_token_is_found_in_a_list_over_several_fields(void **state)
{
	struct http_request request =
	        assert_fields_read("Connection: keep-alive,, Upgrade\r\nconnection: TE ,");

	(void)state;
	assert_true(http_request_field_has(&request, "Connection", "upgrade"));
	assert_true(http_request_field_has(&request, "connection", "te"));
	assert_false(http_request_field_has(&request, "Connection", "keep"));
	assert_false(http_request_field_has(&request, "Connection", ""));
	assert_false(http_request_field_has(&request, "Upgrade", "te"));
}

static void test_a_request_without_fields_has_none(void **state)
{
	struct http_request request = assert_reads("GET / HTTP/1.0\r\n\r\nA: b\r\n\r\n");
	struct span value;

	(void)state;
	assert_false(http_request_field(&request, "A", &value));
	assert_int_equal(http_request_field_count(&request, "A"), 0);
}

/* room_size counts the terminating zero. */
static const char *argument(const char *query, const char *name, char *room, size_t room_size)
{
	struct feed_guard guard = feed_guard_open(query, strlen(query));
	const char *value =
	        http_query_argument((struct span){guard.data, guard.size}, name, room, room_size);

	feed_guard_close(&guard);
	return value;
}

static void test_arguments_are_decoded(void **state)
{
	static const struct {
		const char *query, *value;
	} cases[] = {
	        {"topic=a", "a"},
	        {"topic=a%2Fb", "a/b"},
	        {"topic=a%2fb%25%41", "a/b%A"},
	        {"topic=a+b%2B", "a b+"},
	        {"topic=%c3%A4\xff", "\xc3\xa4\xff"},
	        {"since=3&topic=a&topic=b", "a"},
	        {"&&topic=a&", "a"},
	        {"topics=b&topi=c&topic=a", "a"},
	        {"%74opi%63=a", "a"},
	        {"topic=a=b", "a=b"},
	        {"topic=", ""},
	        {"topic", ""},
	        {"topic&topic=a", ""},
	};
	char room[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(argument(cases[i].query, "topic", room, sizeof room),
		                    cases[i].value);
}

static void test_an_argument_that_cannot_be_decoded_is_empty(void **state)
{
	static const char *const queries[] = {"topic=a%00b",   "topic=a%2",  "topic=a%",
	                                      "topic=a%2&b=c", "topic=a%zz", "topic=%+1"};
	char room[16];

	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		assert_string_equal(argument(queries[i], "topic", room, sizeof room), "");
}

static void test_an_argument_that_is_not_there_is_none(void **state)
{
	static const char *const queries[] = {"",         "=a",         "Topic=a",
	                                      "top%ic=a", "topic%00=a", "a=topic=b"};
	char room[16];

	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		assert_null(argument(queries[i], "topic", room, sizeof room));
}

static void test_an_argument_that_does_not_fit_is_empty(void **state)
{
	char room[4];

	(void)state;
	assert_string_equal(argument("a=123", "a", room, 4), "123");
	assert_string_equal(argument("a=%31%32%33", "a", room, 4), "123");
	assert_string_equal(argument("a=1234", "a", room, 4), "");
	assert_string_equal(argument("a=1", "a", room, 1), "");
}

/* A request that is nearly right: bytes of one that is, some replaced, dropped or doubled. */
static size_t mutate(char *text, size_t size, uint64_t *random)
{
	static const char seasoning[] = "\r\n\r\n :,%?/\t#\0\x7f\x80"
	                                "a1HTTP";

	for (unsigned i = 0; i < 3; i++) {
		size_t at = random_next(random) % size;
		size_t draw = random_next(random) % 3;

		if (draw == 0) {
			text[at] = seasoning[random_next(random) % sizeof seasoning];
		} else if (draw == 1 && size > 1) {
			memmove(text + at, text + at + 1, size - at - 1);
			size--;
		} else {
			memmove(text + at + 1, text + at, size - at);
			size++;
		}
	}
	return size;
}

static void test_nearly_right_requests_are_read_the_same_however_they_come(void **state)
{
	static const char right[] = "\r\nPOST http://lab/publish?topic=a%2Fb HTTP/1.1\r\n" HOST
	                            "Content-Length: 5\r\nConnection: close\r\n"
	                            "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n";
	uint64_t random = 1;

	(void)state;
	for (unsigned run = 0; run < 1000; run++) {
		char text[sizeof right + 8];
		size_t size, at = 0;
		const char *why = NULL, *whole_why = NULL;
		int result = 0, whole;

		memcpy(text, right, sizeof right);
		size = mutate(text, sizeof right - 1, &random);
		whole = read_guarded(text, size, 100 + run % 100, &whole_why);
		while (result == 0 && at < size)
			result = read_guarded(text, ++at, 100 + run % 100, &why);
		assert_int_equal(result, whole);
		assert_ptr_equal(why, whole_why);
		assert_true(whole <= 0 || (size_t)whole == at);
	}
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_taken_apart),
        cmocka_unit_test(test_spans_point_into_the_input),
        cmocka_unit_test(test_any_token_is_a_method),
        cmocka_unit_test(test_a_method_holds_exactly_the_bytes_of_a_token),
        cmocka_unit_test(test_a_target_is_split_at_its_first_question_mark),
        cmocka_unit_test(test_the_absolute_form_gives_its_path),
        cmocka_unit_test(test_options_and_connect_have_targets_of_their_own),
        cmocka_unit_test(test_a_malformed_target_is_refused),
        cmocka_unit_test(test_a_malformed_request_line_is_refused),
        cmocka_unit_test(test_another_major_version_is_refused_with_505),
        cmocka_unit_test(test_a_later_minor_version_is_read_as_1_1),
        cmocka_unit_test(test_lines_may_end_in_lf_alone),
        cmocka_unit_test(test_empty_lines_before_a_request_are_passed_over),
        cmocka_unit_test(test_only_the_first_of_pipelined_requests_is_read),
        cmocka_unit_test(test_a_malformed_field_is_refused),
        cmocka_unit_test(test_a_zero_byte_is_refused),
        cmocka_unit_test(test_control_characters_are_found_wherever_they_are),
        cmocka_unit_test(test_a_folded_field_is_refused),
        cmocka_unit_test(test_http_1_1_demands_one_host),
        cmocka_unit_test(test_a_host_is_a_host),
        cmocka_unit_test(test_http_1_0_needs_no_host),
        cmocka_unit_test(test_a_connection_is_kept_unless_a_side_says_otherwise),
        cmocka_unit_test(test_an_http_1_0_connection_is_not_kept),
        cmocka_unit_test(test_content_of_a_given_length_follows),
        cmocka_unit_test(test_content_of_length_0_is_none),
        cmocka_unit_test(test_chunks_follow),
        cmocka_unit_test(test_content_length_must_be_a_number),
        cmocka_unit_test(test_several_content_lengths_are_refused),
        cmocka_unit_test(test_both_a_length_and_a_coding_are_refused),
        cmocka_unit_test(test_an_unknown_coding_is_refused_with_501),
        cmocka_unit_test(test_several_codings_or_none_are_refused),
        cmocka_unit_test(test_a_transfer_coding_in_http_1_0_is_refused),
        cmocka_unit_test(test_a_client_that_waits_for_100_is_noticed),
        cmocka_unit_test(test_an_expectation_without_content_or_in_http_1_0_is_ignored),
        cmocka_unit_test(test_a_head_has_a_largest_size),
        cmocka_unit_test(test_empty_lines_alone_become_too_large),
        cmocka_unit_test(test_fields_are_found_by_name_in_any_case),
        cmocka_unit_test(test_a_token_is_found_in_a_list_over_several_fields),
        cmocka_unit_test(test_a_request_without_fields_has_none),
        cmocka_unit_test(test_arguments_are_decoded),
        cmocka_unit_test(test_an_argument_that_cannot_be_decoded_is_empty),
        cmocka_unit_test(test_an_argument_that_is_not_there_is_none),
        cmocka_unit_test(test_an_argument_that_does_not_fit_is_empty),
        cmocka_unit_test(test_nearly_right_requests_are_read_the_same_however_they_come),
};

int main(void)
{
	return cmocka_run_group_tests_name("http_request", tests, NULL, NULL);
}
