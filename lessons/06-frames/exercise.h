/* The exercise of lesson 6: the header of a client's frame. */
#ifndef LESSONS_06_FRAMES_EXERCISE_H
#define LESSONS_06_FRAMES_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_header {
	bool fin;
	unsigned rsv, opcode; /* 3 and 4 bits, as they are: what they may be is lesson 7 */
	uint64_t length;      /* of the payload */
	uint8_t key[4];
};

/*
 * You are a server. data is what a client has sent since the last frame, so far: size bytes. Reads
 * the header that it begins with, and returns
 *
 *   the header's size (of its bytes alone, not of the payload's), when it is all there;
 *   0      while it is not: more bytes will come, and then this is called again with all of them;
 *   -1002  where it breaks the protocol (1002 is the code that you would close with): the frame is
 *          not masked; the length is written in more bytes than it needs; or it takes 8 bytes, and
 *          the first bit of them is 1.
 */
int read_frame_header(struct frame_header *header, const uint8_t *data, size_t size);

#endif
