/*
 * The door: who may connect, who may publish and how much. One for all cells of a server; no I/O,
 * no clock.
 */
#ifndef TRANSPORTS_POLICY_H
#define TRANSPORTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct policy;

struct policy_config {
	/* Origins that may ask (RFC 6454 §6.2: "https://example.org"), NULL ends the list; NULL:
	 * any. A request without an Origin comes from no browser and may always (RFC 6455 §10.2).
	 */
	const char *const *origins;
	const char *token;      /* what a client must show (RFC 6750); NULL: nothing */
	bool token_in_url;      /* ?token= counts too: it then stands in logs and histories */
	double publish_rate_hz; /* messages a second from one client address; 0: any number */
	unsigned publish_burst; /* messages at once; at least 1 */
};

/* config is copied, with its strings. Sets *out, or gives -ENOMEM. */
int policy_open(struct policy **out, const struct policy_config *config);

/* NULL is fine; sets NULL. */
void policy_close(struct policy **policy);

/* What a request shows at the door; NULL where it does not. */
struct policy_request {
	const char *origin;        /* the Origin field */
	const char *authorization; /* the Authorization field: "Bearer TOKEN" */
	const char *token;         /* ?token= */
	bool websocket;            /* an upgrade, whose token may come as the first message */
};

/*
 * 0: it may enter; *owes_token says that the first message must be the token, before which it gets
 * and publishes nothing (websocket only, else false). Or the HTTP status to refuse with, and *why
 * in one line: 403 for its Origin, 401 for its token (one that is there and wrong, or none where
 * one is needed). Tokens are compared in constant time.
 */
unsigned policy_admit(const struct policy *policy, const struct policy_request *request,
                      bool *owes_token, const char **why);

/* Whether the first message of a WebSocket that owes a token is it: {"token":"T"}. */
bool policy_admit_message(const struct policy *policy, const void *data, size_t size);

/*
 * A client wants to publish one message at now_ns (CLOCK_MONOTONIC). 0: it may. Else it may not
 * yet: the time to wait, in ns. A token bucket for each client address (an IPv6 client is its /64
 * prefix); addresses beyond the bounded number that is kept in mind make the one whose bucket is
 * fullest forgotten. Other address families share one bucket.
 */
uint64_t policy_publish(struct policy *policy, const struct sockaddr *client, uint64_t now_ns);

#endif
