/* Carries out one run: a server process, a load process, and the time between them. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <signal.h>

#include "load.h"
#include "run.h"

/* Called about ten times a second, and at each change of phase. */
struct runner_progress {
	void (*show)(void *user, enum load_phase phase, unsigned connected);
	void *user;
};

/* Set by a signal handler: the run in progress ends, with -EINTR. */
extern volatile sig_atomic_t runner_interrupted;

/*
 * Carries out the run in a lab of its own, LAB_LOOPBACK, or LAB_DIRECT, or LAB_LINK where its
 * parameters ask for a link, and fills in *result. 0 also where the run turned out invalid
 * (result->valid, ->reason); -EINTR where it was interrupted, and *result is worth nothing.
 */
int runner_run(const struct run_spec *spec, enum lab_mode mode, struct run_result *result,
               const struct runner_progress *progress);

#endif
