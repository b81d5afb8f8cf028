/* The instants at which messages are published: an open-loop schedule, made before the run from a
 * seed, so that the server and the harness derive the same one. */
#ifndef TRANSPORTS_SCHEDULE_H
#define TRANSPORTS_SCHEDULE_H

#include <stdint.h>

/* Poisson: exponential gaps (independent arrivals). Even: one gap of 1/rate after another. */
enum arrivals { ARRIVALS_EVEN, ARRIVALS_POISSON };

const char *arrivals_name(enum arrivals arrivals);
int arrivals_parse(const char *name, enum arrivals *arrivals); /* 0 or -EINVAL */

struct schedule {
	uint64_t next_ns; /* the next instant: CLOCK_MONOTONIC, ns */
	uint64_t next_id; /* counted from 1 */

	/* private */
	enum arrivals arrivals;
	double rate_hz;
	uint64_t start_ns;
	double elapsed_s; /* poisson: since start, to the next instant */
	uint64_t random;  /* state of the generator */
};

/* rate_hz above 0. The first instant is one gap after start_ns. */
void schedule_start(struct schedule *schedule, enum arrivals arrivals, double rate_hz,
                    uint64_t seed, uint64_t start_ns);

/* Moves on to the next instant. Never reads a clock: a late publisher moves nothing. */
void schedule_advance(struct schedule *schedule);

/* splitmix64: the generator behind every seed in pushlab. Advances *state. */
uint64_t random_next(uint64_t *state);
/* Uniform on [0, 1). */
double random_unit(uint64_t *state);

#endif
