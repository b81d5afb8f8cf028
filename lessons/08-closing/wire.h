/* Short frames on a connection: lesson 6 in few lines. */
#ifndef LESSONS_08_CLOSING_WIRE_H
#define LESSONS_08_CLOSING_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

#define WIRE_MOST (2 + 4 + 127) /* a frame whose length is in its second byte */

/* One frame, and how it was on the wire. */
struct frame {
	unsigned opcode;
	size_t size, wire_size;
	uint8_t payload[127], wire[WIRE_MOST];
};

/* Sends a frame with 125 bytes at most. A client's is masked, always with the key of RFC 6455's
 * example, so that the bytes are the same in each run; real clients draw a new key each time. */
void write_frame(int fd, bool client, unsigned opcode, const void *payload, size_t size);

/* A close frame with a code: two bytes, the most significant first. */
void write_close(int fd, bool client, unsigned code);

/* Waits for the next frame. False at the end of the stream. */
bool read_frame(int fd, struct frame *frame);

/* Prints every field of a frame's bytes, if they are a close frame. */
void show_close(const char *who, const uint8_t *wire, size_t size);

/* What write_close sends, printed. */
void show_sent(const char *who, bool client, unsigned code);

#endif
