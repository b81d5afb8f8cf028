#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../client.h"
#include "../feed.h"
#include "wire.h"

extern const struct client_ops websocket_client;

/* A string literal as bytes and their number. */
#define LITERAL(text) (text), sizeof(text) - 1

#define HEAD_START "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE    "Upgrade: websocket\r\nConnection: Upgrade\r\n"

/* A client, what it sent, and what it told its harness: one line an event. */
struct scene {
	void *client;
	struct bytes out, events;
	enum client_status status;
};

static void on_ready(void *user)
{
	bytes_append_text(&((struct scene *)user)->events, "ready\n");
}

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	struct bytes *events = &((struct scene *)user)->events;

	bytes_printf(events, "message %d at %d: ", (int)id, (int)scheduled_ns);
	bytes_append(events, data, size);
	bytes_append_text(events, "\n");
}

static void on_response(void *user, unsigned messages)
{
	bytes_printf(&((struct scene *)user)->events, "response %u\n", messages);
}

static void on_missed(void *user, uint64_t messages)
{
	bytes_printf(&((struct scene *)user)->events, "missed %llu\n",
	             (unsigned long long)messages);
}

static const struct client_events events = {
        .ready = on_ready,
        .message = on_message,
        .response = on_response,
        .missed = on_missed,
};

/* Ten characters of id are a message. */
static const struct client_config lean = {
        .host = "pushlab.test",
        .topic = "news",
        .since = CLIENT_NO_CURSOR,
        .format = MESSAGE_LEAN,
        .seed = 1,
};

static void connect_anew(struct scene *scene)
{
	bytes_clear(&scene->out);
	scene->status = websocket_client.connected(scene->client, LANE_DOWN, 0, &scene->out);
}

/* Connected, and the request is in `out`. */
static struct scene *scene_open(const struct client_config *config)
{
	struct scene *scene = calloc(1, sizeof *scene);

	assert_non_null(scene);
	scene->client = calloc(1, websocket_client.state_size);
	assert_non_null(scene->client);
	websocket_client.init(scene->client, config, &events, scene);
	connect_anew(scene);
	assert_int_equal(scene->status, CLIENT_OK);
	return scene;
}

static void scene_close(struct scene *scene)
{
	websocket_client.fini(scene->client);
	free(scene->client);
	bytes_free(&scene->out);
	bytes_free(&scene->events);
	free(scene);
}

/* The server sends; the client sees it end where memory ends. */
static void send_bytes(struct scene *scene, const void *data, size_t size)
{
	struct feed_guard guard = feed_guard_open(data, size);

	scene->status =
	        websocket_client.input(scene->client, LANE_DOWN, guard.data, size, 0, &scene->out);
	feed_guard_close(&guard);
}

static void send_close(struct scene *scene)
{
	scene->status = websocket_client.input(scene->client, LANE_DOWN, NULL, 0, 0, &scene->out);
}

static const char *out_text(struct scene *scene)
{
	bytes_append(&scene->out, "", 1);
	scene->out.end--;
	return (const char *)bytes_data(&scene->out);
}

/* The Sec-WebSocket-Accept for the request in `out`. */
static void answer_key(struct scene *scene, char accept[WS_ACCEPT_SIZE])
{
	static const char name[] = "Sec-WebSocket-Key: ";
	const char *at = strstr(out_text(scene), name);
	char key[WS_KEY_SIZE] = {0};

	assert_non_null(at);
	memcpy(key, at + sizeof name - 1, sizeof key - 1);
	ws_accept(accept, key);
}

/* The head of the answer to the request in `out`; fields are without the accept. */
static struct bytes answer(struct scene *scene, const char *start_and_fields)
{
	struct bytes head = {0};
	char accept[WS_ACCEPT_SIZE];

	answer_key(scene, accept);
	bytes_printf(&head, "%sSec-WebSocket-Accept: %s\r\n\r\n", start_and_fields, accept);
	return head;
}

static void send_answer(struct scene *scene, const char *start_and_fields)
{
	struct bytes head = answer(scene, start_and_fields);

	send_bytes(scene, bytes_data(&head), bytes_size(&head));
	bytes_free(&head);
}

/* The handshake is done and forgotten. */
static struct scene *scene_open_ready(const struct client_config *config)
{
	struct scene *scene = scene_open(config);

	send_answer(scene, HEAD_START UPGRADE);
	assert_int_equal(scene->status, CLIENT_OK);
	bytes_clear(&scene->out);
	bytes_clear(&scene->events);
	return scene;
}

static void assert_content(const struct bytes *bytes, const char *expected)
{
	assert_int_equal(bytes_size(bytes), strlen(expected));
	if (*expected)
		assert_memory_equal(bytes_data(bytes), expected, strlen(expected));
}

static void assert_failed(struct scene *scene, const char *why)
{
	assert_int_equal(scene->status, CLIENT_FAILED);
	assert_string_equal(websocket_client.why(scene->client), why);
	scene_close(scene);
}

/* The next frame that the client sent, as a server reads it: it must be masked. */
static enum ws_event sent(struct scene *scene, struct ws_reader *reader,
                          struct ws_received *received)
{
	struct span rest = {bytes_data(&scene->out), bytes_size(&scene->out)};
	enum ws_event event;

	ws_reader_init(reader, WS_SERVER, 1000);
	event = ws_next(reader, &rest, received);
	bytes_consume(&scene->out, bytes_size(&scene->out) - rest.size);
	return event;
}

static void assert_sent_close(struct scene *scene, unsigned code)
{
	struct ws_reader reader;
	struct ws_received received;

	assert_int_equal(sent(scene, &reader, &received), WS_EVENT_CLOSE);
	assert_int_equal(received.code, code);
	assert_int_equal(bytes_size(&scene->out), 0);
	ws_reader_free(&reader);
}

static void assert_sent_message(struct scene *scene, enum ws_opcode opcode, const void *data,
                                size_t size)
{
	struct ws_reader reader;
	struct ws_received received;

	assert_int_equal(sent(scene, &reader, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, opcode);
	assert_int_equal(received.data.size, size);
	assert_memory_equal(received.data.data, data, size);
	assert_int_equal(bytes_size(&scene->out), 0);
	ws_reader_free(&reader);
}

static void test_the_request_asks_for_the_upgrade(void **state)
{
	struct scene *scene = scene_open(&lean);
	char expected[300], *key;

	(void)state;
	key = strstr(out_text(scene), "Key: ");
	assert_non_null(key);
	snprintf(expected, sizeof expected,
	         "GET /websocket?topic=news HTTP/1.1\r\nHost: pushlab.test\r\n" UPGRADE
	         "Sec-WebSocket-Key: %.24s\r\nSec-WebSocket-Version: 13\r\n\r\n",
	         key + 5);
	assert_string_equal(out_text(scene), expected);
	assert_memory_equal(key + 5 + 22, "==\r\n", 4); /* base64 of 16 bytes */
	scene_close(scene);
}

static void test_since_is_asked_for(void **state)
{
	struct client_config config = lean;
	struct scene *scene;

	(void)state;
	config.since = 0;
	scene = scene_open(&config);
	assert_non_null(strstr(out_text(scene), "GET /websocket?topic=news&since=0 HTTP/1.1\r\n"));
	assert_int_equal(websocket_client.cursor(scene->client), 0);
	scene_close(scene);
}

static void test_the_same_seed_draws_the_same_keys(void **state)
{
	struct scene *one = scene_open(&lean), *two = scene_open(&lean);
	struct client_config other = lean;
	struct scene *three;

	(void)state;
	other.seed = 2;
	three = scene_open(&other);
	assert_string_equal(out_text(one), out_text(two));
	assert_string_not_equal(out_text(one), out_text(three));
	connect_anew(two);
	assert_string_not_equal(out_text(one), out_text(two));
	scene_close(one);
	scene_close(two);
	scene_close(three);
}

/* What a server says in the conversation, and what comes of it. */
static struct bytes conversation(struct scene *scene)
{
	struct bytes said = answer(scene, "HTTP/1.1 100 Continue\r\n\r\n" HEAD_START UPGRADE);

	ws_append_frame(&said, WS_TEXT, true, NULL, LITERAL("         1first"));
	ws_append_frame(&said, WS_TEXT, false, NULL, LITERAL("      "));
	ws_append_frame(&said, WS_PING, true, NULL, LITERAL("there?"));
	ws_append_frame(&said, WS_CONTINUATION, true, NULL, LITERAL("   2second"));
	ws_append_frame(&said, WS_PONG, true, NULL, NULL, 0);
	ws_append_frame(&said, WS_TEXT, true, NULL, LITERAL("{\"missed\":40}"));
	ws_append_frame(&said, WS_TEXT, true, NULL, LITERAL("        43"));
	ws_append_close(&said, NULL, WS_CLOSE_GOING_AWAY, "restart");
	return said;
}

static void assert_conversation(struct scene *scene)
{
	struct ws_reader reader;
	struct ws_received received;

	assert_int_equal(scene->status, CLIENT_RECONNECT);
	assert_content(&scene->events, "ready\n"
	                               "message 1 at 0:          1first\nresponse 1\n"
	                               "message 2 at 0:          2second\nresponse 1\n"
	                               "missed 40\n"
	                               "message 43 at 0:         43\nresponse 1\n");
	assert_int_equal(websocket_client.cursor(scene->client), 43);
	assert_int_equal(sent(scene, &reader, &received), WS_EVENT_PONG);
	assert_int_equal(received.data.size, 6);
	assert_memory_equal(received.data.data, "there?", 6);
	ws_reader_free(&reader);
	assert_sent_close(scene, WS_CLOSE_GOING_AWAY);
}

static void test_a_conversation_in_one_piece(void **state)
{
	struct scene *scene = scene_open(&lean);
	struct bytes said = conversation(scene);

	(void)state;
	bytes_clear(&scene->out);
	send_bytes(scene, bytes_data(&said), bytes_size(&said));
	assert_conversation(scene);
	bytes_free(&said);
	scene_close(scene);
}

static void test_a_conversation_byte_by_byte(void **state)
{
	struct scene *scene = scene_open(&lean);
	struct bytes said = conversation(scene);

	(void)state;
	bytes_clear(&scene->out);
	for (size_t i = 0; i < bytes_size(&said); i++) {
		assert_int_equal(scene->status, CLIENT_OK);
		send_bytes(scene, bytes_data(&said) + i, 1);
	}
	assert_conversation(scene);
	bytes_free(&said);
	scene_close(scene);
}

static void test_a_conversation_split_anywhere(void **state)
{
	size_t size = 2;

	(void)state;
	for (size_t split = 1; split < size; split++) {
		struct scene *scene = scene_open(&lean);
		struct bytes said = conversation(scene);

		size = bytes_size(&said);
		bytes_clear(&scene->out);
		send_bytes(scene, bytes_data(&said), split);
		assert_int_equal(scene->status, CLIENT_OK);
		send_bytes(scene, bytes_data(&said) + split, size - split);
		assert_conversation(scene);
		bytes_free(&said);
		scene_close(scene);
	}
}

static void test_ready_comes_with_the_end_of_the_handshake(void **state)
{
	struct scene *scene = scene_open(&lean);
	struct bytes head = answer(scene, HEAD_START UPGRADE);
	size_t size = bytes_size(&head);

	(void)state;
	send_bytes(scene, bytes_data(&head), size - 1);
	assert_content(&scene->events, "");
	send_bytes(scene, bytes_data(&head) + size - 1, 1);
	assert_content(&scene->events, "ready\n");
	bytes_free(&head);
	scene_close(scene);
}

static void test_the_case_of_the_handshake_tokens_does_not_matter(void **state)
{
	struct scene *scene = scene_open(&lean);

	(void)state;
	send_answer(scene, HEAD_START "upgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n");
	assert_int_equal(scene->status, CLIENT_OK);
	assert_content(&scene->events, "ready\n");
	scene_close(scene);
}

static void assert_answer_refused(const char *start_and_fields, const char *why)
{
	struct scene *scene = scene_open(&lean);

	send_answer(scene, start_and_fields);
	assert_content(&scene->events, "");
	assert_failed(scene, why);
}

static void test_another_status_is_refused(void **state)
{
	(void)state;
	assert_answer_refused("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n",
	                      "the server answered 503 to the handshake");
	assert_answer_refused("HTTP/1.1 200 OK\r\n" UPGRADE,
	                      "the server answered 200 to the handshake");
}

static void test_an_answer_without_upgrade_is_refused(void **state)
{
	(void)state;
	assert_answer_refused(HEAD_START "Connection: Upgrade\r\n",
	                      "the server did not upgrade to websocket");
	assert_answer_refused(HEAD_START "Connection: Upgrade\r\nUpgrade: websocket2\r\n",
	                      "the server did not upgrade to websocket");
	assert_answer_refused(HEAD_START "Connection: Upgrade\r\nUpgrade: web\r\n",
	                      "the server did not upgrade to websocket");
}

static void test_an_answer_without_connection_upgrade_is_refused(void **state)
{
	(void)state;
	assert_answer_refused(HEAD_START "Upgrade: websocket\r\n",
	                      "the server's Connection field has no Upgrade");
	assert_answer_refused(HEAD_START "Upgrade: websocket\r\nConnection: close\r\n",
	                      "the server's Connection field has no Upgrade");
}

static void test_what_was_not_offered_is_refused(void **state)
{
	(void)state;
	assert_answer_refused(HEAD_START UPGRADE "Sec-WebSocket-Extensions: permessage-deflate\r\n",
	                      "the server chose an extension that was not offered");
	assert_answer_refused(HEAD_START UPGRADE "Sec-WebSocket-Protocol: chat\r\n",
	                      "the server chose a subprotocol that was not offered");
}

static void test_a_wrong_accept_is_refused(void **state)
{
	static const char why[] = "the server's Sec-WebSocket-Accept does not answer the key";
	struct scene *other = scene_open(&lean), *none = scene_open(&lean);

	(void)state;
	send_bytes(other, LITERAL(HEAD_START UPGRADE
	                          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
	assert_failed(other, why);
	send_bytes(none, LITERAL(HEAD_START UPGRADE "\r\n"));
	assert_failed(none, why);
}

static void test_an_accept_in_another_case_is_refused(void **state)
{
	struct scene *scene = scene_open(&lean);
	struct bytes head = answer(scene, HEAD_START UPGRADE);
	size_t last = bytes_size(&head) - sizeof "=\r\n\r\n";

	(void)state;
	while (head.data[last] < 'A')
		last--;
	head.data[last] ^= 0x20;
	send_bytes(scene, bytes_data(&head), bytes_size(&head));
	bytes_free(&head);
	assert_failed(scene, "the server's Sec-WebSocket-Accept does not answer the key");
}

static void test_what_is_not_http_is_refused(void **state)
{
	struct scene *scene = scene_open(&lean);

	(void)state;
	send_bytes(scene, LITERAL("SSH-2.0-OpenSSH_9.2 and more\r\n\r\n"));
	assert_failed(scene, "the status line is malformed");
}

static void test_a_connection_closed_in_the_handshake_is_made_anew(void **state)
{
	struct scene *at_once = scene_open(&lean), *halfway = scene_open(&lean);

	(void)state;
	send_close(at_once);
	assert_int_equal(at_once->status, CLIENT_RECONNECT);
	send_bytes(halfway, LITERAL(HEAD_START));
	send_close(halfway);
	assert_int_equal(halfway->status, CLIENT_RECONNECT);
	scene_close(at_once);
	scene_close(halfway);
}

static void test_a_connection_closed_later_is_made_anew(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x81\x0a       "));
	send_close(scene);
	assert_int_equal(scene->status, CLIENT_RECONNECT);
	assert_content(&scene->out, "");
	scene_close(scene);
}

static void test_the_fixed_fields_of_json_are_read(void **state)
{
	static const char text[] = "{\"id\":        42,\"t\":               123,\"data\":\"x\"}";
	struct client_config config = lean;
	struct bytes frame = {0};
	struct scene *scene;

	(void)state;
	config.format = MESSAGE_JSON;
	scene = scene_open_ready(&config);
	ws_append_frame(&frame, WS_TEXT, true, NULL, LITERAL(text));
	send_bytes(scene, bytes_data(&frame), bytes_size(&frame));
	assert_content(
	        &scene->events,
	        "message 42 at 123: {\"id\":        42,\"t\":               123,\"data\":\"x\"}\n"
	        "response 1\n");
	bytes_free(&frame);
	scene_close(scene);
}

static void test_a_binary_message_is_read(void **state)
{
	struct client_config config = lean;
	struct scene *scene;

	(void)state;
	config.format = MESSAGE_BINARY;
	scene = scene_open_ready(&config);
	send_bytes(scene, LITERAL("\x82\x10\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x09"));
	assert_int_equal(scene->status, CLIENT_OK);
	assert_int_equal(websocket_client.cursor(scene->client), 7);
	scene_close(scene);
}

static void test_a_message_of_another_format_fails(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x81\x05Hello"));
	assert_sent_close(scene, WS_CLOSE_POLICY);
	assert_content(&scene->events, "");
	assert_failed(scene, "a message is not of the format lean");
}

static void test_the_largest_missed_is_read(void **state)
{
	struct scene *scene = scene_open_ready(&lean);
	struct bytes frame = {0};

	(void)state;
	ws_append_frame(&frame, WS_TEXT, true, NULL, LITERAL("{\"missed\":18446744073709551615}"));
	send_bytes(scene, bytes_data(&frame), bytes_size(&frame));
	assert_content(&scene->events, "missed 18446744073709551615\n");
	bytes_free(&frame);
	scene_close(scene);
}

static void test_missed_in_any_other_form_fails(void **state)
{
	static const char *const texts[] = {
	        "{\"missed\":}",    "{\"missed\":12",
	        "{\"missed\": 1}",  "{\"missed\":-1}",
	        "{\"missed\":1} ",  "{\"missed\":18446744073709551616}",
	        "{\"missed\":1e1}", "{\"missed\":99999999999999999999}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct scene *scene = scene_open_ready(&lean);
		struct bytes frame = {0};

		ws_append_frame(&frame, WS_TEXT, true, NULL, texts[i], strlen(texts[i]));
		send_bytes(scene, bytes_data(&frame), bytes_size(&frame));
		assert_content(&scene->events, "");
		bytes_free(&frame);
		assert_failed(scene, "a message is not of the format lean");
	}
}

static void test_missed_is_text(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x82\x0c{\"missed\":1}"));
	assert_content(&scene->events, "");
	assert_failed(scene, "a message is not of the format lean");
}

static void test_a_close_is_answered_once(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x88\x02\x0b\xb8\x88\x02\x0b\xb9\x81\x0a         1"));
	send_bytes(scene, LITERAL("\x88\x00"));
	assert_int_equal(scene->status, CLIENT_RECONNECT);
	send_close(scene);
	assert_int_equal(scene->status, CLIENT_RECONNECT);
	assert_sent_close(scene, 3000);
	assert_content(&scene->events, "");
	scene_close(scene);
}

static void test_a_close_without_a_code_is_answered_without(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x88\x00"));
	assert_int_equal(scene->status, CLIENT_RECONNECT);
	assert_sent_close(scene, WS_CLOSE_NO_STATUS);
	scene_close(scene);
}

static void test_a_masked_frame_fails(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
	assert_sent_close(scene, WS_CLOSE_PROTOCOL_ERROR);
	assert_content(&scene->events, "");
	assert_failed(scene, "a frame from a server is masked");
}

static void test_a_message_has_16_mib_at_most(void **state)
{
	struct scene *most = scene_open_ready(&lean), *more = scene_open_ready(&lean);

	(void)state;
	send_bytes(most, LITERAL("\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x00"));
	assert_int_equal(most->status, CLIENT_OK);
	scene_close(most);
	send_bytes(more, LITERAL("\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01"));
	assert_sent_close(more, WS_CLOSE_TOO_BIG);
	assert_failed(more, "a message is too big");
}

static void test_a_failure_is_final_until_connected_anew(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x81\x80"));
	bytes_clear(&scene->out);
	send_bytes(scene, LITERAL("\x81\x0a         1"));
	assert_int_equal(scene->status, CLIENT_FAILED);
	send_close(scene);
	assert_int_equal(scene->status, CLIENT_FAILED);
	assert_content(&scene->out, "");
	connect_anew(scene);
	assert_int_equal(scene->status, CLIENT_OK);
	scene_close(scene);
}

static void test_a_new_connection_resumes_behind_the_last_message(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	assert_int_equal(websocket_client.cursor(scene->client), CLIENT_NO_CURSOR);
	send_bytes(scene, LITERAL("\x81\x0a         7\x01\x03   "));
	send_close(scene);
	connect_anew(scene);
	assert_non_null(strstr(out_text(scene), "GET /websocket?topic=news&since=7 HTTP/1.1\r\n"));
	send_answer(scene, HEAD_START UPGRADE);
	send_bytes(scene, LITERAL("\x81\x0a         8"));
	assert_int_equal(scene->status, CLIENT_OK);
	assert_content(&scene->events, "message 7 at 0:          7\nresponse 1\nready\n"
	                               "message 8 at 0:          8\nresponse 1\n");
	scene_close(scene);
}

static void test_a_half_read_answer_is_forgotten_with_its_connection(void **state)
{
	struct scene *scene = scene_open(&lean);

	(void)state;
	send_bytes(scene, LITERAL(HEAD_START "X-"));
	connect_anew(scene);
	send_answer(scene, HEAD_START UPGRADE);
	assert_int_equal(scene->status, CLIENT_OK);
	assert_content(&scene->events, "ready\n");
	scene_close(scene);
}

static void test_text_and_binary_are_sent(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	assert_int_equal(websocket_client.send(scene->client, "hello", 5, false, &scene->out),
	                 CLIENT_OK);
	assert_sent_message(scene, WS_TEXT, "hello", 5);
	assert_int_equal(websocket_client.send(scene->client, "\xff\x00", 2, true, &scene->out),
	                 CLIENT_OK);
	assert_sent_message(scene, WS_BINARY, "\xff\x00", 2);
	scene_close(scene);
}

static void test_each_frame_has_a_mask_of_its_own(void **state)
{
	struct scene *scene = scene_open_ready(&lean);
	const uint8_t *out;

	(void)state;
	websocket_client.send(scene->client, "a", 1, false, &scene->out);
	websocket_client.send(scene->client, "a", 1, false, &scene->out);
	out = bytes_data(&scene->out);
	assert_int_equal(bytes_size(&scene->out), 14);
	assert_memory_not_equal(out + 2, out + 7 + 2, 4);
	scene_close(scene);
}

static void test_nothing_is_sent_before_the_handshake_is_complete(void **state)
{
	struct scene *scene = scene_open(&lean);

	(void)state;
	bytes_clear(&scene->out);
	scene->status = websocket_client.send(scene->client, "hello", 5, false, &scene->out);
	assert_content(&scene->out, "");
	assert_failed(scene, "a message was to be sent before the handshake was complete");
}

static void test_nothing_is_sent_after_a_close(void **state)
{
	struct scene *scene = scene_open_ready(&lean);

	(void)state;
	send_bytes(scene, LITERAL("\x88\x00"));
	bytes_clear(&scene->out);
	assert_int_equal(websocket_client.send(scene->client, "hello", 5, false, &scene->out),
	                 CLIENT_RECONNECT);
	assert_content(&scene->out, "");
	scene_close(scene);
}

/* Reads a conversation; whether it took so many allocations, of which the last failed. */
static bool allocation_failed(long fail_at)
{
	struct scene *scene = scene_open(&lean);
	struct bytes said = conversation(scene), out = {0};
	long left;

	bytes_reserve(&scene->events, 1000);
	feed_fail_at = fail_at;
	scene->status = websocket_client.input(scene->client, LANE_DOWN, bytes_data(&said),
	                                       bytes_size(&said), 0, &out);
	left = feed_fail_at;
	feed_fail_at = 0;
	assert_int_equal(scene->status, left > 0 ? CLIENT_RECONNECT : CLIENT_FAILED);
	if (left <= 0)
		assert_string_equal(websocket_client.why(scene->client), "out of memory");
	bytes_free(&out);
	bytes_free(&said);
	scene_close(scene);
	return left <= 0;
}

static void test_reading_survives_any_failing_allocation(void **state)
{
	long fail_at = 1;

	(void)state;
	while (allocation_failed(fail_at))
		fail_at++;
	assert_true(fail_at > 3);
}

static void test_connecting_survives_any_failing_allocation(void **state)
{
	struct client_config config = lean;
	long left = 0;

	(void)state;
	config.topic = "a-topic-that-leaves-no-room-for-what-follows-it";
	config.since = 1234567890;
	for (long fail_at = 1; left <= 0; fail_at++) {
		struct scene *scene = scene_open(&config);

		bytes_free(&scene->out);
		feed_fail_at = fail_at;
		connect_anew(scene);
		left = feed_fail_at;
		feed_fail_at = 0;
		assert_int_equal(scene->status, left > 0 ? CLIENT_OK : CLIENT_FAILED);
		scene_close(scene);
	}
}

static void test_it_needs_one_lane_and_no_timer(void **state)
{
	(void)state;
	assert_string_equal(websocket_client.transport, "websocket");
	assert_int_equal(websocket_client.lanes, 1);
	assert_null(websocket_client.deadline);
	assert_null(websocket_client.tick);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_request_asks_for_the_upgrade),
        cmocka_unit_test(test_since_is_asked_for),
        cmocka_unit_test(test_the_same_seed_draws_the_same_keys),
        cmocka_unit_test(test_a_conversation_in_one_piece),
        cmocka_unit_test(test_a_conversation_byte_by_byte),
        cmocka_unit_test(test_a_conversation_split_anywhere),
        cmocka_unit_test(test_ready_comes_with_the_end_of_the_handshake),
        cmocka_unit_test(test_the_case_of_the_handshake_tokens_does_not_matter),
        cmocka_unit_test(test_another_status_is_refused),
        cmocka_unit_test(test_an_answer_without_upgrade_is_refused),
        cmocka_unit_test(test_an_answer_without_connection_upgrade_is_refused),
        cmocka_unit_test(test_what_was_not_offered_is_refused),
        cmocka_unit_test(test_a_wrong_accept_is_refused),
        cmocka_unit_test(test_an_accept_in_another_case_is_refused),
        cmocka_unit_test(test_what_is_not_http_is_refused),
        cmocka_unit_test(test_a_connection_closed_in_the_handshake_is_made_anew),
        cmocka_unit_test(test_a_connection_closed_later_is_made_anew),
        cmocka_unit_test(test_the_fixed_fields_of_json_are_read),
        cmocka_unit_test(test_a_binary_message_is_read),
        cmocka_unit_test(test_a_message_of_another_format_fails),
        cmocka_unit_test(test_the_largest_missed_is_read),
        cmocka_unit_test(test_missed_in_any_other_form_fails),
        cmocka_unit_test(test_missed_is_text),
        cmocka_unit_test(test_a_close_is_answered_once),
        cmocka_unit_test(test_a_close_without_a_code_is_answered_without),
        cmocka_unit_test(test_a_masked_frame_fails),
        cmocka_unit_test(test_a_message_has_16_mib_at_most),
        cmocka_unit_test(test_a_failure_is_final_until_connected_anew),
        cmocka_unit_test(test_a_new_connection_resumes_behind_the_last_message),
        cmocka_unit_test(test_a_half_read_answer_is_forgotten_with_its_connection),
        cmocka_unit_test(test_text_and_binary_are_sent),
        cmocka_unit_test(test_each_frame_has_a_mask_of_its_own),
        cmocka_unit_test(test_nothing_is_sent_before_the_handshake_is_complete),
        cmocka_unit_test(test_nothing_is_sent_after_a_close),
        cmocka_unit_test(test_reading_survives_any_failing_allocation),
        cmocka_unit_test(test_connecting_survives_any_failing_allocation),
        cmocka_unit_test(test_it_needs_one_lane_and_no_timer),
};

int main(void)
{
	return cmocka_run_group_tests_name("websocket/client", tests, NULL, NULL);
}
