/* The exercise of lesson 8: a server's side of a connection that ends. */
#ifndef LESSONS_08_CLOSING_EXERCISE_H
#define LESSONS_08_CLOSING_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All 0 while nobody has closed. */
struct closing {
	bool sent, received; /* a close frame */
	double sent_ms;      /* when we sent ours, where we began */
	unsigned code;       /* what our program is told when it is over; 0 before */
	unsigned reply; /* with SEND_CLOSE: the code to send; 0: a close frame without a body */
};

/* What is to be done, added up; 0: nothing. A close frame is sent before TCP is ended. */
enum { DELIVER = 1, SEND_CLOSE = 2, END_TCP = 4 };

#define CLOSING_WAIT_MS 5000

/* Given. Our program wants to close, with that code. Where a close frame has been sent or has come
 * already there is nothing left to do. */
int closing_begin(struct closing *closing, unsigned code, double now_ms);

/*
 * A frame has come: a message (opcode 1 or 2) or a close (8), unmasked and whole.
 *
 * Messages are delivered to our program until the other side's close frame has come, even if we
 * have sent ours: they were on their way. What comes behind the other side's close is ignored, be
 * it a message or another close.
 *
 * A close frame is answered, unless we have sent one; then TCP is ended, in either case. What its
 * body is decides:
 *
 *     nothing                  code is 1005; the answer has no body either
 *     2 bytes, then any text   code is that number; the answer has the same
 *     1 byte                   the protocol is broken; code and answer are 1002
 *     another number           the same; these may stand there: 1000 to 1003, 1007 to 1014,
 *                              and 3000 to 4999
 */
int closing_frame(struct closing *closing, unsigned opcode, const uint8_t *body, size_t size);

/* Called now and then. Ends TCP, with code 1006, where we have sent a close CLOSING_WAIT_MS ago or
 * earlier and none has come. It says so once: after that, and after an end of any other kind, there
 * is nothing to do. */
int closing_late(struct closing *closing, double now_ms);

#endif
