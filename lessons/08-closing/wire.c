#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "../stage/net.h"
#include "../stage/show.h"

static size_t put_frame(uint8_t *wire, bool client, unsigned opcode, const void *payload,
                        size_t size)
{
	static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t *at = wire;

	*at++ = (uint8_t)(0x80 | opcode);
	*at++ = (uint8_t)((client ? 0x80 : 0) | size);
	if (client)
		at = mempcpy(at, key, sizeof key);
	for (size_t i = 0; i < size; i++)
		*at++ = ((const uint8_t *)payload)[i] ^ (client ? key[i % 4] : 0);
	return (size_t)(at - wire);
}

static size_t put_close(uint8_t *wire, bool client, unsigned code)
{
	const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	return put_frame(wire, client, CLOSE, payload, sizeof payload);
}

void write_frame(int fd, bool client, unsigned opcode, const void *payload, size_t size)
{
	uint8_t wire[WIRE_MOST];

	net_write(fd, wire, put_frame(wire, client, opcode, payload, size));
}

void write_close(int fd, bool client, unsigned code)
{
	uint8_t wire[WIRE_MOST];

	net_write(fd, wire, put_close(wire, client, code));
}

bool read_frame(int fd, struct frame *frame)
{
	uint8_t *wire = frame->wire;

	if (net_read_all(fd, wire, 2) != 2)
		return false;
	size_t head = wire[1] & 0x80 ? 6 : 2;
	frame->opcode = wire[0] & 15;
	frame->size = wire[1] & 0x7f;
	frame->wire_size = head + frame->size;
	if (net_read_all(fd, wire + 2, frame->wire_size - 2) != frame->wire_size - 2)
		return false;
	for (size_t i = 0; i < frame->size; i++)
		frame->payload[i] = wire[head + i] ^ (head == 6 ? wire[2 + i % 4] : 0);
	return true;
}

void show_close(const char *who, const uint8_t *wire, size_t size)
{
	const bool masked = wire[1] & 0x80;
	char second[32];
	struct show_part parts[5] = {{1, "FIN 1, RSV 000, opcode 0x8: close"}, {1, second}};
	int n = 2;

	snprintf(second, sizeof second, "MASK %d, length %d", masked, wire[1] & 0x7f);
	if (masked)
		parts[n++] = (struct show_part){4, "the masking key"};
	if (wire[1] & 0x7f)
		parts[n++] = (struct show_part){2, masked ? "the code, masked" : "the code"};
	show_bytes(who, wire, size, parts);
}

void show_sent(const char *who, bool client, unsigned code)
{
	uint8_t wire[WIRE_MOST];

	show_close(who, wire, put_close(wire, client, code));
}
