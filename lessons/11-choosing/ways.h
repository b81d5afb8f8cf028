/* A workload, the three ways to serve it, and what each of them takes. */
#ifndef LESSONS_11_CHOOSING_WAYS_H
#define LESSONS_11_CHOOSING_WAYS_H

#include <stdbool.h>
#include <stddef.h>

/* The simpler one first. HTTP is one request after the other, SSE is a stream down and a POST for
 * what goes up, on a second connection. */
enum way { HTTP, SSE, WEBSOCKET, WAYS };

extern const char *const way_names[WAYS];

struct workload {
	const char *name;
	int down, up;      /* messages to the client in a session, and from it */
	size_t size;       /* bytes of each: 8 to 4,000, but for a file */
	double lasts_ms;   /* over this time they are spread evenly */
	double allowed_ms; /* nine of ten must be on the other side after that time */
	bool leaves;       /* the client comes for each message, on a new connection, and goes */
	int unchanged;     /* so many of the messages down it has from the visit before */
	double cut;        /* where the line breaks, as a share of the one message, which is a
	                    * file; 0: it does not */
};

/* How often a client asks that has no stream: as seldom as the workload allows. A message waits for
 * the next request at most, and travels for delay_ms; 20 ms are to spare. An answer takes two ways,
 * so that asking more often than that is of no use. */
double ask_every_ms(const struct workload *load, double delay_ms);

struct outcome {
	bool works;        /* false: this way there is nothing to measure */
	double bytes;      /* both ways, all that crossed the sockets */
	double within_ms;  /* after that time nine of ten messages were on the other side */
	double soonest_ms; /* after that time the first of them was, where the client leaves */
	double rest;       /* bytes of the file that were sent after the break */
	char request[512]; /* the last request by HTTP with its answer's head, for visits */
	char answer[512];  /* and for a file */
};

/*
 * Serves the workload. Where real, over a simulated link of delay_ms each way, and in the
 * workload's own time. Else over loopback, where the clock jumps from message to message: then the
 * bytes are the same in each run, and times are those of a link and programs without any jitter.
 */
void measure(struct outcome *outcome, const struct workload *load, enum way way, double delay_ms,
             bool real);

/* By all three ways at the same time, each over a link of its own, so that none is late because of
 * another. outcomes are WAYS of them in memory that is shared (net_share). */
void measure_all(struct outcome *outcomes, const struct workload *load, double delay_ms);

#endif
