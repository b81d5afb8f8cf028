/* Copies the length as it lies in memory: the wrong way round on nearly every machine. */
#include "../exercise.h"

#include <string.h>

int read_frame_header(struct frame_header *header, const uint8_t *data, size_t size)
{
	size_t extended;

	if (size < 2)
		return 0;
	header->fin = data[0] >> 7;
	header->rsv = data[0] >> 4 & 7;
	header->opcode = data[0] & 15;
	/* The mask bit is known already, so a frame without it need not be waited for. */
	if (!(data[1] & 0x80))
		return -1002;
	header->length = data[1] & 0x7f;
	extended = header->length == 127 ? 8 : header->length == 126 ? 2 : 0;
	if (size < 2 + extended + 4)
		return 0;
	if (extended > 0) {
		uint16_t two;

		memcpy(&two, data + 2, 2);
		if (extended == 2)
			header->length = two;
		else
			memcpy(&header->length, data + 2, 8);
		if (header->length < (extended == 2 ? 126 : 65536) || header->length >> 63)
			return -1002;
	}
	memcpy(header->key, data + 2 + extended, 4);
	return (int)(2 + extended + 4);
}
