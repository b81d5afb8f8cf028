/* One client of the exercise's server: bytes that came, bytes that are to go. */
#ifndef LESSONS_16_PRODUCTION_CLIENT_H
#define LESSONS_16_PRODUCTION_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stage/frames.h"

struct client {
	int fd;
	bool ready;                  /* the handshake is over: it may be sent frames */
	bool close_sent, close_came; /* a close frame */
	uint8_t in[FRAME_WIRE_MOST + 1];
	size_t in_size;
	uint8_t *out;
	size_t out_size;
};

/* Owns the connection from then on. */
struct client *client_new(int fd);

void client_free(struct client *client);

/* Reads what there is. False: it has gone, or says more than there is room for. */
bool client_read(struct client *client);

/* Forgets the first bytes that came. */
void client_took(struct client *client, size_t size);

/* Queues bytes behind those that wait already, and writes as many as the system takes now. */
void client_write(struct client *client, const void *data, size_t size);

/* The same for a frame; but behind a close frame nothing is sent. */
void client_write_frame(struct client *client, unsigned opcode, const void *payload, size_t size);

/* Writes as many of the queued bytes as the system takes now. False: it has gone. */
bool client_flush(struct client *client);

#endif
