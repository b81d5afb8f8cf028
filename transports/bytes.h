/* A growable byte buffer: appended at the end, consumed at the front. */
#ifndef TRANSPORTS_BYTES_H
#define TRANSPORTS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All zero is a valid, empty buffer. When memory runs out `failed` is set and stays set until
 * bytes_free: later appends do nothing, so that an encoder may append many parts and its caller
 * look once.
 */
struct bytes {
	uint8_t *data; /* owned; the content is data[start] to data[end - 1] */
	size_t start, end, capacity;
	bool failed;
};

/* The content and its size. The pointer is good until the next append, reserve or free. */
const uint8_t *bytes_data(const struct bytes *bytes);
size_t bytes_size(const struct bytes *bytes);

/* Appends a copy of size bytes at data, which must not lie in this buffer. 0 or -ENOMEM. */
int bytes_append(struct bytes *bytes, const void *data, size_t size);

/* Appends the characters of text, without its terminating zero. 0 or -ENOMEM. */
int bytes_append_text(struct bytes *bytes, const char *text);

/* Appends what printf would print. 0, -ENOMEM, or -EINVAL for a format that cannot be printed. */
int bytes_printf(struct bytes *bytes, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Room for size more bytes behind the content, or NULL (then `failed`); bytes_commit makes the
 * first `size` bytes of that room content. */
uint8_t *bytes_reserve(struct bytes *bytes, size_t size);
void bytes_commit(struct bytes *bytes, size_t size);

/* Drops size bytes from the front; at most bytes_size. */
void bytes_consume(struct bytes *bytes, size_t size);

/* Drops the content, keeps the memory. */
void bytes_clear(struct bytes *bytes);

/* Frees the memory; the buffer is empty and usable again. */
void bytes_free(struct bytes *bytes);

#endif
