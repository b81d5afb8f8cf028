/*
 * What every stack implements: one listener and one event loop in one thread, serving any of its
 * transports. Functions that return int give 0 or a negative errno.
 */
#ifndef TRANSPORTS_SERVER_H
#define TRANSPORTS_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "hub.h"
#include "policy.h"
#include "publish_log.h"

struct server; /* each stack's own */

/* One transport on one stack: a cell. */
struct endpoint {
	const char *transport; /* "sse" */
	const char *stack;     /* "mhd" */
	const char *path;      /* "/sse" */
	const char *hole;      /* why this pair does not exist; then path and cell are NULL */
	const char *note;      /* what is to be said wherever its results stand; NULL: nothing */
	const void *cell;      /* the stack's own table, e.g. const struct mhd_endpoint * */
};

/* What a server has counted since it opened; GET /stats shows them. X(name, help) */
#define COUNTERS(X)                                                                                \
	X(connections, "connections accepted")                                                     \
	X(requests, "HTTP requests and WebSocket handshakes received")                             \
	X(refused, "requests answered with a 4xx or 5xx status")                                   \
	X(published, "messages put into a log")                                                    \
	X(delivered, "messages handed to the stack for a subscriber")                              \
	X(empty_answers, "polls and long-polls answered with 204")                                 \
	X(missed, "messages that were gone from the log before a subscriber had them")             \
	X(heartbeats, "SSE comments and WebSocket pings sent")                                     \
	X(received, "messages received from clients")                                              \
	X(slow_readers, "subscribers disconnected because they lacked too many messages")          \
	X(timeouts, "connections closed because nothing whole came from them in time")

struct counters {
#define COUNTER_MEMBER(name, help) uint64_t name;
	COUNTERS(COUNTER_MEMBER)
#undef COUNTER_MEMBER
	uint64_t connections_open;
	uint64_t subscribers; /* open streams, parked long-polls */
};

struct server_config {
	const char *address; /* numeric; where to listen */
	uint16_t port;       /* 0: any, ask port() */
	/* PEM files: the certificate with its chain, and its private key. NULL: no TLS. */
	const char *certificate, *key;
	unsigned connections_max; /* a request on a connection beyond: 503, and it is closed */
	size_t head_max_bytes;    /* request line and fields; beyond: 431 */
	size_t message_max_bytes; /* a published message; beyond: 413, close 1009 */
	/* sse, websocket: a subscriber that takes nothing while so many messages are published is
	 * disconnected: the log is its queue, its cursor the place in it. */
	uint64_t queue_messages;
	uint64_t hold_ns;      /* longpoll: how long a request is held before it gets 204 */
	uint64_t heartbeat_ns; /* sse: between comments; websocket: between pings */
	/* A connection is closed unless its first request, or the token that a WebSocket owes, is
	 * whole within request_timeout_ns; and unless the next request after an answer is, or any
	 * byte on a WebSocket comes, within idle_timeout_ns. */
	uint64_t request_timeout_ns, idle_timeout_ns;
	/* NULL, or where each message that a client publishes to logged_topic is noted. */
	struct publish_log *publish_log;
	const struct topic *logged_topic;
	struct policy *policy;     /* borrowed, outlives the server */
	struct hub *hub;           /* borrowed, outlives the server */
	struct counters *counters; /* borrowed, outlives the server */
};

/* One server library. All members are required. */
struct stack_ops {
	const char *name;

	/* Listens, and serves the endpoints (NULL ends the list; all of this stack, none a hole).
	 * Sets *out on success only. config is copied, what it points to is not. */
	int (*open)(struct server **out, const struct server_config *config,
	            const struct endpoint *const *endpoints);

	/* The port in use. */
	uint16_t (*port)(const struct server *server);

	/* Calls ready(user) from run() whenever fd is readable, until close. fd stays the
	 * caller's and outlives the server; ready must read it dry, or it is called again. */
	int (*watch)(struct server *server, int fd, void (*ready)(void *user), void *user);

	/* Serves until stop. */
	int (*run)(struct server *server);

	/* Makes run return 0 soon. Async-signal-safe. */
	void (*stop)(struct server *server);

	/* Closes every connection and frees. NULL is fine; sets NULL. */
	void (*close)(struct server **server);
};

#endif
