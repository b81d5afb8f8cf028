#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../feed.h"
#include "../schedule.h"
#include "wire.h"

#define MESSAGE_MAX 100000

/* A string literal as bytes and their number. */
#define LITERAL(text) (text), sizeof(text) - 1

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d}; /* RFC 6455 §5.7 */

/* One line an event: its name, its code where it has one, its data. */
static void note(struct bytes *log, enum ws_event event, const struct ws_received *received)
{
	static const char *const names[] = {
	        [WS_EVENT_PING] = "ping",
	        [WS_EVENT_PONG] = "pong",
	        [WS_EVENT_CLOSE] = "close",
	        [WS_EVENT_INVALID] = "invalid",
	};

	bytes_append_text(log, event != WS_EVENT_MESSAGE       ? names[event]
	                       : received->opcode == WS_BINARY ? "binary"
	                                                       : "text");
	if (event == WS_EVENT_CLOSE || event == WS_EVENT_INVALID)
		bytes_printf(log, " %u", received->code);
	bytes_append_text(log, " ");
	if (event == WS_EVENT_INVALID)
		assert_true(received->data.size > 0);
	else
		bytes_append(log, received->data.data, received->data.size);
	bytes_append_text(log, "\n");
}

/* Reads a piece of the input, put where the guard's memory ends. */
static void feed(struct ws_reader *reader, struct bytes *log, const struct feed_guard *guard,
                 const uint8_t *data, size_t size)
{
	struct span input = {guard->data + guard->size - size, size};
	struct ws_received received;
	enum ws_event event;

	if (size > 0)
		memcpy(guard->data + guard->size - size, data, size);
	while ((event = ws_next(reader, &input, &received)) != WS_EVENT_MORE)
		note(log, event, &received);
	assert_int_equal(input.size, 0);
	assert_false(log->failed);
}

/* What the pieces [0, first), then each `step` bytes, amount to. */
static struct bytes log_of(enum ws_role role, const void *data, size_t size, size_t first,
                           size_t step)
{
	struct feed_guard guard = feed_guard_open(data, size);
	struct bytes log = {0};
	struct ws_reader reader;

	ws_reader_init(&reader, role, MESSAGE_MAX);
	feed(&reader, &log, &guard, data, first);
	for (size_t at = first; at < size; at += step) {
		size_t left = size - at;

		feed(&reader, &log, &guard, (const uint8_t *)data + at, left < step ? left : step);
	}
	ws_reader_free(&reader);
	feed_guard_close(&guard);
	return log;
}

static void assert_log(struct bytes log, const void *expected, size_t expected_size)
{
	assert_int_equal(bytes_size(&log), expected_size);
	if (expected_size > 0)
		assert_memory_equal(bytes_data(&log), expected, expected_size);
	bytes_free(&log);
}

/* The input whole, split in two everywhere (large ones: at every position of the first header,
 * then at some), and one byte at a time (large ones: a few), amounts to the expected events. */
static void assert_read(enum ws_role role, const void *data, size_t size, const void *expected,
                        size_t expected_size)
{
	size_t coarse = size < 1000 ? 1 : size / 50;

	assert_log(log_of(role, data, size, size, 1), expected, expected_size);
	for (size_t split = 0; split < size; split += split < 20 ? 1 : coarse)
		assert_log(log_of(role, data, size, split, size), expected, expected_size);
	assert_log(log_of(role, data, size, 0, size < 1000 ? 1 : 61), expected, expected_size);
}

static void assert_invalid(enum ws_role role, const void *data, size_t size, unsigned code)
{
	char expected[32];
	int length = snprintf(expected, sizeof expected, "invalid %u \n", code);

	assert_read(role, data, size, expected, (size_t)length);
}

static void test_the_handshake_of_the_rfc(void **state)
{
	char key[WS_KEY_SIZE], accept[WS_ACCEPT_SIZE];

	(void)state;
	ws_key(key, (const uint8_t *)"the sample nonce"); /* RFC 6455 §1.3 */
	assert_string_equal(key, "dGhlIHNhbXBsZSBub25jZQ==");
	ws_accept(accept, key);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void test_the_examples_of_the_rfc_are_read(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x81\x05Hello"), LITERAL("text Hello\n"));
	assert_read(WS_SERVER, LITERAL("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
	            LITERAL("text Hello\n"));
	assert_read(WS_CLIENT, LITERAL("\x01\x03Hel\x80\x02lo"), LITERAL("text Hello\n"));
	assert_read(WS_CLIENT, LITERAL("\x89\x05Hello"), LITERAL("ping Hello\n"));
	assert_read(WS_SERVER, LITERAL("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
	            LITERAL("pong Hello\n"));
}

static void assert_appended(struct bytes out, const void *expected, size_t size)
{
	assert_int_equal(bytes_size(&out), size);
	assert_memory_equal(bytes_data(&out), expected, size);
	bytes_free(&out);
}

static void test_the_examples_of_the_rfc_are_written(void **state)
{
	struct bytes text = {0}, masked = {0}, parts = {0}, ping = {0}, pong = {0};

	(void)state;
	ws_append_frame(&text, WS_TEXT, true, NULL, "Hello", 5);
	assert_appended(text, LITERAL("\x81\x05Hello"));
	ws_append_frame(&masked, WS_TEXT, true, mask, "Hello", 5);
	assert_appended(masked, LITERAL("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
	ws_append_frame(&parts, WS_TEXT, false, NULL, "Hel", 3);
	ws_append_frame(&parts, WS_CONTINUATION, true, NULL, "lo", 2);
	assert_appended(parts, LITERAL("\x01\x03Hel\x80\x02lo"));
	ws_append_frame(&ping, WS_PING, true, NULL, "Hello", 5);
	assert_appended(ping, LITERAL("\x89\x05Hello"));
	ws_append_frame(&pong, WS_PONG, true, mask, "Hello", 5);
	assert_appended(pong, LITERAL("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
}

/* A message of that size has that header (but for its first byte), and is read back. */
static void assert_length(size_t size, const void *header, size_t header_size)
{
	static uint8_t payload[65536];
	struct bytes plain = {0}, masked = {0}, expected = {0};
	uint64_t random = size;

	for (size_t i = 0; i < size; i++)
		payload[i] = (uint8_t)random_next(&random);
	ws_append_frame(&plain, WS_BINARY, true, NULL, payload, size);
	ws_append_frame(&masked, WS_BINARY, true, mask, payload, size);
	assert_int_equal(ws_header_size(size, false), header_size);
	assert_int_equal(ws_header_size(size, true), header_size + 4);
	assert_int_equal(bytes_size(&plain), header_size + size);
	assert_int_equal(bytes_size(&masked), header_size + 4 + size);
	assert_memory_equal(bytes_data(&plain), header, header_size);
	bytes_append_text(&expected, "binary ");
	bytes_append(&expected, payload, size);
	bytes_append_text(&expected, "\n");
	assert_read(WS_CLIENT, bytes_data(&plain), bytes_size(&plain), bytes_data(&expected),
	            bytes_size(&expected));
	assert_read(WS_SERVER, bytes_data(&masked), bytes_size(&masked), bytes_data(&expected),
	            bytes_size(&expected));
	bytes_free(&plain);
	bytes_free(&masked);
	bytes_free(&expected);
}

static void test_a_length_up_to_125_takes_one_byte(void **state)
{
	(void)state;
	assert_length(0, LITERAL("\x82\x00"));
	assert_length(1, LITERAL("\x82\x01"));
	assert_length(125, LITERAL("\x82\x7d"));
}

static void test_a_length_up_to_65535_takes_three_bytes(void **state)
{
	(void)state;
	assert_length(126, LITERAL("\x82\x7e\x00\x7e"));
	assert_length(256, LITERAL("\x82\x7e\x01\x00")); /* RFC 6455 §5.7 */
	assert_length(65535, LITERAL("\x82\x7e\xff\xff"));
}

static void test_a_length_from_65536_takes_nine_bytes(void **state)
{
	(void)state;
	assert_length(65536, LITERAL("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"));
}

static void test_control_frames_come_between_fragments(void **state)
{
	(void)state;
	assert_read(WS_CLIENT,
	            LITERAL("\x01\x03one\x89\x04ping\x00\x00\x8a\x00\x80\x02wo\x88\x02\x03\xe8"),
	            LITERAL("ping ping\npong \ntext onewo\nclose 1000 \n"));
}

static void test_a_control_frame_carries_125_bytes(void **state)
{
	char frame[2 + 125] = "\x89\x7d", expected[5 + 125 + 1] = "ping ";

	(void)state;
	memset(frame + 2, 'x', 125);
	memset(expected + 5, 'x', 125);
	expected[130] = '\n';
	assert_read(WS_CLIENT, frame, sizeof frame, expected, sizeof expected);
}

static void test_messages_follow_each_other(void **state)
{
	(void)state;
	assert_read(WS_CLIENT,
	            LITERAL("\x01\x01x\x80\x01y\x81\x01z\x82\x00\x02\x01m\x80\x01n\x81\x00"),
	            LITERAL("text xy\ntext z\nbinary \nbinary mn\ntext \n"));
}

static void test_reserved_bits_are_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\xc1\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\xa1\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x91\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\xc9\x00"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_reserved_opcodes_are_refused(void **state)
{
	static const uint8_t opcodes[] = {3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf};

	(void)state;
	for (size_t i = 0; i < sizeof opcodes; i++) {
		uint8_t frame[2] = {0x80 | opcodes[i], 0};

		assert_invalid(WS_CLIENT, frame, sizeof frame, WS_CLOSE_PROTOCOL_ERROR);
	}
}

static void test_a_server_demands_masks(void **state)
{
	(void)state;
	assert_invalid(WS_SERVER, LITERAL("\x81\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_SERVER, LITERAL("\x88\x00"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_client_refuses_masks(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x81\x80\x00\x00\x00\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x89\x80"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_fragmented_control_frame_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x09\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x08\x00"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_long_control_frame_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x89\x7e\x00\x7e"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x8a\x7f"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_continuation_of_nothing_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x80\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x00\x01"), WS_CLOSE_PROTOCOL_ERROR);
	assert_read(WS_CLIENT, LITERAL("\x01\x00\x80\x00\x80\x00"),
	            LITERAL("text \ninvalid 1002 \n"));
}

static void test_a_message_inside_another_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x01\x01x\x81\x01y"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x02\x00\x01\x00"), WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_length_longer_than_it_must_be_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7e\x00\x7d"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7e\x00\x00"), WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"),
	               WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_SERVER, LITERAL("\x82\xfe\x00\x05\x00\x00\x00\x00"),
	               WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_length_with_its_top_bit_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
	               WS_CLOSE_PROTOCOL_ERROR);
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"),
	               WS_CLOSE_PROTOCOL_ERROR);
}

static void test_a_message_too_big_is_refused_at_its_header(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
	               WS_CLOSE_TOO_BIG);
	assert_invalid(WS_SERVER,
	               LITERAL("\x01\xff\x00\x00\x00\x00\x00\x01\x86\xa1\x00\x00\x00\x00"),
	               WS_CLOSE_TOO_BIG); /* MESSAGE_MAX + 1 */
}

static void assert_read_within(size_t message_max, const void *data, size_t size,
                               const void *expected, size_t expected_size)
{
	struct feed_guard guard = feed_guard_open(data, size);
	struct bytes log = {0};
	struct ws_reader reader;

	ws_reader_init(&reader, WS_CLIENT, message_max);
	feed(&reader, &log, &guard, data, size);
	ws_reader_free(&reader);
	feed_guard_close(&guard);
	assert_log(log, expected, expected_size);
}

static void test_the_limit_is_for_all_fragments_together(void **state)
{
	(void)state;
	assert_read_within(5,
	                   LITERAL("\x02\x03"
	                           "abc\x00\x02"
	                           "de\x80\x00\x81\x05vwxyz"),
	                   LITERAL("binary abcde\ntext vwxyz\n"));
	assert_read_within(5,
	                   LITERAL("\x02\x03"
	                           "abc\x00\x02"
	                           "de\x00\x01"),
	                   LITERAL("invalid 1009 \n"));
	assert_read_within(5,
	                   LITERAL("\x02\x03"
	                           "abc\x80\x03"),
	                   LITERAL("invalid 1009 \n"));
}

static void test_the_limit_is_not_for_control_frames(void **state)
{
	(void)state;
	assert_read_within(0, LITERAL("\x89\x02hi\x82\x00"), LITERAL("ping hi\nbinary \n"));
}

static void test_a_close_without_a_code_is_read(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x88\x00"), LITERAL("close 1005 \n"));
}

static void test_a_close_with_a_reason_is_read(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x88\x0a\x03\xe9going \xc2\xa7"),
	            LITERAL("close 1001 going \xc2\xa7\n"));
}

static void test_after_a_close_nothing_is_read(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x88\x02\x03\xe8\x81\x05Hello\x88\x00\xff"),
	            LITERAL("close 1000 \n"));
}

static void test_after_a_violation_nothing_is_read(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x81\x05Hello\xff\x00\x81\x05Hello"),
	            LITERAL("text Hello\ninvalid 1002 \n"));
}

static void test_half_a_close_code_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x88\x01\x03"), WS_CLOSE_PROTOCOL_ERROR);
}

static bool may_be_sent(unsigned code)
{
	static const unsigned registered[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011};

	for (size_t i = 0; i < sizeof registered / sizeof *registered; i++) {
		if (code == registered[i])
			return true;
	}
	return code >= 3000 && code < 5000;
}

static void test_only_valid_close_codes_are_accepted(void **state)
{
	(void)state;
	for (unsigned code = 0; code <= UINT16_MAX; code++) {
		uint8_t frame[] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
		struct span input = {frame, sizeof frame};
		struct ws_received received;
		struct ws_reader reader;
		enum ws_event event;

		ws_reader_init(&reader, WS_CLIENT, MESSAGE_MAX);
		event = ws_next(&reader, &input, &received);
		ws_reader_free(&reader);
		assert_int_equal(event, may_be_sent(code) ? WS_EVENT_CLOSE : WS_EVENT_INVALID);
		assert_int_equal(received.code, may_be_sent(code) ? code : WS_CLOSE_PROTOCOL_ERROR);
	}
}

static void test_a_reason_that_is_not_utf8_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x88\x03\x03\xe8\xff"), WS_CLOSE_INVALID_DATA);
	assert_invalid(WS_CLIENT, LITERAL("\x88\x04\x03\xe8\xe2\x82"), WS_CLOSE_INVALID_DATA);
}

static void test_a_character_may_be_split_over_fragments(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x01\x01\xf0\x00\x02\x9f\x98\x89\x00\x00\x00\x80\x02\x80!"),
	            LITERAL("ping \ntext \xf0\x9f\x98\x80!\n"));
}

static void test_text_that_cannot_be_utf8_is_refused_at_once(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x81\x7dHi\xff"), WS_CLOSE_INVALID_DATA);
	assert_invalid(WS_CLIENT, LITERAL("\x01\x02\xf4\x90"), WS_CLOSE_INVALID_DATA);
	assert_invalid(WS_CLIENT, LITERAL("\x01\x01\xe2\x00\x05("), WS_CLOSE_INVALID_DATA);
	assert_invalid(WS_SERVER, LITERAL("\x81\xfd\x01\x01\x01\x01\xfe"), WS_CLOSE_INVALID_DATA);
}

static void test_text_that_ends_inside_a_character_is_refused(void **state)
{
	(void)state;
	assert_invalid(WS_CLIENT, LITERAL("\x81\x02\xe2\x82"), WS_CLOSE_INVALID_DATA);
	assert_invalid(WS_CLIENT, LITERAL("\x01\x02\xe2\x82\x80\x00"), WS_CLOSE_INVALID_DATA);
}

static void test_binary_need_not_be_utf8(void **state)
{
	(void)state;
	assert_read(WS_CLIENT, LITERAL("\x02\x01\xff\x80\x01\xe2\x81\x02ok"),
	            LITERAL("binary \xff\xe2\ntext ok\n"));
}

/* How many characters are accepted that begin with what was checked. */
static unsigned count_characters(const struct utf8_check *before)
{
	unsigned characters = 0;

	for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
		struct utf8_check check = *before;

		if (utf8_check(&check, &(uint8_t){(uint8_t)byte}, 1))
			characters += check.remaining > 0 ? count_characters(&check) : 1;
	}
	return characters;
}

static size_t encode(uint8_t text[4], uint32_t character)
{
	size_t more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
	static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};

	text[0] = (uint8_t)(first[more] | character >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		text[i] = 0x80 | ((character >> 6 * (more - i)) & 0x3f);
	return more + 1;
}

/* All that there are, and, by their number, no others. */
static void test_utf8_is_exactly_the_characters_of_unicode(void **state)
{
	struct utf8_check check = {0};
	uint8_t text[4];

	(void)state;
	for (uint32_t character = 0; character <= 0x10ffff; character++) {
		if (character == 0xd800)
			character = 0xe000; /* behind the surrogates */
		assert_true(utf8_check(&check, text, encode(text, character)));
		assert_int_equal(check.remaining, 0);
	}
	assert_int_equal(count_characters(&check), 0x110000 - 0x800);
}

static void test_a_wrong_byte_is_found_wherever_it_is(void **state)
{
	static const uint8_t ascii[] = "forty characters, none of them beyond 7f";

	(void)state;
	for (size_t size = 1; size < sizeof ascii; size++) {
		struct feed_guard text = feed_guard_open(ascii, size);

		for (size_t wrong = 0; wrong < size; wrong++) {
			struct utf8_check check = {0};

			assert_true(utf8_check(&check, text.data, size));
			text.data[wrong] = 0x80;
			assert_false(utf8_check(&check, text.data, size));
			text.data[wrong] = ascii[wrong];
		}
		feed_guard_close(&text);
	}
}

static void test_a_whole_frame_of_a_server_is_not_copied(void **state)
{
	static const uint8_t frame[] = "\x81\x05Hello";
	struct span input = {frame, sizeof frame - 1};
	struct ws_received received;
	struct ws_reader reader;
	enum ws_event event;

	(void)state;
	ws_reader_init(&reader, WS_CLIENT, MESSAGE_MAX);
	feed_fail_at = 1;
	event = ws_next(&reader, &input, &received);
	feed_fail_at = 0;
	assert_int_equal(event, WS_EVENT_MESSAGE);
	assert_ptr_equal(received.data.data, frame + 2);
	ws_reader_free(&reader);
}

static void test_reading_survives_any_failing_allocation(void **state)
{
	static const uint8_t frames[] = "\x02\x01x\x00\x7e\x01\x00";
	uint8_t input[sizeof frames - 1 + 256] = {0};
	long left = 0;

	(void)state;
	memcpy(input, frames, sizeof frames - 1);
	for (long fail_at = 1; left <= 0; fail_at++) {
		struct span rest = {input, sizeof input};
		struct ws_received received;
		struct ws_reader reader;
		enum ws_event event;

		ws_reader_init(&reader, WS_CLIENT, MESSAGE_MAX);
		feed_fail_at = fail_at;
		event = ws_next(&reader, &rest, &received);
		left = feed_fail_at;
		feed_fail_at = 0;
		assert_int_equal(event, left > 0 ? WS_EVENT_MORE : WS_EVENT_INVALID);
		if (event == WS_EVENT_INVALID)
			assert_int_equal(received.code, WS_CLOSE_INTERNAL_ERROR);
		ws_reader_free(&reader);
	}
}

static void test_writing_survives_a_failing_allocation(void **state)
{
	struct bytes out = {0};

	(void)state;
	feed_fail_at = 1;
	ws_append_frame(&out, WS_TEXT, true, mask, "Hello", 5);
	feed_fail_at = 0;
	assert_true(out.failed);
	assert_int_equal(bytes_size(&out), 0);
}

static void test_a_close_is_written(void **state)
{
	struct bytes plain = {0}, masked = {0}, empty = {0};

	(void)state;
	ws_append_close(&plain, NULL, WS_CLOSE_TOO_BIG, "too big");
	assert_appended(plain, LITERAL("\x88\x09\x03\xf1too big"));
	ws_append_close(&masked, mask, WS_CLOSE_NORMAL, "");
	assert_appended(masked, LITERAL("\x88\x82\x37\xfa\x21\x3d\x34\x12"));
	ws_append_close(&empty, NULL, WS_CLOSE_NO_STATUS, "");
	assert_appended(empty, LITERAL("\x88\x00"));
}

/* Appends a message in random fragments with pings between, and what it is read as. */
static void append_random(struct bytes *wire, struct bytes *expected, uint64_t *random,
                          const uint8_t *mask_or_null)
{
	uint8_t payload[400];
	size_t size = random_next(random) % sizeof payload, at = 0;
	enum ws_opcode opcode = WS_BINARY;
	bool fin;

	for (size_t i = 0; i < size; i++)
		payload[i] = (uint8_t)random_next(random);
	do {
		size_t part = random_next(random) % (size - at + 1);

		fin = random_next(random) % 4 == 0;
		if (fin)
			part = size - at;
		ws_append_frame(wire, opcode, fin, mask_or_null, payload + at, part);
		opcode = WS_CONTINUATION;
		at += part;
		if (!fin) {
			ws_append_frame(wire, WS_PING, true, mask_or_null, payload, size % 126);
			bytes_append_text(expected, "ping ");
			bytes_append(expected, payload, size % 126);
			bytes_append_text(expected, "\n");
		}
	} while (!fin);
	bytes_append_text(expected, "binary ");
	bytes_append(expected, payload, size);
	bytes_append_text(expected, "\n");
}

static void test_what_is_written_is_read(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned run = 0; run < 200; run++) {
		bool masked = run % 2;
		enum ws_role role = masked ? WS_SERVER : WS_CLIENT;
		struct bytes wire = {0}, expected = {0};
		size_t step;

		for (unsigned i = 0; i < 4; i++)
			append_random(&wire, &expected, &random, masked ? mask : NULL);
		step = 1 + random_next(&random) % 300;
		assert_log(log_of(role, bytes_data(&wire), bytes_size(&wire), 0, step),
		           bytes_data(&expected), bytes_size(&expected));
		bytes_free(&wire);
		bytes_free(&expected);
	}
}

/* Nearly frames: the first two bytes from where most of the rules are. */
static bool is_idle_after(const void *data, size_t size)
{
	struct bytes log = {0};
	struct feed_guard guard = feed_guard_open(data, size);
	struct ws_reader reader;
	bool is_idle;

	ws_reader_init(&reader, WS_CLIENT, MESSAGE_MAX);
	feed(&reader, &log, &guard, data, size);
	is_idle = ws_reader_is_idle(&reader);
	ws_reader_free(&reader);
	feed_guard_close(&guard);
	bytes_free(&log);
	return is_idle;
}

static void test_a_reader_is_idle_between_messages_only(void **state)
{
	(void)state;
	assert_true(is_idle_after(LITERAL("")));
	assert_true(is_idle_after(LITERAL("\x81\x02Hi")));
	assert_true(is_idle_after(LITERAL("\x01\x02Hi\x80\x00")));
	assert_true(is_idle_after(LITERAL("\x89\x01p")));
	assert_false(is_idle_after(LITERAL("\x81")));
	assert_false(is_idle_after(LITERAL("\x81\x02")));
	assert_false(is_idle_after(LITERAL("\x81\x02H")));
	assert_false(is_idle_after(LITERAL("\x01\x02Hi")));
	assert_false(is_idle_after(LITERAL("\x01\x02Hi\x89\x01p")));
	assert_false(is_idle_after(LITERAL("\x88\x00")));
	assert_false(is_idle_after(LITERAL("\x81\x80mask")));
}

static void test_noise_is_read_the_same_however_it_is_cut(void **state)
{
	uint64_t random = 2;

	(void)state;
	for (unsigned run = 0; run < 3000; run++) {
		uint8_t noise[64];
		struct bytes whole, bytewise;

		for (size_t i = 0; i < sizeof noise; i++) {
			uint64_t draw = random_next(&random);

			noise[i] = (uint8_t)(draw >> 8) & (draw & 1 ? 0x8f : 0x07);
		}
		whole = log_of(run % 2, noise, sizeof noise, sizeof noise, 1);
		bytewise = log_of(run % 2, noise, sizeof noise, 0, 1);
		assert_log(whole, bytes_data(&bytewise), bytes_size(&bytewise));
		bytes_free(&bytewise);
	}
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_handshake_of_the_rfc),
        cmocka_unit_test(test_the_examples_of_the_rfc_are_read),
        cmocka_unit_test(test_the_examples_of_the_rfc_are_written),
        cmocka_unit_test(test_a_length_up_to_125_takes_one_byte),
        cmocka_unit_test(test_a_length_up_to_65535_takes_three_bytes),
        cmocka_unit_test(test_a_length_from_65536_takes_nine_bytes),
        cmocka_unit_test(test_control_frames_come_between_fragments),
        cmocka_unit_test(test_a_control_frame_carries_125_bytes),
        cmocka_unit_test(test_messages_follow_each_other),
        cmocka_unit_test(test_reserved_bits_are_refused),
        cmocka_unit_test(test_reserved_opcodes_are_refused),
        cmocka_unit_test(test_a_server_demands_masks),
        cmocka_unit_test(test_a_client_refuses_masks),
        cmocka_unit_test(test_a_fragmented_control_frame_is_refused),
        cmocka_unit_test(test_a_long_control_frame_is_refused),
        cmocka_unit_test(test_a_continuation_of_nothing_is_refused),
        cmocka_unit_test(test_a_message_inside_another_is_refused),
        cmocka_unit_test(test_a_length_longer_than_it_must_be_is_refused),
        cmocka_unit_test(test_a_length_with_its_top_bit_is_refused),
        cmocka_unit_test(test_a_message_too_big_is_refused_at_its_header),
        cmocka_unit_test(test_the_limit_is_for_all_fragments_together),
        cmocka_unit_test(test_the_limit_is_not_for_control_frames),
        cmocka_unit_test(test_a_close_without_a_code_is_read),
        cmocka_unit_test(test_a_close_with_a_reason_is_read),
        cmocka_unit_test(test_after_a_close_nothing_is_read),
        cmocka_unit_test(test_after_a_violation_nothing_is_read),
        cmocka_unit_test(test_half_a_close_code_is_refused),
        cmocka_unit_test(test_only_valid_close_codes_are_accepted),
        cmocka_unit_test(test_a_reason_that_is_not_utf8_is_refused),
        cmocka_unit_test(test_a_character_may_be_split_over_fragments),
        cmocka_unit_test(test_text_that_cannot_be_utf8_is_refused_at_once),
        cmocka_unit_test(test_text_that_ends_inside_a_character_is_refused),
        cmocka_unit_test(test_binary_need_not_be_utf8),
        cmocka_unit_test(test_utf8_is_exactly_the_characters_of_unicode),
        cmocka_unit_test(test_a_wrong_byte_is_found_wherever_it_is),
        cmocka_unit_test(test_a_whole_frame_of_a_server_is_not_copied),
        cmocka_unit_test(test_reading_survives_any_failing_allocation),
        cmocka_unit_test(test_writing_survives_a_failing_allocation),
        cmocka_unit_test(test_a_close_is_written),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_a_reader_is_idle_between_messages_only),
        cmocka_unit_test(test_noise_is_read_the_same_however_it_is_cut),
};

int main(void)
{
	return cmocka_run_group_tests_name("websocket/wire", tests, NULL, NULL);
}
