/* Decimal numbers as they stand in header fields and event streams: digits, nothing else. */
#ifndef TRANSPORTS_DECIMAL_H
#define TRANSPORTS_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "http.h"

/* False, and *value untouched, where text is empty, holds anything but digits, or is too large. */
static inline bool decimal_read(struct span text, uint64_t *value)
{
	uint64_t read = 0;

	if (text.size == 0)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		unsigned digit = (unsigned)text.data[i] - '0';

		if (digit > 9 || __builtin_mul_overflow(read, 10, &read) ||
		    __builtin_add_overflow(read, digit, &read))
			return false;
	}
	*value = read;
	return true;
}

#endif
