#include "wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#define LENGTH_BYTES  4
#define NUMBER_BYTES  8
#define LENGTH_MISSED UINT32_MAX

static void append_number(struct bytes *out, uint64_t number)
{
	uint64_t big = htobe64(number);

	bytes_append(out, &big, NUMBER_BYTES);
}

static void append_length(struct bytes *out, uint32_t length)
{
	uint32_t big = htobe32(length);

	bytes_append(out, &big, LENGTH_BYTES);
}

void floor_append_cursor(struct bytes *out, uint64_t cursor)
{
	append_number(out, cursor);
}

void floor_append_frame(struct bytes *out, const void *data, size_t size)
{
	append_length(out, (uint32_t)size);
	bytes_append(out, data, size);
}

void floor_append_missed(struct bytes *out, uint64_t messages)
{
	append_length(out, LENGTH_MISSED);
	append_number(out, messages);
}

static uint64_t read_number(const uint8_t *at)
{
	uint64_t big;

	memcpy(&big, at, NUMBER_BYTES);
	return be64toh(big);
}

static uint32_t read_length(const uint8_t *at)
{
	uint32_t big;

	memcpy(&big, at, LENGTH_BYTES);
	return be32toh(big);
}

/*
 * Sets *whole to the next `size` bytes where all are there: in the input, where none came before,
 * so that a frame that comes in one piece is not copied, else in `partial`. Takes nothing of them
 * away. 1, 0 (all of the input is in `partial` then), or -ENOMEM.
 */
static int look(struct floor_reader *reader, struct span *input, size_t size, const uint8_t **whole)
{
	struct bytes *partial = &reader->partial;
	size_t had = bytes_size(partial), more;

	if (partial->failed)
		return -ENOMEM;
	if (had == 0 && input->size >= size) {
		*whole = input->data;
		return 1;
	}
	more = had < size ? size - had : 0;
	if (more > input->size)
		more = input->size;
	if (more > 0 && bytes_append(partial, input->data, more) < 0)
		return -ENOMEM;
	input->data += more;
	input->size -= more;
	*whole = bytes_data(partial);
	return had + more >= size;
}

/* What look found is done with; what lies in `partial` must last until the next call. */
static void take(struct floor_reader *reader, struct span *input, size_t size)
{
	if (bytes_size(&reader->partial) > 0) {
		reader->consume = size;
	} else {
		input->data += size;
		input->size -= size;
	}
}

static void drop_taken(struct floor_reader *reader)
{
	bytes_consume(&reader->partial, reader->consume);
	reader->consume = 0;
}

int floor_next_cursor(struct floor_reader *reader, struct span *input, uint64_t *cursor)
{
	const uint8_t *at;
	int got = look(reader, input, NUMBER_BYTES, &at);

	if (got == 1) {
		*cursor = read_number(at);
		take(reader, input, NUMBER_BYTES);
	}
	return got;
}

enum floor_event floor_next(struct floor_reader *reader, struct span *input, struct span *frame,
                            uint64_t *missed, size_t frame_max_bytes)
{
	uint32_t length = 0;
	size_t size = 0;
	const uint8_t *at;
	int got;

	drop_taken(reader);
	got = look(reader, input, LENGTH_BYTES, &at);
	if (got == 1) {
		length = read_length(at);
		size = length == LENGTH_MISSED ? NUMBER_BYTES : length;
		if (length != LENGTH_MISSED && size > frame_max_bytes)
			return FLOOR_TOO_LARGE;
		got = look(reader, input, LENGTH_BYTES + size, &at);
	}
	if (got < 1)
		return got < 0 ? FLOOR_NO_MEMORY : FLOOR_MORE;
	take(reader, input, LENGTH_BYTES + size);
	if (length == LENGTH_MISSED) {
		*missed = read_number(at + LENGTH_BYTES);
		return FLOOR_MISSED;
	}
	*frame = (struct span){at + LENGTH_BYTES, size};
	return FLOOR_FRAME;
}

void floor_reset(struct floor_reader *reader)
{
	bytes_free(&reader->partial);
	reader->consume = 0;
}
