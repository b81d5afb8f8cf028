/* Twenty messages over a link that loses one: when each of them arrives. */
#ifndef LESSONS_12_DATAGRAMS_TRIP_H
#define LESSONS_12_DATAGRAMS_TRIP_H

#include "lossy.h"

enum { MESSAGES = 20, LOST = 8 };

struct trip {
	double took_ms[MESSAGES + 1]; /* by number, from 1; 0: it never came */
	int place[MESSAGES + 1];      /* the first to come has 1 */
};

/*
 * Sends a message every so many ms, and receives what comes. It does so eight times at once, a
 * little apart and over as many links, and of each message the fastest of the eight counts: a busy
 * machine can make one slower, and none faster.
 */
void trip_measure(struct trip *trip, const struct lossy *lossy, double every_ms);

/* How many behind the lost one took more than limit_ms; and how many never came. */
int trip_late(const struct trip *trip, double limit_ms);
int trip_lost(const struct trip *trip);

/* Says how long each took, from the one before the lost one to the first that is not late. */
void trip_show(const struct trip *trip, double limit_ms);

#endif
