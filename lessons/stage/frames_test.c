#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "captured.h"
#include "net.h"

/* The examples of RFC 6455, 5.7. */
static void puts_what_the_rfc_shows(void **state)
{
	static const uint8_t from_client[] = {0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
	                                      0x7f, 0x9f, 0x4d, 0x51, 0x58};
	uint8_t wire[FRAME_WIRE_MOST];

	(void)state;
	assert_int_equal(frame_put(wire, FIN | TEXT, NULL, "Hello", 5), 7);
	assert_memory_equal(wire, "\x81\x05Hello", 7);
	assert_int_equal(frame_put(wire, FIN | TEXT, frame_key, "Hello", 5), sizeof from_client);
	assert_memory_equal(wire, from_client, sizeof from_client);
	assert_int_equal(frame_put(wire, TEXT, NULL, "Hel", 3), 5);
	assert_memory_equal(wire, "\x01\x03Hel", 5);
}

static void takes_what_was_put(void **state)
{
	static const size_t sizes[] = {0, 1, 125, 126, 255, 256, FRAME_MOST};
	static uint8_t payload[FRAME_MOST], wire[FRAME_WIRE_MOST];
	static struct frame frame;

	(void)state;
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		const size_t size = sizes[i / 2];
		const bool masked = i % 2;
		const size_t whole =
		        frame_put(wire, FIN | BINARY, masked ? frame_key : NULL, payload, size);

		assert_int_equal(frame_take(&frame, wire, whole), whole);
		assert_int_equal(frame_take(&frame, wire, whole - 1), 0);
		assert_int_equal(frame_take(&frame, wire, whole), whole);
		assert_int_equal(frame.masked, masked);
		assert_true(frame.fin);
		assert_int_equal(frame.opcode, BINARY);
		assert_int_equal(frame.size, size);
		assert_int_equal(frame.head, whole - size);
		assert_memory_equal(frame.payload, payload, size);
		assert_memory_equal(frame.wire, wire, whole);
	}
}

static void refuses_what_is_too_long(void **state)
{
	static const uint8_t more[] = {0x82, 126, 0x10, 0x01},
	                     most[] = {0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0};
	static uint8_t wire[2 * FRAME_MOST];
	struct frame frame;

	(void)state;
	memcpy(wire, more, sizeof more);
	assert_int_equal(frame_take(&frame, wire, sizeof wire), 0);
	memcpy(wire, most, sizeof most);
	assert_int_equal(frame_take(&frame, wire, sizeof wire), 0);
}

static void reads_what_was_written(void **state)
{
	int ends[2];
	struct frame frame;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	frame_write(ends[0], true, PING, "abc", 3);
	frame_write_close(ends[0], false, 1001);
	frame_write(ends[0], false, CLOSE, NULL, 0);
	net_write(ends[0], "\x81\x05Hel", 5);
	close(ends[0]);
	assert_true(frame_read(ends[1], &frame));
	assert_int_equal(frame.opcode, PING);
	assert_true(frame.masked);
	assert_memory_equal(frame.payload, "abc", 3);
	assert_true(frame_read(ends[1], &frame));
	assert_int_equal(frame_code(&frame), 1001);
	assert_true(frame_read(ends[1], &frame));
	assert_int_equal(frame_code(&frame), 1005);
	assert_false(frame_read(ends[1], &frame)); /* the last is cut */
	close(ends[1]);
}

static int show(void *user)
{
	uint8_t wire[2 * FRAME_WIRE_MOST];
	uint8_t payload[200] = {0};
	size_t size = frame_put(wire, FIN | TEXT, frame_key, "Hi", 2);

	(void)user;
	size += frame_put(wire + size, 0x40 | CONTINUED, NULL, payload, sizeof payload);
	frame_show("client sends", wire, size);
	frame_show("server sends", (const uint8_t *)"\x88\x02\x03\xe8\x81", 5);
	return 0;
}

/* Two frames in one, bits that are reserved, a longer length, a code, and a frame that is cut. */
static void shows_each_field(void **state)
{
	static struct captured captured;
	static const char *const lines[] = {
	        "FIN 1, RSV 000, opcode 0x1: text\n",
	        "MASK 1, length 2\n",
	        "the masking key\n",
	        "the payload, masked\n",
	        "FIN 0, RSV 100, opcode 0x0: continued\n",
	        "MASK 0, length 126\n",
	        "the length, since it is 126 or more\n",
	        "the payload\n",
	        "FIN 1, RSV 000, opcode 0x8: close\n",
	        "the code\n",
	        "the rest\n",
	};

	(void)state;
	captured_run(&captured, show, NULL);
	assert_int_equal(captured.status, 0);
	const char *at = captured.out;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		const char *found = strstr(at, lines[i]);

		if (!found) {
			fail_msg("no line \"%s\" where it should be in:\n%s", lines[i],
			         captured.out);
			return;
		}
		at = found;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(puts_what_the_rfc_shows),
	        cmocka_unit_test(takes_what_was_put),
	        cmocka_unit_test(refuses_what_is_too_long),
	        cmocka_unit_test(reads_what_was_written),
	        cmocka_unit_test(shows_each_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
