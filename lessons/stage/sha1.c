#include "sha1.h"

#include <string.h>

#define BLOCK 64

static uint32_t rotate(uint32_t word, int bits)
{
	return word << bits | word >> (32 - bits);
}

/* Big-endian numbers of `size` bytes. */
static void put(uint8_t *at, uint64_t number, size_t size)
{
	while (size--) {
		at[size] = (uint8_t)number;
		number >>= 8;
	}
}

/* The function and the constant of round t (RFC 3174, 5). */
static uint32_t mix(int t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (t < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (t < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

/* One block of 64 bytes goes into the state (RFC 3174, 6.1). */
static void absorb(uint32_t state[5], const uint8_t *block)
{
	uint32_t w[80], v[5];

	for (int t = 0; t < 16; t++)
		w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
		       (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < 80; t++)
		w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	memcpy(v, state, sizeof v);
	for (int t = 0; t < 80; t++) {
		uint32_t next = rotate(v[0], 5) + mix(t, v[1], v[2], v[3]) + v[4] + w[t];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (int i = 0; i < 5; i++)
		state[i] += v[i];
}

void sha1(uint8_t digest[SHA1_SIZE], const void *data, size_t size)
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t last[2 * BLOCK] = {0};
	const uint8_t *bytes = data;
	size_t whole = size / BLOCK * BLOCK, rest = size - whole;
	size_t padded = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at < whole; at += BLOCK)
		absorb(state, bytes + at);
	/* What is left, a one bit, zeros, and the number of bits (RFC 3174, 4). */
	if (rest > 0)
		memcpy(last, bytes + whole, rest);
	last[rest] = 0x80;
	put(last + padded - 8, (uint64_t)size * 8, 8);
	for (size_t at = 0; at < padded; at += BLOCK)
		absorb(state, last + at);
	for (size_t i = 0; i < 5; i++)
		put(digest + 4 * i, state[i], 4);
}
