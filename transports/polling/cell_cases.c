#include <inttypes.h>
#include <stdio.h>

#include "../cell_fixture.h"

#define ASK         "?topic=" CELL_TOPIC
#define MESSAGE_MAX 200

static void poll_for(struct cell *cell, struct peer *peer, const char *query, int status,
                     const char *content)
{
	peer_subscribe(cell, peer, query);
	assert_int_equal(peer_answer(peer), status);
	assert_string_equal(peer_content(peer), content);
}

static void test_a_poll_without_since_gets_the_cursor(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	poll_for(cell, peer, ASK, 204, "");
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "0");
	cell_publish_many(cell, 2);
	poll_for(cell, peer, ASK, 204, "");
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "2");
	poll_for(cell, peer, ASK "&since=2", 204, "");
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "");
}

/* A server that was restarted begins anew. */
static void test_a_cursor_beyond_the_newest_is_from_now_on(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 2);
	poll_for(cell, peer, ASK "&since=3", 204, "");
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "2");
	poll_for(cell, peer, ASK "&since=18446744073709551615", 204, "");
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "2");
	cell_publish(cell, "three");
	poll_for(cell, peer, ASK "&since=2", 200, CELL_MESSAGE(3, "three") "\n");
}

static void test_a_poll_gets_what_is_newer_in_order(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	cell_publish(cell, "two");
	cell_publish(cell, "three");
	poll_for(cell, peer, ASK "&since=0", 200,
	         CELL_MESSAGE(1, "one") "\n" CELL_MESSAGE(2, "two") "\n" CELL_MESSAGE(
	                 3, "three") "\n");
	poll_for(cell, peer, ASK "&since=2", 200, CELL_MESSAGE(3, "three") "\n");
	poll_for(cell, peer, ASK "&since=3", 204, "");
	poll_for(cell, peer, "?since=0", 204, "");
}

static void test_an_answer_says_what_it_is(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_subscribe(cell, peer, ASK "&since=0");
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_field(peer, "Content-Type"), "application/x-ndjson");
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
	assert_string_equal(peer_field(peer, "X-Pushlab-Missed"), "");
	peer_subscribe(cell, peer, ASK "&since=1");
	assert_int_equal(peer_answer(peer), 204);
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
}

static void test_what_the_log_has_lost_is_counted(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 6);
	poll_for(cell, peer, ASK "&since=0", 200,
	         CELL_MESSAGE(3, "m") "\n" CELL_MESSAGE(4, "m") "\n" CELL_MESSAGE(
	                 5, "m") "\n" CELL_MESSAGE(6, "m") "\n");
	assert_string_equal(peer_field(peer, "X-Pushlab-Missed"), "2");
	poll_for(cell, peer, ASK "&since=2", 200,
	         CELL_MESSAGE(3, "m") "\n" CELL_MESSAGE(4, "m") "\n" CELL_MESSAGE(
	                 5, "m") "\n" CELL_MESSAGE(6, "m") "\n");
	assert_string_equal(peer_field(peer, "X-Pushlab-Missed"), "");
	cell_await(cell, "missed", 2);
	cell_await(cell, "delivered", 8);
}

static uint64_t count_lines(const char *text)
{
	uint64_t lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

/* The rest comes with the next one. */
static void test_an_answer_holds_little_more_than_a_message_may(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	uint64_t cursor = 0;
	int answers = 0;

	cell_publish_many(cell, 20);
	for (; cursor < 20; answers++) {
		char query[64], first[64];

		snprintf(query, sizeof query, ASK "&since=%" PRIu64, cursor);
		peer_subscribe(cell, peer, query);
		assert_int_equal(peer_answer(peer), 200);
		snprintf(first, sizeof first, "{\"id\":%10" PRIu64 ",", cursor + 1);
		assert_memory_equal(peer_content(peer), first, strlen(first));
		assert_true(strlen(peer_content(peer)) < 2 * MESSAGE_MAX);
		cursor += count_lines(peer_content(peer));
	}
	assert_true(answers > 2);
	assert_int_equal(cursor, 20);
	cell_await(cell, "delivered", 20);
	cell_await(cell, "missed", 0);
}

static void test_line_ends_in_a_message_end_no_line(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "a\\nb\\r\\nc\\rd");
	poll_for(cell, peer, ASK "&since=0", 200, CELL_MESSAGE(1, "a\\nb\\r\\nc\\rd") "\n");
}

static void test_a_poll_cut_anywhere_is_answered(struct cell *cell)
{
	static const char request[] = "GET /polling" ASK "&since=0 HTTP/1.1\r\nHost: h\r\n\r\n";
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	for (size_t cut = 1; cut < sizeof request - 1; cut++) {
		peer_send(peer, request, cut);
		cell_counter(cell, "requests"); /* it has seen that */
		peer_send(peer, request + cut, sizeof request - 1 - cut);
		assert_int_equal(peer_answer(peer), 200);
		assert_string_equal(peer_content(peer), CELL_MESSAGE(1, "one") "\n");
	}
	cell_await(cell, "delivered", sizeof request - 2);
}

static void test_polls_in_one_write_are_answered_in_order(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish(cell, "one");
	peer_print(peer,
	           "GET %s" ASK "&since=0 HTTP/1.1\r\nHost: h\r\n\r\n"
	           "GET %s" ASK "&since=1 HTTP/1.1\r\nHost: h\r\n\r\n",
	           cell->endpoint->path, cell->endpoint->path);
	assert_int_equal(peer_answer(peer), 200);
	assert_string_equal(peer_content(peer), CELL_MESSAGE(1, "one") "\n");
	assert_int_equal(peer_answer(peer), 204);
}

static void test_bytes_are_delivered_as_base64(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "POST", "/publish?topic=" CELL_TOPIC,
	             "Content-Type: application/octet-stream\r\n", "\xff\xfe");
	assert_int_equal(peer_answer(peer), 200);
	peer_subscribe(cell, peer, ASK "&since=0");
	assert_int_equal(peer_answer(peer), 200);
	/* 18 bytes: the id, the instant, the two. */
	assert_int_equal(strlen(peer_content(peer)), 24 + 1);
	assert_memory_equal(peer_content(peer), "AAAAAAAAAAE", 10);
}

const struct cell_case polling_cases[] = {
        CELL_CASE(test_a_poll_without_since_gets_the_cursor),
        CELL_CASE(test_a_cursor_beyond_the_newest_is_from_now_on),
        CELL_CASE(test_a_poll_gets_what_is_newer_in_order),
        CELL_CASE(test_an_answer_says_what_it_is),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_counted, "--log-messages=4"),
        CELL_CASE_WITH(test_an_answer_holds_little_more_than_a_message_may, "--max-message=200"),
        CELL_CASE(test_line_ends_in_a_message_end_no_line),
        CELL_CASE(test_a_poll_cut_anywhere_is_answered),
        CELL_CASE(test_polls_in_one_write_are_answered_in_order),
        CELL_CASE(test_bytes_are_delivered_as_base64),
        {0},
};
