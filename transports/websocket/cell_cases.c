#include <endian.h>
#include <stdio.h>

#include "../cell_fixture.h"
#include "../clock.h"

#define ASK         "?topic=" CELL_TOPIC
#define SUBSCRIBERS 200
#define MESSAGES    50
#define LARGE_BYTES (256 << 10)
#define MESSAGE_MAX 1000
#define QUEUE_MAX   4
#define BEHIND      30
#define BURST       3
#define PINGS_MAX   500
#define TOKEN       "--token=" CELL_TOKEN

/* A handshake's fields, without one of them or with another value. */
#define UPGRADE    "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define KEY        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION    "Sec-WebSocket-Version: 13\r\n"

/* Frames for one write. */
static void append(struct bytes *frames, enum ws_opcode opcode, bool fin, const char *content)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};

	ws_append_frame(frames, opcode, fin, mask, content, strlen(content));
}

static void send_frames(struct peer *peer, struct bytes *frames)
{
	peer_send(peer, bytes_data(frames), bytes_size(frames));
	bytes_free(frames);
}

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
	static const char *const versions[] = {
	        "Sec-WebSocket-Version: 8\r\n",   "Sec-WebSocket-Version: 0\r\n",
	        "Sec-WebSocket-Version: 14\r\n",  "Sec-WebSocket-Version: 130\r\n",
	        "Sec-WebSocket-Version: 1\r\n",   "Sec-WebSocket-Version: 13, 8\r\n",
	        "Sec-WebSocket-Version: x13\r\n", "",
	};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		struct peer *peer = peer_open(cell);
		char fields[256];

		snprintf(fields, sizeof fields, UPGRADE CONNECTION KEY "%s", versions[i]);
		peer_request(peer, "GET", "/websocket", fields, NULL);
		assert_int_equal(peer_answer(peer), 426);
		assert_string_equal(peer_field(peer, "Sec-WebSocket-Version"), "13");
		assert_string_equal(peer_field(peer, "Upgrade"), "websocket");
	}
	cell_await(cell, "subscribers", 0);
}

static void test_a_key_that_is_not_16_bytes_is_refused(struct cell *cell)
{
	static const char *const keys[] = {
	        "",
	        "dGhl",
	        "dGhlIHNhbXBsZSBub25jZXg=", /* 17 bytes */
	        "dGhlIHNhbXBsZSBub25jZQ=",
	        "dGhlIHNhbXBsZSBub25jZQ===",
	        "dGhlIHNhbXBsZSBub25jZQ=!",
	        "!GhlIHNhbXBsZSBub25jZQ==",
	        "dGhlIHNhbXBs SBub25jZQ==",
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char fields[256];

		snprintf(fields, sizeof fields,
		         UPGRADE CONNECTION VERSION "Sec-WebSocket-Key: %s\r\n", keys[i]);
		assert_int_equal(handshake(cell, "GET", "/websocket", fields), 400);
	}
	cell_await(cell, "subscribers", 0);
}

static void test_names_and_tokens_of_the_handshake_are_in_any_case(struct cell *cell)
{
	static const char *const fields[] = {
	        "upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" KEY VERSION,
	        "UPGRADE: WEBSOCKET\r\nCONNECTION: UPGRADE\r\n"
	        "SEC-WEBSOCKET-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WEBSOCKET-VERSION: 13\r\n",
	        "upgrade:websocket\r\nconnection:upgrade,keep-alive\r\n"
	        "sec-websocket-key:dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version:13\r\n",
	};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct peer *peer = peer_open(cell);

		peer_request(peer, "GET", "/websocket", fields[i], NULL);
		assert_int_equal(peer_answer(peer), 101);
		assert_string_equal(peer_field(peer, "Sec-WebSocket-Accept"),
		                    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	}
	cell_await(cell, "subscribers", 3);
}

/* RFC 9110 §5.3: the lines of a list are one list. */
static void test_a_list_of_the_handshake_may_have_two_lines(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	assert_int_equal(handshake(cell, "GET", "/websocket",
	                           UPGRADE "Connection: keep-alive\r\n" CONNECTION KEY VERSION),
	                 101);
	peer_request(peer, "GET", "/websocket",
	             UPGRADE CONNECTION KEY VERSION "Sec-WebSocket-Protocol: chat\r\n"
	                                            "Sec-WebSocket-Protocol: pushlab\r\n",
	             NULL);
	assert_int_equal(peer_answer(peer), 101);
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Protocol"), "pushlab");
}

/* libwebsockets forbids an Upgrade that it does not know; it knows no lists there. */
static void test_a_handshake_that_does_not_ask_for_a_websocket_is_told_to(struct cell *cell)
{
	bool lws = cell_is_on(cell, "lws");

	assert_int_equal(handshake(cell, "GET", "/websocket",
	                           UPGRADE "Connection: keep-alive\r\n" KEY VERSION),
	                 426);
	assert_int_equal(handshake(cell, "GET", "/websocket", UPGRADE KEY VERSION), 426);
	assert_int_equal(handshake(cell, "GET", "/websocket", CONNECTION KEY VERSION), 426);
	assert_int_equal(
	        handshake(cell, "GET", "/websocket", "Upgrade: foo\r\n" CONNECTION KEY VERSION),
	        lws ? 403 : 426);
	assert_int_equal(handshake(cell, "GET", "/websocket",
	                           "Upgrade: h2c, websocket\r\n" CONNECTION KEY VERSION),
	                 lws ? 403 : 101);
}

/* RFC 6455 §4.2.1, item 2 */
static void test_a_handshake_without_a_host_is_refused(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer, "GET /websocket HTTP/1.1\r\n" UPGRADE CONNECTION KEY VERSION "\r\n");
	assert_int_equal(peer_answer(peer), 400);
	cell_await(cell, "subscribers", 0);
}

/* RFC 6455 §4.2.1, item 1 */
static void test_http_1_0_does_not_upgrade(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_print(peer,
	           "GET /websocket HTTP/1.0\r\nHost: h\r\n" UPGRADE CONNECTION KEY VERSION "\r\n");
	assert_int_equal(peer_answer(peer), 426);
	cell_await(cell, "subscribers", 0);
}

/* RFC 6455 §4.1: a client fails the connection where it is told one that it has not offered. */
static void test_a_subprotocol_is_chosen_where_it_is_offered(struct cell *cell)
{
	static const struct {
		const char *offered, *chosen;
	} offers[] = {
	        {"pushlab", "pushlab"}, {"chat, pushlab", "pushlab"}, {"pushlab,chat", "pushlab"},
	        {"chat", ""},           {"pushlab2, pushla", ""},     {"PushLab", ""},
	};

	for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
		struct peer *peer = peer_open(cell);
		char fields[256];

		snprintf(fields, sizeof fields,
		         UPGRADE CONNECTION KEY VERSION "Sec-WebSocket-Protocol: %s\r\n",
		         offers[i].offered);
		peer_request(peer, "GET", "/websocket", fields, NULL);
		assert_int_equal(peer_answer(peer), 101);
		assert_string_equal(peer_field(peer, "Sec-WebSocket-Protocol"), offers[i].chosen);
	}
}

static void test_no_extension_is_chosen_though_it_is_offered(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe_with(cell, peer, ASK,
	                    "Sec-WebSocket-Extensions: permessage-deflate; "
	                    "client_max_window_bits, x-webkit-deflate-frame\r\n");
	assert_int_equal(peer_answer(peer), 101);
	assert_string_equal(peer_field(peer, "Sec-WebSocket-Extensions"), "");
	ws_reader_init(&peer->frames, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	/* "Hello" as RFC 7692 §7.2.3.1 has it, with a mask of zeros */
	peer_send(peer, "\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0", 13);
	peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
	cell_await(cell, "published", 0);
}

/* RFC 6455 §4.1 has clients wait for the answer. */
static void test_frames_that_come_with_the_handshake_are_read(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	struct bytes all = {0};

	bytes_append_text(&all, "GET /websocket" ASK
	                        " HTTP/1.1\r\nHost: h\r\n" UPGRADE CONNECTION KEY VERSION "\r\n");
	append(&all, WS_TEXT, true, "{\"t\":7,\"data\":\"one\"}");
	send_frames(peer, &all);
	assert_int_equal(peer_answer(peer), 101);
	ws_reader_init(&peer->frames, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
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

static void expect_event(struct peer *peer, enum ws_event event, const char *content)
{
	struct ws_received received = {0};

	assert_int_equal(peer_event(peer, &received), event);
	assert_int_equal(received.data.size, strlen(content));
	if (*content)
		assert_memory_equal(received.data.data, content, strlen(content));
}

static void test_control_frames_may_stand_between_fragments(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, false, "{\"t\":7,\"data\":\"a", 16);
	peer_frame(peer, WS_PING, true, "\xff\xfe", 2);
	expect_event(peer, WS_EVENT_PONG, "\xff\xfe");
	peer_frame(peer, WS_CONTINUATION, false, "b", 1);
	peer_frame(peer, WS_PONG, true, "of nothing", 10);
	peer_frame(peer, WS_CONTINUATION, false, "", 0);
	peer_frame(peer, WS_PING, true, "", 0);
	expect_event(peer, WS_EVENT_PONG, "");
	peer_frame(peer, WS_CONTINUATION, false, "c\"}", 3);
	peer_frame(peer, WS_CONTINUATION, true, "", 0);
	peer_expect_text(peer, CELL_MESSAGE(1, "abc"));
	peer_frame(peer, WS_TEXT, true, "{\"t\":7,\"data\":\"next\"}", 21);
	peer_expect_text(peer, CELL_MESSAGE(2, "next"));
}

static void test_bytes_in_fragments_are_one_message(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	peer_frame(peer, WS_BINARY, false, "\xff", 1);
	peer_frame(peer, WS_CONTINUATION, false, "\xfe", 1);
	peer_frame(peer, WS_CONTINUATION, true, "\xfd", 1);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, WS_BINARY);
	assert_int_equal(received.data.size, MESSAGE_BINARY_MIN_BYTES + 3);
	assert_memory_equal(received.data.data + MESSAGE_BINARY_MIN_BYTES, "\xff\xfe\xfd", 3);
}

static void test_a_close_between_fragments_ends_the_connection(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, false, "half", 4);
	peer_frame(peer, WS_CLOSE, true, "\x03\xe8", 2);
	peer_expect_close_code(peer, WS_CLOSE_NORMAL);
	peer_expect_end(peer);
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "published", 0);
}

static void test_a_message_in_single_bytes_is_read(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct bytes frames = {0};

	append(&frames, WS_TEXT, true, "{\"t\":7,\"data\":\"one\"}");
	append(&frames, WS_PING, true, "hello");
	peer_send_in_bytes(cell, peer, bytes_data(&frames), bytes_size(&frames));
	bytes_free(&frames);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	expect_event(peer, WS_EVENT_PONG, "hello");
}

/* Both ways: a frame of so many bytes comes, and one of so many goes. */
static void exchange(struct peer *peer, enum ws_opcode opcode, size_t size, size_t expected)
{
	struct ws_received received = {0};
	size_t skip = expected - size;
	char *data = malloc(size + 1);

	assert_non_null(data);
	memset(data, 'x', size);
	peer_frame(peer, opcode, true, data, size);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, opcode);
	assert_int_equal(received.data.size, expected);
	if (opcode == WS_TEXT)
		skip -= 2; /* "} */
	assert_memory_equal(received.data.data + skip, data, size);
	free(data);
}

/* That the form of the length is the shortest is seen to by peer_event. */
static void test_frames_of_all_lengths_come_and_go(struct cell *cell)
{
	static const size_t sizes[] = {0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537};
	struct peer *peer = peer_upgrade(cell, ASK);

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		size_t size = sizes[i];

		exchange(peer, WS_TEXT, size, size + MESSAGE_JSON_MIN_BYTES);
		exchange(peer, WS_BINARY, size, size + MESSAGE_BINARY_MIN_BYTES);
		if (size < MESSAGE_JSON_MIN_BYTES)
			continue;
		exchange(peer, WS_TEXT, size - MESSAGE_JSON_MIN_BYTES, size);
		exchange(peer, WS_BINARY, size - MESSAGE_BINARY_MIN_BYTES, size);
	}
}

static void test_bytes_published_by_post_are_a_binary_frame(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK), *publisher = peer_open(cell);
	struct ws_received received = {0};

	peer_request(publisher, "POST", "/publish" ASK,
	             "Content-Type: application/octet-stream\r\n", "\xff\xfe");
	assert_int_equal(peer_answer(publisher), 200);
	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, WS_BINARY);
	assert_int_equal(received.data.size, MESSAGE_BINARY_MIN_BYTES + 2);
	assert_memory_equal(received.data.data + MESSAGE_BINARY_MIN_BYTES, "\xff\xfe", 2);
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

static void test_pings_of_all_lengths_get_their_pongs(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	char content[126];

	peer_frame(peer, WS_PING, true, "", 0);
	expect_event(peer, WS_EVENT_PONG, "");
	memset(content, 'p', sizeof content);
	content[sizeof content - 1] = '\0';
	peer_frame(peer, WS_PING, true, content, sizeof content - 1);
	expect_event(peer, WS_EVENT_PONG, content);
}

/* libwebsockets answers only the first (RFC 6455 §5.5.3 would have it be the last). */
static void test_each_of_two_pings_in_one_write_gets_a_pong(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct bytes pings = {0};

	append(&pings, WS_PING, true, "one");
	append(&pings, WS_PING, true, "two");
	send_frames(peer, &pings);
	expect_event(peer, WS_EVENT_PONG, "one");
	if (!cell_is_on(cell, "lws"))
		expect_event(peer, WS_EVENT_PONG, "two");
	cell_publish(cell, "one");
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
}

static void test_a_pong_that_nobody_asked_for_is_passed_over(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_PONG, true, "hello", 5);
	peer_frame(peer, WS_PONG, true, "", 0);
	peer_frame(peer, WS_PING, true, "x", 1);
	expect_event(peer, WS_EVENT_PONG, "x");
}

/* The next thing that is no ping; but a ping, where nothing else comes for a long time. */
static enum ws_event event_but_ping(struct peer *peer, struct ws_received *received)
{
	enum ws_event event = WS_EVENT_PING;

	for (int i = 0; i < PINGS_MAX && event == WS_EVENT_PING; i++)
		event = peer_event(peer, received);
	return event;
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
	assert_int_equal(event_but_ping(peer, &received), WS_EVENT_MESSAGE);
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

/* A close frame with that code and reason; what the server answers. */
static enum ws_event close_with(struct cell *cell, unsigned code, const char *reason,
                                unsigned *answer)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};
	struct bytes frame = {0};
	enum ws_event event;

	ws_append_close(&frame, mask, code, reason);
	send_frames(peer, &frame);
	event = peer_event(peer, &received);
	*answer = received.code;
	peer_expect_end(peer);
	peer_close(cell, peer);
	return event;
}

static void test_a_close_code_that_may_be_sent_is_answered_with_itself(struct cell *cell)
{
	static const unsigned codes[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009,
	                                 1010, 1011, 3000, 3999, 4000, 4999, WS_CLOSE_NO_STATUS};
	unsigned answer;

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		assert_int_equal(close_with(cell, codes[i], "", &answer), WS_EVENT_CLOSE);
		assert_int_equal(answer, codes[i]);
	}
	cell_await(cell, "connections_open", 1);
}

/* RFC 6455 §7.4. libwebsockets takes what is above all codes. */
static void test_a_close_code_that_must_not_be_sent_is_answered_with_1002(struct cell *cell)
{
	static const unsigned short codes[] = {0,    1,    999,  1004, 1005, 1006, 1012, 1014,
	                                       1015, 1016, 1100, 2000, 2999, 5000, 65535};
	bool lws = cell_is_on(cell, "lws");

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);
		uint16_t code = htobe16(codes[i]);

		peer_frame(peer, WS_CLOSE, true, &code, sizeof code);
		if (lws && codes[i] >= 5000) {
			struct ws_received received = {0};

			assert_int_equal(peer_event(peer, &received), WS_EVENT_INVALID);
		} else {
			peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
		}
		peer_expect_end(peer);
	}
}

static void test_a_close_may_have_a_reason(struct cell *cell)
{
	char longest[124];
	unsigned answer;

	assert_int_equal(close_with(cell, 1000, "bye \xe2\x82\xac", &answer), WS_EVENT_CLOSE);
	assert_int_equal(answer, 1000);
	memset(longest, 'r', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	assert_int_equal(close_with(cell, 1000, longest, &answer), WS_EVENT_CLOSE);
	assert_int_equal(answer, 1000);
}

/* libwebsockets hangs up without a close frame, and sends back a reason that is cut off in a
 * character. */
static void test_a_reason_that_is_not_utf8_is_answered_with_1007(struct cell *cell)
{
	bool lws = cell_is_on(cell, "lws");
	unsigned answer;

	assert_int_equal(close_with(cell, 1000, "bye \xff", &answer),
	                 lws ? WS_EVENT_MORE : WS_EVENT_CLOSE);
	if (!lws)
		assert_int_equal(answer, WS_CLOSE_INVALID_DATA);
	assert_int_equal(close_with(cell, 1000, "bye \xe2\x82", &answer),
	                 lws ? WS_EVENT_INVALID : WS_EVENT_CLOSE);
	if (!lws)
		assert_int_equal(answer, WS_CLOSE_INVALID_DATA);
}

static void test_nothing_behind_a_close_counts(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct bytes frames = {0};

	append(&frames, WS_CLOSE, true, "\x03\xe9");
	append(&frames, WS_TEXT, true, "late");
	append(&frames, WS_PING, true, "late");
	append(&frames, WS_CLOSE, true, "\x03\xea");
	send_frames(peer, &frames);
	peer_expect_close_code(peer, WS_CLOSE_GOING_AWAY);
	peer_expect_end(peer);
	cell_await(cell, "published", 0);
	cell_await(cell, "subscribers", 0);
}

/* A peer that has made the server close. */
static struct peer *make_server_close(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, true, "\xff", 1);
	cell_counter(cell, "connections"); /* it has seen that */
	return peer;
}

static void test_a_close_of_the_server_is_answered_and_the_connection_ends(struct cell *cell)
{
	struct peer *peer = make_server_close(cell);

	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	peer_frame(peer, WS_CLOSE, true, "\x03\xef", 2);
	peer_expect_end(peer);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
	cell_await(cell, "subscribers", 0);
}

/* RFC 6455 §5.5.1 */
static void test_no_message_follows_a_close_of_the_server(struct cell *cell)
{
	struct peer *peer = make_server_close(cell);

	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	cell_publish_many(cell, 2);
	peer_frame(peer, WS_CLOSE, true, "\x03\xef", 2);
	peer_expect_end(peer);
	cell_await(cell, "delivered", 0);
}

/* Each sends a close frame before it has read the other's. */
static void test_both_ends_may_close_at_once(struct cell *cell)
{
	struct peer *peer = make_server_close(cell);

	peer_frame(peer, WS_CLOSE, true, "\x03\xe9", 2);
	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	peer_expect_end(peer);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
}

/* libwebsockets gives it a time of its own, 5 s. */
static void test_a_peer_that_answers_no_close_is_dropped(struct cell *cell)
{
	struct peer *peer = make_server_close(cell);

	peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	cell_await(cell, "connections_open", 1);
	peer_expect_end(peer);
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

/* libwebsockets counts only what has come. */
static void test_a_length_above_the_limit_closes_with_1009(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	char rest[MESSAGE_MAX + 1] = {0};

	peer_send(peer, "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14);
	if (cell_is_on(cell, "lws"))
		peer_send(peer, rest, sizeof rest);
	peer_expect_close_code(peer, WS_CLOSE_TOO_BIG);
	assert_int_equal(cell_publish(cell, "small"), 1);
}

static void test_text_that_is_not_utf8_closes_with_1007(struct cell *cell)
{
	static const char *const bad[] = {
	        "\xff",
	        "abc\xe2\x82",
	        "\x80",
	        "\xc0\xaf",
	        "\xe0\x80\xaf",
	        "\xf0\x80\x80\xaf", /* overlong */
	        "\xed\xa0\x80",
	        "\xed\xbf\xbf", /* surrogates */
	        "\xf4\x90\x80\x80",
	        "\xf5\x80\x80\x80",
	        "\xf8\x88\x80\x80\x80", /* too high */
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);

		peer_frame(peer, WS_TEXT, true, bad[i], strlen(bad[i]));
		peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	}
	assert_int_equal(cell_publish(cell, "next"), 1);
}

static void test_a_character_may_be_cut_between_fragments(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);

	peer_frame(peer, WS_TEXT, false, "{\"t\":7,\"data\":\"\xe2", 16);
	peer_frame(peer, WS_PING, true, "\xff", 1);
	expect_event(peer, WS_EVENT_PONG, "\xff");
	peer_frame(peer, WS_CONTINUATION, false, "\x82", 1);
	peer_frame(peer, WS_CONTINUATION, true, "\xac\xf4\x8f\xbf\xbf\"}", 7);
	peer_expect_text(peer, CELL_MESSAGE(1, "\xe2\x82\xac\xf4\x8f\xbf\xbf"));
}

static void test_a_character_that_is_none_across_fragments_closes_with_1007(struct cell *cell)
{
	static const char *const bad[][2] = {
	        {"a\xe2\x82", "x"}, {"a", "\xe2\x82"}, {"a\xe2\x82", ""}, {"\xed", "\xa0\x80"}};
	struct peer *peer;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		peer = peer_upgrade(cell, ASK);
		peer_frame(peer, WS_TEXT, false, bad[i][0], strlen(bad[i][0]));
		peer_frame(peer, WS_CONTINUATION, true, bad[i][1], strlen(bad[i][1]));
		peer_expect_close_code(peer, WS_CLOSE_INVALID_DATA);
	}
	/* As soon as it is known. */
	peer = peer_upgrade(cell, ASK);
	peer_frame(peer, WS_TEXT, false, "a\xff", 2);
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

static void test_a_control_frame_without_a_mask_fails_the_connection(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	peer_send(peer, "\x89\x02hi", 4);
	if (cell_is_on(cell, "lws"))
		assert_int_equal(peer_event(peer, &received), WS_EVENT_PONG);
	else
		peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
	peer = peer_upgrade(cell, ASK);
	peer_send(peer, "\x88\x02\x03\xe8", 4);
	peer_expect_close_code(peer,
	                       cell_is_on(cell, "lws") ? WS_CLOSE_NORMAL : WS_CLOSE_PROTOCOL_ERROR);
}

/* libwebsockets 4.1 takes them (lib/roles/ws/ops-ws.c), against RFC 6455 §5.2. */
static void test_a_length_that_is_not_in_its_shortest_form_fails_the_connection(struct cell *cell)
{
	static const struct {
		size_t size, head_size;
		const char *head; /* and a mask of zeros */
	} frames[] = {
	        {0, 8, "\x81\xfe\0\0\0\0\0\0"},
	        {125, 8, "\x81\xfe\0\x7d\0\0\0\0"},
	        {5, 14, "\x81\xff\0\0\0\0\0\0\0\x05\0\0\0\0"},
	        {65535, 14, "\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0"},
	};
	static const char zeros[65535];

	for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);
		struct ws_received received = {0};

		peer_send(peer, frames[i].head, frames[i].head_size);
		if (cell_is_on(cell, "lws")) {
			peer_send(peer, zeros, frames[i].size);
			assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
		} else {
			peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
		}
		peer_close(cell, peer);
	}
	cell_await(cell, "published", cell_is_on(cell, "lws") ? 4 : 0);
}

static void test_every_reserved_bit_and_opcode_fails_the_connection(struct cell *cell)
{
	static const uint8_t opcodes[] = {0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf};
	static const uint8_t good[] = {WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING, WS_PONG};
	uint8_t frame[] = {0, 0x80, 'm', 'a', 's', 'k'};

	for (size_t i = 0; i < sizeof opcodes; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);

		frame[0] = 0x80 | opcodes[i];
		peer_send(peer, frame, sizeof frame);
		peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
	}
	for (size_t i = 0; i < 3 * sizeof good; i++) {
		struct peer *peer = peer_upgrade(cell, ASK);

		frame[0] = (uint8_t)(0x80 | (0x10 << i % 3) | good[i / 3]);
		peer_send(peer, frame, sizeof frame);
		peer_expect_close_code(peer, WS_CLOSE_PROTOCOL_ERROR);
	}
	cell_await(cell, "published", 0);
}

/* libwebsockets 4.1 hangs up on too long a control frame, and on a length that is negative, without
 * a close frame, and sends half a code back. */
static void test_a_frame_against_the_protocol_fails_the_connection(struct cell *cell)
{
	static const struct {
		const char *bytes;
		size_t size;
		enum ws_event lws;
	} bad[] = {
	        {"\x80\x80mask", 6, WS_EVENT_CLOSE},        /* a continuation of nothing */
	        {"\x00\x80mask", 6, WS_EVENT_CLOSE},        /* the same, in fragments */
	        {"\x08\x80mask", 6, WS_EVENT_CLOSE},        /* a close in fragments */
	        {"\x09\x80mask", 6, WS_EVENT_CLOSE},        /* a ping in fragments */
	        {"\x0a\x80mask", 6, WS_EVENT_CLOSE},        /* a pong in fragments */
	        {"\x88\xfe\x00\x7emask", 8, WS_EVENT_MORE}, /* a close of 126 bytes */
	        {"\x89\xfe\x00\x7emask", 8, WS_EVENT_MORE}, /* a ping of 126 bytes */
	        {"\x8a\xfe\x00\x7emask", 8, WS_EVENT_MORE}, /* a pong of 126 bytes */
	        {"\x89\xff\0\0\0\0\0\0\0\x05mask", 14, WS_EVENT_MORE}, /* its long form */
	        {"\x81\xff\x80\0\0\0\0\0\0\0mask", 14, WS_EVENT_MORE}, /* a negative length */
	        {"\x01\x80mask\x81\x80mask", 12, WS_EVENT_CLOSE},      /* a message in a message */
	        {"\x88\x81maskx", 7, WS_EVENT_INVALID}, /* a close with half a code */
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

/* Pings that nobody answers: libwebsockets' runtime hangs up without a close frame. */
static void test_a_peer_that_answers_no_ping_is_dropped(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};
	enum ws_event event = event_but_ping(peer, &received);

	assert_int_equal(event, cell_is_on(cell, "lws") ? WS_EVENT_MORE : WS_EVENT_CLOSE);
	if (event == WS_EVENT_CLOSE)
		assert_int_equal(received.code, WS_CLOSE_POLICY);
	peer_expect_end(peer);
	assert_true(cell_counter(cell, "timeouts") > 0);
	cell_await(cell, "subscribers", 0);
	peer_close(cell, peer);
	cell_await(cell, "connections_open", 1);
}

/* For longer than one that is silent. */
static void test_a_peer_that_answers_its_pings_stays(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	for (int i = 0; i < 25; i++) {
		assert_int_equal(peer_event(peer, &received), WS_EVENT_PING);
		peer_frame(peer, WS_PONG, true, received.data.data, received.data.size);
	}
	cell_publish(cell, "one");
	assert_int_equal(event_but_ping(peer, &received), WS_EVENT_MESSAGE);
	cell_await(cell, "timeouts", 0);
}

static void test_a_connection_is_not_late_once_it_is_upgraded(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	assert_int_equal(peer_event(peer, &received), WS_EVENT_PING);
	cell_publish(cell, "one");
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	cell_await(cell, "timeouts", 0);
}

#define SHOW(token) "{\"token\":\"" token "\"}"

static void show(struct peer *peer, const char *message)
{
	peer_frame(peer, WS_TEXT, true, message, strlen(message));
}

static void test_the_first_message_may_be_the_token(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	peer = peer_upgrade(cell, ASK "&since=0");
	cell_publish(cell, "two");
	peer_frame(peer, WS_PING, true, "before", 6);
	expect_event(peer, WS_EVENT_PONG, "before");
	cell_await(cell, "subscribers", 0);
	cell_await(cell, "delivered", 0);
	show(peer, SHOW(CELL_TOKEN));
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
	peer_expect_text(peer, CELL_MESSAGE(2, "two"));
	show(peer, "{\"t\":7,\"data\":\"three\"}");
	peer_expect_text(peer, CELL_MESSAGE(3, "three"));
	cell_await(cell, "received", 3);
}

static void test_the_token_in_fragments_is_the_token(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	peer = peer_upgrade(cell, ASK "&since=0");
	peer_frame(peer, WS_TEXT, false, "{\"token\":", 9);
	peer_frame(peer, WS_CONTINUATION, true, "\"" CELL_TOKEN "\"}", sizeof CELL_TOKEN + 2);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
}

static void test_another_first_message_than_the_token_closes_with_1008(struct cell *cell)
{
	static const char *const wrong[] = {SHOW("guess"),
	                                    SHOW(""),
	                                    "hello",
	                                    "",
	                                    "{\"token\":7}",
	                                    "{\"t\":7,\"data\":\"one\"}",
	                                    "{\"token\":\"" CELL_TOKEN "\",\"t\":7}"};
	struct peer *peer;

	cell_publish(cell, "one");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		peer = peer_upgrade(cell, ASK "&since=0");
		show(peer, wrong[i]);
		peer_expect_close_code(peer, WS_CLOSE_POLICY);
	}
	peer = peer_upgrade(cell, ASK "&since=0");
	peer_frame(peer, WS_BINARY, true, SHOW(CELL_TOKEN), sizeof SHOW(CELL_TOKEN) - 1);
	peer_expect_close_code(peer, WS_CLOSE_POLICY);
	cell_await(cell, "published", 1);
	cell_await(cell, "delivered", 0);
}

/* Only who has shown the token makes topics. */
static void test_who_owes_the_token_makes_no_topic(struct cell *cell)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, "?topic=new");
	assert_int_equal(peer_answer(peer), 401);
	peer = peer_open(cell);
	peer_subscribe_with(cell, peer, "?topic=new", "Authorization: Bearer " CELL_TOKEN "\r\n");
	assert_int_equal(peer_answer(peer), 101);
	peer = peer_open(cell);
	peer_subscribe(cell, peer, "?topic=new");
	assert_int_equal(peer_answer(peer), 101);
}

/* libwebsockets' runtime says why, and waits for an answer. */
static void expect_too_late(struct cell *cell, struct peer *peer)
{
	if (cell_is_on(cell, "lws")) {
		peer_expect_close_code(peer, WS_CLOSE_POLICY);
		peer_frame(peer, WS_CLOSE, true, "", 0);
	}
	peer_expect_end(peer);
	assert_true(cell_counter(cell, "timeouts") > 0);
	cell_await(cell, "delivered", 0);
}

static void test_a_token_that_does_not_come_in_time_ends_the_connection(struct cell *cell)
{
	struct peer *peer;

	cell_publish(cell, "one");
	peer = peer_upgrade(cell, ASK "&since=0");
	expect_too_late(cell, peer);
}

static void test_a_token_that_does_not_come_whole_in_time_ends_the_connection(struct cell *cell)
{
	struct ws_received received = {0};
	struct bytes frames = {0};
	enum ws_event event;
	struct peer *peer;
	uint64_t end = clock_now_ns() + CELL_PATIENCE_MS * NS_PER_MS;

	cell_publish(cell, "one");
	peer = peer_upgrade(cell, ASK "&since=0");
	peer_frame(peer, WS_TEXT, false, "{\"token\":", 9);
	do {
		assert_true(clock_now_ns() < end);
		append(&frames, WS_CONTINUATION, false, " ");
		append(&frames, WS_PING, true, "");
		send_frames(peer, &frames);
		event = peer_event(peer, &received);
	} while (event == WS_EVENT_PONG);
	assert_int_equal(event, cell_is_on(cell, "lws") ? WS_EVENT_CLOSE : WS_EVENT_MORE);
	assert_true(cell_counter(cell, "timeouts") > 0);
	cell_await(cell, "delivered", 0);
}

static void test_who_publishes_too_fast_is_closed_with_1008(struct cell *cell)
{
	struct peer *peer = peer_upgrade(cell, ASK);
	struct ws_received received = {0};

	for (int i = 0; i < BURST; i++) {
		peer_frame(peer, WS_TEXT, true, "one", 3);
		assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	}
	peer_frame(peer, WS_TEXT, true, "one", 3);
	peer_expect_close_code(peer, WS_CLOSE_POLICY);
	cell_await(cell, "published", BURST);
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

static void expect_large_message(struct peer *peer, uint64_t id, const char *data)
{
	struct ws_received received = {0};
	uint64_t got_id, scheduled_ns;

	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.data.size, MESSAGE_JSON_MIN_BYTES + LARGE_BYTES);
	assert_int_equal(message_read(MESSAGE_JSON, received.data.data, received.data.size, &got_id,
	                              &scheduled_ns),
	                 0);
	assert_int_equal(got_id, id);
	assert_memory_equal(received.data.data + MESSAGE_JSON_MIN_BYTES - 2, data, LARGE_BYTES);
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
	struct peer *slow = open_slow(cell), *other = peer_upgrade(cell, ASK);
	uint64_t published = 0;
	char *data = large_data();

	cell_await(cell, "subscribers", 2);
	while (!cell_counter(cell, "slow_readers")) {
		assert_true(published < 200);
		published = cell_publish(cell, data);
		expect_large_message(other, published, data);
	}
	assert_true(published > QUEUE_MAX);
	cell_await(cell, "subscribers", 1);
	peer_expect_close(slow);
	peer_close(cell, slow);
	cell_await(cell, "connections_open", 2);
	expect_large_message(other, cell_publish(cell, data), data);
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
	assert_int_equal(peer_answer(slow), 101);
	ws_reader_init(&slow->frames, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	for (uint64_t id = 1; id <= BEHIND; id++)
		expect_large_message(slow, id, data);
	cell_publish(cell, data);
	expect_large_message(slow, BEHIND + 1, data);
	cell_await(cell, "delivered", BEHIND + 1);
	cell_await(cell, "missed", 0);
	free(data);
}

const struct cell_case websocket_cases[] = {
        CELL_CASE(test_the_handshake_is_accepted),
        CELL_CASE(test_a_plain_get_is_told_to_upgrade),
        CELL_CASE(test_a_handshake_that_is_none_is_refused),
        CELL_CASE(test_another_version_is_told_ours),
        CELL_CASE(test_a_key_that_is_not_16_bytes_is_refused),
        CELL_CASE(test_names_and_tokens_of_the_handshake_are_in_any_case),
        CELL_CASE(test_a_list_of_the_handshake_may_have_two_lines),
        CELL_CASE(test_a_handshake_that_does_not_ask_for_a_websocket_is_told_to),
        CELL_CASE(test_a_handshake_without_a_host_is_refused),
        CELL_CASE(test_http_1_0_does_not_upgrade),
        CELL_CASE(test_a_subprotocol_is_chosen_where_it_is_offered),
        CELL_CASE(test_no_extension_is_chosen_though_it_is_offered),
        CELL_CASE(test_frames_that_come_with_the_handshake_are_read),
        CELL_CASE(test_a_message_is_a_text_frame),
        CELL_CASE(test_a_stream_begins_after_since),
        CELL_CASE_WITH(test_what_the_log_has_lost_is_a_message, "--log-messages=4"),
        CELL_CASE(test_what_a_client_sends_gets_to_all),
        CELL_CASE(test_bytes_come_back_behind_id_and_instant),
        CELL_CASE(test_fragments_are_one_message),
        CELL_CASE(test_control_frames_may_stand_between_fragments),
        CELL_CASE(test_bytes_in_fragments_are_one_message),
        CELL_CASE(test_a_close_between_fragments_ends_the_connection),
        CELL_CASE(test_a_message_in_single_bytes_is_read),
        CELL_CASE(test_frames_of_all_lengths_come_and_go),
        CELL_CASE(test_bytes_published_by_post_are_a_binary_frame),
        CELL_CASE(test_a_ping_gets_a_pong_of_its_content),
        CELL_CASE(test_pings_of_all_lengths_get_their_pongs),
        CELL_CASE(test_each_of_two_pings_in_one_write_gets_a_pong),
        CELL_CASE(test_a_pong_that_nobody_asked_for_is_passed_over),
        CELL_CASE_WITH(test_an_idle_connection_is_pinged, "--heartbeat=50"),
        CELL_CASE(test_a_close_is_answered_with_its_code),
        CELL_CASE(test_a_close_code_that_may_be_sent_is_answered_with_itself),
        CELL_CASE(test_a_close_code_that_must_not_be_sent_is_answered_with_1002),
        CELL_CASE(test_a_close_may_have_a_reason),
        CELL_CASE(test_a_reason_that_is_not_utf8_is_answered_with_1007),
        CELL_CASE(test_nothing_behind_a_close_counts),
        CELL_CASE(test_a_close_of_the_server_is_answered_and_the_connection_ends),
        CELL_CASE(test_no_message_follows_a_close_of_the_server),
        CELL_CASE(test_both_ends_may_close_at_once),
        CELL_CASE_WITH(test_a_peer_that_answers_no_close_is_dropped, CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_message_at_the_limit_is_published, "--max-message=1000"),
        CELL_CASE_WITH(test_a_message_above_the_limit_closes_with_1009, "--max-message=1000"),
        CELL_CASE_WITH(test_a_length_above_the_limit_closes_with_1009, "--max-message=1000"),
        CELL_CASE(test_text_that_is_not_utf8_closes_with_1007),
        CELL_CASE(test_a_character_may_be_cut_between_fragments),
        CELL_CASE(test_a_character_that_is_none_across_fragments_closes_with_1007),
        CELL_CASE(test_a_frame_without_a_mask_fails_the_connection),
        CELL_CASE(test_a_control_frame_without_a_mask_fails_the_connection),
        CELL_CASE(test_a_length_that_is_not_in_its_shortest_form_fails_the_connection),
        CELL_CASE(test_every_reserved_bit_and_opcode_fails_the_connection),
        CELL_CASE(test_a_frame_against_the_protocol_fails_the_connection),
        CELL_CASE(test_every_subscriber_gets_every_message),
        CELL_CASE(test_a_large_message_arrives_whole),
        CELL_CASE(test_a_subscriber_that_leaves_is_noticed),
        CELL_CASE_WITH(test_a_peer_that_answers_no_ping_is_dropped,
                       "--heartbeat=20 --idle-timeout=100"),
        CELL_CASE_WITH(test_a_peer_that_answers_its_pings_stays,
                       "--heartbeat=20 --idle-timeout=400"),
        CELL_CASE_WITH(test_a_connection_is_not_late_once_it_is_upgraded,
                       CELL_REQUEST_TIMEOUT " --heartbeat=1100"),
        CELL_CASE_WITH(test_the_first_message_may_be_the_token, TOKEN),
        CELL_CASE_WITH(test_the_token_in_fragments_is_the_token, TOKEN),
        CELL_CASE_WITH(test_another_first_message_than_the_token_closes_with_1008, TOKEN),
        CELL_CASE_WITH(test_who_owes_the_token_makes_no_topic, TOKEN),
        CELL_CASE_WITH(test_a_token_that_does_not_come_in_time_ends_the_connection,
                       TOKEN " " CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_token_that_does_not_come_whole_in_time_ends_the_connection,
                       TOKEN " " CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_who_publishes_too_fast_is_closed_with_1008,
                       "--publish-rate=0.01 --publish-burst=3"),
        CELL_CASE_WITH(test_a_peer_that_reads_nothing_is_cut_off_and_no_other, "--max-queue=4"),
        CELL_CASE(test_a_peer_that_falls_behind_catches_up),
        {0},
};
