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

static void test_no_message_is_lost_between_two_requests(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, ASK "&since=0");
	cell_await(cell, "subscribers", 1);
	cell_publish(cell, "one");
	cell_publish(cell, "two");
	expect_messages(peer, CELL_MESSAGE(1, "one") "\n");
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
	peer_subscribe(cell, peer, ASK "&since=0&batch=2");
	assert_int_equal(peer_answer(peer), 400);
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
        CELL_CASE(test_no_message_is_lost_between_two_requests),
        CELL_CASE(test_batch_1_gets_one_message_of_three),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_counted, "--log-messages=4"),
        CELL_CASE(test_every_subscriber_gets_the_message),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        {0},
};
