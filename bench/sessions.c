#include "sessions.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "process.h"

#define EVENTS_MAX        512
#define DESCRIPTORS_SPARE 64

void sessions_fail(struct sessions *sessions, const char *format, ...)
{
	va_list values;

	if (sessions->failed)
		return;
	sessions->failed = true;
	va_start(values, format);
	vsnprintf(sessions->reason, sizeof sessions->reason, format, values);
	va_end(values);
}

static void connect_next(struct sessions *sessions)
{
	while (sessions->started < sessions->connect_until &&
	       sessions->started - sessions_settled(sessions) < sessions->at_once)
		session_connect(&sessions->list[sessions->started++]);
}

void sessions_connect(struct sessions *sessions, size_t until)
{
	sessions->connect_until = until;
	connect_next(sessions);
}

void sessions_note_connected(struct sessions *sessions)
{
	sessions->connected++;
	connect_next(sessions);
}

unsigned sessions_lanes(const struct sessions *sessions)
{
	return sessions->publish ? sessions->client->lanes : 1;
}

void sessions_send(struct sessions *sessions, size_t index, const void *data, size_t size)
{
	session_send(&sessions->list[index], data, size);
}

void sessions_stop_reading(struct sessions *sessions)
{
	for (size_t i = 0; i < sessions->slow; i++)
		session_stop_reading(&sessions->list[i]);
}

void sessions_cut(struct sessions *sessions)
{
	sessions->now_ns = clock_now_ns();
	for (size_t i = 0; i < sessions->count && !sessions->failed; i++)
		session_cut(&sessions->list[i]);
}

/* Microseconds matter to a poll: epoll_wait's timeout knows only milliseconds. */
static void arm_timer(struct sessions *sessions)
{
	struct timer *first = timers_first(&sessions->timers);
	struct itimerspec when;

	if (!first || first->at_ns == sessions->armed_ns)
		return;
	sessions->armed_ns = first->at_ns;
	when = (struct itimerspec){.it_value = clock_timespec(first->at_ns)};
	timerfd_settime(sessions->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void sessions_wait(struct sessions *sessions)
{
	struct epoll_event ready[EVENTS_MAX];
	uint64_t expirations;
	int count;

	arm_timer(sessions);
	count = epoll_wait(sessions->network.epoll_fd, ready, EVENTS_MAX, -1);
	if (count < 0 && errno != EINTR)
		sessions_fail(sessions, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < count && !sessions->failed; i++)
		if (ready[i].data.ptr)
			session_event(ready[i].data.ptr, ready[i].events);
		else if (read(sessions->timer_fd, &expirations, sizeof expirations) > 0)
			sessions->armed_ns = 0;
}

void sessions_run_timers(struct sessions *sessions)
{
	struct timer *timer;

	while (!sessions->failed && (timer = timers_first(&sessions->timers))) {
		sessions->now_ns = clock_now_ns();
		if (timer->at_ns > sessions->now_ns)
			return;
		timer_clear(&sessions->timers, timer);
		timer->due(timer->owner);
	}
}

struct tcp_totals sessions_tcp_totals(const struct sessions *sessions)
{
	struct tcp_totals totals = sessions->network.closed;

	for (size_t i = 0; i < sessions->count; i++)
		for (unsigned j = 0; j < sessions->list[i].lanes_count; j++)
			connection_add_totals(&sessions->list[i].lanes[j].connection, &totals);
	return totals;
}

int sessions_add(struct sessions *sessions, size_t index, const struct client_config *config,
                 const struct client_events *events, void *user)
{
	return session_open(&sessions->list[index], sessions, config, events, user);
}

static int check_descriptors(struct sessions *sessions)
{
	size_t limit = process_raise_descriptor_limit(), lanes = sessions_lanes(sessions);
	size_t wanted = sessions->count * lanes + DESCRIPTORS_SPARE;

	if (wanted <= limit)
		return 0;
	sessions_fail(sessions,
	              "%zu subscribers with %zu connection%s each and %d more need %zu "
	              "descriptors: the limit is %zu",
	              sessions->count, lanes, lanes == 1 ? "" : "s", DESCRIPTORS_SPARE, wanted,
	              limit);
	return -EMFILE;
}

static int open_tls(struct sessions *sessions, const char *authority)
{
	char error[sizeof sessions->reason];
	int err = 0;

	/* Not resumed: each stands for a client of its own, which has no session yet. */
	if (authority)
		err = tls_client_open(&sessions->network.tls, authority, false, error,
		                      sizeof error);
	if (err)
		sessions_fail(sessions, "%s", error);
	return err;
}

static int open_loop(struct sessions *sessions, size_t spare)
{
	struct epoll_event event = {.events = EPOLLIN};
	size_t timers = sessions->count * (1 + sessions_lanes(sessions)) + spare;

	sessions->network.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sessions->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (sessions->network.epoll_fd < 0 || sessions->timer_fd < 0 ||
	    epoll_ctl(sessions->network.epoll_fd, EPOLL_CTL_ADD, sessions->timer_fd, &event))
		return -errno;
	sessions->list = calloc(sessions->count, sizeof *sessions->list);
	sessions->input = malloc(SESSION_INPUT_BYTES);
	if (!sessions->list || !sessions->input)
		return -ENOMEM;
	return timers_reserve(&sessions->timers, timers);
}

int sessions_open(struct sessions *sessions, const struct sessions_config *config)
{
	int err;

	*sessions = (struct sessions){
	        .client = config->client,
	        .count = config->count,
	        .slow = config->slow,
	        .endless = config->connections_max && config->endless,
	        .publish = config->publish,
	        .at_once = config->at_once,
	        .network = {.address = config->address,
	                    .port = config->port,
	                    .sources = config->sources,
	                    .epoll_fd = -1},
	        .timer_fd = -1,
	};
	slots_init(&sessions->slots, config->connections_max);
	err = check_descriptors(sessions);
	if (!err)
		err = open_tls(sessions, config->authority);
	if (!err)
		err = open_loop(sessions, config->spare);
	if (err)
		sessions_fail(sessions, "setting up the load: %s", strerror(-err));
	return err;
}

void sessions_close(struct sessions *sessions)
{
	for (size_t i = 0; sessions->list && i < sessions->count; i++)
		session_close(&sessions->list[i]);
	free(sessions->list);
	free(sessions->input);
	timers_free(&sessions->timers);
	tls_context_close(&sessions->network.tls);
	if (sessions->timer_fd >= 0)
		close(sessions->timer_fd);
	if (sessions->network.epoll_fd >= 0)
		close(sessions->network.epoll_fd);
}
