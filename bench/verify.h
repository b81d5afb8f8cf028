/*
 * The self-check: what the instrument must find where the truth is known. Each claim is tried by
 * runs of its own, in a private network on this machine, and all of them together take less than
 * three minutes.
 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "lab.h"
#include "run.h"
#include "runner.h"

enum verify_outcome { VERIFY_PASSED, VERIFY_FAILED, VERIFY_SKIPPED };

struct verify_finding {
	const char *claim; /* its name: "delay" */
	char asked[96];    /* "a link of 5 ms adds 5 % or 0.3 ms to that at most, on sse" */
	char found[160];
	enum verify_outcome outcome;
};

struct verifier {
	enum lab_mode direct, link; /* LAB_LOOPBACK: there is none */
	/* Told as soon as it is found. */
	void (*tell)(void *user, const struct verify_finding *finding);
	void *user;

	/* private */
	const char *claim;
	size_t invalid; /* runs that had to be made again */
};

struct verify_claim {
	const char *name, *what;
	double seconds; /* that it takes, about */
	int (*check)(struct verifier *verifier);
};

/* Ended by one without a name. */
extern const struct verify_claim verify_claims[];

/* Tries one of them. 0; -EINTR: interrupted; or another negative errno. */
int verify_check(struct verifier *verifier, const struct verify_claim *claim);

/* For the claims' own files. */

int verify_same_arms(struct verifier *verifier);
int verify_freeze(struct verifier *verifier);
int verify_delay(struct verifier *verifier);
int verify_bytes(struct verifier *verifier);
int verify_loss(struct verifier *verifier);
int verify_reach(struct verifier *verifier);
int verify_generator(struct verifier *verifier);
int verify_histogram(struct verifier *verifier);

/* A run of `seconds` on TRANSPORT/epoll with rate_hz messages a second, evenly spaced, each for
 * `subscribers`; the rest may be set afterwards. */
struct run_spec verify_spec(const char *transport, unsigned subscribers, double rate_hz,
                            double seconds);

/* Carries it out, in the verifier's direct or its linked network; again, some times, where other
 * work on this machine made it invalid. 0, or a negative errno: -EAGAIN where it is invalid all the
 * same, which is told. */
int verify_run(struct verifier *verifier, const struct run_spec *spec,
               const struct runner_options *options, struct run_result *result);

/* The same where it may be invalid for another reason than that. */
int verify_run_to_fail(struct verifier *verifier, const struct run_spec *spec,
                       const struct runner_options *options, struct run_result *result);

/* outcome: whether it passed. */
void verify_tell(struct verifier *verifier, bool passed, const char *asked, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

void verify_skip(struct verifier *verifier, const char *asked, const char *why);

#endif
