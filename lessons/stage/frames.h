/* Whole frames of WebSocket, which lesson 6 takes apart, for lessons about something else. */
#ifndef LESSONS_STAGE_FRAMES_H
#define LESSONS_STAGE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MOST      4096                 /* bytes of payload */
#define FRAME_WIRE_MOST (FRAME_MOST + 4 + 4) /* a length of 2 more bytes, a masking key */

/* The first byte of a frame: this bit, and an opcode. */
#define FIN 0x80
enum { CONTINUED, TEXT, BINARY, CLOSE = 8, PING, PONG };

struct frame {
	bool fin, masked;
	unsigned opcode;
	size_t head, size;           /* bytes before the payload, with the masking key; and of it */
	uint8_t payload[FRAME_MOST]; /* not masked */
	uint8_t wire[FRAME_WIRE_MOST]; /* all of it, as it came */
};

/* The masking key of RFC 6455's examples (5.7). A client here always uses this one, so that its
 * bytes are the same in each run; real clients draw a new key for each frame. */
extern const uint8_t frame_key[4];

/* Puts a frame, FRAME_WIRE_MOST bytes at most, and gives its size; `first` is FIN and an opcode.
 * Payload beyond FRAME_MOST is cut. key is NULL where the server sends it. */
size_t frame_put(uint8_t *wire, unsigned first, const uint8_t *key, const void *payload,
                 size_t size);

/* Takes the frame that the bytes begin with, and gives its size on the wire; 0: it is not whole, or
 * has more than FRAME_MOST bytes. */
size_t frame_take(struct frame *frame, const uint8_t *wire, size_t size);

/* Sends one with FIN; a client's is masked. */
void frame_write(int fd, bool client, unsigned opcode, const void *payload, size_t size);

/* Sends a close frame with that code. */
void frame_write_close(int fd, bool client, unsigned code);

/* Waits for the next frame, and reads not a byte more. False at the end of the stream, and where it
 * has more than FRAME_MOST bytes. */
bool frame_read(int fd, struct frame *frame);

/* The code of a close frame, 1005 where it has none. */
unsigned frame_code(const struct frame *frame);

/* Prints each field of the frames that the bytes are, eight frames at most. */
void frame_show(const char *who, const uint8_t *wire, size_t size);

#endif
