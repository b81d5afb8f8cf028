/* One connection through the simulated link (relay.h): inside the relay's process. */
#ifndef LESSONS_STAGE_LINE_H
#define LESSONS_STAGE_LINE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay.h"

/* Bytes that were read at once, on their way; none: the end of the stream. */
struct line_chunk {
	struct line_chunk *next;
	double due; /* when they arrive, in ms */
	size_t size, sent;
	uint8_t data[];
};

/* One direction. */
struct line_way {
	struct line_chunk *first, *last;
	size_t held;         /* bytes on their way */
	bool ended, arrived; /* the end of the stream was read; it was passed on */
};

struct line {
	struct line *next;  /* for whoever keeps it */
	int client, server; /* server is -1 until the acted handshake is over */
	uint16_t to_port;
	double opened, delay;
	struct line_way up, down;
};

/* It waits for its client and for its server. */
#define LINE_WAITS 2

/* A line for a connection that was accepted at that time, in ms. It owns the connection. */
struct line *line_new(int client, uint16_t to_port, double now, double delay);

void line_free(struct line *line);

/* Sets what it waits for, and gives the time at which it has something to do in any case. */
double line_waits(const struct line *line, double now, struct pollfd waits[LINE_WAITS]);

/* Reads, connects and writes as far as it can. False where the line has come to its end. */
bool line_work(struct line *line, double now, const struct pollfd waits[LINE_WAITS],
               struct relay_counts *counts);

#endif
