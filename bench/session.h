/* One subscriber of the load: a client, the connections that it needs, and their new beginnings.
 * Part of sessions.h. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "../transports/backoff.h"
#include "../transports/client.h"
#include "connection.h"
#include "slots.h"
#include "timers.h"

#define SESSION_INPUT_BYTES (256 << 10) /* at most in one read */

struct sessions;
struct session;

/* A connection that is made again with backoff when it cannot be had or breaks. */
struct lane {
	struct session *session;
	struct connection connection;
	struct timer retry;
	struct backoff backoff;
	uint64_t failing_since_ns; /* the first failure in a row; 0: none */
};

struct session {
	struct sessions *all;
	void *state;                        /* the client's; owned */
	const struct client_events *events; /* what the harness is told */
	void *user;
	struct timer timer; /* the client's deadline */
	struct lane lanes[LANES_MAX];
	unsigned lanes_count;
	struct slot slot; /* of LANE_DOWN */
	bool ready;       /* subscribed, on the present connection */
	bool connected;   /* ready, and all lanes open, for the first time */
	struct bytes
	        kept; /* messages to be sent as soon as that is possible, each behind its size */
};

/* events and user as for the client's init. 0 or -ENOMEM; session_close in any case. */
int session_open(struct session *session, struct sessions *all, const struct client_config *config,
                 const struct client_events *events, void *user);
void session_close(struct session *session);

/* Starts to connect its lanes, for the first time. */
void session_connect(struct session *session);

/* What epoll says of one of its connections. */
void session_event(struct lane *lane, uint32_t what);

/* Publishes text; it is kept until the lane is up. */
void session_send(struct session *session, const void *data, size_t size);

/* Reads nothing more, and leaves its connections as they are: a slow reader. */
void session_stop_reading(struct session *session);

/* Resets its connections; they are made again after a backoff. */
void session_cut(struct session *session);

#endif
