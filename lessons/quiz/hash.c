#include "hash.h"

uint64_t hash_text(uint64_t hash, const char *text)
{
	const char *c = text ? text : "";

	do {
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
	} while (*c++);
	return hash;
}
