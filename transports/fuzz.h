/*
 * Help for fuzz targets (libFuzzer): input fed whole and in pieces must amount to the same. The
 * first FUZZ_CUTS bytes of what the fuzzer draws are the sizes of the pieces.
 */
#ifndef TRANSPORTS_FUZZ_H
#define TRANSPORTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "http.h"

#define FUZZ_CUTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_check(bool holds)
{
	if (!holds)
		abort();
}

static inline void fuzz_check_same(struct span one, struct span other)
{
	fuzz_check(one.size == other.size);
	fuzz_check(one.size == 0 || !memcmp(one.data, other.data, one.size));
}

/* Reads one piece and notes in `log` what it amounts to; false where nothing is to follow. */
typedef bool fuzz_read(void *reader, struct span piece, struct bytes *log);

/* A piece in memory of its own, so that the sanitizer notices who reads beyond it. */
static inline bool fuzz_feed_piece(fuzz_read *read, void *reader, const uint8_t *data, size_t size,
                                   struct bytes *log)
{
	uint8_t *copy = malloc(size);
	bool goes_on;

	fuzz_check(size == 0 || copy);
	if (size > 0)
		memcpy(copy, data, size);
	goes_on = read(reader, (struct span){copy, size}, log);
	free(copy);
	return goes_on;
}

/* Pieces of 1 to 256 bytes, whose sizes less one are the cuts, over and over. */
static inline void fuzz_feed_pieces(fuzz_read *read, void *reader, const uint8_t cuts[FUZZ_CUTS],
                                    struct span text, struct bytes *log)
{
	size_t at = 0, size;

	for (unsigned i = 0; at < text.size; i++, at += size) {
		size = (size_t)cuts[i % FUZZ_CUTS] + 1;
		if (size > text.size - at)
			size = text.size - at;
		if (!fuzz_feed_piece(read, reader, text.data + at, size, log))
			return;
	}
}

static inline void fuzz_check_logs(struct bytes *one, struct bytes *other)
{
	fuzz_check(!one->failed && !other->failed);
	fuzz_check_same((struct span){bytes_data(one), bytes_size(one)},
	                (struct span){bytes_data(other), bytes_size(other)});
	bytes_free(one);
	bytes_free(other);
}

#endif
