/* Many deadlines, the earliest first: a binary heap that knows where each one stands. */
#ifndef BENCH_TIMERS_H
#define BENCH_TIMERS_H

#include <stddef.h>
#include <stdint.h>

/* Embedded in its owner. All zero is not set. */
struct timer {
	void (*due)(void *owner); /* for whoever runs the timers; no affair of the heap's */
	void *owner;
	uint64_t at_ns;
	size_t place; /* in the heap, counted from 1; 0: not set */
};

/* All zero is empty; timers_free frees. */
struct timers {
	struct timer **heap;
	size_t count, capacity;
};

/* Makes room for capacity timers, so that timer_set cannot fail. 0 or -ENOMEM. */
int timers_reserve(struct timers *timers, size_t capacity);

/* (Re)sets the timer. At most `capacity` may be set at a time. */
void timer_set(struct timers *timers, struct timer *timer, uint64_t at_ns);

/* Does nothing where it is not set. */
void timer_clear(struct timers *timers, struct timer *timer);

/* The earliest timer, NULL where none is set. */
struct timer *timers_first(const struct timers *timers);

void timers_free(struct timers *timers);

#endif
