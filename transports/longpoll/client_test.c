#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../client_script.h"
#include "../matrix.h"

#define ASK           "> GET /longpoll?topic=t&hold=0 HTTP/1.1\r\nHost: h\r\n\r\n\n"
#define ASK_SINCE(id) "> GET /longpoll?topic=t&since=" #id " HTTP/1.1\r\nHost: h\r\n\r\n\n"
#define CLOSING       "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

static const struct client_config config = {SCRIPT_CONFIG};
static const struct client_config since_3 = {.host = "h", .topic = "t", .since = 3};

static void test_the_first_reply_tells_the_cursor_and_is_when_it_is_ready(void **state)
{
	static const char *const texts[] = {SCRIPT_CURSOR(0), SCRIPT_REPLY(1), SCRIPT_EMPTY,
	                                    SCRIPT_TWO(2, 3), NULL};

	(void)state;
	script_expect_play(&longpoll_client, &config, texts,
	                   ASK "response 0\nready\n" ASK_SINCE(0)    //
	                   SCRIPT_GOT(1) "response 1\n" ASK_SINCE(1) //
	                   "response 0\n" ASK_SINCE(1)               //
	                   SCRIPT_GOT(2) SCRIPT_GOT(3) "response 2\n" ASK_SINCE(3));
}

static void test_with_a_known_cursor_it_is_ready_when_connected(void **state)
{
	static const char *const texts[] = {SCRIPT_REPLY(4), NULL};

	(void)state;
	script_expect_play(&longpoll_client, &since_3, texts,
	                   "ready\n" ASK_SINCE(3) SCRIPT_GOT(4) "response 1\n" ASK_SINCE(4));
}

static void test_the_cursor_is_unknown_until_it_is_told(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &longpoll_client, &config);
	script_connected(&script, LANE_DOWN, 0);
	assert_true(longpoll_client.cursor(script.state) == CLIENT_NO_CURSOR);
	script_text(&script, LANE_DOWN, SCRIPT_CURSOR(3));
	assert_int_equal(longpoll_client.cursor(script.state), 3);
	script_close(&script);
}

static void test_one_message_per_response_is_asked_for_with_batch(void **state)
{
	static const char *const texts[] = {SCRIPT_CURSOR(3), NULL};
	struct client_config one = config;

	(void)state;
	one.one_per_response = true;
	script_expect_play(&longpoll_client, &one, texts,
	                   "> GET /longpoll?topic=t&hold=0&batch=1 HTTP/1.1\r\nHost: h\r\n\r\n\n"
	                   "response 0\nready\n"
	                   "> GET /longpoll?topic=t&since=3&batch=1 HTTP/1.1\r\nHost: h\r\n\r\n\n");
}

static void test_missed_messages_are_told(void **state)
{
	static const char *const texts[] = {
	        "HTTP/1.1 200 OK\r\nX-Pushlab-Missed: 4\r\nContent-Length: 51\r\n\r\n" //
	        SCRIPT_MESSAGE(8) "\n",
	        NULL};

	(void)state;
	script_expect_play(&longpoll_client, &since_3, texts,
	                   "ready\n" ASK_SINCE(3) "missed 4\n" //
	                   SCRIPT_GOT(8) "response 1\n" ASK_SINCE(8));
}

static void test_chunked_replies_are_read(void **state)
{
	static const char *const texts[] = {
	        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n" SCRIPT_MESSAGE(
	                4) "\n\r\n33\r\n" SCRIPT_MESSAGE(5) "\n\r\n0\r\n\r\n",
	        SCRIPT_EMPTY, NULL};

	(void)state;
	script_expect_play(&longpoll_client, &since_3, texts,
	                   "ready\n" ASK_SINCE(3) SCRIPT_GOT(4) SCRIPT_GOT(5) "response 2\n" //
	                   ASK_SINCE(5) "response 0\n" ASK_SINCE(5));
}

static void test_a_close_while_it_waits_asks_to_reconnect_and_resumes(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &longpoll_client, &config);
	script_connected(&script, LANE_DOWN, 0);
	script_text(&script, LANE_DOWN, SCRIPT_CURSOR(3));
	script_expect(&script, ASK "response 0\nready\n" ASK_SINCE(3));
	script_text(&script, LANE_DOWN, "");
	script_expect(&script, "reconnect\n");
	script_connected(&script, LANE_DOWN, 0);
	script_expect(&script, "ready\n" ASK_SINCE(3));
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4));
	script_expect(&script, SCRIPT_GOT(4) "response 1\n" ASK_SINCE(4));
	script_close(&script);
}

static void test_a_connection_the_server_will_close_is_left(void **state)
{
	static const char *const texts[] = {SCRIPT_CURSOR(3), CLOSING, NULL};

	(void)state;
	script_expect_play(&longpoll_client, &config, texts,
	                   ASK "response 0\nready\n" ASK_SINCE(3) "response 0\nreconnect\n");
}

static void test_a_reply_that_ends_with_the_connection_is_read(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 200 OK\r\n\r\n" SCRIPT_MESSAGE(1) "\n", "",
	                                    NULL};

	(void)state;
	script_expect_play(&longpoll_client, &config, texts,
	                   ASK SCRIPT_GOT(1) "response 1\nready\nreconnect\n");
}

static void test_a_new_connection_forgets_a_half_read_reply(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &longpoll_client, &since_3);
	script_connected(&script, LANE_DOWN, 0);
	script_bytes(&script, LANE_DOWN, SCRIPT_REPLY(4), sizeof SCRIPT_REPLY(4) - 10);
	script_connected(&script, LANE_DOWN, 0);
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4));
	script_expect(&script, "ready\n" ASK_SINCE(3) "ready\n" ASK_SINCE(3) //
	              SCRIPT_GOT(4) "response 1\n" ASK_SINCE(4));
	script_close(&script);
}

static void test_a_reply_cut_short_is_resumed_behind_its_last_whole_message(void **state)
{
	static const char *const texts[] = {SCRIPT_HEAD(102) SCRIPT_MESSAGE(4) "\n{", "", NULL};
	struct script script;

	(void)state;
	script_expect_play(&longpoll_client, &since_3, texts,
	                   "ready\n" ASK_SINCE(3) SCRIPT_GOT(4) "reconnect\n");
	script_open(&script, &longpoll_client, &since_3);
	script_play(&script, texts, 1, 1);
	script_connected(&script, LANE_DOWN, 0);
	script_expect(&script, "ready\n" ASK_SINCE(3) SCRIPT_GOT(4) "reconnect\n" //
	                                                            "ready\n" ASK_SINCE(4));
	script_close(&script);
}

static void test_another_status_fails(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 404 Not Found\r\n\r\n", NULL};

	(void)state;
	script_expect_play(&longpoll_client, &config, texts,
	                   ASK "failed: the server answered 404\n");
}

static void test_a_first_204_without_cursor_fails(void **state)
{
	static const char *const texts[] = {SCRIPT_EMPTY, NULL};

	(void)state;
	script_expect_play(&longpoll_client, &config, texts,
	                   ASK "failed: the server's 204 has no number in X-Pushlab-Cursor\n");
}

static void test_a_reply_to_a_request_not_yet_made_fails(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &longpoll_client, &since_3);
	script_connected(&script, LANE_DOWN, 0);
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4) SCRIPT_EMPTY);
	script_expect(&script, "ready\n" ASK_SINCE(3) SCRIPT_GOT(4) //
	              "failed: the server sent more than it was asked for\n");
	script_close(&script);
}

static void test_sending_is_a_post_on_the_other_lane(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &longpoll_client, &config);
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
	script_open(&script, &longpoll_client, &config);
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
	static const char *const texts[] = {SCRIPT_CURSOR(0), SCRIPT_TWO(1, 2), SCRIPT_EMPTY, NULL};

	(void)state;
	script_expect_no_memory(&longpoll_client, &config, texts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_first_reply_tells_the_cursor_and_is_when_it_is_ready),
	        cmocka_unit_test(test_with_a_known_cursor_it_is_ready_when_connected),
	        cmocka_unit_test(test_the_cursor_is_unknown_until_it_is_told),
	        cmocka_unit_test(test_one_message_per_response_is_asked_for_with_batch),
	        cmocka_unit_test(test_missed_messages_are_told),
	        cmocka_unit_test(test_chunked_replies_are_read),
	        cmocka_unit_test(test_a_close_while_it_waits_asks_to_reconnect_and_resumes),
	        cmocka_unit_test(test_a_connection_the_server_will_close_is_left),
	        cmocka_unit_test(test_a_reply_that_ends_with_the_connection_is_read),
	        cmocka_unit_test(test_a_new_connection_forgets_a_half_read_reply),
	        cmocka_unit_test(test_a_reply_cut_short_is_resumed_behind_its_last_whole_message),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_a_first_204_without_cursor_fails),
	        cmocka_unit_test(test_a_reply_to_a_request_not_yet_made_fails),
	        cmocka_unit_test(test_sending_is_a_post_on_the_other_lane),
	        cmocka_unit_test(test_a_refused_post_fails),
	        cmocka_unit_test(test_no_memory_is_reported_wherever_it_happens),
	};

	return cmocka_run_group_tests_name("longpoll/client", tests, NULL, NULL);
}
