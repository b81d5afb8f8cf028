#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../client_script.h"
#include "../matrix.h"

#define POLL           "> GET /polling?topic=t HTTP/1.1\r\nHost: h\r\n\r\n\n"
#define POLL_SINCE(id) "> GET /polling?topic=t&since=" #id " HTTP/1.1\r\nHost: h\r\n\r\n\n"
#define CLOSING        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

/* A poll is due at 300, 1300, 2300, ... */
static const struct client_config config = {SCRIPT_CONFIG, .poll_ns = 1000, .poll_phase_ns = 300};

static uint64_t deadline(const struct script *script)
{
	return script->ops->deadline(script->state);
}

static uint64_t cursor(const struct script *script)
{
	return script->ops->cursor(script->state);
}

/* Connected at 5000 with the cursor 3, and nothing outstanding. */
static void open_idle(struct script *script)
{
	script_open(script, &polling_client, &config);
	script_connected(script, LANE_DOWN, 5000);
	script_text(script, LANE_DOWN, SCRIPT_CURSOR(3));
	script_expect(script, POLL "response 0\nready\n");
}

static void test_a_204_without_since_tells_the_cursor(void **state)
{
	static const char *const texts[] = {SCRIPT_CURSOR(5), SCRIPT_EMPTY, SCRIPT_REPLY(6),
	                                    SCRIPT_EMPTY, NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL "response 0\nready\n" POLL_SINCE(5) "response 0\n" POLL_SINCE(5)
	                           SCRIPT_GOT(6) "response 1\n" POLL_SINCE(6) "response 0\n");
}

static void test_the_last_message_of_the_first_reply_is_the_cursor(void **state)
{
	static const char *const texts[] = {SCRIPT_TWO(1, 2), SCRIPT_EMPTY, NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL SCRIPT_GOT(1) SCRIPT_GOT(2) "response 2\nready\n" POLL_SINCE(
	                           2) "response 0\n");
}

static void test_a_known_cursor_is_asked_from(void **state)
{
	static const char *const texts[] = {SCRIPT_EMPTY, NULL};
	struct client_config since = config;

	(void)state;
	since.since = 0;
	script_expect_play(&polling_client, &since, texts, POLL_SINCE(0) "response 0\nready\n");
}

static void test_the_cursor_is_unknown_until_it_is_told(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &polling_client, &config);
	script_connected(&script, LANE_DOWN, 0);
	assert_true(cursor(&script) == CLIENT_NO_CURSOR);
	script_text(&script, LANE_DOWN, SCRIPT_CURSOR(3));
	assert_int_equal(cursor(&script), 3);
	script_close(&script);
}

static void test_missed_messages_are_told(void **state)
{
	static const char *const texts[] = {
	        "HTTP/1.1 200 OK\r\nX-Pushlab-Missed: 4\r\nContent-Length: 51\r\n\r\n" //
	        SCRIPT_MESSAGE(5) "\n",
	        NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL "missed 4\n" SCRIPT_GOT(5) "response 1\nready\n");
}

static void test_there_is_no_deadline_without_connection(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &polling_client, &config);
	assert_true(deadline(&script) == CLIENT_NEVER);
	script_close(&script);
}

static void test_the_deadline_is_the_next_instant_of_the_phase(void **state)
{
	static const struct {
		uint64_t now_ns, deadline_ns;
	} cases[] = {{0, 300}, {299, 300}, {300, 1300}, {301, 1300}, {1300, 2300}, {5000, 5300}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct script script;

		script_open(&script, &polling_client, &config);
		script_connected(&script, LANE_DOWN, cases[i].now_ns);
		assert_int_equal(deadline(&script), cases[i].deadline_ns);
		script_close(&script);
	}
}

static void test_a_tick_before_the_deadline_does_nothing(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_tick(&script, 5299);
	script_expect(&script, "");
	assert_int_equal(deadline(&script), 5300);
	script_close(&script);
}

static void test_a_poll_leaves_at_every_instant(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	for (uint64_t now_ns = 5300; now_ns < 9000; now_ns += 1000) {
		script_tick(&script, now_ns);
		script_expect(&script, POLL_SINCE(3));
		assert_int_equal(deadline(&script), now_ns + 1000);
		script_text(&script, LANE_DOWN, SCRIPT_EMPTY);
		script_expect(&script, "response 0\n");
	}
	script_close(&script);
}

static void test_a_late_tick_shifts_no_later_poll(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_tick(&script, 7800);
	script_expect(&script, POLL_SINCE(3));
	assert_int_equal(deadline(&script), 8300);
	script_close(&script);
}

static void test_a_poll_due_while_one_is_outstanding_leaves_once_with_its_reply(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_tick(&script, 5300);
	script_tick(&script, 6300);
	script_tick(&script, 7300);
	script_expect(&script, POLL_SINCE(3));
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4));
	script_expect(&script, SCRIPT_GOT(4) "response 1\n" POLL_SINCE(4));
	script_text(&script, LANE_DOWN, SCRIPT_EMPTY);
	script_expect(&script, "response 0\n");
	assert_int_equal(deadline(&script), 8300);
	script_tick(&script, 8300);
	script_expect(&script, POLL_SINCE(4));
	script_close(&script);
}

static void test_the_first_reply_may_be_late_too(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &polling_client, &config);
	script_connected(&script, LANE_DOWN, 5000);
	script_tick(&script, 5300);
	script_expect(&script, POLL);
	script_text(&script, LANE_DOWN, SCRIPT_CURSOR(3));
	script_expect(&script, "response 0\nready\n" POLL_SINCE(3));
	script_close(&script);
}

static void test_a_close_between_replies_asks_to_reconnect_and_resumes(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_text(&script, LANE_DOWN, "");
	script_expect(&script, "reconnect\n");
	assert_true(deadline(&script) == CLIENT_NEVER);
	script_connected(&script, LANE_DOWN, 6000);
	script_expect(&script, POLL_SINCE(3));
	assert_int_equal(deadline(&script), 6300);
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4));
	script_expect(&script, SCRIPT_GOT(4) "response 1\nready\n");
	script_close(&script);
}

static void test_a_close_while_a_poll_is_outstanding_asks_to_reconnect(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_tick(&script, 5300);
	script_tick(&script, 6300);
	script_expect(&script, POLL_SINCE(3));
	script_text(&script, LANE_DOWN, "");
	script_expect(&script, "reconnect\n");
	script_connected(&script, LANE_DOWN, 6400);
	script_text(&script, LANE_DOWN, SCRIPT_EMPTY);
	script_expect(&script, POLL_SINCE(3) "response 0\nready\n");
	script_close(&script);
}

static void test_a_connection_the_server_will_close_is_left(void **state)
{
	static const char *const texts[] = {SCRIPT_CURSOR(3), CLOSING, NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL "response 0\nready\n" POLL_SINCE(3) "response 0\nreconnect\n");
}

static void test_a_reply_that_ends_with_the_connection_is_read(void **state)
{
	static const char *const texts[] = {"HTTP/1.1 200 OK\r\n\r\n" SCRIPT_MESSAGE(1) "\n", "",
	                                    NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL SCRIPT_GOT(1) "response 1\nready\nreconnect\n");
}

static void test_a_new_connection_forgets_a_half_read_reply(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_tick(&script, 5300);
	script_bytes(&script, LANE_DOWN, SCRIPT_REPLY(4), sizeof SCRIPT_REPLY(4) - 10);
	script_connected(&script, LANE_DOWN, 5400);
	script_text(&script, LANE_DOWN, SCRIPT_REPLY(4));
	script_expect(&script, POLL_SINCE(3) POLL_SINCE(3) SCRIPT_GOT(4) "response 1\nready\n");
	script_close(&script);
}

static void test_a_reply_cut_short_asks_to_reconnect(void **state)
{
	static const char *const texts[] = {SCRIPT_HEAD(60) SCRIPT_MESSAGE(1) "\n", "", NULL};
	struct script script;

	(void)state;
	script_expect_play(&polling_client, &config, texts, POLL SCRIPT_GOT(1) "reconnect\n");
	script_open(&script, &polling_client, &config);
	script_play(&script, texts, 1, 1);
	assert_true(deadline(&script) == CLIENT_NEVER);
	script_close(&script);
}

static void test_another_status_fails(void **state)
{
	static const char *const texts[] = {
	        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", NULL};

	(void)state;
	script_expect_play(&polling_client, &config, texts,
	                   POLL "failed: the server answered 503\n");
}

static void test_bytes_that_answer_no_poll_fail(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_text(&script, LANE_DOWN, SCRIPT_EMPTY);
	script_expect(&script, "failed: the server answered what nobody had asked\n");
	script_close(&script);
	open_idle(&script);
	script_tick(&script, 5300);
	script_text(&script, LANE_DOWN, SCRIPT_EMPTY SCRIPT_REPLY(4));
	script_expect(&script,
	              POLL_SINCE(3) "failed: the server sent more than it was asked for\n");
	script_close(&script);
}

static void test_sending_is_a_post_on_the_other_lane(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_connected(&script, LANE_UP, 5000);
	script_send(&script, "hello", false);
	script_expect(&script, "> POST /publish?topic=t HTTP/1.1\r\nHost: h\r\n"
	                       "Content-Type: text/plain;charset=utf-8\r\n"
	                       "Content-Length: 5\r\n\r\nhello\n");
	script_text(&script, LANE_UP, SCRIPT_HEAD(8) "{\"id\":1}");
	script_text(&script, LANE_UP, "");
	script_expect(&script, "reconnect\n");
	assert_int_equal(deadline(&script), 5300);
	script_close(&script);
}

static void test_a_refused_post_fails(void **state)
{
	struct script script;

	(void)state;
	open_idle(&script);
	script_connected(&script, LANE_UP, 5000);
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
	script_expect_no_memory(&polling_client, &config, texts);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_204_without_since_tells_the_cursor),
	        cmocka_unit_test(test_the_last_message_of_the_first_reply_is_the_cursor),
	        cmocka_unit_test(test_a_known_cursor_is_asked_from),
	        cmocka_unit_test(test_the_cursor_is_unknown_until_it_is_told),
	        cmocka_unit_test(test_missed_messages_are_told),
	        cmocka_unit_test(test_there_is_no_deadline_without_connection),
	        cmocka_unit_test(test_the_deadline_is_the_next_instant_of_the_phase),
	        cmocka_unit_test(test_a_tick_before_the_deadline_does_nothing),
	        cmocka_unit_test(test_a_poll_leaves_at_every_instant),
	        cmocka_unit_test(test_a_late_tick_shifts_no_later_poll),
	        cmocka_unit_test(
	                test_a_poll_due_while_one_is_outstanding_leaves_once_with_its_reply),
	        cmocka_unit_test(test_the_first_reply_may_be_late_too),
	        cmocka_unit_test(test_a_close_between_replies_asks_to_reconnect_and_resumes),
	        cmocka_unit_test(test_a_close_while_a_poll_is_outstanding_asks_to_reconnect),
	        cmocka_unit_test(test_a_connection_the_server_will_close_is_left),
	        cmocka_unit_test(test_a_reply_that_ends_with_the_connection_is_read),
	        cmocka_unit_test(test_a_new_connection_forgets_a_half_read_reply),
	        cmocka_unit_test(test_a_reply_cut_short_asks_to_reconnect),
	        cmocka_unit_test(test_another_status_fails),
	        cmocka_unit_test(test_bytes_that_answer_no_poll_fail),
	        cmocka_unit_test(test_sending_is_a_post_on_the_other_lane),
	        cmocka_unit_test(test_a_refused_post_fails),
	        cmocka_unit_test(test_no_memory_is_reported_wherever_it_happens),
	};

	return cmocka_run_group_tests_name("polling/client", tests, NULL, NULL);
}
