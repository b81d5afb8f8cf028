/* The frames of lesson 6, put into bytes, read and shown. What is new here is in lesson.c. */
#ifndef LESSONS_07_MESSAGES_WIRE_H
#define LESSONS_07_MESSAGES_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROOM 1024

/* The first byte of a frame: this bit and an opcode. */
#define FIN 0x80
enum { CONTINUED, TEXT, BINARY, CLOSE = 8, PING, PONG };

/* What goes over a line, or came over it. */
struct bytes {
	size_t size;
	uint8_t at[ROOM];
};

struct frame {
	bool fin;
	int opcode;
	size_t size;
	uint8_t payload[ROOM]; /* not masked */
};

/* Adds a frame of 255 bytes of payload at most, where there is room; key is NULL where the server
 * sends it. */
void wire_put(struct bytes *bytes, const uint8_t *key, int first, const void *payload, size_t size);

/* The frame that stands at *offset, which moves behind it; false: no whole frame is there. */
bool wire_take(const struct bytes *bytes, size_t *offset, struct frame *frame);

/* Reads one frame from a connection, and not a byte more; false: the end, or more than ROOM. */
bool wire_read(int connection, struct frame *frame);

/* Shows each frame with its name, bits and payload. */
void wire_show(const char *who, const struct bytes *bytes);

#endif
