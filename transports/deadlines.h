/* Timers of one server on one timerfd: hold times of long-polls, heartbeats of streams, timeouts of
 * connections. */
#ifndef TRANSPORTS_DEADLINES_H
#define TRANSPORTS_DEADLINES_H

#include <stdint.h>
#include <sys/queue.h>

/* A server uses few different intervals: request timeout, idle timeout, hold, heartbeat. */
#define DEADLINE_INTERVALS_MAX 8

/* Embedded in its owner's state. All zero is not set. */
struct deadline {
	TAILQ_ENTRY(deadline) link;
	uint64_t at_ns;                             /* 0: not set */
	void (*expired)(struct deadline *deadline); /* may set it anew, or clear others */
	uint8_t interval;                           /* private: which list it is in */
};

/*
 * One list for each interval: those set later with the same interval expire later, so that each
 * list is in order, and setting and clearing take the same time however many there are.
 */
struct deadlines {
	struct {
		uint64_t after_ns; /* 0: not in use */
		TAILQ_HEAD(deadline_list, deadline) list;
	} intervals[DEADLINE_INTERVALS_MAX];
	int fd;            /* readable when deadlines_expire has work; -1 when not open */
	uint64_t armed_ns; /* what the timerfd is set to; 0: not set */
};

/* 0 or a negative errno. */
int deadlines_open(struct deadlines *deadlines);
void deadlines_close(struct deadlines *deadlines);

/* (Re)sets the deadline to now_ns + after_ns (CLOCK_MONOTONIC; after_ns above 0, and one of at most
 * DEADLINE_INTERVALS_MAX different ones in all). deadline->expired must be set. now_ns must not be
 * below that of an earlier call. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_ns,
                  uint64_t after_ns);

/* Does nothing where it is not set. */
void deadline_clear(struct deadlines *deadlines, struct deadline *deadline);

/* Calls expired for all that are due, after clearing them. A `ready` for server.h's watch. */
void deadlines_expire(void *deadlines);

#endif
