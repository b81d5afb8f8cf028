/* All subscribers of the load and their sockets in one epoll set: bytes in and out, deadlines,
 * reconnects. What the bytes mean is the clients' affair (transports/client.h). */
#ifndef BENCH_SESSIONS_H
#define BENCH_SESSIONS_H

#include "hist.h"
#include "session.h"

struct sessions {
	/* Counted as they go; whoever measures takes differences, or sets them to 0. */
	uint64_t reconnects;
	struct hist lateness; /* of what is done at an instant: ticks, what the harness notes */
	uint64_t now_ns;      /* of what is happening: the clock as last read */
	size_t connected;     /* how many of them are, or were once */
	size_t kept_out;      /* how many wait for a stream to end, and never had a connection */
	/* Of each one's first connection of LANE_DOWN, as in struct run_result. */
	struct hist connect, handshake, ready;

	bool failed;
	char reason[200]; /* of the first failure */
	int last_error;   /* errno of the last connection that failed; 0: none has */

	struct network network;
	struct timers timers; /* sessions_wait wakes for the first, sessions_run_timers runs them */

	/* private */
	const struct client_ops *client;
	struct session *list;
	size_t count, connect_until;
	size_t started, at_once; /* how many have begun to connect; how many may be about it */
	size_t slow;
	struct slots slots;
	bool endless;
	bool publish;
	int timer_fd;
	uint64_t armed_ns;
	uint8_t *input;
};

struct sessions_config {
	const struct client_ops *client;
	const char *address; /* numeric IPv4; borrowed */
	uint16_t port;
	in_addr_t sources;     /* as in struct network */
	const char *authority; /* PEM: whom TLS trusts; NULL: plain */
	size_t count;
	size_t at_once; /* connect; 1: none waits for others */
	bool publish;   /* they are to send: they open LANE_UP too, where the client has one */
	size_t slow;    /* the first so many are to be slow readers: sessions_stop_reading */
	/* How many requests there may be at a time; 0: any number. Others wait for the end of a
	 * response; where that is endless, a connection is not even begun. Requests on LANE_UP do
	 * not count. */
	size_t connections_max;
	bool endless;
	size_t spare; /* timers besides their own */
};

/* Sets sessions->failed and ->reason where it gives a negative errno. Close it in any case. */
int sessions_open(struct sessions *sessions, const struct sessions_config *config);
void sessions_close(struct sessions *sessions);

/* Makes session `index`; events and user as for the client's init. 0 or -ENOMEM. */
int sessions_add(struct sessions *sessions, size_t index, const struct client_config *config,
                 const struct client_events *events, void *user);

/* Connects those that are not, up to number `until`. sessions_settled says how far it is. */
void sessions_connect(struct sessions *sessions, size_t until);

/* How many are connected, or kept out: there is nothing to wait for. */
static inline size_t sessions_settled(const struct sessions *sessions)
{
	return sessions->connected + sessions->kept_out;
}

/* The connections that each of them has. */
unsigned sessions_lanes(const struct sessions *sessions);

/* Session `index` publishes text; at once, or as soon as its lane is up. */
void sessions_send(struct sessions *sessions, size_t index, const void *data, size_t size);

/* The slow readers read nothing more; nothing is sent to or by them, and they are not cut. */
void sessions_stop_reading(struct sessions *sessions);

/* Resets every connection. */
void sessions_cut(struct sessions *sessions);

/* Waits for events or the first timer and serves the events; run the timers afterwards. */
void sessions_wait(struct sessions *sessions);

/* Runs the timers that are due, in order: their own and others'. */
void sessions_run_timers(struct sessions *sessions);

/* Of all sockets, those that are closed by now included. */
struct tcp_totals sessions_tcp_totals(const struct sessions *sessions);

/* The first failure is the reason; later ones follow from it. */
void sessions_fail(struct sessions *sessions, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* For session.c: session is connected for the first time. */
void sessions_note_connected(struct sessions *sessions);

#endif
