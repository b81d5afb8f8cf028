/* Links that are known by a name, with the source of their figures. */
#ifndef BENCH_LINK_PROFILES_H
#define BENCH_LINK_PROFILES_H

#include "link.h"

/* What the source has no figure for is 0: no jitter, no loss, loss without bursts. None has one for
 * the queue. A round trip is split in halves. */
struct link_profile {
	const char *name;
	struct link_settings settings;
	const char *what, *source;
};

extern const struct link_profile link_profiles[]; /* from near to far; no name ends them */

/* The profile of that name, or NULL. */
const struct link_profile *link_profile(const char *name);

#endif
