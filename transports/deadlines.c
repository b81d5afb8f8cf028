#include "deadlines.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

int deadlines_open(struct deadlines *deadlines)
{
	for (int i = 0; i < DEADLINE_INTERVALS_MAX; i++) {
		deadlines->intervals[i].after_ns = 0;
		TAILQ_INIT(&deadlines->intervals[i].list);
	}
	deadlines->armed_ns = 0;
	deadlines->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return deadlines->fd < 0 ? -errno : 0;
}

void deadlines_close(struct deadlines *deadlines)
{
	if (deadlines->fd >= 0)
		close(deadlines->fd);
	deadlines->fd = -1;
}

static void arm(struct deadlines *deadlines, uint64_t at_ns)
{
	struct itimerspec when = {.it_value = clock_timespec(at_ns)};

	timerfd_settime(deadlines->fd, TFD_TIMER_ABSTIME, &when, NULL);
	deadlines->armed_ns = at_ns;
}

static uint8_t find_interval(struct deadlines *deadlines, uint64_t after_ns)
{
	uint8_t i = 0;

	while (deadlines->intervals[i].after_ns && deadlines->intervals[i].after_ns != after_ns) {
		i++;
		assert(i < DEADLINE_INTERVALS_MAX);
	}
	deadlines->intervals[i].after_ns = after_ns;
	return i;
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t now_ns,
                  uint64_t after_ns)
{
	deadline_clear(deadlines, deadline);
	deadline->at_ns = now_ns + after_ns;
	deadline->interval = find_interval(deadlines, after_ns);
	TAILQ_INSERT_TAIL(&deadlines->intervals[deadline->interval].list, deadline, link);
	/* A timer that fires too early only looks again: cheaper than a system call for every
	 * deadline that is cleared before its time, which nearly all are. */
	if (!deadlines->armed_ns || deadline->at_ns < deadlines->armed_ns)
		arm(deadlines, deadline->at_ns);
}

void deadline_clear(struct deadlines *deadlines, struct deadline *deadline)
{
	if (!deadline->at_ns)
		return;
	TAILQ_REMOVE(&deadlines->intervals[deadline->interval].list, deadline, link);
	deadline->at_ns = 0;
}

/* The earliest of all; NULL where none is set. */
static struct deadline *first_of(struct deadlines *deadlines)
{
	struct deadline *first = NULL;

	for (int i = 0; i < DEADLINE_INTERVALS_MAX && deadlines->intervals[i].after_ns; i++) {
		struct deadline *head = TAILQ_FIRST(&deadlines->intervals[i].list);

		if (head && (!first || head->at_ns < first->at_ns))
			first = head;
	}
	return first;
}

void deadlines_expire(void *user)
{
	struct deadlines *deadlines = user;
	uint64_t expirations, now = clock_now_ns();
	struct deadline *first;

	if (read(deadlines->fd, &expirations, sizeof expirations) < 0)
		return;
	deadlines->armed_ns = 0;
	while ((first = first_of(deadlines)) && first->at_ns <= now) {
		deadline_clear(deadlines, first);
		first->expired(first);
	}
	if (first && (!deadlines->armed_ns || first->at_ns < deadlines->armed_ns))
		arm(deadlines, first->at_ns);
}
