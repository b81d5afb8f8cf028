#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../feed.h"
#include "wire.h"

#define EVENT_MAX 64

/* A string literal as bytes and their number. */
#define LITERAL(text) (text), sizeof(text) - 1

static const struct client_config config = {.host = "h:1", .topic = "news"};

/* Notes one line an event: type|id|data. Gives what the last sse_next did. */
static int feed(struct sse_reader *reader, struct bytes *log, const void *data, size_t size)
{
	struct feed_guard guard = feed_guard_open(data, size);
	struct span input = {guard.data, guard.size};
	struct sse_event event;
	int got;

	while ((got = sse_next(reader, &input, &event, EVENT_MAX)) == 1) {
		bytes_append(log, event.type.data, event.type.size);
		bytes_append_text(log, "|");
		bytes_append(log, event.id.data, event.id.size);
		bytes_append_text(log, "|");
		bytes_append(log, event.data.data, event.data.size);
		bytes_append_text(log, "\n");
	}
	if (got == 0)
		assert_int_equal(input.size, 0);
	feed_guard_close(&guard);
	return got;
}

/* Reads the pieces [0, first), then each `step` bytes; notes an error as its last line. */
static void assert_pieces(const char *text, size_t size, const char *expected, size_t first,
                          size_t step)
{
	struct sse_reader reader = {0};
	struct bytes log = {0};
	int got = feed(&reader, &log, text, first);

	for (size_t at = first; at < size && got == 0; at += step)
		got = feed(&reader, &log, text + at, size - at < step ? size - at : step);
	if (got == -EMSGSIZE)
		bytes_append_text(&log, "too large");
	bytes_append(&log, "", 1);
	assert_string_equal((const char *)bytes_data(&log), expected);
	bytes_free(&log);
	sse_reset(&reader);
}

/* Whole, a byte at a time, and cut in two anywhere. */
static void assert_events(const char *text, size_t size, const char *expected)
{
	assert_pieces(text, size, expected, 0, 1);
	for (size_t first = 0; first <= size; first++)
		assert_pieces(text, size, expected, first, size);
}

static uint64_t retry_of(const char *text)
{
	struct sse_reader reader = {0};
	struct bytes log = {0};
	uint64_t retry_ms;

	assert_int_equal(feed(&reader, &log, text, strlen(text)), 0);
	retry_ms = reader.retry_ms;
	sse_reset(&reader);
	return retry_ms;
}

static void assert_text(struct bytes *text, const char *expected)
{
	bytes_append(text, "", 1);
	assert_false(text->failed);
	assert_string_equal((const char *)bytes_data(text), expected);
	bytes_free(text);
}

/* The four examples of WHATWG HTML §9.2.6. */
static void test_data_lines_are_joined_by_a_line_feed(void **state)
{
	(void)state;
	assert_events(LITERAL("data: YHOO\ndata: +2\ndata: 10\n\n"), "message||YHOO\n+2\n10\n");
}

static void test_an_id_without_value_clears_the_last_event_id(void **state)
{
	(void)state;
	assert_events(LITERAL(": test stream\n\ndata: first event\nid: 1\n\n"
	                      "data:second event\nid\n\ndata:  third event\n\n"),
	              "message|1|first event\nmessage||second event\nmessage|| third event\n");
}

static void test_an_empty_data_line_is_data(void **state)
{
	(void)state;
	assert_events(LITERAL("data\n\ndata\ndata\n\ndata:"), "message||\nmessage||\n\n");
}

static void test_the_space_after_the_colon_is_optional(void **state)
{
	(void)state;
	assert_events(LITERAL("data:test\n\ndata: test\n\n"), "message||test\nmessage||test\n");
}

static void test_lines_end_in_lf_cr_or_crlf(void **state)
{
	(void)state;
	assert_events(LITERAL("data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\n"
	                      "data: e\n\rdata: f\r\r\n"),
	              "message||a\nmessage||b\nmessage||c\nmessage||d\nmessage||e\nmessage||f\n");
}

static void test_crlf_is_one_line_end(void **state)
{
	(void)state;
	assert_events(LITERAL("data: a\r\ndata: b\r\n\r\n"), "message||a\nb\n");
}

static void test_an_event_that_ends_in_cr_does_not_wait_for_lf(void **state)
{
	struct sse_reader reader = {0};
	struct bytes log = {0};

	(void)state;
	assert_int_equal(feed(&reader, &log, LITERAL("data: a\r\r")), 0);
	assert_text(&log, "message||a\n");
	sse_reset(&reader);
}

static void test_a_byte_order_mark_is_passed_over_at_the_start(void **state)
{
	(void)state;
	assert_events(LITERAL("\xef\xbb\xbf"
	                      "data: a\n\n"),
	              "message||a\n");
}

static void test_a_byte_order_mark_elsewhere_is_part_of_the_field_name(void **state)
{
	(void)state;
	assert_events(LITERAL("\n\xef\xbb\xbf"
	                      "data: a\n\n"),
	              "");
	assert_events(LITERAL("\xef\xbb\xbf\xef\xbb\xbf"
	                      "data: a\n\n"),
	              "");
}

static void test_comments_and_unknown_fields_are_ignored(void **state)
{
	(void)state;
	assert_events(LITERAL(":\n: data: x\nData: x\ndata : x\nfoo\nda: x\ndatas: x\n\n"
	                      "data: a\n:data\n\n"),
	              "message||a\n");
}

static void test_only_the_first_colon_and_space_separate(void **state)
{
	(void)state;
	assert_events(LITERAL("data:  a: b\ndata:\tc\n\n"), "message|| a: b\n\tc\n");
}

static void test_the_type_is_the_last_event_field(void **state)
{
	(void)state;
	assert_events(LITERAL("event: a\ndata: x\nevent: b\n\nevent: c\nevent\ndata: y\n\n"),
	              "b||x\nmessage||y\n");
}

static void test_an_event_without_data_is_not_dispatched_and_resets_the_type(void **state)
{
	(void)state;
	assert_events(LITERAL("event: a\n\ndata: x\n\n"), "message||x\n");
}

static void test_the_last_event_id_persists(void **state)
{
	(void)state;
	assert_events(LITERAL("id: 1\ndata: a\n\ndata: b\n\nid: 2\n\ndata: c\n\n"),
	              "message|1|a\nmessage|1|b\nmessage|2|c\n");
}

static void test_an_id_that_holds_nul_is_ignored(void **state)
{
	(void)state;
	assert_events(LITERAL("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"),
	              "message|1|a\nmessage|1|b\n");
}

static void test_an_event_that_no_empty_line_ends_is_discarded(void **state)
{
	(void)state;
	assert_events(LITERAL("data: a\n\ndata: b\n"), "message||a\n");
	assert_events(LITERAL("data: a"), "");
}

static void test_a_retry_of_digits_sets_the_reconnection_time(void **state)
{
	(void)state;
	assert_int_equal(retry_of("retry: 0150\n"), 150);
}

static void test_a_retry_of_anything_else_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(retry_of("retry: 7\nretry: 15s\nretry: -1\nretry:  1\nretry\nretry: \n"
	                          "retry: 99999999999999999999\n"),
	                 7);
}

static void test_a_line_of_the_greatest_size_is_read_and_one_more_byte_is_not(void **state)
{
	struct bytes text = {0}, expected = {0};
	int value_size = EVENT_MAX - (int)strlen("data:");

	(void)state;
	bytes_printf(&text, "data:%*d\n\n", value_size, 1);
	bytes_printf(&expected, "message||%*d\n", value_size - 1, 1);
	bytes_append(&expected, "", 1);
	assert_events((const char *)bytes_data(&text), bytes_size(&text),
	              (const char *)bytes_data(&expected));
	bytes_clear(&text);
	bytes_printf(&text, "data:%*d\n\n", value_size + 1, 1);
	assert_events((const char *)bytes_data(&text), bytes_size(&text), "too large");
	bytes_free(&text);
	bytes_free(&expected);
}

static void test_a_line_without_end_is_too_large(void **state)
{
	char text[EVENT_MAX + 1];

	(void)state;
	memset(text, ':', sizeof text);
	assert_events(text, EVENT_MAX, "");
	assert_events(text, EVENT_MAX + 1, "too large");
}

static void test_data_of_many_lines_has_a_greatest_size(void **state)
{
	struct bytes text = {0}, expected = {0};

	(void)state;
	for (int i = 0; i < EVENT_MAX / 2; i++) {
		bytes_append_text(&text, "data:x\n");
		bytes_append_text(&expected, i == 0 ? "message||x\n" : "x\n");
	}
	bytes_append_text(&text, "data\n\n");
	bytes_append(&expected, "\n", sizeof "\n");
	assert_events((const char *)bytes_data(&text), bytes_size(&text),
	              (const char *)bytes_data(&expected));
	bytes_clear(&text);
	for (int i = 0; i < EVENT_MAX + 2; i++)
		bytes_append_text(&text, "data\n");
	assert_events((const char *)bytes_data(&text), bytes_size(&text), "too large");
	bytes_free(&text);
	bytes_free(&expected);
}

/* Where each line searched all that follows, this would take minutes. */
static void test_many_short_lines_in_one_input_are_read_in_linear_time(void **state)
{
	static const char ends[] = {'\n', '\r'};
	size_t size = 4 << 20;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < sizeof ends; i++) {
		struct sse_reader reader = {0};
		struct bytes log = {0};

		memset(text, ends[i], size);
		assert_int_equal(feed(&reader, &log, text, size), 0);
		assert_int_equal(bytes_size(&log), 0);
		sse_reset(&reader);
	}
	free(text);
}

static void test_no_memory_is_reported_wherever_it_happens(void **state)
{
	static const char text[] = "id: 1\nevent: a\ndata: x\ndata: y\n\n";
	bool failed = true;

	(void)state;
	for (long fail_at = 1; failed; fail_at++) {
		struct sse_reader reader = {0};
		struct sse_event event;
		int got = 0;

		feed_fail_at = fail_at;
		for (size_t at = 0; at < sizeof text - 1 && got == 0; at++) {
			struct span input = {(const uint8_t *)text + at, 1};

			got = sse_next(&reader, &input, &event, EVENT_MAX);
		}
		failed = feed_fail_at == 0;
		feed_fail_at = 0;
		assert_int_equal(got, failed ? -ENOMEM : 1);
		sse_reset(&reader);
	}
}

static struct message *message_of(const void *data, size_t size, bool binary)
{
	struct message *message = malloc(sizeof *message + size);

	assert_non_null(message);
	*message = (struct message){.id = 42, .binary = binary, .size = size};
	memcpy(message->data, data, size);
	return message;
}

static void assert_encoded(const void *data, size_t size, bool binary, const char *expected)
{
	struct message *message = message_of(data, size, binary);
	struct bytes out = {0};

	sse_append_event(&out, message);
	free(message);
	assert_text(&out, expected);
}

static void test_an_event_is_its_id_its_data_and_an_empty_line(void **state)
{
	(void)state;
	assert_encoded(LITERAL("{\"id\":42}"), false, "id: 42\ndata: {\"id\":42}\n\n");
	assert_encoded("", 0, false, "id: 42\ndata: \n\n");
}

static void test_each_line_of_a_message_is_a_data_line(void **state)
{
	(void)state;
	assert_encoded(LITERAL(" a\nb\r\nevent: c\r\rd\n"), false,
	               "id: 42\ndata:  a\ndata: b\ndata: event: c\ndata: \ndata: d\ndata: \n\n");
}

static void test_a_binary_message_is_base64(void **state)
{
	(void)state;
	assert_encoded(LITERAL("\0\xff\n"), true, "id: 42\ndata: AP8K\n\n");
}

static void test_what_is_written_is_read_back(void **state)
{
	static const char text[] = " a: \n\n:b";
	struct message *message = message_of(LITERAL(text), false);
	struct bytes out = {0};

	(void)state;
	sse_append_event(&out, message);
	bytes_append_text(&out, SSE_HEARTBEAT);
	sse_append_missed(&out, 3);
	free(message);
	assert_events((const char *)bytes_data(&out), bytes_size(&out),
	              "message|42| a: \n\n:b\nmissed|42|3\n");
	bytes_free(&out);
}

static void test_missed_messages_are_an_event_of_their_own_type(void **state)
{
	struct bytes out = {0};

	(void)state;
	sse_append_missed(&out, UINT64_MAX);
	assert_text(&out, "event: missed\ndata: 18446744073709551615\n\n");
}

static void test_a_request_without_cursor_has_no_last_event_id(void **state)
{
	struct bytes out = {0};

	(void)state;
	sse_append_request(&out, &config, CLIENT_NO_CURSOR);
	assert_text(&out, "GET /sse?topic=news HTTP/1.1\r\nHost: h:1\r\n"
	                  "Accept: text/event-stream\r\n\r\n");
}

static void test_a_request_with_cursor_has_last_event_id(void **state)
{
	struct bytes out = {0};

	(void)state;
	sse_append_request(&out, &config, 0);
	assert_text(&out, "GET /sse?topic=news HTTP/1.1\r\nHost: h:1\r\n"
	                  "Accept: text/event-stream\r\nLast-Event-ID: 0\r\n\r\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_data_lines_are_joined_by_a_line_feed),
	        cmocka_unit_test(test_an_id_without_value_clears_the_last_event_id),
	        cmocka_unit_test(test_an_empty_data_line_is_data),
	        cmocka_unit_test(test_the_space_after_the_colon_is_optional),
	        cmocka_unit_test(test_lines_end_in_lf_cr_or_crlf),
	        cmocka_unit_test(test_crlf_is_one_line_end),
	        cmocka_unit_test(test_an_event_that_ends_in_cr_does_not_wait_for_lf),
	        cmocka_unit_test(test_a_byte_order_mark_is_passed_over_at_the_start),
	        cmocka_unit_test(test_a_byte_order_mark_elsewhere_is_part_of_the_field_name),
	        cmocka_unit_test(test_comments_and_unknown_fields_are_ignored),
	        cmocka_unit_test(test_only_the_first_colon_and_space_separate),
	        cmocka_unit_test(test_the_type_is_the_last_event_field),
	        cmocka_unit_test(test_an_event_without_data_is_not_dispatched_and_resets_the_type),
	        cmocka_unit_test(test_the_last_event_id_persists),
	        cmocka_unit_test(test_an_id_that_holds_nul_is_ignored),
	        cmocka_unit_test(test_an_event_that_no_empty_line_ends_is_discarded),
	        cmocka_unit_test(test_a_retry_of_digits_sets_the_reconnection_time),
	        cmocka_unit_test(test_a_retry_of_anything_else_is_ignored),
	        cmocka_unit_test(test_a_line_of_the_greatest_size_is_read_and_one_more_byte_is_not),
	        cmocka_unit_test(test_a_line_without_end_is_too_large),
	        cmocka_unit_test(test_data_of_many_lines_has_a_greatest_size),
	        cmocka_unit_test(test_many_short_lines_in_one_input_are_read_in_linear_time),
	        cmocka_unit_test(test_no_memory_is_reported_wherever_it_happens),
	        cmocka_unit_test(test_an_event_is_its_id_its_data_and_an_empty_line),
	        cmocka_unit_test(test_each_line_of_a_message_is_a_data_line),
	        cmocka_unit_test(test_a_binary_message_is_base64),
	        cmocka_unit_test(test_what_is_written_is_read_back),
	        cmocka_unit_test(test_missed_messages_are_an_event_of_their_own_type),
	        cmocka_unit_test(test_a_request_without_cursor_has_no_last_event_id),
	        cmocka_unit_test(test_a_request_with_cursor_has_last_event_id),
	};

	return cmocka_run_group_tests_name("sse/wire", tests, NULL, NULL);
}
