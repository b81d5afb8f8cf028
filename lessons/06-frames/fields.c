#include "fields.h"

#include <stdio.h>

#include "../stage/show.h"

void show_frame(const char *who, const uint8_t *frame, size_t size)
{
	char first[64], second[64];
	struct show_part parts[6] = {{1, first}, {1, second}};
	unsigned length = frame[1] & 0x7f, n = 2;

	snprintf(first, sizeof first, "FIN %d, RSV %d%d%d, opcode 0x%x: text", frame[0] >> 7,
	         frame[0] >> 6 & 1, frame[0] >> 5 & 1, frame[0] >> 4 & 1, frame[0] & 15u);
	snprintf(second, sizeof second, "MASK %d, length %u%s", frame[1] >> 7, length,
	         length < 126    ? ""
	         : length == 126 ? ": 2 bytes follow"
	                         : ": 8 bytes follow");
	if (length >= 126)
		parts[n++] = (struct show_part){length == 126 ? 2 : 8, "the length itself"};
	if (frame[1] & 0x80)
		parts[n++] = (struct show_part){4, "the masking key"};
	parts[n] = (struct show_part){0, frame[1] & 0x80 ? "payload, masked" : "payload"};
	show_bytes(who, frame, size, parts);
}
