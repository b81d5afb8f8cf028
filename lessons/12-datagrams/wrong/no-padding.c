/* Goes on right behind a value: its padding is taken for the next attribute. */
#include "../exercise.h"

#include <string.h>

static const uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};

unsigned two_bytes(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static bool answers_us(const uint8_t *message, size_t size, const uint8_t transaction[12])
{
	return size >= 20 && size % 4 == 0 && two_bytes(message) == 0x0101 &&
	       20 + two_bytes(message + 2) == size &&
	       memcmp(message + 4, cookie, sizeof cookie) == 0 &&
	       memcmp(message + 8, transaction, 12) == 0;
}

/* The value of the first XOR-MAPPED-ADDRESS, or NULL. */
static const uint8_t *find_value(const uint8_t *message, size_t size)
{
	for (size_t at = 20; at + 4 <= size;) {
		size_t length = two_bytes(message + at + 2);

		if (length > size - at - 4)
			return NULL;
		if (two_bytes(message + at) == 0x0020)
			return length == 8 ? message + at + 4 : NULL;
		at += 4 + length;
	}
	return NULL;
}

bool read_mapped_address(struct mapped_address *mapped, const uint8_t *message, size_t size,
                         const uint8_t transaction[12])
{
	if (!answers_us(message, size, transaction))
		return false;
	const uint8_t *value = find_value(message, size);
	if (!value || value[1] != 1)
		return false;
	mapped->port = (uint16_t)(two_bytes(value + 2) ^ two_bytes(cookie));
	for (size_t i = 0; i < sizeof mapped->ip; i++)
		mapped->ip[i] = value[4 + i] ^ cookie[i];
	return true;
}
