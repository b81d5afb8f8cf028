/* Takes for granted that the whole header has come, since it always has on this machine. */
#include "../exercise.h"

#include <string.h>

/* The most significant byte comes first. */
static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	while (size--)
		value = value << 8 | *bytes++;
	return value;
}

int read_frame_header(struct frame_header *header, const uint8_t *data, size_t size)
{
	size_t extended;

	if (size == 0)
		return 0;
	header->fin = data[0] >> 7;
	header->rsv = data[0] >> 4 & 7;
	header->opcode = data[0] & 15;
	/* The mask bit is known already, so a frame without it need not be waited for. */
	if (!(data[1] & 0x80))
		return -1002;
	header->length = data[1] & 0x7f;
	extended = header->length == 127 ? 8 : header->length == 126 ? 2 : 0;
	if (extended > 0) {
		header->length = number(data + 2, extended);
		if (header->length < (extended == 2 ? 126 : 65536) || header->length >> 63)
			return -1002;
	}
	memcpy(header->key, data + 2 + extended, 4);
	return (int)(2 + extended + 4);
}
