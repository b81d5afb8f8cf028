#include <stdio.h>

#include "../cell_fixture.h"

#define ASK         "?topic=" CELL_TOPIC
#define SUBSCRIBERS 200

static void expect_messages(struct peer *peer, const char *content)
{
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_content(peer), content);
}

static void test_a_request_is_held_until_there_is_news(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, ASK "&since=0");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "one");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
	assert_string_equal(peer_field(peer, "Content-Type"), "application/x-ndjson");
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
	cell_await(cell, "subscribers", 0);
}

static void test_news_of_another_topic_are_no_news(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, "?topic=other&since=0");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "one");
	cell_await(cell, "subscribers", 1);
	cell_await(cell, "delivered", 0);
}

static void test_a_request_is_answered_at_once_where_the_log_has_more(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	cell_publish(cell, "two");
	peer_subscribe(cell, peer, ASK "&since=0");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n" CELL_MESSAGE(2, "two") "\n");
	peer_subscribe(cell, peer, ASK "&since=1");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n");
}

static void test_a_request_without_since_gets_what_comes_from_then_on(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_subscribe(cell, peer, ASK);
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "two");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n");
}

static void test_hold_0_is_answered_at_once(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_subscribe(cell, peer, ASK "&hold=0");
	assert_int_equal(peer_answer(peer), 204);
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "1");
	peer_subscribe(cell, peer, ASK "&hold=0&since=0");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
}

static void test_a_204_names_the_cursor_of_who_has_none(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_subscribe(cell, peer, ASK);
	assert_int_equal(peer_answer(peer), 204);
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "1");
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
}

static void test_a_request_is_held_no_longer_than_hold(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	for (int i = 0; i < 3; i++) {
		peer_subscribe(cell, peer, ASK "&since=0");
		assert_int_equal(peer_answer(peer), 204);
		assert_string_equal(peer_content(peer), "");
		assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "");
	}
	cell_await(cell, "empty_answers", 3);
	peer_subscribe(cell, peer, ASK "&since=0");
	cell_publish(cell, "one");
	if (peer_answer(peer) ==
	    204) { /* it came too late for that one: it is there for the next */
		peer_subscribe(cell, peer, ASK "&since=0");
		assert_int_equal(peer_answer(peer), 200);
	}
	assert_string_equal(peer_content(peer), CELL_MESSAGE(1, "one") "\n");
}

/* A server that was restarted begins anew. */
static void test_a_cursor_beyond_the_newest_is_from_now_on(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 2);
	peer_subscribe(cell, peer, ASK "&since=9&hold=0");
	assert_int_equal(peer_answer(peer), 204);
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "2");
	peer_subscribe(cell, peer, ASK "&since=9");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "three");
	expect_messages(peer, CELL_MESSAGE(3, "three") "\n");
}

/* Neither its request nor its next one is late while it is held. */
static void test_who_is_held_is_not_late(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, ASK "&since=0");
	assert_int_equal(peer_answer(peer), 204);
	assert_int_equal(cell_counter(cell, "timeouts"), 0);
}

static void test_no_message_is_lost_between_two_requests(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, ASK "&since=0");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "one");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
	cell_publish(cell, "two");
	peer_subscribe(cell, peer, ASK "&since=1");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n");
}

static void test_batch_1_gets_one_message_of_three(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	cell_publish(cell, "two");
	cell_publish(cell, "three");
	peer_subscribe(cell, peer, ASK "&since=0&batch=1");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
	peer_subscribe(cell, peer, ASK "&since=1&batch=1");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n");
	peer_subscribe(cell, peer, ASK "&since=1");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n" CELL_MESSAGE(3, "three") "\n");
}

static void test_batch_and_hold_are_no_other_numbers(struct cell *cell)
{
	static const char *const bad[] = {"&batch=2", "&batch=0", "&batch=", "&batch=11",
	                                  "&hold=1",  "&hold=x",  "&hold=",  "&hold=00"};
	struct peer *peer = peer_open(cell);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char query[64];

		snprintf(query, sizeof query, ASK "%s", bad[i]);
		peer_subscribe(cell, peer, query);
		assert_int_equal(peer_answer(peer), 400);
	}
	cell_await(cell, "subscribers", 0);
}

/* The rest comes with the next one. */
static void test_an_answer_holds_little_more_than_a_message_may(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 5);
	peer_subscribe(cell, peer, ASK "&since=0");
	expect_messages(peer, CELL_MESSAGE(1, "m") "\n" CELL_MESSAGE(2, "m") "\n");
	peer_subscribe(cell, peer, ASK "&since=2");
	expect_messages(peer, CELL_MESSAGE(3, "m") "\n" CELL_MESSAGE(4, "m") "\n");
	peer_subscribe(cell, peer, ASK "&since=4");
	expect_messages(peer, CELL_MESSAGE(5, "m") "\n");
}

static void test_line_ends_in_a_message_end_no_line(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "a\\nb\\r\\nc\\rd");
	peer_subscribe(cell, peer, ASK "&since=0");
	expect_messages(peer, CELL_MESSAGE(1, "a\\nb\\r\\nc\\rd") "\n");
}

static void test_a_request_cut_anywhere_is_held(struct cell *cell)
{
	static const char request[] = "GET /longpoll" ASK "&since=0 HTTP/1.1\r\nHost: h\r\n\r\n";

	for (size_t cut = 1; cut < sizeof request - 1; cut++) {
		struct peer *peer = peer_open(cell);

		peer_send(peer, request, cut);
		cell_await(cell, "subscribers", cut - 1);
		peer_send(peer, request + cut, sizeof request - 1 - cut);
		cell_await(cell, "subscribers", cut);
	}
	cell_publish(cell, "one");
	cell_await(cell, "delivered", sizeof request - 2);
}

static void test_requests_in_one_write_are_answered_in_order(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_print(peer, "GET /longpoll" ASK "&since=0 HTTP/1.1\r\nHost: h\r\n\r\n"
	                 "GET /longpoll" ASK "&since=1 HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "two");
	expect_messages(peer, CELL_MESSAGE(2, "two") "\n");
}

/* libwebsockets has no room for it: the connection ends, with it what was asked before. */
static void expect_answers_in_order(struct cell *cell, struct peer *peer)
{
	if (cell_is_on(cell, "lws")) {
		assert_int_equal(peer_answer(peer), 0);
		cell_await(cell, "subscribers", 0);
		return;
	}
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "one");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
	assert_int_equal(peer_answer(peer), 404);
	cell_await(cell, "subscribers", 0);
}

static void test_a_request_behind_one_that_is_held_waits(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "GET /longpoll" ASK "&since=0 HTTP/1.1\r\nHost: h\r\n\r\n"
	                 "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
	expect_answers_in_order(cell, peer);
	peer = peer_open(cell);
	peer_subscribe(cell, peer, "?topic=other&since=0");
	cell_await(cell, "subscribers", 1);
	peer_request(peer, "GET", "/nowhere", "", NULL);
	if (cell_is_on(cell, "lws")) {
		assert_int_equal(peer_answer(peer), 0);
		cell_await(cell, "subscribers", 0);
	} else {
		peer_request(peer_open(cell), "POST", "/publish?topic=other", "", "one");
		assert_int_equal(peer_answer(peer), 200);
		assert_int_equal(peer_answer(peer), 404);
	}
}

static void test_what_the_log_has_lost_is_counted(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 6);
	peer_subscribe(cell, peer, ASK "&since=1");
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_field(peer, "X-Pushlab-Missed"), "1");
	cell_await(cell, "missed", 1);
	cell_await(cell, "delivered", 4);
}

static void test_every_subscriber_gets_the_message(struct cell *cell)
{
	struct peer *peers[SUBSCRIBERS];

	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		peers[i] = peer_open(cell);
		peer_subscribe(cell, peers[i], ASK "&since=0");
	}
	cell_await(cell, "subscribers", SUBSCRIBERS);
	cell_publish(cell, "one");
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		expect_messages(peers[i], CELL_MESSAGE(1, "one") "\n");
	cell_await(cell, "delivered", SUBSCRIBERS);
}

static void test_a_subscriber_that_leaves_is_noticed(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, ASK "&since=0");
	cell_await(cell, "subscribers", 1);
	peer_close(cell, peer);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "connections_open", 1);
}

const struct cell_case longpoll_cases[] = {
        CELL_CASE(test_a_request_is_held_until_there_is_news),
        CELL_CASE(test_news_of_another_topic_are_no_news),
        CELL_CASE(test_a_request_is_answered_at_once_where_the_log_has_more),
        CELL_CASE(test_a_request_without_since_gets_what_comes_from_then_on),
        CELL_CASE(test_hold_0_is_answered_at_once),
        CELL_CASE_WITH(test_a_204_names_the_cursor_of_who_has_none, "--hold=50"),
        CELL_CASE_WITH(test_a_request_is_held_no_longer_than_hold, "--hold=50"),
        CELL_CASE(test_a_cursor_beyond_the_newest_is_from_now_on),
        CELL_CASE_WITH(test_who_is_held_is_not_late,
                       CELL_REQUEST_TIMEOUT " --hold=1100 --idle-timeout=1000"),
        CELL_CASE(test_no_message_is_lost_between_two_requests),
        CELL_CASE(test_batch_1_gets_one_message_of_three),
        CELL_CASE(test_batch_and_hold_are_no_other_numbers),
        CELL_CASE_WITH(test_an_answer_holds_little_more_than_a_message_may, "--max-message=100"),
        CELL_CASE(test_line_ends_in_a_message_end_no_line),
        CELL_CASE(test_a_request_cut_anywhere_is_held),
        CELL_CASE(test_requests_in_one_write_are_answered_in_order),
        CELL_CASE(test_a_request_behind_one_that_is_held_waits),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_counted, "--log-messages=4"),
        CELL_CASE(test_every_subscriber_gets_the_message),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        {0},
};
