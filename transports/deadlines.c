#include "deadlines.h"

#include <errno.h>
#include <stddef.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"

int deadlines_open(struct deadlines *deadlines)
{
	TAILQ_INIT(&deadlines->list);
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

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, uint64_t at_ns)
{
	struct deadline *earlier;

	deadline_clear(deadlines, deadline);
	deadline->at_ns = at_ns;
	earlier = TAILQ_LAST(&deadlines->list, deadline_list);
	while (earlier && earlier->at_ns > at_ns)
		earlier = TAILQ_PREV(earlier, deadline_list, link);
	if (earlier)
		TAILQ_INSERT_AFTER(&deadlines->list, earlier, deadline, link);
	else
		TAILQ_INSERT_HEAD(&deadlines->list, deadline, link);
	/* A timer that fires too early only looks again: cheaper than a system call for every
	 * deadline that is cleared before its time, which nearly all are. */
	if (!deadlines->armed_ns || at_ns < deadlines->armed_ns)
		arm(deadlines, at_ns);
}

void deadline_clear(struct deadlines *deadlines, struct deadline *deadline)
{
	if (!deadline->at_ns)
		return;
	TAILQ_REMOVE(&deadlines->list, deadline, link);
	deadline->at_ns = 0;
}

void deadlines_expire(void *user)
{
	struct deadlines *deadlines = user;
	uint64_t expirations, now = clock_now_ns();
	struct deadline *first;

	if (read(deadlines->fd, &expirations, sizeof expirations) < 0)
		return;
	deadlines->armed_ns = 0;
	while ((first = TAILQ_FIRST(&deadlines->list)) && first->at_ns <= now) {
		deadline_clear(deadlines, first);
		first->expired(first);
	}
	if (first)
		arm(deadlines, first->at_ns);
}
