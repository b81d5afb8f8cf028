#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "../stage/net.h"
#include "../stage/show.h"

void wire_put(struct bytes *bytes, const uint8_t *key, int first, const void *payload, size_t size)
{
	uint8_t *at = bytes->at + bytes->size;

	if (size > 255 || bytes->size + 8 + size > ROOM)
		return;
	*at++ = (uint8_t)first;
	*at++ = (uint8_t)((key ? 0x80 : 0) | (size < 126 ? size : 126));
	if (size >= 126) {
		*at++ = 0;
		*at++ = (uint8_t)size;
	}
	if (key)
		at = mempcpy(at, key, 4);
	for (size_t i = 0; i < size; i++)
		*at++ = (uint8_t)(((const uint8_t *)payload)[i] ^ (key ? key[i % 4] : 0));
	bytes->size = (size_t)(at - bytes->at);
}

/* Where a frame's bytes come from: a connection, or memory. */
struct source {
	int connection; /* -1: memory */
	const struct bytes *bytes;
	size_t *offset;
};

static bool get(const struct source *source, void *data, size_t size)
{
	if (source->connection >= 0)
		return net_read_all(source->connection, data, size) == size;
	if (size > source->bytes->size - *source->offset)
		return false;
	memcpy(data, source->bytes->at + *source->offset, size);
	*source->offset += size;
	return true;
}

static bool get_frame(const struct source *source, struct frame *frame)
{
	uint8_t head[2], length[2], key[4] = {0};

	if (!get(source, head, 2))
		return false;
	frame->fin = head[0] & FIN;
	frame->opcode = head[0] & 15;
	frame->size = head[1] & 0x7f;
	if (frame->size == 127)
		return false;
	if (frame->size == 126) {
		if (!get(source, length, 2))
			return false;
		frame->size = (size_t)(length[0] << 8 | length[1]);
	}
	if ((head[1] & 0x80) && !get(source, key, 4))
		return false;
	if (frame->size > ROOM || !get(source, frame->payload, frame->size))
		return false;
	for (size_t i = 0; i < frame->size; i++)
		frame->payload[i] ^= key[i % 4];
	return true;
}

bool wire_take(const struct bytes *bytes, size_t *offset, struct frame *frame)
{
	return get_frame(&(struct source){-1, bytes, offset}, frame);
}

bool wire_read(int connection, struct frame *frame)
{
	return get_frame(&(struct source){.connection = connection}, frame);
}

void wire_show(const char *who, const struct bytes *bytes)
{
	static const char *const opcodes[16] = {"continued", "text", "binary", "?",    "?",   "?",
	                                        "?",         "?",    "close",  "ping", "pong"};
	static char names[10][64];
	struct show_part parts[31] = {{0}};
	struct frame frame;
	size_t n = 0, at = 0, before = 0;

	for (int i = 0; i < 10 && wire_take(bytes, &at, &frame); i++, before = at) {
		bool masked = bytes->at[before + 1] & 0x80;
		size_t head = at - before - frame.size - (masked ? 4 : 0);

		snprintf(names[i], sizeof *names, "%s, %s", opcodes[frame.opcode],
		         frame.fin ? "FIN 1" : "FIN 0: more follows");
		parts[n++] = (struct show_part){head, names[i]};
		if (masked)
			parts[n++] = (struct show_part){4, "  masking key"};
		if (frame.size > 0)
			parts[n++] = (struct show_part){frame.size,
			                                masked ? "  payload, masked" : "  payload"};
	}
	show_bytes(who, bytes->at, bytes->size, parts);
}
