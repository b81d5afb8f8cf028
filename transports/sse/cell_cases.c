#include <inttypes.h>
#include <stdio.h>

#include "../cell_fixture.h"

#define ASK             "?topic=" CELL_TOPIC
#define EVENT(id, data) "id: " #id "\ndata: " CELL_MESSAGE(id, data) "\n\n"
#define SUBSCRIBERS     200
#define MESSAGES        50
#define LARGE_BYTES     (256 << 10)
#define QUEUE_MAX       4
#define BEHIND          30

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
	assert_string_equal(peer_field(peer, "X-Pushlab-Cursor"), "");
	cell_await(cell, "subscribers", 1);
}

/* Whole it is with its connection, or, on libmicrohttpd, with its last chunk. */
static void test_a_stream_ends_with_its_connection_or_in_chunks(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);
	bool chunks = cell_is_on(cell, "mhd");

	assert_string_equal(peer_field(peer, "Transfer-Encoding"), chunks ? "chunked" : "");
	assert_string_equal(peer_field(peer, "Content-Length"), "");
	assert_int_equal(http_response_field_has(&peer->response, "Connection", "close"), !chunks);
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
	static const char *const names[] = {"Last-Event-ID: 2\r\n", "last-event-id: 2\r\n",
	                                    "LAST-EVENT-ID:2\r\n"};

	cell_publish_many(cell, 3);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct peer *peer = peer_open(cell);

		peer_request(peer, "GET", "/sse" ASK "&since=0", names[i], NULL);
		assert_int_equal(peer_head(peer), 200);
		peer_expect_stream(peer, EVENT(3, "m"));
	}
}

static void test_a_last_event_id_that_is_no_number_is_refused(struct cell *cell)
{
	static const char *const bad[] = {
	        "x", "-1", "2x", "2 3", "0x2", "", "99999999999999999999"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct peer *peer = peer_open(cell);
		char field[64];

		snprintf(field, sizeof field, "Last-Event-ID: %s\r\n", bad[i]);
		peer_request(peer, "GET", "/sse" ASK, field, NULL);
		assert_int_equal(peer_answer(peer), 400);
	}
	cell_await(cell, "subscribers", 0);
}

/* RFC 9110 §5.5 */
static void test_blanks_around_a_last_event_id_are_no_part_of_it(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	cell_publish_many(cell, 3);
	peer_request(peer, "GET", "/sse" ASK, "Last-Event-ID:  2\t \r\n", NULL);
	assert_int_equal(peer_head(peer), 200);
	peer_expect_stream(peer, EVENT(3, "m"));
}

/* A server that was restarted begins anew. */
static void test_a_cursor_beyond_the_newest_is_from_now_on(struct cell *cell)
{
	struct peer *peer = peer_open(cell), *other;

	cell_publish_many(cell, 2);
	peer_request(peer, "GET", "/sse" ASK, "Last-Event-ID: 9\r\n", NULL);
	assert_int_equal(peer_head(peer), 200);
	other = open_stream(cell, ASK "&since=9");
	cell_publish(cell, "three");
	peer_expect_stream(peer, EVENT(3, "three"));
	peer_expect_stream(other, EVENT(3, "three"));
}

static void test_line_ends_in_a_message_end_no_line(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	cell_publish(cell, "a\\nb\\r\\nc\\rd\\n\\ne");
	peer_expect_stream(peer, EVENT(1, "a\\nb\\r\\nc\\rd\\n\\ne"));
	cell_publish(cell, "data: x\\nid: 9");
	peer_expect_stream(peer, EVENT(2, "data: x\\nid: 9"));
}

/* libwebsockets closes: it waits for no end of the answer. */
static void test_what_a_client_sends_on_a_stream_means_nothing(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	peer_request(peer, "GET", "/nowhere", "", NULL);
	if (cell_is_on(cell, "lws")) {
		peer_expect_end(peer);
		cell_await(cell, "subscribers", 0);
		return;
	}
	cell_counter(cell, "requests"); /* it has seen that */
	cell_publish(cell, "one");
	peer_expect_stream(peer, EVENT(1, "one"));
	cell_await(cell, "refused", 0);
}

static void test_a_stream_is_not_late(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	peer_expect_stream(peer, ":\n\n");
	assert_int_equal(cell_counter(cell, "timeouts"), 0);
	cell_publish(cell, "one");
	peer_expect_stream(peer, EVENT(1, "one"));
}

static void test_an_idle_stream_has_heartbeats(struct cell *cell)
{
	struct peer *peer = open_stream(cell, ASK);

	peer_expect_stream(peer, ":\n\n:\n\n");
	assert_true(cell_counter(cell, "heartbeats") >= 2);
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
	peer = peer_open(cell);
	peer_request(peer, "GET", "/sse" ASK, "Last-Event-ID: 2\r\n", NULL);
	assert_int_equal(peer_head(peer), 200);
	peer_expect_stream(peer, "event: missed\ndata: 1\n\n" EVENT(4, "m"));
	cell_await(cell, "missed", 3);
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

static void expect_large_event(struct peer *peer, uint64_t id, const char *data)
{
	char head[80];

	snprintf(head, sizeof head,
	         "id: %" PRIu64 "\ndata: {\"id\":%10" PRIu64
	         ",\"t\":                 7,\"data\":\"",
	         id, id);
	peer_expect_stream(peer, head);
	peer_expect_stream(peer, data);
	peer_expect_stream(peer, "\"}\n\n");
}

/* To be freed. */
static char *large_data(void)
{
	char *data = malloc(LARGE_BYTES + 1);

	assert_non_null(data);
	memset(data, 'x', LARGE_BYTES);
	data[LARGE_BYTES] = '\0';
	return data;
}

/* A subscriber whose socket takes little. */
static struct peer *open_slow(struct cell *cell)
{
	struct peer *slow = peer_open_as(cell, &(struct peer_way){.receive_bytes_max = 4096});

	peer_subscribe(cell, slow, ASK);
	cell_await(cell, "subscribers", 1);
	return slow;
}

static void test_a_peer_that_reads_nothing_is_cut_off_and_no_other(struct cell *cell)
{
	struct peer *slow = open_slow(cell), *other = open_stream(cell, ASK);
	uint64_t published = 0;
	char *data = large_data();

	cell_await(cell, "subscribers", 2);
	while (!cell_counter(cell, "slow_readers")) {
		assert_true(published < 200);
		published = cell_publish(cell, data);
		expect_large_event(other, published, data);
	}
	assert_true(published > QUEUE_MAX);
	cell_await(cell, "subscribers", 1);
	peer_expect_close(slow);
	peer_close(cell, slow);
	cell_await(cell, "connections_open", 2);
	expect_large_event(other, cell_publish(cell, data), data);
	cell_await(cell, "slow_readers", 1);
	free(data);
}

/* More is published than sockets take, and less than a queue. */
static void test_a_peer_that_falls_behind_catches_up(struct cell *cell)
{
	struct peer *slow = open_slow(cell);
	char *data = large_data();

	for (uint64_t id = 1; id <= BEHIND; id++)
		assert_int_equal(cell_publish(cell, data), id);
	cell_await(cell, "slow_readers", 0);
	assert_int_equal(peer_head(slow), 200);
	for (uint64_t id = 1; id <= BEHIND; id++)
		expect_large_event(slow, id, data);
	cell_publish(cell, data);
	expect_large_event(slow, BEHIND + 1, data);
	cell_await(cell, "delivered", BEHIND + 1);
	cell_await(cell, "missed", 0);
	free(data);
}

const struct cell_case sse_cases[] = {
        CELL_CASE(test_a_stream_says_what_it_is),
        CELL_CASE(test_a_stream_ends_with_its_connection_or_in_chunks),
        CELL_CASE(test_a_message_is_an_event),
        CELL_CASE(test_a_stream_without_a_cursor_begins_now),
        CELL_CASE(test_a_stream_begins_after_since),
        CELL_CASE(test_last_event_id_wins_over_since),
        CELL_CASE(test_a_last_event_id_that_is_no_number_is_refused),
        CELL_CASE(test_blanks_around_a_last_event_id_are_no_part_of_it),
        CELL_CASE(test_a_cursor_beyond_the_newest_is_from_now_on),
        CELL_CASE(test_line_ends_in_a_message_end_no_line),
        CELL_CASE(test_what_a_client_sends_on_a_stream_means_nothing),
        CELL_CASE_WITH(test_a_stream_is_not_late,
                       CELL_REQUEST_TIMEOUT " --heartbeat=1100 --idle-timeout=1000"),
        CELL_CASE_WITH(test_an_idle_stream_has_heartbeats, "--heartbeat=50"),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_an_event, "--log-messages=4"),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        CELL_CASE(test_every_subscriber_gets_every_message),
        CELL_CASE(test_a_large_message_arrives_whole),
        CELL_CASE(test_bytes_are_delivered_as_base64),
        CELL_CASE_WITH(test_a_peer_that_reads_nothing_is_cut_off_and_no_other, "--max-queue=4"),
        CELL_CASE(test_a_peer_that_falls_behind_catches_up),
        {0},
};
