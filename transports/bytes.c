#include "bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

static int out_of_memory(struct bytes *bytes)
{
	bytes->failed = true;
	return -ENOMEM;
}

static void move_to_front(struct bytes *bytes)
{
	size_t content = bytes_size(bytes);

	if (!bytes->data || bytes->start == 0)
		return;
	memmove(bytes->data, bytes->data + bytes->start, content);
	bytes->start = 0;
	bytes->end = content;
}

static int grow(struct bytes *bytes, size_t needed)
{
	size_t capacity = bytes->capacity ? 2 * bytes->capacity : FIRST_CAPACITY;
	uint8_t *data;

	if (capacity < needed)
		capacity = needed;
	data = realloc(bytes->data, capacity);
	if (!data)
		return out_of_memory(bytes);
	bytes->data = data;
	bytes->capacity = capacity;
	return 0;
}

const uint8_t *bytes_data(const struct bytes *bytes)
{
	return bytes->data ? bytes->data + bytes->start : NULL;
}

size_t bytes_size(const struct bytes *bytes)
{
	return bytes->end - bytes->start;
}

int bytes_append(struct bytes *bytes, const void *data, size_t size)
{
	uint8_t *room;

	if (size == 0)
		return bytes->failed ? -ENOMEM : 0;
	room = bytes_reserve(bytes, size);
	if (!room)
		return -ENOMEM;
	memcpy(room, data, size);
	bytes_commit(bytes, size);
	return 0;
}

int bytes_append_text(struct bytes *bytes, const char *text)
{
	return bytes_append(bytes, text, strlen(text));
}

/* Prints into the room there is, and only if that is too small once more into enough. */
int bytes_printf(struct bytes *bytes, const char *format, ...)
{
	size_t room_size = 0;

	for (;;) {
		uint8_t *room = bytes_reserve(bytes, room_size + 1);
		va_list arguments;
		int printed;

		if (!room)
			return -ENOMEM;
		room_size = bytes->capacity - bytes->end;
		va_start(arguments, format);
		printed = vsnprintf((char *)room, room_size, format, arguments);
		va_end(arguments);
		if (printed < 0)
			return errno == ENOMEM ? out_of_memory(bytes) : -EINVAL;
		if ((size_t)printed < room_size) {
			bytes_commit(bytes, (size_t)printed);
			return 0;
		}
		room_size = (size_t)printed;
	}
}

uint8_t *bytes_reserve(struct bytes *bytes, size_t size)
{
	size_t content = bytes_size(bytes);
	bool reuse;

	if (bytes->failed)
		return NULL;
	if (bytes->data && size <= bytes->capacity - bytes->end)
		return bytes->data + bytes->end;
	if (size > SIZE_MAX / 2 - content) {
		out_of_memory(bytes);
		return NULL;
	}
	/* Moving no more than was consumed keeps appending linear; growing copies anyway. */
	reuse = bytes->data && bytes->start >= content && content + size <= bytes->capacity;
	move_to_front(bytes);
	if (!reuse && grow(bytes, content + size) < 0)
		return NULL;
	return bytes->data + bytes->end;
}

void bytes_commit(struct bytes *bytes, size_t size)
{
	bytes->end += size;
}

void bytes_consume(struct bytes *bytes, size_t size)
{
	bytes->start += size;
	if (bytes->start == bytes->end)
		bytes_clear(bytes);
}

void bytes_clear(struct bytes *bytes)
{
	bytes->start = 0;
	bytes->end = 0;
}

void bytes_free(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}
