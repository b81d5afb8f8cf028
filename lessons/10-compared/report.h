/* What was measured, and how it is told. */
#ifndef LESSONS_10_COMPARED_REPORT_H
#define LESSONS_10_COMPARED_REPORT_H

#include "transport.h"

#define MESSAGES_MOST 1000

enum { CLOSING_POLLS, POLLS, LONG_POLLS, SSE, WEBSOCKET, TRANSPORTS };

/* A row of the table. */
struct row {
	const struct transport *transport;
	unsigned long bytes[MESSAGES_MOST + 1]; /* after each message */
	unsigned connections, requests;
	double ms, delay;  /* of one event; the same in round trips */
	double mean_delay; /* of polls at their own times */
	unsigned long idle, upward;
	unsigned upward_connections;
};

/* Each prints its part of the table, and gives the values. All but the last two of them have been
 * measured before. */
void show_messages(const struct row *rows, int messages);
void show_events(const struct row *rows, int messages);
void show_idle(const struct row *rows, int messages);
void show_upward(const struct row *rows, int messages);

/* Measures, three times, how many times as long as a pushed message a polled one takes without a
 * link, and tells it. */
void show_bare(const struct row *rows, int messages);

/* All of it beside the table of the tutorial. */
void show_all(const struct row *rows, int messages);

#endif
