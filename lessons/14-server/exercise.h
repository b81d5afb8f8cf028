/* The exercise of lesson 14: a server of many clients that waits for none, and forgets nothing. */
#ifndef LESSONS_14_SERVER_EXERCISE_H
#define LESSONS_14_SERVER_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stage/frames.h"

#define INPUT_MOST  FRAME_WIRE_MOST       /* one frame of the longest kind fits */
#define OUTPUT_MOST (2 * FRAME_WIRE_MOST) /* no more than this is ever pending */

/* What the server remembers of a client. Its socket does not block. */
struct client {
	int fd;
	bool open, ends; /* the handshake is done; close it when nothing is pending */
	size_t input_size, output_size;
	uint8_t input[INPUT_MOST];   /* what has come and was not taken yet */
	uint8_t output[OUTPUT_MOST]; /* what is pending: not sent yet */
};

/*
 * Given (server.c). Takes the handshake, later the frame, that the bytes begin with, and puts the
 * answer into client->output, behind what is pending. Gives the bytes that it took. It takes
 * nothing and gives 0 where
 *   they are not whole yet,
 *   output has no room for the answer now,
 *   or nothing more is wanted of this client.
 */
size_t server_take(struct client *client, const uint8_t *data, size_t size);

/*
 * To be written. poll() has said that there is something to read. It is read with one recv(), which
 * goes behind what input has; then all that server_take takes is taken, and the rest moves to the
 * front of input. Never waits. It is not called while input is full (server.c does not ask then),
 * so there is always room for one byte at least. False where the connection is of no more use: at
 * its end (recv gives 0), or after an error other than EAGAIN and EINTR.
 */
bool client_readable(struct client *client);

/*
 * To be written. poll() has said that there is room, and output has something. One send(), with
 * MSG_NOSIGNAL; what it did not take moves to the front of output. Now output has room again, and
 * input may have frames whose answers had none before: they are taken now, since no read may ever
 * come to remind us. False after an error other than EAGAIN and EINTR.
 */
bool client_writable(struct client *client);

#endif
