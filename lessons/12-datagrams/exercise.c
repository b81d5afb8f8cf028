#include "exercise.h"

#include <string.h>

unsigned two_bytes(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

bool read_mapped_address(struct mapped_address *mapped, const uint8_t *message, size_t size,
                         const uint8_t transaction[12])
{
	/* TODO 1: is this an answer to us at all? Only its size is looked at. See exercise.h. */
	(void)transaction;
	if (size < 32)
		return false;
	/* TODO 2: the address is taken from where the lesson's server has it, and as it stands. */
	mapped->port = (uint16_t)two_bytes(message + 26);
	memcpy(mapped->ip, message + 28, sizeof mapped->ip);
	return true;
}
