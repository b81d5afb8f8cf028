/* Timers of one server on one timerfd: hold times of long-polls, heartbeats of streams. */
#ifndef TRANSPORTS_DEADLINES_H
#define TRANSPORTS_DEADLINES_H

#include <stdint.h>
#include <sys/queue.h>

/* Embedded in its owner's state. All zero is not set. */
struct deadline {
	TAILQ_ENTRY(deadline) link;
	uint64_t at_ns;                             /* 0: not set */
	void (*expired)(struct deadline *deadline); /* may set it anew */
};

/* Kept in order of time. A server uses few different intervals, so that a new deadline nearly
 * always belongs at or near the end, where the search for its place begins. */
struct deadlines {
	TAILQ_HEAD(deadline_list, deadline) list;
	int fd;            /* readable when deadlines_expire has work; -1 when not open */
	uint64_t armed_ns; /* what the timerfd is set to; 0: not set */
};

/* 0 or a negative errno. */
int deadlines_open(struct deadlines *deadlines);
void deadlines_close(struct deadlines *deadlines);

/* (Re)sets deadline->at_ns to at_ns (CLOCK_MONOTONIC, above 0). deadline->expired must be set. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns);

/* Does nothing where it is not set. */
void deadline_clear(struct deadlines *deadlines, struct deadline *deadline);

/* Calls expired for all that are due, after clearing them. A `ready` for server.h's watch. */
void deadlines_expire(void *deadlines);

#endif
