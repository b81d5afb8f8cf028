/* Subscribers' sockets in one epoll set: bytes in and out, deadlines, reconnects. What the bytes
 * mean is the clients' affair (transports/client.h). */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../transports/client.h"
#include "hist.h"
#include "tcp_totals.h"
#include "timers.h"

struct sessions;

/* One subscriber and its LANE_DOWN. */
struct session {
	struct sessions *all;
	void *state; /* the client's; owned */
	struct bytes out;
	struct timer timer;
	int fd; /* -1: not connected */
	bool connecting, out_blocked;
};

struct sessions {
	/* Counted as they go; whoever measures takes differences, or sets them to 0. */
	uint64_t bytes_down, bytes_up; /* that crossed the sockets */
	uint64_t reconnects;
	struct hist lateness; /* of ticks */
	uint64_t now_ns;      /* of what is happening: the clock as last read */

	bool failed;
	char reason[200]; /* of the first failure */

	/* private */
	const struct client_ops *client;
	const char *address;
	uint16_t port;
	struct session *list;
	size_t count, next, connecting;
	int epoll_fd, timer_fd;
	struct timers timers;
	uint64_t armed_ns;
	struct tcp_totals closed;
	uint8_t *input;
};

/*
 * For `count` sessions to address (numeric IPv4, borrowed) and port. `spare` more timers may be
 * set. Sets sessions->failed and ->reason where it gives a negative errno. Close it in any case.
 */
int sessions_open(struct sessions *sessions, const struct client_ops *client, const char *address,
                  uint16_t port, size_t count, size_t spare);
void sessions_close(struct sessions *sessions);

/* Makes session `index`; events and user as for the client's init. 0 or -ENOMEM. */
int session_open(struct sessions *sessions, size_t index, const struct client_config *config,
                 const struct client_events *events, void *user);

/* Starts to connect them, a bounded number at a time. */
void sessions_connect(struct sessions *sessions);

/* Waits for events or the first timer and serves the events; run the timers afterwards. */
void sessions_wait(struct sessions *sessions);

/* Runs due timers of sessions in order. Gives one that is due and not a session's, cleared; NULL
 * when nothing more is due. */
struct timer *sessions_run_timers(struct sessions *sessions, const struct timer *foreign);

/* Of all sockets, those that are closed by now included. */
struct tcp_totals sessions_tcp_totals(const struct sessions *sessions);

/* The first failure is the reason; later ones follow from it. */
void sessions_fail(struct sessions *sessions, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
