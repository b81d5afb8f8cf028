/*
 * The floor: what crosses the wire when a transport does nothing but carry messages over TCP.
 *
 * The client begins with its cursor, 64 bits, big-endian: the id of the last message that it has,
 * or UINT64_MAX for what is published from then on. Then both ends send frames: a length of 32
 * bits, big-endian, and so many bytes. The server's first frame is empty: subscribed. Each frame
 * of its later is one message in its format; the length 0xffffffff is followed by 64 bits instead,
 * the number of messages above the cursor that are gone. A frame of the client is published as
 * text.
 */
#ifndef TRANSPORTS_FLOOR_WIRE_H
#define TRANSPORTS_FLOOR_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "../bytes.h"
#include "../http.h"

#define FLOOR_FRAME_MAX_BYTES ((size_t)UINT32_MAX - 1)

void floor_append_cursor(struct bytes *out, uint64_t cursor);

/* size is at most FLOOR_FRAME_MAX_BYTES. */
void floor_append_frame(struct bytes *out, const void *data, size_t size);

void floor_append_missed(struct bytes *out, uint64_t messages);

/* Reads what arrives in pieces. All zero is ready; floor_reset frees. */
struct floor_reader {
	struct bytes partial; /* the beginning of something whose end has not come */
	size_t consume;       /* bytes of `partial` given out with the last frame */
};

enum floor_event {
	FLOOR_MORE,      /* the input is used up */
	FLOOR_FRAME,     /* *frame is a whole frame, good until the next call */
	FLOOR_MISSED,    /* *missed is the number of messages that are gone */
	FLOOR_TOO_LARGE, /* a frame is larger than frame_max_bytes */
	FLOOR_NO_MEMORY,
};

/* Takes bytes from the front of *input; sets what belongs to the event. */
enum floor_event floor_next(struct floor_reader *reader, struct span *input, struct span *frame,
                            uint64_t *missed, size_t frame_max_bytes);

/* The server's first read: 1: *cursor is set; 0: the input is used up; -ENOMEM. */
int floor_next_cursor(struct floor_reader *reader, struct span *input, uint64_t *cursor);

void floor_reset(struct floor_reader *reader);

#endif
