#include "session.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../feed.h"

#define MESSAGE_MAX   1000
#define LITERAL(text) (text), sizeof(text) - 1

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static const uint8_t zeros[MESSAGE_MAX + 1];

/* A connection, the server behind it, and the client at its other end. */
struct scene {
	struct hub *hub;
	struct counters counters;
	struct server_config config;
	struct ws_session session;
	struct bytes out;
	bool goes_on;
	struct subscriber subscriber; /* what it would be sent */
};

static void open_policy(struct scene *scene, const struct policy_config *config)
{
	struct policy *policy = NULL;

	assert_int_equal(policy_open(&policy, config), 0);
	scene->config.policy = policy;
}

static void open_scene(struct scene *scene, const struct policy_config *config)
{
	*scene = (struct scene){.config.message_max_bytes = MESSAGE_MAX, .goes_on = true};
	assert_int_equal(hub_open(&scene->hub, 8, 1), 0);
	scene->config.hub = scene->hub;
	scene->config.counters = &scene->counters;
	scene->session.publisher.config = &scene->config;
	assert_int_equal(hub_topic(scene->hub, "t", &scene->session.publisher.topic), 0);
	open_policy(scene, config);
	scene->session.publisher.owes_token = config->token;
}

static void close_scene(struct scene *scene)
{
	ws_session_free(&scene->session);
	ws_session_free(&scene->session);
	bytes_free(&scene->out);
	hub_close(&scene->hub);
	policy_close(&scene->config.policy);
}

/* Hands in a piece that ends where memory ends; nothing after the end. */
static void feed(struct scene *scene, const void *data, size_t size)
{
	struct feed_guard guard = feed_guard_open(data, size);

	if (scene->goes_on)
		scene->goes_on = ws_session_input(&scene->session, NULL, guard.data, guard.size,
		                                  &scene->out);
	feed_guard_close(&guard);
}

/* What has been published, each message in brackets. */
static void note_published(struct bytes *log, const struct topic *topic)
{
	for (uint64_t id = 0; id < topic_last(topic); id++) {
		const struct message *message = topic_after(topic, id);
		json_t *object;

		if (message->binary) {
			bytes_append_text(log, "(");
			bytes_append(log, message->data + MESSAGE_BINARY_MIN_BYTES,
			             message->size - MESSAGE_BINARY_MIN_BYTES);
			bytes_append_text(log, ")");
			continue;
		}
		object = json_loadb((const char *)message->data, message->size, 0, NULL);
		bytes_printf(log, "[%s]", json_string_value(json_object_get(object, "data")));
		json_decref(object);
	}
}

/* What the client gets, one line each; it must be as a server may send it. */
static void note_sent(struct bytes *log, const struct bytes *out)
{
	struct span input = {bytes_data(out), bytes_size(out)};
	struct ws_received received;
	struct ws_reader reader;
	enum ws_event event;

	ws_reader_init(&reader, WS_CLIENT, MESSAGE_MAX);
	while ((event = ws_next(&reader, &input, &received)) != WS_EVENT_MORE) {
		assert_int_not_equal(event, WS_EVENT_INVALID);
		bytes_append_text(log, event == WS_EVENT_PONG    ? " pong "
		                       : event == WS_EVENT_CLOSE ? " close "
		                       : event == WS_EVENT_PING  ? " ping "
		                                                 : " message ");
		if (event == WS_EVENT_CLOSE) {
			bytes_printf(log, "%u%s", received.code, received.data.size ? " " : "");
			assert_int_equal(input.size, 0); /* a close is the last (RFC 6455 §5.5.1) */
		}
		bytes_append(log, received.data.data, received.data.size);
	}
	assert_true(reader.closed || ws_reader_is_idle(&reader));
	ws_reader_free(&reader);
}

/* Ends the scene: "[published]… sent…", and " end" where the connection is to be closed. */
static void expect(struct scene *scene, const char *expected)
{
	struct bytes log = {0};

	note_published(&log, scene->session.publisher.topic);
	note_sent(&log, &scene->out);
	bytes_append(&log, scene->goes_on ? "" : " end", scene->goes_on ? 1 : 5);
	assert_false(log.failed);
	assert_string_equal((const char *)bytes_data(&log), expected);
	bytes_free(&log);
	close_scene(scene);
}

static void frame(struct bytes *in, enum ws_opcode opcode, bool fin, const char *text)
{
	ws_append_frame(in, opcode, fin, mask, text, strlen(text));
}

static void run(const struct policy_config *policy, const uint8_t *data, size_t size, size_t first,
                size_t step, const char *expected)
{
	struct scene scene;

	open_scene(&scene, policy);
	feed(&scene, data, first);
	for (size_t at = first; at < size; at += step)
		feed(&scene, data + at, size - at < step ? size - at : step);
	expect(&scene, expected);
}

/* Input whole, cut in two anywhere, and byte by byte, leads to the same. Frees it. */
static void assert_session_of(const struct policy_config *policy, struct bytes *in,
                              const char *expected)
{
	const uint8_t *data = bytes_data(in);
	size_t size = bytes_size(in), coarse = size < 300 ? 1 : size / 20;

	assert_false(in->failed);
	run(policy, data, size, size, size, expected);
	for (size_t cut = 0; cut < size; cut += coarse)
		run(policy, data, size, cut, size, expected);
	run(policy, data, size, 0, 1, expected);
	bytes_free(in);
}

static void assert_session(struct bytes *in, const char *expected)
{
	assert_session_of(&(struct policy_config){0}, in, expected);
}

static void test_messages_are_published(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_TEXT, true, "one");
	frame(&in, WS_BINARY, true, "two");
	frame(&in, WS_TEXT, true, "");
	frame(&in, WS_TEXT, true, "{\"t\":1,\"data\":\"four\"}");
	assert_session(&in, "[one](two)[][four]");
}

static void test_fragments_are_one_message_whatever_comes_between(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_TEXT, false, "on");
	frame(&in, WS_PING, true, "p");
	frame(&in, WS_CONTINUATION, false, "");
	frame(&in, WS_PONG, true, "q");
	frame(&in, WS_CONTINUATION, true, "e");
	frame(&in, WS_TEXT, true, "two");
	assert_session(&in, "[one][two] pong p");
}

static void test_a_ping_is_answered_with_its_content(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_PING, true, "");
	frame(&in, WS_PING, true, "a and b");
	assert_session(&in, " pong  pong a and b");
}

static void test_a_pong_is_ignored(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_PONG, true, "nobody asked");
	assert_session(&in, "");
}

static void test_a_close_is_answered_with_its_code(void **state)
{
	static const struct {
		unsigned code;
		const char *expected;
	} cases[] = {{WS_CLOSE_NORMAL, " close 1000 end"},
	             {WS_CLOSE_GOING_AWAY, " close 1001 end"},
	             {4999, " close 4999 end"},
	             {WS_CLOSE_NO_STATUS, " close 1005 end"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes in = {0};

		ws_append_close(&in, mask, cases[i].code, "bye");
		assert_session(&in, cases[i].expected);
	}
}

static void test_an_empty_close_is_answered_with_an_empty_one(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	ws_append_close(&in, mask, WS_CLOSE_NO_STATUS, "");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	assert_int_equal(bytes_size(&scene.out), 2);
	assert_memory_equal(bytes_data(&scene.out), "\x88\0", 2);
	bytes_free(&in);
	close_scene(&scene);
}

static void test_nothing_counts_after_a_close(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_TEXT, true, "one");
	ws_append_close(&in, mask, WS_CLOSE_NORMAL, "");
	frame(&in, WS_TEXT, true, "two");
	frame(&in, WS_PING, true, "");
	assert_session(&in, "[one] close 1000 end");
}

static void test_what_breaks_the_protocol_closes_with_the_reason(void **state)
{
	static const struct {
		const char *data;
		size_t size;
		const char *expected;
	} cases[] = {
	        {LITERAL("\x81\x05Hello"), " close 1002 a frame from a client is not masked end"},
	        {LITERAL("\xc1\x80mask"), " close 1002 a reserved bit is set end"},
	        {LITERAL("\x80\x80mask"), " close 1002 a continuation without a message end"},
	        {LITERAL("\x88\x81maskx"), " close 1002 a close frame with half a code end"},
	        {LITERAL("\x81\x81\0\0\0\0\xff"), " close 1007 text is not UTF-8 end"},
	        {LITERAL("\x81\x81\0\0\0\0\xc3"), " close 1007 text ends inside a character end"},
	        {LITERAL("\x81\xfe\x03\xe9mask"), " close 1009 a message is too big end"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes in = {0};

		bytes_append(&in, cases[i].data, cases[i].size);
		assert_session(&in, cases[i].expected);
	}
}

static void test_a_message_of_the_largest_size_is_published(void **state)
{
	struct bytes in = {0};
	struct scene scene;

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	ws_append_frame(&in, WS_BINARY, true, mask, zeros, MESSAGE_MAX);
	feed(&scene, bytes_data(&in), bytes_size(&in));
	assert_true(scene.goes_on);
	assert_int_equal(topic_after(scene.session.publisher.topic, 0)->size,
	                 MESSAGE_BINARY_MIN_BYTES + MESSAGE_MAX);
	bytes_free(&in);
	close_scene(&scene);
}

static void test_fragments_too_big_together_close(void **state)
{
	struct bytes in = {0};

	(void)state;
	ws_append_frame(&in, WS_BINARY, false, mask, zeros, MESSAGE_MAX);
	frame(&in, WS_CONTINUATION, true, "x");
	assert_session(&in, " close 1009 a message is too big end");
}

static const struct policy_config with_token = {.token = "secret"};

static void test_the_first_message_is_the_token_where_it_is_owed(void **state)
{
	struct bytes in = {0};

	(void)state;
	frame(&in, WS_PING, true, "p");
	frame(&in, WS_TEXT, true, "{\"token\":\"secret\"}");
	frame(&in, WS_TEXT, true, "one");
	frame(&in, WS_TEXT, true, "{\"token\":\"secret\"}");
	assert_session_of(&with_token, &in, "[one][{\"token\":\"secret\"}] pong p");
}

static void test_a_token_paid_is_no_longer_owed(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &with_token);
	frame(&in, WS_TEXT, true, "{\"token\":\"secret\"}");
	feed(&scene, bytes_data(&in), bytes_size(&in) - 1);
	assert_true(scene.session.publisher.owes_token);
	feed(&scene, bytes_data(&in) + bytes_size(&in) - 1, 1);
	assert_false(scene.session.publisher.owes_token);
	assert_int_equal(scene.counters.received, 0);
	bytes_free(&in);
	expect(&scene, "");
}

static void test_a_wrong_or_missing_token_closes(void **state)
{
	static const struct {
		enum ws_opcode opcode;
		const char *text;
	} cases[] = {{WS_TEXT, "{\"token\":\"another\"}"},
	             {WS_TEXT, "hello"},
	             {WS_TEXT, ""},
	             {WS_BINARY, "{\"token\":\"secret\"}"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes in = {0};

		frame(&in, cases[i].opcode, true, cases[i].text);
		frame(&in, WS_TEXT, true, "{\"token\":\"secret\"}");
		assert_session_of(&with_token, &in,
		                  " close 1008 the first message must be the token: "
		                  "{\"token\":\"TOKEN\"} end");
	}
}

static void test_a_client_that_publishes_too_fast_is_closed(void **state)
{
	struct bytes in = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		frame(&in, WS_TEXT, true, "x");
	assert_session_of(&(struct policy_config){.publish_rate_hz = 1e-9, .publish_burst = 2}, &in,
	                  "[x][x] close 1008 too many messages in too short a time end");
}

static void test_the_server_closes_and_waits_for_the_answer(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	ws_session_close(&scene.session, WS_CLOSE_GOING_AWAY, "restart", &scene.out);
	frame(&in, WS_TEXT, true, "on its way");
	frame(&in, WS_PING, true, "too");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	assert_true(scene.goes_on);
	bytes_clear(&in);
	ws_append_close(&in, mask, WS_CLOSE_GOING_AWAY, "");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	bytes_free(&in);
	expect(&scene, " close 1001 restart end");
}

static void test_the_server_closes_inside_a_message(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	frame(&in, WS_TEXT, false, "on");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	ws_session_close(&scene.session, WS_CLOSE_GOING_AWAY, "", &scene.out);
	bytes_clear(&in);
	frame(&in, WS_CONTINUATION, true, "e");
	ws_append_close(&in, mask, WS_CLOSE_NORMAL, "");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	bytes_free(&in);
	expect(&scene, " close 1001 end");
}

static void test_both_may_close_at_once(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	ws_append_close(&in, mask, WS_CLOSE_NORMAL, "done");
	ws_session_close(&scene.session, WS_CLOSE_GOING_AWAY, "restart", &scene.out);
	feed(&scene, bytes_data(&in), bytes_size(&in));
	bytes_free(&in);
	expect(&scene, " close 1001 restart end");
}

static void test_only_one_close_is_sent(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	ws_session_close(&scene.session, WS_CLOSE_GOING_AWAY, "restart", &scene.out);
	ws_session_close(&scene.session, WS_CLOSE_POLICY, "slow", &scene.out);
	feed(&scene, LITERAL("\x81\x05Hello"));
	expect(&scene, " close 1001 restart end");
}

/* What an idle connection holds is a published figure. */
static void test_an_idle_connection_holds_no_reader(void **state)
{
	struct scene scene;
	struct bytes in = {0};
	size_t first_end;

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	frame(&in, WS_TEXT, true, "one");
	first_end = bytes_size(&in);
	frame(&in, WS_PING, true, "p");
	for (int round = 0; round < 2; round++) {
		for (size_t end = 1; end <= bytes_size(&in); end++) {
			feed(&scene, bytes_data(&in) + end - 1, 1);
			assert_int_equal(!scene.session.reader,
			                 end == first_end || end == bytes_size(&in));
		}
	}
	feed(&scene, bytes_data(&in), bytes_size(&in));
	assert_null(scene.session.reader);
	feed(&scene, NULL, 0);
	assert_null(scene.session.reader);
	assert_true(sizeof scene.session + sizeof(struct ws_reader) <= 512);
	bytes_free(&in);
	expect(&scene, "[one][one][one] pong p pong p pong p");
}

static void close_when_woken(struct subscriber *subscriber)
{
	struct scene *scene =
	        (struct scene *)((char *)subscriber - offsetof(struct scene, subscriber));

	ws_append_message(&scene->out, topic_after(subscriber->topic, 0));
	ws_session_close(&scene->session, WS_CLOSE_POLICY, "slow", &scene->out);
}

static void test_a_connection_may_be_closed_by_what_it_publishes(void **state)
{
	struct scene scene;
	struct bytes in = {0};

	(void)state;
	open_scene(&scene, &(struct policy_config){0});
	scene.subscriber.wake = close_when_woken;
	topic_subscribe(scene.session.publisher.topic, &scene.subscriber);
	frame(&in, WS_TEXT, true, "{\"t\":7,\"data\":\"one\"}");
	frame(&in, WS_TEXT, true, "two");
	feed(&scene, bytes_data(&in), bytes_size(&in));
	topic_unsubscribe(&scene.subscriber);
	bytes_free(&in);
	expect(&scene, "[one] message {\"id\":         1,\"t\":                 7,\"data\":\"one\"}"
	               " close 1008 slow");
}

static void test_messages_and_what_was_missed_are_frames(void **state)
{
	struct message *text = message_filler(MESSAGE_LEAN, 12, 1, 0);
	struct message *binary = message_filler(MESSAGE_BINARY, MESSAGE_BINARY_MIN_BYTES, 2, 3);
	struct bytes out = {0};

	(void)state;
	ws_append_message(&out, text);
	ws_append_message(&out, binary);
	ws_append_missed(&out, UINT64_MAX);
	ws_append_missed(&out, 1);
	assert_int_equal(bytes_size(&out), 14 + 18 + 33 + 14);
	assert_memory_equal(bytes_data(&out),
	                    "\x81\x0c         1pr"
	                    "\x82\x10\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3"
	                    "\x81\x1f{\"missed\":18446744073709551615}"
	                    "\x81\x0c{\"missed\":1}",
	                    bytes_size(&out));
	bytes_free(&out);
	free(text);
	free(binary);
}

/* Whatever allocation fails, the connection ends with 1011, or without a word where there is no
 * memory for it. */
static void test_a_connection_survives_any_failing_allocation(void **state)
{
	struct bytes in = {0};
	long failures = 0, left = 0;

	(void)state;
	frame(&in, WS_TEXT, false, "on");
	frame(&in, WS_PING, true, "p");
	frame(&in, WS_CONTINUATION, true, "e");
	for (; left == 0; failures++) {
		struct scene scene;

		open_scene(&scene, &(struct policy_config){0});
		feed_fail_at = failures + 1;
		for (size_t at = 0; at < bytes_size(&in); at++)
			feed(&scene, bytes_data(&in) + at, 1);
		left = feed_fail_at;
		feed_fail_at = 0;
		if (left > 0) {
			expect(&scene, "[one] pong p");
			continue;
		}
		assert_false(scene.goes_on);
		assert_null(scene.session.reader);
		if (scene.out.failed)
			close_scene(&scene);
		else
			expect(&scene, bytes_size(&scene.out) > 18
			                       ? " pong p close 1011 out of memory end"
			                       : " close 1011 out of memory end");
	}
	assert_true(failures > 4);
	bytes_free(&in);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_are_published),
        cmocka_unit_test(test_fragments_are_one_message_whatever_comes_between),
        cmocka_unit_test(test_a_ping_is_answered_with_its_content),
        cmocka_unit_test(test_a_pong_is_ignored),
        cmocka_unit_test(test_a_close_is_answered_with_its_code),
        cmocka_unit_test(test_an_empty_close_is_answered_with_an_empty_one),
        cmocka_unit_test(test_nothing_counts_after_a_close),
        cmocka_unit_test(test_what_breaks_the_protocol_closes_with_the_reason),
        cmocka_unit_test(test_a_message_of_the_largest_size_is_published),
        cmocka_unit_test(test_fragments_too_big_together_close),
        cmocka_unit_test(test_the_first_message_is_the_token_where_it_is_owed),
        cmocka_unit_test(test_a_token_paid_is_no_longer_owed),
        cmocka_unit_test(test_a_wrong_or_missing_token_closes),
        cmocka_unit_test(test_a_client_that_publishes_too_fast_is_closed),
        cmocka_unit_test(test_the_server_closes_and_waits_for_the_answer),
        cmocka_unit_test(test_the_server_closes_inside_a_message),
        cmocka_unit_test(test_both_may_close_at_once),
        cmocka_unit_test(test_only_one_close_is_sent),
        cmocka_unit_test(test_an_idle_connection_holds_no_reader),
        cmocka_unit_test(test_a_connection_may_be_closed_by_what_it_publishes),
        cmocka_unit_test(test_messages_and_what_was_missed_are_frames),
        cmocka_unit_test(test_a_connection_survives_any_failing_allocation),
};

int main(void)
{
	return cmocka_run_group_tests_name("websocket/session", tests, NULL, NULL);
}
