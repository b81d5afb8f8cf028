/* A browser's limit: so many requests to one host at a time, whoever of its tabs makes them. RFC
 * 9112 section 9.4 leaves the number to the client; the first to come is the first to be served. */
#ifndef BENCH_SLOTS_H
#define BENCH_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* Of whoever makes requests; embedded in its owner. All zero but `granted` and `owner` at first. */
struct slot {
	void (*granted)(void *owner); /* it has waited, and holds one now */
	void *owner;

	/* private */
	enum { SLOT_NONE, SLOT_WAITS, SLOT_HELD } state;
	TAILQ_ENTRY(slot) link; /* of the line, while it waits */
};

struct slots {
	size_t max; /* 0: no limit */

	/* private */
	size_t held;
	TAILQ_HEAD(slot_line, slot) line;
};

void slots_init(struct slots *slots, size_t max);

/* True: it holds one, also where it did before. False: it waits in line, also where it did before.
 */
bool slots_take(struct slots *slots, struct slot *slot);

/* Gives back what it holds, which goes to the first in line, or leaves the line. */
void slots_give(struct slots *slots, struct slot *slot);

#endif
