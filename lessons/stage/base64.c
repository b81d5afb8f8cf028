#include "base64.h"

#include <stdint.h>

void base64_encode(char *text, const void *data, size_t size)
{
	static const char digits[] =
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;

	for (size_t at = 0; at < size; at += 3) {
		size_t here = size - at < 3 ? size - at : 3;
		uint32_t bits = (uint32_t)bytes[at] << 16;

		if (here > 1)
			bits |= (uint32_t)bytes[at + 1] << 8;
		if (here > 2)
			bits |= bytes[at + 2];
		/* Three bytes are four digits of six bits; a missing byte leaves one out. */
		*text++ = digits[bits >> 18];
		*text++ = digits[bits >> 12 & 63];
		*text++ = here > 1 ? digits[bits >> 6 & 63] : '=';
		*text++ = here > 2 ? digits[bits & 63] : '=';
	}
	*text = '\0';
}
