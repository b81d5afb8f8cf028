#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"
#include "up_lane.h"

#define ANSWER  "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"id\":1}"
#define CLOSING "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n{\"id\":1}"

static const struct client_config config = {.host = "h:1", .topic = "news"};

#define POST(text)                                                                                 \
	"POST /publish?topic=news HTTP/1.1\r\nHost: h:1\r\n"                                       \
	"Content-Type: text/plain;charset=utf-8\r\nContent-Length: 1\r\n\r\n" text

/* A lane and all that it has sent. */
struct conversation {
	struct up_lane lane;
	struct bytes out;
	enum client_status status;
};

static void end(struct conversation *conversation)
{
	up_lane_free(&conversation->lane);
	bytes_free(&conversation->out);
}

static void append(struct conversation *conversation, const char *letter)
{
	up_lane_append(&conversation->lane, &config, letter, 1, false, &conversation->out);
	assert_false(conversation->out.failed);
}

/* Size 0 is a close. */
static enum client_status input(struct conversation *conversation, const char *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);

	conversation->status =
	        up_lane_input(&conversation->lane, guard.data, guard.size, &conversation->out);
	feed_guard_close(&guard);
	return conversation->status;
}

/* What was sent since the last call. */
static void assert_sent(struct conversation *conversation, const char *expected)
{
	bytes_append(&conversation->out, "", 1);
	assert_string_equal((const char *)bytes_data(&conversation->out), expected);
	bytes_clear(&conversation->out);
}

/* After so many requests the text, a piece at a time; the status of the last one. */
static void assert_pieces(unsigned requests, const char *text, enum client_status expected,
                          const char *why, size_t first, size_t step)
{
	struct conversation conversation = {.status = CLIENT_OK};
	size_t size = strlen(text);

	for (unsigned i = 0; i < requests; i++)
		append(&conversation, "x");
	for (size_t at = 0, piece = first; at < size && conversation.status == CLIENT_OK;
	     piece = step) {
		piece = piece < size - at ? piece : size - at;
		input(&conversation, text + at, piece);
		at += piece;
	}
	assert_int_equal(conversation.status, expected);
	assert_string_equal(conversation.lane.why, why);
	end(&conversation);
}

static void assert_answered(unsigned requests, const char *text, enum client_status expected,
                            const char *why)
{
	assert_pieces(requests, text, expected, why, 1, 1);
	for (size_t first = 1; first <= strlen(text); first++)
		assert_pieces(requests, text, expected, why, first, strlen(text));
}

static void assert_request(const void *data, size_t size, bool binary, const char *expected)
{
	struct up_lane lane = {0};
	struct bytes out = {0};

	up_lane_append(&lane, &config, data, size, binary, &out);
	bytes_append(&out, "", 1);
	assert_false(out.failed);
	assert_string_equal((const char *)bytes_data(&out), expected);
	bytes_free(&out);
}

static void test_text_is_posted_as_text(void **state)
{
	(void)state;
	assert_request("hello", 5, false,
	               "POST /publish?topic=news HTTP/1.1\r\nHost: h:1\r\n"
	               "Content-Type: text/plain;charset=utf-8\r\nContent-Length: 5\r\n\r\nhello");
}

static void test_bytes_are_posted_as_bytes(void **state)
{
	(void)state;
	assert_request("ab", 2, true,
	               "POST /publish?topic=news HTTP/1.1\r\nHost: h:1\r\n"
	               "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\nab");
}

static void test_nothing_can_be_posted(void **state)
{
	(void)state;
	assert_request("", 0, false,
	               "POST /publish?topic=news HTTP/1.1\r\nHost: h:1\r\n"
	               "Content-Type: text/plain;charset=utf-8\r\nContent-Length: 0\r\n\r\n");
}

static void test_an_answer_is_read(void **state)
{
	(void)state;
	assert_answered(1, ANSWER, CLIENT_OK, "");
}

static void test_a_request_waits_for_the_answer_to_the_one_before(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "a");
	append(&conversation, "b");
	append(&conversation, "c");
	assert_sent(&conversation, POST("a"));
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER) - 1), CLIENT_OK);
	assert_sent(&conversation, "");
	assert_int_equal(input(&conversation, "}", 1), CLIENT_OK);
	assert_sent(&conversation, POST("b"));
	append(&conversation, "d");
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_sent(&conversation, POST("c") POST("d"));
	end(&conversation);
}

static void test_another_status_fails(void **state)
{
	(void)state;
	assert_answered(1, "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
	                CLIENT_FAILED, "the server answered 429");
	assert_answered(1, "HTTP/1.1 204 No Content\r\n\r\n", CLIENT_FAILED,
	                "the server answered 204");
}

static void test_what_is_not_http_fails(void **state)
{
	(void)state;
	assert_answered(1, "HTTP/1.1 abc\r\n\r\n", CLIENT_FAILED, "the status line is malformed");
}

static void test_an_answer_more_than_requests_fails(void **state)
{
	(void)state;
	assert_answered(0, ANSWER, CLIENT_FAILED, "the server answered what nobody had asked");
	assert_answered(1, ANSWER ANSWER, CLIENT_FAILED,
	                "the server answered what nobody had asked");
}

/* The second request left only with the end of the first answer. */
static void test_an_answer_to_what_was_not_yet_sent_fails(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "a");
	append(&conversation, "b");
	assert_int_equal(input(&conversation, ANSWER ANSWER, 2 * strlen(ANSWER)), CLIENT_FAILED);
	assert_string_equal(conversation.lane.why, "the server answered what nobody had asked");
	end(&conversation);
}

static void test_a_server_that_closes_after_the_answer_is_connected_anew(void **state)
{
	(void)state;
	assert_answered(1, CLOSING, CLIENT_RECONNECT, "");
}

static void test_what_waits_when_the_server_closes_goes_out_on_the_next_connection(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "a");
	append(&conversation, "b");
	append(&conversation, "c");
	assert_int_equal(input(&conversation, CLOSING, strlen(CLOSING)), CLIENT_RECONNECT);
	assert_sent(&conversation, POST("a"));
	assert_int_equal(up_lane_connected(&conversation.lane, &conversation.out), CLIENT_OK);
	assert_sent(&conversation, POST("b"));
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_sent(&conversation, POST("c"));
	end(&conversation);
}

static void test_a_close_with_nothing_outstanding_is_in_good_order(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "x");
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_int_equal(input(&conversation, "", 0), CLIENT_RECONNECT);
	end(&conversation);
}

static void test_a_close_instead_of_an_answer_fails(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "x");
	assert_int_equal(input(&conversation, "", 0), CLIENT_FAILED);
	assert_string_equal(conversation.lane.why, "the server closed before it answered");
	end(&conversation);
}

static void test_a_close_inside_an_answer_fails(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "x");
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER) - 1), CLIENT_OK);
	assert_int_equal(input(&conversation, "", 0), CLIENT_FAILED);
	assert_string_equal(conversation.lane.why, "the server closed before it answered");
	end(&conversation);
}

static void test_a_close_may_end_the_answer(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n{\"id\":1}";
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "x");
	assert_int_equal(input(&conversation, answer, strlen(answer)), CLIENT_OK);
	assert_int_equal(input(&conversation, "", 0), CLIENT_RECONNECT);
	end(&conversation);
}

static void test_a_new_connection_forgets_the_request_that_has_no_answer(void **state)
{
	struct conversation conversation = {.status = CLIENT_OK};

	(void)state;
	append(&conversation, "a");
	assert_int_equal(input(&conversation, ANSWER, 5), CLIENT_OK);
	assert_int_equal(up_lane_connected(&conversation.lane, &conversation.out), CLIENT_OK);
	append(&conversation, "b");
	assert_sent(&conversation, POST("a") POST("b"));
	assert_int_equal(input(&conversation, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_int_equal(input(&conversation, "", 0), CLIENT_RECONNECT);
	end(&conversation);
}

/* Two requests, of which the second waits, and the answer to the first. */
static enum client_status say_two(struct conversation *conversation)
{
	up_lane_append(&conversation->lane, &config, "a", 1, false, &conversation->out);
	if (!conversation->out.failed)
		up_lane_append(&conversation->lane, &config, "b", 1, false, &conversation->out);
	return conversation->out.failed ? CLIENT_FAILED
	                                : input(conversation, ANSWER, strlen(ANSWER));
}

static void test_no_memory_is_said_wherever_it_happens(void **state)
{
	bool failed = true;

	(void)state;
	for (long fail_at = 1; failed; fail_at++) {
		struct conversation conversation = {.status = CLIENT_OK};
		enum client_status status;

		feed_fail_at = fail_at;
		status = say_two(&conversation);
		failed = feed_fail_at == 0;
		feed_fail_at = 0;
		assert_int_equal(status == CLIENT_FAILED, failed);
		assert_string_equal(conversation.lane.why, failed ? "out of memory" : "");
		end(&conversation);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text_is_posted_as_text),
	        cmocka_unit_test(test_bytes_are_posted_as_bytes),
	        cmocka_unit_test(test_nothing_can_be_posted),
	        cmocka_unit_test(test_an_answer_is_read),
	        cmocka_unit_test(test_a_request_waits_for_the_answer_to_the_one_before),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_what_is_not_http_fails),
	        cmocka_unit_test(test_an_answer_more_than_requests_fails),
	        cmocka_unit_test(test_an_answer_to_what_was_not_yet_sent_fails),
	        cmocka_unit_test(test_a_server_that_closes_after_the_answer_is_connected_anew),
	        cmocka_unit_test(
	                test_what_waits_when_the_server_closes_goes_out_on_the_next_connection),
	        cmocka_unit_test(test_a_close_with_nothing_outstanding_is_in_good_order),
	        cmocka_unit_test(test_a_close_instead_of_an_answer_fails),
	        cmocka_unit_test(test_a_close_inside_an_answer_fails),
	        cmocka_unit_test(test_a_close_may_end_the_answer),
	        cmocka_unit_test(test_a_new_connection_forgets_the_request_that_has_no_answer),
	        cmocka_unit_test(test_no_memory_is_said_wherever_it_happens),
	};

	return cmocka_run_group_tests_name("up_lane", tests, NULL, NULL);
}
