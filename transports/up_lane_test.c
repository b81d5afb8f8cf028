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

static void append(struct up_lane *lane)
{
	struct bytes out = {0};

	up_lane_append(lane, &config, "x", 1, false, &out);
	assert_false(out.failed);
	bytes_free(&out);
}

/* Size 0 is a close. */
static enum client_status input(struct up_lane *lane, const char *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);
	enum client_status status = up_lane_input(lane, guard.data, guard.size);

	feed_guard_close(&guard);
	return status;
}

/* After so many requests the text, a piece at a time; the status of the last one. */
static void assert_pieces(unsigned requests, const char *text, enum client_status expected,
                          const char *why, size_t first, size_t step)
{
	struct up_lane lane = {0};
	enum client_status status = CLIENT_OK;
	size_t size = strlen(text);

	for (unsigned i = 0; i < requests; i++)
		append(&lane);
	for (size_t at = 0, piece = first; at < size && status == CLIENT_OK; piece = step) {
		piece = piece < size - at ? piece : size - at;
		status = input(&lane, text + at, piece);
		at += piece;
	}
	assert_int_equal(status, expected);
	assert_string_equal(lane.why, why);
	up_lane_free(&lane);
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

static void test_answers_to_several_requests_may_come_at_once(void **state)
{
	(void)state;
	assert_answered(3, ANSWER ANSWER ANSWER, CLIENT_OK, "");
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

static void test_a_server_that_closes_after_the_last_answer_is_connected_anew(void **state)
{
	(void)state;
	assert_answered(1, CLOSING, CLIENT_RECONNECT, "");
	assert_answered(2, ANSWER CLOSING, CLIENT_RECONNECT, "");
}

static void test_a_server_that_closes_before_the_last_answer_fails(void **state)
{
	(void)state;
	assert_answered(2, CLOSING, CLIENT_FAILED,
	                "the server closes before it has answered all that was sent");
}

static void test_a_close_with_nothing_outstanding_is_in_good_order(void **state)
{
	struct up_lane lane = {0};

	(void)state;
	append(&lane);
	assert_int_equal(input(&lane, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_int_equal(input(&lane, "", 0), CLIENT_RECONNECT);
	up_lane_free(&lane);
}

static void test_a_close_instead_of_an_answer_fails(void **state)
{
	struct up_lane lane = {0};

	(void)state;
	append(&lane);
	assert_int_equal(input(&lane, "", 0), CLIENT_FAILED);
	assert_string_equal(lane.why, "the server closed before it answered");
	up_lane_free(&lane);
}

static void test_a_close_inside_an_answer_fails(void **state)
{
	struct up_lane lane = {0};

	(void)state;
	append(&lane);
	assert_int_equal(input(&lane, ANSWER, strlen(ANSWER) - 1), CLIENT_OK);
	assert_int_equal(input(&lane, "", 0), CLIENT_FAILED);
	assert_string_equal(lane.why, "the connection was closed inside a response");
	up_lane_free(&lane);
}

static void test_a_close_may_end_the_last_answer(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n\r\n{\"id\":1}";
	struct up_lane lane = {0};

	(void)state;
	append(&lane);
	assert_int_equal(input(&lane, answer, strlen(answer)), CLIENT_OK);
	assert_int_equal(input(&lane, "", 0), CLIENT_RECONNECT);
	up_lane_free(&lane);
}

static void test_a_new_connection_forgets_what_the_old_one_left(void **state)
{
	struct up_lane lane = {0};

	(void)state;
	append(&lane);
	append(&lane);
	assert_int_equal(input(&lane, ANSWER, 5), CLIENT_OK);
	up_lane_connected(&lane);
	append(&lane);
	assert_int_equal(input(&lane, ANSWER, strlen(ANSWER)), CLIENT_OK);
	assert_int_equal(input(&lane, "", 0), CLIENT_RECONNECT);
	up_lane_free(&lane);
}

static void test_no_memory_for_a_request_is_said(void **state)
{
	struct up_lane lane = {0};
	struct bytes out = {0};

	(void)state;
	feed_fail_at = 1;
	up_lane_append(&lane, &config, "x", 1, false, &out);
	assert_int_equal(feed_fail_at, 0);
	assert_true(out.failed);
	assert_string_equal(lane.why, "out of memory");
	bytes_free(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text_is_posted_as_text),
	        cmocka_unit_test(test_bytes_are_posted_as_bytes),
	        cmocka_unit_test(test_nothing_can_be_posted),
	        cmocka_unit_test(test_an_answer_is_read),
	        cmocka_unit_test(test_answers_to_several_requests_may_come_at_once),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_what_is_not_http_fails),
	        cmocka_unit_test(test_an_answer_more_than_requests_fails),
	        cmocka_unit_test(test_a_server_that_closes_after_the_last_answer_is_connected_anew),
	        cmocka_unit_test(test_a_server_that_closes_before_the_last_answer_fails),
	        cmocka_unit_test(test_a_close_with_nothing_outstanding_is_in_good_order),
	        cmocka_unit_test(test_a_close_instead_of_an_answer_fails),
	        cmocka_unit_test(test_a_close_inside_an_answer_fails),
	        cmocka_unit_test(test_a_close_may_end_the_last_answer),
	        cmocka_unit_test(test_a_new_connection_forgets_what_the_old_one_left),
	        cmocka_unit_test(test_no_memory_for_a_request_is_said),
	};

	return cmocka_run_group_tests_name("up_lane", tests, NULL, NULL);
}
