#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../client_script.h"
#include "../matrix.h"

#define REQUEST       "GET /sse?topic=t HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n"
#define ASK           "> " REQUEST "\r\n\n"
#define ASK_SINCE(id) "> " REQUEST "Last-Event-ID: " #id "\r\n\r\n\n"
#define HEAD          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define EVENT(id)     "id: " #id "\ndata: " SCRIPT_MESSAGE(id) "\n\n"
#define GOT(id)       SCRIPT_GOT(id) "response 1\n"

static const struct client_config config = {SCRIPT_CONFIG};
static const struct client_config since_3 = {.host = "h", .topic = "t", .since = 3};

/* What a stream of that content amounts to. */
static void assert_stream(const char *const *texts, const char *expected)
{
	script_expect_play(&sse_client, &config, texts, expected);
}

static void test_every_event_is_a_message(void **state)
{
	static const char *const texts[] = {HEAD EVENT(1) EVENT(2), EVENT(3), NULL};

	(void)state;
	assert_stream(texts, ASK "ready\n" GOT(1) GOT(2) GOT(3));
}

static void test_a_stream_may_be_chunked_anywhere(void **state)
{
	static const char *const texts[] = {
	        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	        "Transfer-Encoding: chunked\r\n\r\n"
	        "1\r\ni\r\n3f\r\nd: 1\ndata: " SCRIPT_MESSAGE(1) "\n\n\r\n0\r\n\r\n",
	        NULL};

	(void)state;
	assert_stream(texts, ASK "ready\n" GOT(1) "reconnect\n");
}

static void test_heartbeats_and_events_of_other_types_are_passed_over(void **state)
{
	static const char *const texts[] = {HEAD ":\n\nevent: news\ndata: x\n\n" EVENT(1), NULL};

	(void)state;
	assert_stream(texts, ASK "ready\n" GOT(1));
}

static void test_a_known_cursor_is_the_last_event_id(void **state)
{
	static const char *const texts[] = {HEAD, NULL};

	(void)state;
	script_expect_play(&sse_client, &since_3, texts, ASK_SINCE(3) "ready\n");
}

static void test_missed_messages_are_told(void **state)
{
	static const char *const texts[] = {HEAD "event: missed\ndata: 4\n\n" EVENT(5), NULL};

	(void)state;
	assert_stream(texts, ASK "ready\nmissed 4\n" GOT(5));
}

static void test_missed_messages_without_number_fail(void **state)
{
	static const char *const texts[] = {HEAD "event: missed\ndata: few\n\n", NULL};

	(void)state;
	assert_stream(texts, ASK "ready\nfailed: the data of a missed event is not a number\n");
}

static void test_binary_messages_come_as_base64(void **state)
{
	static const char *const texts[] = {HEAD "data: AAAAAAAAAAUAAAAAAAAAB/8=\n\n"
	                                         "data: AAAAAAAAAAYAAAAAAAAAB/8K\n\n",
	                                    NULL};
	struct client_config binary = config;

	(void)state;
	binary.format = MESSAGE_BINARY;
	script_expect_play(&sse_client, &binary, texts,
	                   ASK "ready\nmessage 5 7 \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x05"
	                       "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x07\\xff\nresponse 1\n"
	                       "message 6 7 \\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x06"
	                       "\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x07\\xff\\x0a\nresponse 1\n");
}

static void test_lean_messages_have_no_instant(void **state)
{
	static const char *const texts[] = {HEAD "data:          5abc\n\n", NULL};
	struct client_config lean = config;

	(void)state;
	lean.format = MESSAGE_LEAN;
	script_expect_play(&sse_client, &lean, texts,
	                   ASK "ready\nmessage 5 0          5abc\nresponse 1\n");
}

static void test_a_message_of_another_format_fails(void **state)
{
	static const char *const contents[] = {"data: {}\n\n", "data\n\n", "data: hello\n\n"};

	(void)state;
	for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
		const char *texts[] = {HEAD, contents[i], NULL};

		assert_stream(texts, ASK "ready\nfailed: a message is not of the format json\n");
	}
}

static void test_the_content_type_is_compared_without_case_and_parameters(void **state)
{
	static const char *const heads[] = {
	        "HTTP/1.1 200 OK\r\ncontent-type: Text/Event-Stream\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream \t; a=b\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const char *texts[] = {heads[i], EVENT(1), NULL};

		assert_stream(texts, ASK "ready\n" GOT(1));
	}
}

static void test_another_content_type_fails(void **state)
{
	static const char *const heads[] = {
	        "HTTP/1.1 200 OK\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type:\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream x\r\n\r\n",
	        "HTTP/1.1 200 OK\r\nContent-Type: text/html; text/event-stream\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		const char *texts[] = {heads[i], NULL};

		assert_stream(texts,
		              ASK "failed: the server's Content-Type is not text/event-stream\n");
	}
}

static void test_another_status_fails(void **state)
{
	static const char *const refused[] = {"HTTP/1.1 204 No Content\r\n\r\n", NULL};
	static const char *const missing[] = {
	        "HTTP/1.1 404 Not Found\r\nContent-Type: text/event-stream\r\n\r\n", NULL};

	(void)state;
	assert_stream(refused, ASK "failed: the server answered 204\n");
	assert_stream(missing, ASK "failed: the server answered 404\n");
}

static void test_what_is_not_http_fails(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 abc\r\n\r\n", NULL};

	(void)state;
	assert_stream(texts, ASK "failed: the status line is malformed\n");
}

static void test_a_stream_that_ends_is_asked_for_again_from_its_cursor(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &sse_client, &config);
	script_connected(&script, LANE_DOWN, 0);
	assert_true(sse_client.cursor(script.state) == CLIENT_NO_CURSOR);
	script_text(&script, LANE_DOWN, HEAD EVENT(4) "id: 5\ndata: cut");
	assert_int_equal(sse_client.cursor(script.state), 4);
	script_text(&script, LANE_DOWN, "");
	script_expect(&script, ASK "ready\n" GOT(4) "reconnect\n");
	script_connected(&script, LANE_DOWN, 0);
	script_text(&script, LANE_DOWN, HEAD "\n" EVENT(5));
	script_expect(&script, ASK_SINCE(4) "ready\n" GOT(5));
	script_close(&script);
}

static void test_a_stream_that_is_cut_off_is_asked_for_again(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	                                    "Transfer-Encoding: chunked\r\n\r\nff\r\n",
	                                    "", NULL};

	(void)state;
	assert_stream(texts, ASK "ready\nreconnect\n");
}

static void test_a_close_before_the_answer_asks_to_reconnect(void **state)
{
	static const char *const texts[] = {"", NULL};

	(void)state;
	assert_stream(texts, ASK "reconnect\n");
}

static void test_a_close_inside_the_head_asks_to_reconnect(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 200 OK\r\n", "", NULL};

	(void)state;
	assert_stream(texts, ASK "reconnect\n");
}

static void test_an_event_that_is_too_large_fails(void **state)
{
	struct script script;
	char piece[65536];
	size_t sent = 0;

	(void)state;
	memset(piece, 'x', sizeof piece);
	script_open(&script, &sse_client, &config);
	script_connected(&script, LANE_DOWN, 0);
	script_text(&script, LANE_DOWN, HEAD);
	for (; sent < CLIENT_MESSAGE_MAX_BYTES; sent += sizeof piece)
		script_bytes(&script, LANE_DOWN, piece, sizeof piece);
	script_expect(&script, ASK "ready\n");
	script_bytes(&script, LANE_DOWN, piece, 1);
	script_expect(&script, "failed: an event is too large\n");
	script_close(&script);
}

static void test_sending_is_a_post_on_the_other_lane(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &sse_client, &config);
	script_connected(&script, LANE_UP, 0);
	script_send(&script, "hello", false);
	script_expect(&script, "> POST /publish?topic=t HTTP/1.1\r\nHost: h\r\n"
	                       "Content-Type: text/plain;charset=utf-8\r\n"
	                       "Content-Length: 5\r\n\r\nhello\n");
	script_text(&script, LANE_UP, SCRIPT_HEAD(8) "{\"id\":1}");
	script_text(&script, LANE_UP, "");
	script_expect(&script, "reconnect\n");
	script_close(&script);
}

static void test_a_refused_post_fails(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &sse_client, &config);
	script_connected(&script, LANE_UP, 0);
	script_send(&script, "a", true);
	script_text(&script, LANE_UP, "HTTP/1.1 413 Content Too Large\r\n\r\n");
	script_expect(&script, "> POST /publish?topic=t HTTP/1.1\r\nHost: h\r\n"
	                       "Content-Type: application/octet-stream\r\n"
	                       "Content-Length: 1\r\n\r\na\nfailed: the server answered 413\n");
	script_close(&script);
}

static void test_no_memory_is_reported_wherever_it_happens(void **state)
{
	static const char *const texts[] = {HEAD "event: message\n" EVENT(1) EVENT(2), NULL};
	static const char *const binary_texts[] = {HEAD "data: AAAAAAAAAAUAAAAAAAAAB/8=\n\n", NULL};
	struct client_config binary = config;

	(void)state;
	binary.format = MESSAGE_BINARY;
	script_expect_no_memory(&sse_client, &config, texts);
	script_expect_no_memory(&sse_client, &binary, binary_texts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_event_is_a_message),
	        cmocka_unit_test(test_a_stream_may_be_chunked_anywhere),
	        cmocka_unit_test(test_heartbeats_and_events_of_other_types_are_passed_over),
	        cmocka_unit_test(test_a_known_cursor_is_the_last_event_id),
	        cmocka_unit_test(test_missed_messages_are_told),
	        cmocka_unit_test(test_missed_messages_without_number_fail),
	        cmocka_unit_test(test_binary_messages_come_as_base64),
	        cmocka_unit_test(test_lean_messages_have_no_instant),
	        cmocka_unit_test(test_a_message_of_another_format_fails),
	        cmocka_unit_test(test_the_content_type_is_compared_without_case_and_parameters),
	        cmocka_unit_test(test_another_content_type_fails),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_what_is_not_http_fails),
	        cmocka_unit_test(test_a_stream_that_ends_is_asked_for_again_from_its_cursor),
	        cmocka_unit_test(test_a_stream_that_is_cut_off_is_asked_for_again),
	        cmocka_unit_test(test_a_close_before_the_answer_asks_to_reconnect),
	        cmocka_unit_test(test_a_close_inside_the_head_asks_to_reconnect),
	        cmocka_unit_test(test_an_event_that_is_too_large_fails),
	        cmocka_unit_test(test_sending_is_a_post_on_the_other_lane),
	        cmocka_unit_test(test_a_refused_post_fails),
	        cmocka_unit_test(test_no_memory_is_reported_wherever_it_happens),
	};

	return cmocka_run_group_tests_name("sse/client", tests, NULL, NULL);
}
