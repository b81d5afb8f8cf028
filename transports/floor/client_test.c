#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../client_script.h"
#include "../matrix.h"
#include "wire.h"

#define GOT(id) SCRIPT_GOT(id) "response 1\n"

static const struct client_config config = {SCRIPT_CONFIG};

/* Connects; the client must send this cursor and nothing else. */
static void assert_connects(struct script *script, uint64_t expected)
{
	struct bytes out = {0}, cursor = {0};

	script->status = floor_client.connected(script->state, LANE_DOWN, 0, &out);
	floor_append_cursor(&cursor, expected);
	assert_int_equal(script->status, CLIENT_OK);
	assert_int_equal(bytes_size(&out), bytes_size(&cursor));
	assert_memory_equal(bytes_data(&out), bytes_data(&cursor), bytes_size(&out));
	bytes_free(&out);
	bytes_free(&cursor);
}

static void append_text(struct bytes *in, const char *text)
{
	floor_append_frame(in, text, strlen(text));
}

/* `in` arrives, `step` bytes at a time, until the client has had enough; it is freed. */
static void arrive(struct script *script, struct bytes *in, size_t step)
{
	for (size_t at = 0; at < bytes_size(in) && script->status == CLIENT_OK; at += step) {
		size_t left = bytes_size(in) - at;

		script_bytes(script, LANE_DOWN, bytes_data(in) + at, step < left ? step : left);
	}
	bytes_free(in);
}

/* What a client makes of frames, however they are cut; `fill` appends them. */
static void assert_frames(void (*fill)(struct bytes *in), const char *expected)
{
	struct bytes in = {0};

	fill(&in);
	for (size_t step = 1; step <= bytes_size(&in); step++) {
		struct bytes copy = {0};
		struct script script;

		bytes_append(&copy, bytes_data(&in), bytes_size(&in));
		script_open(&script, &floor_client, &config);
		assert_connects(&script, UINT64_MAX);
		arrive(&script, &copy, step);
		script_expect(&script, expected);
		script_close(&script);
	}
	bytes_free(&in);
}

static void fill_messages(struct bytes *in)
{
	floor_append_frame(in, NULL, 0);
	append_text(in, SCRIPT_MESSAGE(1));
	append_text(in, SCRIPT_MESSAGE(2));
}

static void test_the_empty_frame_is_ready_and_the_others_are_messages(void **state)
{
	(void)state;
	assert_frames(fill_messages, "ready\n" GOT(1) GOT(2));
}

static void fill_missed(struct bytes *in)
{
	floor_append_frame(in, NULL, 0);
	floor_append_missed(in, 4);
	append_text(in, SCRIPT_MESSAGE(5));
}

static void test_missed_messages_are_told(void **state)
{
	(void)state;
	assert_frames(fill_missed, "ready\nmissed 4\n" GOT(5));
}

static void fill_unasked(struct bytes *in)
{
	append_text(in, SCRIPT_MESSAGE(1));
}

static void test_a_message_before_the_empty_frame_fails(void **state)
{
	(void)state;
	assert_frames(fill_unasked, "failed: the server's first frame is not empty\n");
}

static void fill_wrong(struct bytes *in)
{
	floor_append_frame(in, NULL, 0);
	append_text(in, "hello");
}

static void test_a_message_of_another_format_fails(void **state)
{
	(void)state;
	assert_frames(fill_wrong, "ready\nfailed: a message is not of the format json\n");
}

static void test_a_message_that_is_too_large_fails(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &floor_client, &config);
	assert_connects(&script, UINT64_MAX);
	script_bytes(&script, LANE_DOWN, "\0\0\0\0\1\0\0\1", 8);
	script_expect(&script, "ready\nfailed: a message is too large\n");
	script_close(&script);
}

static void test_a_close_asks_to_reconnect_and_the_cursor_resumes(void **state)
{
	struct script script;
	struct bytes in = {0};

	(void)state;
	script_open(&script, &floor_client, &config);
	assert_connects(&script, UINT64_MAX);
	fill_messages(&in);
	bytes_append(&in, "\0\0\0\7cut", 7);
	arrive(&script, &in, 1000);
	script_text(&script, LANE_DOWN, "");
	script_expect(&script, "ready\n" GOT(1) GOT(2) "reconnect\n");
	assert_connects(&script, 2);
	floor_append_frame(&in, NULL, 0);
	append_text(&in, SCRIPT_MESSAGE(3));
	arrive(&script, &in, 1000);
	script_expect(&script, "ready\n" GOT(3));
	assert_int_equal(floor_client.cursor(script.state), 3);
	script_close(&script);
}

static void test_a_known_cursor_is_sent_first(void **state)
{
	const struct client_config since_3 = {.host = "h", .topic = "t", .since = 3};
	struct script script;

	(void)state;
	script_open(&script, &floor_client, &since_3);
	assert_connects(&script, 3);
	script_close(&script);
}

static void test_sending_is_a_frame_on_the_same_lane(void **state)
{
	struct script script;
	struct bytes out = {0};

	(void)state;
	assert_int_equal(floor_client.lanes, 1);
	script_open(&script, &floor_client, &config);
	assert_int_equal(floor_client.send(script.state, "hello", 5, false, &out), CLIENT_OK);
	assert_int_equal(bytes_size(&out), 9);
	assert_memory_equal(bytes_data(&out), "\0\0\0\5hello", 9);
	bytes_free(&out);
	script_close(&script);
}

static void test_bytes_cannot_be_sent(void **state)
{
	struct script script;

	(void)state;
	script_open(&script, &floor_client, &config);
	script_send(&script, "a", true);
	script_expect(&script, "failed: the floor carries only text upstream\n");
	script_close(&script);
}

/* The frames, a byte at a time, while the allocation number fail_at fails. */
static bool fails_at(long fail_at)
{
	struct bytes in = {0}, out = {0};
	struct script script;
	bool failed;

	fill_messages(&in);
	script_open(&script, &floor_client, &config);
	feed_fail_at = fail_at;
	script.status = floor_client.connected(script.state, LANE_DOWN, 0, &out);
	arrive(&script, &in, 1);
	failed = feed_fail_at == 0;
	feed_fail_at = 0;
	assert_int_equal(script.status == CLIENT_FAILED, failed);
	if (failed)
		assert_string_equal(floor_client.why(script.state), "out of memory");
	bytes_free(&out);
	script_close(&script);
	return failed;
}

static void test_no_memory_is_reported_wherever_it_happens(void **state)
{
	long fail_at = 1;

	(void)state;
	while (fails_at(fail_at))
		fail_at++;
	assert_true(fail_at > 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_empty_frame_is_ready_and_the_others_are_messages),
	        cmocka_unit_test(test_missed_messages_are_told),
	        cmocka_unit_test(test_a_message_before_the_empty_frame_fails),
	        cmocka_unit_test(test_a_message_of_another_format_fails),
	        cmocka_unit_test(test_a_message_that_is_too_large_fails),
	        cmocka_unit_test(test_a_close_asks_to_reconnect_and_the_cursor_resumes),
	        cmocka_unit_test(test_a_known_cursor_is_sent_first),
	        cmocka_unit_test(test_sending_is_a_frame_on_the_same_lane),
	        cmocka_unit_test(test_bytes_cannot_be_sent),
	        cmocka_unit_test(test_no_memory_is_reported_wherever_it_happens),
	};

	return cmocka_run_group_tests_name("floor/client", tests, NULL, NULL);
}
