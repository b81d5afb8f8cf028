/* The exercise of lesson 13: how many messages a client may send, and how long they may be. */
#ifndef LESSONS_13_SECURITY_EXERCISE_H
#define LESSONS_13_SECURITY_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same for all clients. */
struct limits {
	double per_second; /* messages, in the long run */
	double burst;      /* messages at once, after a long pause; 1 or more */
	size_t most_bytes; /* of a message, with all its pieces */
};

/* What the server keeps for each client. Where a message is complete, somebody else takes it away,
 * and the last two are NULL and 0 again. */
struct client {
	double tokens;    /* in its bucket, with fractions */
	double filled_ms; /* when they were brought up to date */
	char *message;    /* the message so far, NULL: nothing */
	size_t size;      /* bytes that it has, with those of the frame that has begun */
};

/* Given. A new client: its bucket is full. */
void client_begin(struct client *client, const struct limits *limits, double now_ms);

/*
 * A message would like to pass. A bucket gets per_second tokens a second, evenly: half a token in
 * half the time of one. It never holds more than `burst`. A message passes if there is a whole
 * token left, and takes it; else this returns false, and takes nothing.
 *
 * now_ms is what the server's clock says. It may stand still. It may also go back, as clocks do
 * that people set: then nothing drops in until it has passed the latest time that was seen before.
 * There is no timer: tokens are computed when somebody asks.
 */
bool client_may_send(struct client *client, const struct limits *limits, double now_ms);

/* The check has this: realloc, but it counts. NULL: there is no memory, and `old` is as it was. */
void *get_memory(void *old, size_t size);

/*
 * The head of a frame is here, a whole message or a piece of one, and says that its payload has
 * `claimed` bytes (up to 2^63 - 1). None of them has come. Makes room for them behind those of the
 * pieces before: one call of get_memory for all that the message then has, which sets message and
 * size. Returns 0, or the code to close with; then client->message and client->size are what they
 * were:
 *
 *   1009  the message would have more than most_bytes; no token is taken, no memory asked for
 *   1008  it may not be sent now; no memory is asked for. Each frame takes a token, also a piece
 *         of a message: a client could send empty pieces for ever
 *   1011  there is no memory; the token is taken all the same, for the frame was let through
 *
 * For a frame of 0 bytes no memory is asked for, whatever came before it: message and size are as
 * they should be.
 */
unsigned client_frame(struct client *client, const struct limits *limits, uint64_t claimed,
                      double now_ms);

#endif
