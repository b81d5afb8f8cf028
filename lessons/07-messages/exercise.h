/* The exercise of lesson 7: from frames to messages. */
#ifndef LESSONS_07_MESSAGES_EXERCISE_H
#define LESSONS_07_MESSAGES_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most bytes that a message may have: what you have room for. */
#define MESSAGE_LIMIT 1000

/* A frame that has come whole; it is unmasked already. */
struct frame {
	bool fin;
	unsigned rsv, opcode;
	const uint8_t *payload; /* yours only until take_frame returns */
	size_t size;
};

/* What you keep between frames. All of it is 0 at first. */
struct receiver {
	unsigned opcode; /* of the message that has begun; 0: none has */
	size_t size;     /* what there is of it */
	uint8_t data[MESSAGE_LIMIT];
};

/* The check has these, and notes what you call. */
void send_pong(const void *payload, size_t size);
void got_message(unsigned opcode, const void *data, size_t size);

/*
 * Takes the next frame of a client. A ping is answered at once: send_pong with its payload. A pong
 * is ignored. A message that is complete is handed on, once: got_message with the opcode of its
 * first frame, 1 or 2, and the payloads of all its frames. Returns 0, or the code to close with;
 * then nothing is sent or handed on, and no other frame comes.
 *
 *   1002  a bit of RSV is set; the opcode is 3 to 7 or above 10; a control frame (opcode 8 and up)
 *         is longer than 125 bytes or has no FIN; a continuation comes where no message has begun,
 *         or a new message while the one before has not ended
 *   1007  a text that is complete is no UTF-8 (utf8.h)
 *   1009  the message would be longer than MESSAGE_LIMIT: as soon as that is known
 *
 * Opcode 8, close, is for lesson 8: the check sends none.
 */
int take_frame(struct receiver *receiver, const struct frame *frame);

#endif
