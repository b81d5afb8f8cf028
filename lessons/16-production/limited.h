/* A server that has too many clients for its descriptors. */
#ifndef LESSONS_16_PRODUCTION_LIMITED_H
#define LESSONS_16_PRODUCTION_LIMITED_H

#include <stdatomic.h>
#include <stdbool.h>

#include "crowd.h"

/* Its numbers are counted by the server and lie in memory that we share with it. */
struct limited {
	int listener, poller, spare; /* the spare descriptor, if it keeps one; else -1 */
	atomic_uint in_use;          /* descriptors, before the first client was there */
	atomic_uint accepted, refused;
	atomic_uint failed; /* calls of accept, for nothing */
	atomic_int error;   /* why the last one failed */
};

/* What such a server does when somebody is at the door. */
typedef void limited_meet(struct limited *server);

/* Has the poller watch a connection that was accepted. When its client leaves it is closed, and the
 * listener is watched, whether it was before or not. */
void limited_watch_client(struct limited *server, int connection);

void limited_watch_listener(struct limited *server, bool watched);

struct limited_seen {
	unsigned in_use;
	int error;
	struct fares fares; /* of the clients, when the server had dealt with as many as it can */
	unsigned failed;    /* calls of accept, for nothing, by then */
	unsigned in_vain;   /* and in the 100 ms after that */
	double cpu_ms;      /* on a CPU in these 100 ms */
	unsigned let_in;    /* clients that waited, when another one had left */
};

/* Runs one, as a child process that may have `allowed` descriptors, for as many clients. */
struct limited_seen limited_try(limited_meet *meet, unsigned allowed);

#endif
