/*
 * What every transport's client implements: one subscriber without a socket of its own. The
 * harness owns sockets, clocks and byte counts; a client turns bytes that arrived into messages
 * and intentions into bytes.
 */
#ifndef TRANSPORTS_CLIENT_H
#define TRANSPORTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "http.h"
#include "message.h"

/* One TCP connection of a client: down receives; up sends, where down cannot. */
enum client_lane { LANE_DOWN, LANE_UP, LANES_MAX };

/* Whatever it is, what is in `out` is sent first. */
enum client_status {
	CLIENT_OK,
	CLIENT_RECONNECT, /* the conversation is over or was cut off: connect this lane anew */
	CLIENT_FAILED,    /* the peer broke the contract: why() says how */
};

#define CLIENT_NO_CURSOR UINT64_MAX
#define CLIENT_NEVER     UINT64_MAX

/* The largest message that a client takes, in the form in which its transport carries it. */
#define CLIENT_MESSAGE_MAX_BYTES ((size_t)16 << 20)

struct client_config {
	const char *host;  /* the value of Host, borrowed for the client's life */
	const char *topic; /* borrowed for the client's life; needs no URL encoding */
	uint64_t since;    /* where to begin; CLIENT_NO_CURSOR: what is published from now on */
	enum message_format format;
	enum http_headers headers;
	bool one_per_response; /* longpoll: ask with batch=1 */
	/* polling: a request goes out at every instant t with t mod poll_ns = poll_phase_ns. */
	uint64_t poll_ns, poll_phase_ns;
	uint64_t seed; /* websocket: key and masks, so that runs repeat */
};

/* What a client tells its harness, from inside connected(), input() or tick(). All required. */
struct client_events {
	/* Subscribed: from now on no message is missed. Once for each connection of LANE_DOWN. */
	void (*ready)(void *user);
	/* A whole message. scheduled_ns is 0 where the format does not carry it. data is good
	 * during the call. */
	void (*message)(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
	                size_t size);
	/* A unit of the transport is complete: an HTTP response (polling, longpoll), an event
	 * (sse), a frame (websocket). It carried that many messages; none: an empty answer. */
	void (*response)(void *user, unsigned messages);
	/* The server says that so many messages are gone. */
	void (*missed)(void *user, uint64_t messages);
};

struct client_ops {
	const char *transport;
	unsigned lanes;    /* connections needed: 2 where sending cannot share the first */
	size_t state_size; /* the harness allocates the state, zeroed */

	/* Cannot fail; after it fini is always safe. config is copied; events and user borrowed
	 * for the client's life. Required. */
	void (*init)(void *state, const struct client_config *config,
	             const struct client_events *events, void *user);
	/* Frees what the state holds, not the state. Required. */
	void (*fini)(void *state);

	/* A lane is connected, for the first time or anew: forget the old connection's half-read
	 * input, keep the cursor, append to out what opens the conversation. Required. */
	enum client_status (*connected)(void *state, enum client_lane lane, uint64_t now_ns,
	                                struct bytes *out);
	/* size bytes arrived at now_ns; size 0: the peer closed, or the connection broke, which is
	 * no breach of contract wherever it happens. Replies go to out. Required. */
	enum client_status (*input)(void *state, enum client_lane lane, const uint8_t *data,
	                            size_t size, uint64_t now_ns, struct bytes *out);

	/* When tick wants to run (CLOCK_MONOTONIC ns), CLIENT_NEVER for never; may change after any
	 * call. Both NULL where no timer is used. tick appends to out what LANE_DOWN sends. */
	uint64_t (*deadline)(const void *state);
	enum client_status (*tick)(void *state, uint64_t now_ns, struct bytes *out);

	/* Appends one message upstream, for the last lane, which must be connected and, where that
	 * is LANE_DOWN, ready. It may go out later, from connected() or input(). data is what is
	 * published: text, or bytes where binary (RFC 6455 §5.6). Required. */
	enum client_status (*send)(void *state, const void *data, size_t size, bool binary,
	                           struct bytes *out);

	/* The id of the last message received, CLIENT_NO_CURSOR before it is known. Required. */
	uint64_t (*cursor)(const void *state);
	/* What went wrong after CLIENT_FAILED; never NULL. Required. */
	const char *(*why)(const void *state);
};

#endif
