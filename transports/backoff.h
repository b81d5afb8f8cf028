/* When to try again: exponential backoff with full jitter, so that many clients that lost the same
 * server do not come back at once. */
#ifndef TRANSPORTS_BACKOFF_H
#define TRANSPORTS_BACKOFF_H

#include <stdint.h>

#define BACKOFF_FIRST_NS UINT64_C(100000000)  /* 100 ms */
#define BACKOFF_MAX_NS   UINT64_C(5000000000) /* 5 s */

/* All zero but `random` (any seed) is ready. */
struct backoff {
	uint64_t random;
	unsigned attempts; /* failed since the last backoff_reset */
};

/* An attempt has failed, or a connection broke: the time to wait, drawn evenly from 0 to
 * BACKOFF_FIRST_NS doubled with every attempt but the first, at most BACKOFF_MAX_NS. */
uint64_t backoff_next_ns(struct backoff *backoff);

/* An attempt has come to where the client is subscribed. */
void backoff_reset(struct backoff *backoff);

#endif
