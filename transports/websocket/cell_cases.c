#include <endian.h>

#include "../cell_fixture.h"

#define ASK         "?topic=" CELL_TOPIC
#define SUBSCRIBERS 200
#define MESSAGES    50
#define LARGE_BYTES (256 << 10)
#define MESSAGE_MAX 1000

/* A handshake's fields, without one of them or with another value. */
#define UPGRADE    "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION    "Sec-WebSocket-Version: 13\r\n"

static void test_the_handshake_is_accepted(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/websocket", UPGRADE CONNECTION KEY VERSION, NULL);
	assert_int_equal(peer_answer(peer), 101);
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Accept"),
	                    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_true(http_response_field_has(&peer->response, "Connection", "Upgrade"));
	assert_true(http_response_field_has(&peer->response, "Upgrade", "websocket"));
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Protocol"), "");
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Extensions"), "");
	cell_await(cell, "subscribers", 1);
}

static void test_a_plain_get_is_told_to_upgrade(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/websocket", "", NULL);
	assert_int_equal(peer_answer(peer), 426);
	assert_string_equal(peer_field(peer, "Upgrade"), "websocket");
	peer_request(peer, "GET", "/nowhere", "", NULL);
	assert_int_equal(peer_answer(peer), 404);
}

static int handshake(struct cell *cell, const char *method, const char *target, const char *fields)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, method, target, fields, NULL);
	return peer_answer(peer);
}

static void test_a_handshake_that_is_none_is_refused(struct cell *cell)
{
	assert_int_equal(handshake(cell, "GET", "/nowhere", UPGRADE CONNECTION KEY VERSION), 404);
	assert_int_equal(handshake(cell, "GET", "/websocket", UPGRADE CONNECTION VERSION), 400);
	assert_int_equal(
	        handshake(cell, "GET", "/websocket", "Upgrade: h2c\r\n" CONNECTION KEY VERSION),
	        426);
	assert_int_equal(handshake(cell, "DELETE", "/websocket", UPGRADE CONNECTION KEY VERSION),
	                 405);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "refused", 4);
}

static void test_another_version_is_told_ours(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_request(peer, "GET", "/websocket",
	             UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 8\r\n", NULL);
	assert_int_equal(peer_answer(peer), 426);
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Version"), "13");
	assert_int_equal(handshake(cell, "GET", "/websocket", UPGRADE CONNECTION KEY), 426);
}

static void test_a_message_is_a_text_frame(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	cell_publish(cell, "one");
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	cell_publish(cell, "two");
	peer_expect_text(peer, CELL_MESSAGE(2, "two"));
	cell_await(cell, "delivered", 2);
}

static void test_a_stream_begins_after_since(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	cell_publish(cell, "two");
	peer = peer_upgrade(cell, ASK "&since=0");
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	peer_expect_text(peer, CELL_MESSAGE(2, "two"));
	peer = peer_upgrade(cell, ASK "&since=1");
	peer_expect_text(peer, CELL_MESSAGE(2, "two"));
	peer = peer_upgrade(cell, ASK);
	cell_publish(cell, "three");
	peer_expect_text(peer, CELL_MESSAGE(3, "three"));
}

static void test_what_the_log_has_lost_is_a_message(struct cell *cell)
{
	struct peer *peer;

	cell_publish_many(cell, 6);
	peer = peer_upgrade(cell, ASK "&since=0");
	peer_expect_text(peer, "{\"missed\":2}");
	peer_expect_text(peer, CELL_MESSAGE(3, "m"));
	peer_expect_text(peer, CELL_MESSAGE(4, "m"));
	peer_expect_text(peer, CELL_MESSAGE(5, "m"));
	peer_expect_text(peer, CELL_MESSAGE(6, "m"));
	cell_await(cell, "missed", 2);
}

static void test_what_a_client_sends_gets_to_all(struct cell *cell)
{
	static const char text[] = "{\"t\":7,\"data\":\"one\"}";
	struct peer *peer = peer_upgrade(cell, ASK), *other = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, true, text, sizeof text - 1);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	peer_expect_text(other, CELL_MESSAGE(1, "one"));
	assert_int_equal(cell_publish(cell, "two"), 2);
	peer_expect_text(peer, CELL_MESSAGE(2, "two"));
	peer_expect_text(other, CELL_MESSAGE(2, "two"));
	cell_await(cell, "received", 2);
}

static void test_bytes_come_back_behind_id_and_instant(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};
	uint64_t head[2];

	peer_frame(peer, WS_BINARY, true, "\xff\x00\xfe", 3);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, WS_BINARY);
	assert_int_equal(received.data.size, sizeof head + 3);
	memcpy(head, received.data.data, sizeof head);
	assert_int_equal(be64toh(head[0]), 1);
	assert_true(be64toh(head[1]) > 0);
	assert_memory_equal(received.data.data + sizeof head, "\xff\x00\xfe", 3);
}

static void test_fragments_are_one_message(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	peer_frame(peer, WS_TEXT, false, "{\"t\":7,", 7);
	peer_frame(peer, WS_PING, true, "between", 7);
	peer_frame(peer, WS_CONTINUATION, false, "\"data\":", 7);
	peer_frame(peer, WS_CONTINUATION, true, "\"\xe2\x82\xac\"}", 6);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_PONG);
	peer_expect_text(peer, CELL_MESSAGE(1, "\xe2\x82\xac"));
}

static void test_a_message_in_single_bytes_is_read(struct cell *cell)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};
	static const char text[] = "{\"t\":7,\"data\":\"one\"}";
	struct peer *peer = peer_upgrade(cell, ASK);
	struct bytes frame = {0};

	ws_append_frame(&frame, WS_TEXT, true, mask, text, sizeof text - 1);
	for (size_t i = 0; i < bytes_size(&frame); i++)
		peer_send(peer, bytes_data(&frame) + i, 1);
	bytes_free(&frame);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
}

static void test_a_ping_gets_a_pong_of_its_content(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	peer_frame(peer, WS_PING, true, "hello", 5);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_PONG);
	assert_int_equal(received.data.size, 5);
	assert_memory_equal(received.data.data, "hello", 5);
}

static void test_an_idle_connection_is_pinged(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(peer_event(peer, &received), WS_EVENT_PING);
		peer_frame(peer, WS_PONG, true, received.data.data, received.data.size);
	}
	cell_publish(cell, "one");
	while (peer_event(peer, &received) == WS_EVENT_PING)
		;
	assert_int_equal(received.opcode, WS_TEXT);
}

static void test_a_close_is_answered_with_its_code(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	static const uint8_t going_away[] = {1001 >> 8, 1001 & 0xff};

	cell_await(cell, "subscribers", 1);
	peer_frame(peer, WS_CLOSE, true, going_away, sizeof going_away);
	peer_expect_close_code(peer, WS_CLOSE_GOING_AWAY);
	peer_expect_close(peer);
	cell_await(cell, "subscribers", 0);
}

static void test_a_message_at_the_limit_is_published(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};
	char message[MESSAGE_MAX];

	memset(message, 'm', sizeof message);
	peer_frame(peer, WS_TEXT, true, message, sizeof message);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.data.size, MESSAGE_JSON_MIN_BYTES + sizeof message);
}

static void test_a_message_above_the_limit_closes_with_1009(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	char message[MESSAGE_MAX + 1];

	memset(message, 'm', sizeof message);
	peer_frame(peer, WS_TEXT, true, message, sizeof message);
	peer_expect_close_code(peer, WS_CLOSE_TOO_BIG);
	peer = peer_upgrade(cell, ASK);
	peer_frame(peer, WS_TEXT, false, message, MESSAGE_MAX);
	peer_frame(peer, WS_CONTINUATION, true, message, 1);
	peer_expect_close_code(peer, WS_CLOSE_TOO_BIG);
	assert_int_equal(cell_publish(cell, "small"), 1);
}

static void test_text_that_is_not_utf8_closes_with_1007(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, true, "\xff", 1);
	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	peer = peer_upgrade(cell, ASK);
	peer_frame(peer, WS_TEXT, true, "abc\xe2\x82", 5);
	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	assert_int_equal(cell_publish(cell, "next"), 1);
}

/* libwebsockets 4.1 takes it (lib/roles/ws/ops-ws.c), against RFC 6455 §5.1. */
static void test_a_frame_without_a_mask_fails_the_connection(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	peer_send(peer, "\x81\x02hi", 4);
	if (cell_is_on(cell, "lws"))
		assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	else
		peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
}

/* libwebsockets 4.1 hangs up on too long a ping without a close frame, and sends half a code back.
 */
static void test_a_frame_against_the_protocol_fails_the_connection(struct cell *cell)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum ws_event lws;
	} bad[] = {
	        {"\xc1\x80mask", 6, WS_EVENT_CLOSE},              /* a reserved bit */
	        {"\x83\x80mask", 6, WS_EVENT_CLOSE},              /* a reserved opcode */
	        {"\x80\x80mask", 6, WS_EVENT_CLOSE},              /* a continuation of nothing */
	        {"\x09\x80mask", 6, WS_EVENT_CLOSE},              /* a ping in fragments */
	        {"\x89\xfe\x00\x7emask", 8, WS_EVENT_MORE},       /* a ping of 126 bytes */
	        {"\x01\x80mask\x81\x80mask", 12, WS_EVENT_CLOSE}, /* a message in a message */
	        {"\x88\x81maskx", 7, WS_EVENT_INVALID},           /* a close with half a code */
	};
	bool lws = cell_is_on(cell, "lws");

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);
		struct ws_received received = {0};
		enum ws_event event;

		peer_send(peer, bad[i].bytes, bad[i].size);
		event = peer_event(peer, &received);
		assert_int_equal(event, lws ? bad[i].lws : WS_EVENT_CLOSE);
		if (event == WS_EVENT_CLOSE)
			assert_int_equal(received.code, WS_CLOSE_PROTOCOL_ERROR);
	}
}

static void test_every_subscriber_gets_every_message(struct cell *cell)
{
	struct peer *peers[SUBSCRIBERS];
	struct ws_received received = {0};
	uint64_t id, scheduled_ns;

	for (size_t i = 0; i < SUBSCRIBERS; i++)
		peers[i] = peer_upgrade(cell, ASK);
	cell_publish_many(cell, MESSAGES);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		for (uint64_t expected = 1; expected <= MESSAGES; expected++) {
			assert_int_equal(peer_event(peers[i], &received), WS_EVENT_MESSAGE);
			assert_int_equal(message_read(MESSAGE_JSON, received.data.data,
			                              received.data.size, &id, &scheduled_ns),
			                 0);
			assert_int_equal(id, expected);
		}
	cell_await(cell, "delivered", SUBSCRIBERS * MESSAGES);
}

static void test_a_large_message_arrives_whole(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};
	char *data = malloc(LARGE_BYTES);

	assert_non_null(data);
	memset(data, 'x', LARGE_BYTES);
	peer_frame(peer, WS_TEXT, true, data, LARGE_BYTES);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.data.size, MESSAGE_JSON_MIN_BYTES + LARGE_BYTES);
	assert_memory_equal(received.data.data + MESSAGE_JSON_MIN_BYTES - 2, data, LARGE_BYTES);
	free(data);
}

static void test_a_subscriber_that_leaves_is_noticed(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	cell_await(cell, "subscribers", 1);
	peer_close(cell, peer);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "connections_open", 1);
}

const struct cell_case websocket_cases[] = {
        CELL_CASE(test_the_handshake_is_accepted),
        CELL_CASE(test_a_plain_get_is_told_to_upgrade),
        CELL_CASE(test_a_handshake_that_is_none_is_refused),
        CELL_CASE(test_another_version_is_told_ours),
        CELL_CASE(test_a_message_is_a_text_frame),
        CELL_CASE(test_a_stream_begins_after_since),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_a_message, "--log-messages=4"),
        CELL_CASE(test_what_a_client_sends_gets_to_all),
        CELL_CASE(test_bytes_come_back_behind_id_and_instant),
        CELL_CASE(test_fragments_are_one_message),
        CELL_CASE(test_a_message_in_single_bytes_is_read),
        CELL_CASE(test_a_ping_gets_a_pong_of_its_content),
        CELL_CASE_WITH(test_an_idle_connection_is_pinged, "--heartbeat=50"),
        CELL_CASE(test_a_close_is_answered_with_its_code),
        CELL_CASE_WITH(test_a_message_at_the_limit_is_published, "--max-message=1000"),
        CELL_CASE_WITH(test_a_message_above_the_limit_closes_with_1009, "--max-message=1000"),
        CELL_CASE(test_text_that_is_not_utf8_closes_with_1007),
        CELL_CASE(test_a_frame_without_a_mask_fails_the_connection),
        CELL_CASE(test_a_frame_against_the_protocol_fails_the_connection),
        CELL_CASE(test_every_subscriber_gets_every_message),
        CELL_CASE(test_a_large_message_arrives_whole),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        {0},
};
