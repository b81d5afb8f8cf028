#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../schedule.h"
#include "wire.h"
#include "wslay_oracle.h"

#define MESSAGE_MAX 1000

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

static void assert_logs(struct bytes *one, struct bytes *other)
{
	assert_int_equal(bytes_size(one), bytes_size(other));
	if (bytes_size(one) > 0)
		assert_memory_equal(bytes_data(one), bytes_data(other), bytes_size(one));
	bytes_free(one);
	bytes_free(other);
}

/* The same events by both. */
static void assert_read_alike(enum ws_role role, struct bytes *input)
{
	static const uint8_t zeros[ORACLE_BEYOND_BYTES];
	struct span whole = {bytes_data(input), bytes_size(input)};
	struct bytes one = {0}, other = {0};
	struct ws_reader reader;
	bool refused;

	ws_reader_init(&reader, role, MESSAGE_MAX);
	refused = oracle_note_wire(&reader, whole, &one) == WS_EVENT_INVALID;
	ws_reader_free(&reader);
	if (refused)
		bytes_append(input, zeros, sizeof zeros);
	assert_true(bytes_size(input) <= ORACLE_MAX_BYTES);
	whole = (struct span){bytes_data(input), bytes_size(input)};
	oracle_note_wslay(role, whole, MESSAGE_MAX, &other);
	if (oracle_differs(&reader, refused))
		bytes_free(&other);
	else
		assert_logs(&one, &other);
	bytes_free(&one);
	bytes_free(input);
}

/* Text of characters of 1 to 4 bytes. */
static size_t draw_text(uint8_t *text, size_t size_max, uint64_t *random)
{
	static const struct span characters[] = {
	        {(const uint8_t *)"a", 1},
	        {(const uint8_t *)"\xc2\xa7", 2},
	        {(const uint8_t *)"\xe2\x82\xac", 3},
	        {(const uint8_t *)"\xf0\x9f\x90\x9f", 4},
	};
	size_t size = 0, wanted = random_next(random) % (size_max - 3);

	while (size < wanted) {
		struct span character = characters[random_next(random) % 4];

		memcpy(text + size, character.data, character.size);
		size += character.size;
	}
	return size;
}

/* A text or binary message in fragments, pings and pongs between them. */
static void append_message(struct bytes *out, const uint8_t *mask_or_null, uint64_t *random)
{
	uint8_t payload[300];
	bool text = random_next(random) % 2;
	size_t size = draw_text(payload, sizeof payload, random), at = 0;
	enum ws_opcode opcode = text ? WS_TEXT : WS_BINARY;
	unsigned parts = 5;

	for (size_t i = 0; i < size && !text; i++)
		payload[i] = (uint8_t)random_next(random);
	for (bool fin = false; !fin; opcode = WS_CONTINUATION) {
		size_t part = random_next(random) % (size - at + 1);

		fin = random_next(random) % 4 == 0 || parts-- == 0;
		if (fin)
			part = size - at;
		ws_append_frame(out, opcode, fin, mask_or_null, payload + at, part);
		at += part;
		if (!fin)
			ws_append_frame(out, random_next(random) % 2 ? WS_PING : WS_PONG, true,
			                mask_or_null, payload, size % 126);
	}
}

static void test_wslay_reads_what_is_written(void **state)
{
	uint64_t random = 1;

	(void)state;
	for (unsigned run = 0; run < 500; run++) {
		enum ws_role role = run % 2 ? WS_SERVER : WS_CLIENT;
		const uint8_t *mask_or_null = role == WS_SERVER ? mask : NULL;
		struct bytes out = {0};

		append_message(&out, mask_or_null, &random);
		append_message(&out, mask_or_null, &random);
		ws_append_close(&out, mask_or_null, run % 3 ? WS_CLOSE_NORMAL : WS_CLOSE_NO_STATUS,
		                "going \xc2\xa7");
		assert_read_alike(role, &out);
	}
}

static ssize_t append_sent(const uint8_t *data, size_t size, int flags, void *user)
{
	(void)flags;
	bytes_append(user, data, size);
	return (ssize_t)size;
}

static int give_mask(uint8_t *room, size_t size, void *user)
{
	(void)user;
	assert_int_equal(size, sizeof mask);
	memcpy(room, mask, sizeof mask);
	return 0;
}

/* libwslay writes the header first, then the payload. */
static void append_by_wslay(struct bytes *out, struct wslay_frame_iocb *frame)
{
	static const struct wslay_frame_callbacks callbacks = {
	        .send_callback = append_sent,
	        .genmask_callback = give_mask,
	};
	wslay_frame_context_ptr context;

	assert_int_equal(wslay_frame_context_init(&context, &callbacks, out), 0);
	assert_int_equal(wslay_frame_send(context, frame), frame->data_length);
	wslay_frame_context_free(context);
}

static void test_frames_are_written_as_wslay_writes_them(void **state)
{
	static const size_t sizes[] = {0, 1, 125, 126, 127, 255, 256, 65535, 65536, 70000};
	static const enum ws_opcode opcodes[] = {WS_TEXT, WS_BINARY, WS_CONTINUATION};
	static uint8_t payload[70000];
	uint64_t random = 2;

	(void)state;
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)random_next(&random);
	for (unsigned i = 0; i < 120; i++) {
		struct wslay_frame_iocb frame = {
		        .fin = i % 2,
		        .opcode = (uint8_t)opcodes[i / 4 % 3],
		        .mask = i / 2 % 2,
		        .data = payload,
		        .data_length = sizes[i / 12],
		        .payload_length = sizes[i / 12],
		};
		struct bytes ours = {0}, theirs = {0};

		append_by_wslay(&theirs, &frame);
		ws_append_frame(&ours, frame.opcode, frame.fin, frame.mask ? mask : NULL, payload,
		                frame.data_length);
		assert_logs(&ours, &theirs);
	}
}

/* Nearly right frames: a bit among the first bytes of some that are right is turned over. */
static void test_wslay_refuses_what_is_refused(void **state)
{
	uint64_t random = 3;

	(void)state;
	for (unsigned run = 0; run < 5000; run++) {
		enum ws_role role = run % 2 ? WS_SERVER : WS_CLIENT;
		struct bytes out = {0};
		size_t size, at;

		append_message(&out, role == WS_SERVER ? mask : NULL, &random);
		size = bytes_size(&out);
		at = random_next(&random) % (size < 20 ? size : 20);
		out.data[out.start + at] ^= (uint8_t)(1 << random_next(&random) % 8);
		assert_read_alike(role, &out);
	}
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wslay_reads_what_is_written),
        cmocka_unit_test(test_frames_are_written_as_wslay_writes_them),
        cmocka_unit_test(test_wslay_refuses_what_is_refused),
};

int main(void)
{
	return cmocka_run_group_tests_name("websocket/wslay", tests, NULL, NULL);
}
