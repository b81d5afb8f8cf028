#include "utf8.h"

#include <stdint.h>

/* The bytes of the character that begins with this one; 0: none does. */
static size_t character_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2) /* c0 and c1 would write in two bytes what fits into one */
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

bool utf8_valid(const void *data, size_t size)
{
	const uint8_t *at = data, *end = at + size;

	while (at < end) {
		size_t needed = character_size(*at);

		if (needed == 0 || needed > (size_t)(end - at))
			return false;
		for (size_t i = 1; i < needed; i++) {
			if ((at[i] & 0xc0) != 0x80)
				return false;
		}
		if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
		    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
			return false;
		at += needed;
	}
	return true;
}
