#include "timers.h"

#include <errno.h>
#include <stdlib.h>

int timers_reserve(struct timers *timers, size_t capacity)
{
	struct timer **heap = realloc(timers->heap, (capacity + 1) * sizeof(struct timer *));

	if (!heap)
		return -ENOMEM;
	timers->heap = heap; /* heap[0] is not used: a parent of i is i / 2 */
	timers->capacity = capacity;
	return 0;
}

static void put(struct timers *timers, size_t place, struct timer *timer)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void move_up(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place;

	for (; place > 1 && timers->heap[place / 2]->at_ns > timer->at_ns; place /= 2)
		put(timers, place, timers->heap[place / 2]);
	put(timers, place, timer);
}

static void move_down(struct timers *timers, struct timer *timer)
{
	size_t place = timer->place, child;

	while ((child = place * 2) <= timers->count) {
		if (child < timers->count &&
		    timers->heap[child + 1]->at_ns < timers->heap[child]->at_ns)
			child++;
		if (timers->heap[child]->at_ns >= timer->at_ns)
			break;
		put(timers, place, timers->heap[child]);
		place = child;
	}
	put(timers, place, timer);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t at_ns)
{
	timer->at_ns = at_ns;
	if (!timer->place)
		put(timers, ++timers->count, timer);
	move_up(timers, timer);
	move_down(timers, timer);
}

void timer_clear(struct timers *timers, struct timer *timer)
{
	struct timer *last;

	if (!timer->place)
		return;
	last = timers->heap[timers->count--];
	if (last != timer) {
		put(timers, timer->place, last);
		move_up(timers, last);
		move_down(timers, last);
	}
	timer->place = 0;
}

struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[1] : NULL;
}

void timers_free(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){0};
}
