/* Experiments: INI files that ask a question, and the runs they expand to. */
#ifndef BENCH_EXPERIMENT_H
#define BENCH_EXPERIMENT_H

#include <stddef.h>

#include "run.h"

#define EXPERIMENT_VALUES_MAX 32   /* of one key */
#define EXPERIMENT_ROWS_MAX   4096 /* all combinations */

/* What the prediction says in numbers: the report holds it against what was measured. */
struct expectation {
	char *what, *expression; /* owned; the expression is one of expression.h */
	double low, high;        /* both are within */
	char unit[24];
};

/*
 * An experiment as read from its file. In the INI:
 *
 *   [experiment]  name, question, prediction, blocks (default 5), seed (default 1),
 *                 p99_max_ms (0), round_trip_p99_max_ms (0): what a workload requires (advise.h),
 *                 and up to where the highest rate is sought (findings.h)
 *                 claim, claim_source: what others have said, which is put to the test;
 *                 claim_verdict: what is to be said of it where all of [expected] holds
 *   [run]         cells = polling/mhd, sse/mhd …   what is compared; with name, the only keys
 *                 that have no default
 *                 subscribers (100), rate_hz (10), arrivals (even|poisson: poisson),
 *                 payload_bytes (100), format (json|lean|binary: json), poll_interval_ms (1000),
 *                 batch (yes|no: yes), headers (lean|browser|kaazing: lean), tls (yes|no: no),
 *                 rate_up_hz (0), cuts (0), slow_readers (0), connections_max (0: no limit),
 *                 warmup_s (2), main_s (10)
 *   [quick]       the same keys as [run], and blocks: what --quick puts in their place
 *   [expected]    WHAT = EXPRESSION | LOWEST | HIGHEST | UNIT, so many as there are: what the
 *                 prediction says in numbers (expression.h); UNIT may be left out
 *
 *                 link_delay_ms (0), link_jitter_ms (0), link_loss (0), link_loss_burst (0),
 *                 link_rate_mbit (0), link_rate_up_mbit (0: as link_rate_mbit), link_queue (100),
 *                 link_profile (none|lan|lossy-wifi|fibre|lte|3g|satellite: none)
 *
 * link_*: what is between server and clients, the same both ways but for the rate (link.h); all 0
 * but the queue: nothing. It needs a private network (lab.h).
 *
 * link_profile: a name for all of link_* but the queue (link_profiles.h). A key given beside it
 * goes before the profile's figure; one given where it counts less (in [run], where --quick or
 * --set name the profile) is void.
 *
 * rate_up_hz: messages a second that all subscribers of a run publish together, taking turns in an
 * order drawn from the seed, to the topic to which the server publishes rate_hz of them, which may
 * then be 0. Their schedule is made before the run like the server's. Only with format = json.
 *
 * cuts: how many times in the main phase, evenly spaced, all connections are reset; the clients
 * connect again with backoff (transports/backoff.h) and resume by their cursor. Not with
 * rate_up_hz.
 *
 * slow_readers: so many of the subscribers, fewer than all, stop reading when the main phase begins
 * and leave their connection open. What they do not get is not expected. They count in no latency.
 * sse and websocket only; not with cuts or rate_up_hz.
 *
 * connections_max: the subscribers are tabs of one browser, which over HTTP/1.1 makes so many
 * requests to a host at a time, as RFC 9112 section 9.4 leaves to it (Chrome and Firefox: 6). The
 * others wait in line for the end of a response; that of sse has none, so who comes too late gets
 * nothing, and that alone does not make a run invalid. Not for websocket, whose connections a
 * browser does not count; not with cuts, rate_up_hz or slow_readers.
 *
 * Any key of [run] but cells may be a comma-separated list: a sweep. The runs of a block are all
 * combinations; a key that means nothing to a transport (poll_interval_ms to all but polling,
 * batch to all but longpoll, slow_readers to all but sse and websocket, connections_max to
 * websocket and floor) does not multiply its runs and is 0 in them.
 */
struct experiment {
	char name[64];
	char question[256], prediction[512];
	char claim[256], claim_source[256], claim_verdict[256];
	unsigned p99_max_ms, round_trip_p99_max_ms; /* what a workload requires; 0: nothing */
	unsigned blocks;
	uint64_t seed;
	struct run_parameters *rows; /* owned: one for each combination */
	size_t rows_count;
	struct expectation *expected; /* owned */
	size_t expected_count;
};

/* What a user asks for besides the file. */
struct experiment_options {
	bool quick;
	unsigned repeat;         /* blocks; 0: as the file says */
	const char *seed;        /* decimal; NULL: as the file says */
	const char *const *only; /* TRANSPORT, /STACK or TRANSPORT/STACK; NULL ends; may be NULL */
	const char *const *set;  /* KEY=VALUE for [run]; NULL ends the list; may be NULL */
};

/*
 * Reads the file. 0, or -EINVAL (or another negative errno) with one line in `error` that says
 * where (path:line), what was wrong, and what would be right. Frees nothing of *out on success:
 * experiment_free does.
 */
int experiment_read(struct experiment *out, const char *path,
                    const struct experiment_options *options, char *error, size_t error_size);

/* Takes the link away from all runs. 0, or -EINVAL where they have different ones, so that some
 * would then be the same. */
int experiment_drop_link(struct experiment *experiment);

void experiment_free(struct experiment *experiment);

/*
 * The runs in the order in which they take place: block by block, within each block every row
 * once in an order shuffled from the seed (randomised complete blocks). The seed of a block's
 * schedule depends on the experiment's seed and the block alone, and is below 2^53, so that every
 * JSON reader keeps it. Sets *out to an array of *count specs, to be freed by free(). 0 or
 * -ENOMEM.
 */
int experiment_plan(const struct experiment *experiment, struct run_spec **out, size_t *count);

/* How long the runs will take at most, in seconds, drain not counted. */
double experiment_seconds(const struct run_spec *specs, size_t count);

#endif
