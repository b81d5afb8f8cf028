/* Several frames as the bytes that go over a line: put, asked with, and shown. */
#ifndef LESSONS_07_MESSAGES_WIRE_H
#define LESSONS_07_MESSAGES_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stage/frames.h"

/* What goes over a line, or came over it. */
struct bytes {
	size_t size;
	uint8_t at[1024];
};

/* Adds a text in pieces of that many bytes, and after the first of them a ping with that payload
 * (NULL: none). */
void wire_put_pieces(struct bytes *bytes, const uint8_t *key, const char *text, size_t piece,
                     const char *ping);

/* The frame that stands at *offset, which moves behind it; false: no whole frame is there. */
bool wire_take(const struct bytes *bytes, size_t *offset, struct frame *frame);

/* Sends all of the question at once, says that this is the end, and reads all that comes. */
void wire_ask(uint16_t port, const struct bytes *question, struct bytes *answer);

/* The same with one whole frame of a client. */
void wire_ask_frame(uint16_t port, unsigned opcode, const void *payload, size_t size,
                    struct bytes *answer);

/* Shows each frame with its name, bits and payload. Ten frames at most have names. */
void wire_show(const char *who, const struct bytes *bytes);

#endif
