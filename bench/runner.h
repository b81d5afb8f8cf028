/* Carries out one run: a server process, a load process, and the time between them. */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <signal.h>
#include <stdbool.h>

#include "evidence.h"
#include "fault.h"
#include "load.h"
#include "run.h"

/* Called about ten times a second, and at each change of phase. */
struct runner_progress {
	void (*show)(void *user, enum load_phase phase, unsigned connected);
	void *user;
};

/* Set by a signal handler: the run in progress ends, with -EINTR. */
extern volatile sig_atomic_t runner_interrupted;

struct runner_options {
	enum lab_mode mode; /* of the experiment: lab_mode_for says what it is for this run */
	const struct runner_progress *progress; /* NULL: none */
	const char *capture_path; /* where to write what crosses the lab (pcap); NULL: nowhere */
	bool capture;             /* there is a capture, file or not */
	struct fault fault;
	struct evidence *evidence; /* to be filled in; NULL: nobody wants it */
};

/*
 * Carries out the run in a lab of its own and fills in *result. 0 also where the run turned out
 * invalid (result->valid, ->reason); -EINTR where it was interrupted, and *result is worth nothing.
 */
int runner_run(const struct run_spec *spec, const struct runner_options *options,
               struct run_result *result);

#endif
