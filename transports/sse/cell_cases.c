#include <stdio.h>

#include "../cell_fixture.h"

#define ASK             "?topic=" CELL_TOPIC
#define EVENT(id, data) "id: " #id "\ndata: " CELL_MESSAGE(id, data) "\n\n"
#define SUBSCRIBERS     200
#define MESSAGES        50
#define LARGE_BYTES     (256 << 10)

/* A stream that is open: its head has come. */
static struct peer *open_stream(struct cell *cell, const char *query)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, query);
	assert_int_equal(peer_head(peer), 200);
	return peer;
}

static void test_a_stream_says_what_it_is(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	assert_string_equal(peer_field(peer, "Content-Type"), "text/event-stream");
	assert_string_equal(peer_field(peer, "Cache-Control"), "no-store");
	cell_await(cell, "subscribers", 1);
}

static void test_a_message_is_an_event(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	cell_publish(cell, "one");
	peer_expect_stream(peer, EVENT(1, "one"));
	cell_publish(cell, "two");
	peer_expect_stream(peer, EVENT(2, "two"));
	cell_await(cell, "delivered", 2);
}

static void test_a_stream_without_a_cursor_begins_now(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	peer = open_stream(cell, ASK);
	cell_publish(cell, "two");
	peer_expect_stream(peer, EVENT(2, "two"));
}

static void test_a_stream_begins_after_since(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	cell_publish(cell, "two");
	peer = open_stream(cell, ASK "&since=0");
	peer_expect_stream(peer, EVENT(1, "one") EVENT(2, "two"));
	peer = open_stream(cell, ASK "&since=1");
	peer_expect_stream(peer, EVENT(2, "two"));
}

static void test_last_event_id_wins_over_since(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 3);
	peer_request(peer, "GET", "/sse" ASK "&since=0", "Last-Event-ID: 2\r\n", NULL);
	assert_int_equal(peer_head(peer), 200);
	peer_expect_stream(peer, EVENT(3, "m"));
	peer = peer_open(cell);
	peer_request(peer, "GET", "/sse" ASK, "Last-Event-ID: x\r\n", NULL);
	assert_int_equal(peer_answer(peer), 400);
}

static void test_an_idle_stream_has_heartbeats(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	peer_expect_stream(peer, ":\n\n:\n\n");
}

static void test_what_the_log_has_lost_is_an_event(struct cell *cell)
{
	struct peer *peer;

	cell_publish_many(cell, 6);
	peer = open_stream(cell, ASK "&since=0");
	peer_expect_stream(peer, "event: missed\ndata: 2\n\n" EVENT(3, "m") EVENT(4, "m")
	                                 EVENT(5, "m") EVENT(6, "m"));
	cell_publish(cell, "m");
	peer_expect_stream(peer, EVENT(7, "m"));
	cell_await(cell, "missed", 2);
}

static void test_a_subscriber_that_leaves_is_noticed(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	cell_await(cell, "subscribers", 1);
	peer_close(cell, peer);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "connections_open", 1);
}

static void test_every_subscriber_gets_every_message(struct cell *cell)
{
	static char expected[MESSAGES * 128];
	struct peer *peers[SUBSCRIBERS];
	size_t size = 0;

	for (size_t i = 0; i < SUBSCRIBERS; i++)
		peers[i] = open_stream(cell, ASK);
	cell_publish_many(cell, MESSAGES);
	for (unsigned id = 1; id <= MESSAGES; id++)
		size += (size_t)snprintf(
		        expected + size, sizeof expected - size,
		        "id: %u\ndata: {\"id\":%10u,\"t\":                 7,\"data\":\"m\"}\n\n",
		        id, id);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		peer_expect_stream(peers[i], expected);
	cell_await(cell, "delivered", SUBSCRIBERS * MESSAGES);
}

static void test_a_large_message_arrives_whole(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);
	char *data = malloc(LARGE_BYTES + 1);

	assert_non_null(data);
	memset(data, 'x', LARGE_BYTES);
	data[LARGE_BYTES] = '\0';
	cell_publish(cell, data);
	peer_expect_stream(peer,
	                   "id: 1\ndata: {\"id\":         1,\"t\":                 7,\"data\":\"");
	peer_expect_stream(peer, data);
	peer_expect_stream(peer, "\"}\n\n");
	free(data);
}

static void test_bytes_are_delivered_as_base64(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK), *publisher = peer_open(cell);

	peer_request(publisher, "POST", "/publish?topic=" CELL_TOPIC,
	             "Content-Type: application/octet-stream\r\n", "\xff\xfe");
	assert_int_equal(peer_answer(publisher), 200);
	peer_expect_stream(peer, "id: 1\ndata: AAAAAAAAAAE");
}

const struct cell_case sse_cases[] = {
        CELL_CASE(test_a_stream_says_what_it_is),
        CELL_CASE(test_a_message_is_an_event),
        CELL_CASE(test_a_stream_without_a_cursor_begins_now),
        CELL_CASE(test_a_stream_begins_after_since),
        CELL_CASE(test_last_event_id_wins_over_since),
        CELL_CASE_WITH(test_an_idle_stream_has_heartbeats, "--heartbeat=50"),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_an_event, "--log-messages=4"),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        CELL_CASE(test_every_subscriber_gets_every_message),
        CELL_CASE(test_a_large_message_arrives_whole),
        CELL_CASE(test_bytes_are_delivered_as_base64),
        {0},
};
