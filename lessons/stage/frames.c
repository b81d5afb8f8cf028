#include "frames.h"

#include <stdio.h>
#include <string.h>

#include "net.h"
#include "show.h"

#define SHOWN 8 /* frames */

const uint8_t frame_key[4] = {0x37, 0xfa, 0x21, 0x3d};

size_t frame_put(uint8_t *wire, unsigned first, const uint8_t *key, const void *payload,
                 size_t size)
{
	uint8_t *at = wire;

	if (size > FRAME_MOST)
		size = FRAME_MOST;
	*at++ = (uint8_t)first;
	*at++ = (uint8_t)((key ? 0x80 : 0) | (size < 126 ? size : 126));
	if (size >= 126) {
		*at++ = (uint8_t)(size >> 8);
		*at++ = (uint8_t)size;
	}
	if (key)
		at = mempcpy(at, key, 4);
	for (size_t i = 0; i < size; i++)
		*at++ = ((const uint8_t *)payload)[i] ^ (key ? key[i % 4] : 0);
	return (size_t)(at - wire);
}

/* The bytes before the payload, from the first two. */
static size_t head_size(const uint8_t *wire)
{
	static const size_t more[128] = {[126] = 2, [127] = 8};

	return 2 + more[wire[1] & 0x7f] + (wire[1] & 0x80 ? 4 : 0);
}

/* Takes the head, which is whole; false: the payload is too long. */
static bool take_head(struct frame *frame)
{
	const uint8_t *wire = frame->wire;

	frame->fin = wire[0] & FIN;
	frame->masked = wire[1] & 0x80;
	frame->opcode = wire[0] & 15;
	frame->head = head_size(wire);
	frame->size = wire[1] & 0x7f;
	if (frame->size == 127)
		return false;
	if (frame->size == 126)
		frame->size = (size_t)(wire[2] << 8 | wire[3]);
	return frame->size <= FRAME_MOST;
}

/* The key stands last in the head. */
static void take_payload(struct frame *frame)
{
	const uint8_t *payload = frame->wire + frame->head;

	for (size_t i = 0; i < frame->size; i++)
		frame->payload[i] =
		        payload[i] ^ (frame->masked ? frame->wire[frame->head - 4 + i % 4] : 0);
}

size_t frame_take(struct frame *frame, const uint8_t *wire, size_t size)
{
	if (size < 2 || size < head_size(wire))
		return 0;
	memcpy(frame->wire, wire, head_size(wire));
	if (!take_head(frame) || size - frame->head < frame->size)
		return 0;
	memcpy(frame->wire + frame->head, wire + frame->head, frame->size);
	take_payload(frame);
	return frame->head + frame->size;
}

void frame_write(int fd, bool client, unsigned opcode, const void *payload, size_t size)
{
	uint8_t wire[FRAME_WIRE_MOST];

	net_write(fd, wire,
	          frame_put(wire, FIN | opcode, client ? frame_key : NULL, payload, size));
}

void frame_write_close(int fd, bool client, unsigned code)
{
	const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	frame_write(fd, client, CLOSE, payload, sizeof payload);
}

bool frame_read(int fd, struct frame *frame)
{
	if (net_read_all(fd, frame->wire, 2) != 2)
		return false;
	size_t more = head_size(frame->wire) - 2;
	if (net_read_all(fd, frame->wire + 2, more) != more || !take_head(frame) ||
	    net_read_all(fd, frame->wire + frame->head, frame->size) != frame->size)
		return false;
	take_payload(frame);
	return true;
}

unsigned frame_code(const struct frame *frame)
{
	return frame->size < 2 ? 1005 : (unsigned)frame->payload[0] << 8 | frame->payload[1];
}

/* The parts of one frame, and the texts that name them. */
struct shown {
	char first[64], second[32], payload[48];
};

static size_t name_parts(struct show_part *parts, struct shown *names, const struct frame *frame,
                         unsigned rsv)
{
	static const char *const opcodes[16] = {
	        "continued", "text", "binary", [CLOSE] = "close", [PING] = "ping", [PONG] = "pong"};
	const char *opcode = opcodes[frame->opcode] ? opcodes[frame->opcode] : "reserved";
	const char *what = frame->opcode == CLOSE ? "code" : "payload";
	bool longer = frame->size >= 126;
	size_t n = 0;

	snprintf(names->first, sizeof names->first, "FIN %d, RSV %u%u%u, opcode 0x%x: %s",
	         frame->fin, rsv >> 2, rsv >> 1 & 1, rsv & 1, frame->opcode, opcode);
	parts[n++] = (struct show_part){1, names->first};
	snprintf(names->second, sizeof names->second, "MASK %d, length %zu", frame->masked,
	         longer ? (size_t)126 : frame->size);
	parts[n++] = (struct show_part){1, names->second};
	if (longer)
		parts[n++] = (struct show_part){2, "the length, since it is 126 or more"};
	if (frame->masked)
		parts[n++] = (struct show_part){4, "the masking key"};
	snprintf(names->payload, sizeof names->payload, "the %s%s", what,
	         frame->masked ? ", masked" : "");
	if (frame->size > 0)
		parts[n++] = (struct show_part){frame->size, names->payload};
	return n;
}

void frame_show(const char *who, const uint8_t *wire, size_t size)
{
	struct show_part parts[5 * SHOWN + 1] = {{0}};
	struct shown names[SHOWN];
	struct frame frame;
	size_t n = 0, at = 0;

	for (int i = 0; i < SHOWN; i++) {
		size_t taken = frame_take(&frame, wire + at, size - at);

		if (taken == 0)
			break;
		n += name_parts(parts + n, &names[i], &frame, wire[at] >> 4 & 7);
		at += taken;
	}
	show_bytes(who, wire, size, parts);
}
