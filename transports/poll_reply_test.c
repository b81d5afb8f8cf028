#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base64.h"
#include "client_script.h"
#include "poll_reply.h"

/* A whole binary message: id 5, t 7, and the bytes ff 0a. */
static const uint8_t binary_message[] = {0, 0, 0, 0, 0, 0, 0, 5,    0,
                                         0, 0, 0, 0, 0, 0, 7, 0xff, '\n'};
#define BINARY_TEXT "AAAAAAAAAAUAAAAAAAAAB/8K"

/* Reads a piece and notes what it amounts to; size 0 is a close. False where nothing more is to
 * be read. */
static bool feed(struct poll_reply *reply, struct script *script, const char *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);
	struct span input = {guard.data, guard.size};
	enum poll_reply_event event =
	        size > 0 ? poll_reply_next(reply, &input, &script_events, script)
	                 : poll_reply_closed(reply, &script_events, script);

	if (event == POLL_REPLY_MORE)
		assert_int_equal(input.size, 0);
	if (event == POLL_REPLY_END)
		SCRIPT_NOTE(script, "end");
	if (event == POLL_REPLY_CLOSES)
		SCRIPT_NOTE(script, "closes");
	if (event == POLL_REPLY_FAILED)
		SCRIPT_NOTE(script, "failed: %s", poll_reply_why(reply));
	feed_guard_close(&guard);
	return event == POLL_REPLY_MORE;
}

static void assert_pieces(struct poll_reply reply, const char *text, const char *expected,
                          size_t first, size_t step)
{
	size_t size = strlen(text), at = 0;
	struct script script = {0};
	bool more = true;

	for (size_t piece = first; more && at < size; piece = step) {
		piece = piece < size - at ? piece : size - at;
		more = feed(&reply, &script, text + at, piece);
		at += piece;
	}
	if (more)
		feed(&reply, &script, "", 0);
	SCRIPT_NOTE(&script, " at %" PRId64, (int64_t)reply.cursor);
	script_expect(&script, expected);
	bytes_free(&script.log);
	poll_reply_reset(&reply);
}

/* Whole, a byte at a time, and cut in two anywhere; closed where that does not end it. */
static void assert_reply(enum message_format format, uint64_t cursor, const char *text,
                         const char *expected)
{
	struct poll_reply reply = {.format = format, .cursor = cursor};

	assert_pieces(reply, text, expected, 1, 1);
	for (size_t first = 1; first <= strlen(text); first++)
		assert_pieces(reply, text, expected, first, strlen(text));
}

static void test_a_204_is_an_empty_reply(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 3, SCRIPT_EMPTY, "response 0\nend at 3");
}

static void test_a_204_names_the_cursor_of_who_has_none(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, CLIENT_NO_CURSOR, SCRIPT_CURSOR(0), "response 0\nend at 0");
}

static void test_a_204_names_the_cursor_after_a_restart_too(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 9, SCRIPT_CURSOR(3), "response 0\nend at 3");
}

static void test_a_204_that_names_no_cursor_to_who_has_none_fails(void **state)
{
	static const char expected[] =
	        "failed: the server's 204 has no number in X-Pushlab-Cursor at -1";

	(void)state;
	assert_reply(MESSAGE_JSON, CLIENT_NO_CURSOR, SCRIPT_EMPTY, expected);
	assert_reply(MESSAGE_JSON, CLIENT_NO_CURSOR, SCRIPT_CURSOR(x), expected);
}

static void test_the_last_message_is_the_cursor(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, CLIENT_NO_CURSOR, SCRIPT_TWO(4, 5),
	             SCRIPT_GOT(4) SCRIPT_GOT(5) "response 2\nend at 5");
}

static void test_messages_may_be_cut_by_chunks(void **state)
{
	(void)state;
	assert_reply(MESSAGE_LEAN, 0,
	             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	             "5\r\n     \r\n7\r\n    1x\n\r\na\r\n         2\r\n1\r\n\n\r\n0\r\n\r\n",
	             "message 1 0          1x\nmessage 2 0          2\nresponse 2\nend at 2");
}

static void test_binary_messages_come_as_base64(void **state)
{
	struct bytes text = {0};

	(void)state;
	assert_int_equal(base64_append(&text, binary_message, sizeof binary_message), 0);
	assert_memory_equal(bytes_data(&text), BINARY_TEXT, sizeof BINARY_TEXT - 1);
	bytes_free(&text);
	assert_reply(MESSAGE_BINARY, 0, SCRIPT_HEAD(50) BINARY_TEXT "\n" BINARY_TEXT "\n",
	             "message 5 7 \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x05"
	             "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x07\\xff\\x0a\n"
	             "message 5 7 \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x05"
	             "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x07\\xff\\x0a\nresponse 2\nend at 5");
}

static void test_a_message_of_another_format_fails(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, SCRIPT_HEAD(3) "{}\n",
	             "failed: a message is not of the format json at 0");
	assert_reply(MESSAGE_BINARY, 0, SCRIPT_HEAD(5) "AAAA\n",
	             "failed: a message is not of the format binary at 0");
	assert_reply(MESSAGE_BINARY, 0, SCRIPT_HEAD(4) "A.=\n",
	             "failed: a message is not of the format binary at 0");
	assert_reply(MESSAGE_BINARY, 0, SCRIPT_HEAD(1) "\n",
	             "failed: a message is not of the format binary at 0");
}

static void test_missed_messages_are_told_before_those_that_are_left(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0,
	             "HTTP/1.1 200 OK\r\nX-Pushlab-Missed: 8\r\nContent-Length: 51\r\n\r\n" //
	             SCRIPT_MESSAGE(9) "\n",
	             "missed 8\n" SCRIPT_GOT(9) "response 1\nend at 9");
}

static void test_missed_messages_without_number_fail(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 204 No Content\r\nX-Pushlab-Missed: -1\r\n\r\n",
	             "failed: X-Pushlab-Missed is not a number at 0");
}

static void test_another_status_fails(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
	             "failed: the server answered 404 at 0");
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
	             "failed: the server answered 201 at 0");
}

static void test_a_200_without_message_fails(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, SCRIPT_HEAD(0),
	             "failed: the server answered 200 without a message at 0");
}

static void test_a_message_without_line_end_fails(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, SCRIPT_HEAD(50) SCRIPT_MESSAGE(1),
	             "failed: the last message has no line end at 0");
	assert_reply(MESSAGE_JSON, 0, SCRIPT_HEAD(52) SCRIPT_MESSAGE(1) "\n{",
	             SCRIPT_GOT(1) "failed: the last message has no line end at 1");
}

static void test_a_reply_after_which_the_server_closes_says_so(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 3, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
	             "response 0\ncloses at 3");
}

static void test_a_close_may_end_a_reply(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 200 OK\r\n\r\n" SCRIPT_MESSAGE(1) "\n",
	             SCRIPT_GOT(1) "response 1\nend at 1");
}

static void test_a_reply_cut_short_keeps_its_whole_messages(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, SCRIPT_HEAD(52) SCRIPT_MESSAGE(1) "\n",
	             SCRIPT_GOT(1) " at 1");
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 200 OK\r\n", " at 0");
}

static void test_a_reply_that_ends_with_the_connection_may_be_cut_short_too(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 200 OK\r\n\r\n" SCRIPT_MESSAGE(1) "\n{",
	             SCRIPT_GOT(1) " at 1");
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 200 OK\r\n\r\n", " at 0");
}

static void test_a_close_between_replies_is_none(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 3, "", " at 3");
}

static void test_what_is_not_http_fails(void **state)
{
	(void)state;
	assert_reply(MESSAGE_JSON, 0, "HTTP/1.1 abc\r\n\r\n",
	             "failed: the status line is malformed at 0");
}

/* How much of the second reply is there when the first ends depends on where it is cut. */
static void test_bytes_behind_a_reply_fail(void **state)
{
	struct poll_reply reply = {.cursor = 3};

	(void)state;
	assert_pieces(reply, SCRIPT_EMPTY SCRIPT_EMPTY,
	              "failed: the server sent more than it was asked for at 3",
	              2 * strlen(SCRIPT_EMPTY), 1);
	assert_pieces(reply, SCRIPT_EMPTY "\n",
	              "failed: the server sent more than it was asked for at 3",
	              strlen(SCRIPT_EMPTY) + 1, 1);
}

static void test_a_message_that_is_too_large_fails(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct poll_reply reply = {.cursor = 0};
	struct script script = {0};
	char piece[65536];
	size_t sent = 0;

	(void)state;
	memset(piece, 'x', sizeof piece);
	assert_true(feed(&reply, &script, head, strlen(head)));
	for (; sent < CLIENT_MESSAGE_MAX_BYTES; sent += sizeof piece)
		assert_true(feed(&reply, &script, piece, sizeof piece));
	assert_false(feed(&reply, &script, piece, 1));
	script_expect(&script, "failed: a message is too large");
	bytes_free(&script.log);
	poll_reply_reset(&reply);
}

static void test_a_reset_keeps_format_and_cursor(void **state)
{
	struct poll_reply reply = {.format = MESSAGE_LEAN, .cursor = 3};
	struct script script = {0};

	(void)state;
	assert_true(feed(&reply, &script, SCRIPT_HEAD(22) "         4\n    ",
	                 strlen(SCRIPT_HEAD(22)) + 15));
	poll_reply_reset(&reply);
	assert_int_equal(reply.cursor, 4);
	assert_false(feed(&reply, &script, SCRIPT_HEAD(11) "         5\n",
	                  strlen(SCRIPT_HEAD(11)) + 11));
	script_expect(&script, "message 4 0          4\nmessage 5 0          5\nresponse 1\nend");
	bytes_free(&script.log);
	poll_reply_reset(&reply);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_204_is_an_empty_reply),
	        cmocka_unit_test(test_a_204_names_the_cursor_of_who_has_none),
	        cmocka_unit_test(test_a_204_names_the_cursor_after_a_restart_too),
	        cmocka_unit_test(test_a_204_that_names_no_cursor_to_who_has_none_fails),
	        cmocka_unit_test(test_the_last_message_is_the_cursor),
	        cmocka_unit_test(test_messages_may_be_cut_by_chunks),
	        cmocka_unit_test(test_binary_messages_come_as_base64),
	        cmocka_unit_test(test_a_message_of_another_format_fails),
	        cmocka_unit_test(test_missed_messages_are_told_before_those_that_are_left),
	        cmocka_unit_test(test_missed_messages_without_number_fail),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_a_200_without_message_fails),
	        cmocka_unit_test(test_a_message_without_line_end_fails),
	        cmocka_unit_test(test_a_reply_after_which_the_server_closes_says_so),
	        cmocka_unit_test(test_a_close_may_end_a_reply),
	        cmocka_unit_test(test_a_reply_cut_short_keeps_its_whole_messages),
	        cmocka_unit_test(test_a_reply_that_ends_with_the_connection_may_be_cut_short_too),
	        cmocka_unit_test(test_a_close_between_replies_is_none),
	        cmocka_unit_test(test_what_is_not_http_fails),
	        cmocka_unit_test(test_bytes_behind_a_reply_fail),
	        cmocka_unit_test(test_a_message_that_is_too_large_fails),
	        cmocka_unit_test(test_a_reset_keeps_format_and_cursor),
	};

	return cmocka_run_group_tests_name("poll_reply", tests, NULL, NULL);
}
