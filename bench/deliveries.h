/* Who has received what, how often, in which order and how late. */
#ifndef BENCH_DELIVERIES_H
#define BENCH_DELIVERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../transports/publish_log.h"
#include "run.h"

/* Which messages there are, from the schedule alone: known before the run. */
struct load_plan {
	uint64_t messages; /* of the whole run; ids 1 to messages */
	uint64_t
	        warmup; /* ids up to this one belong to the warm-up, the others to the main phase */
	uint64_t warmup_ns, main_ns; /* the lengths of the phases */
};

struct load_plan load_plan(const struct run_spec *spec);

struct deliveries {
	/* private */
	struct load_plan plan;
	const struct publish_log *log;
	struct run_result *result;
	uint64_t *received; /* for each subscriber one bit a message */
	uint64_t *last_id;  /* for each subscriber the highest received */
	size_t subscribers, words;
};

/* Deliveries are counted in *result, as long as `deliveries` is open. log may be NULL: then the
 * second latency is not known. 0 or -ENOMEM. */
int deliveries_open(struct deliveries *deliveries, const struct load_plan *plan, size_t subscribers,
                    const struct publish_log *log, struct run_result *result);

void deliveries_close(struct deliveries *deliveries);

/*
 * Subscriber number `subscriber` (from 0) had the whole message at now_ns. scheduled_ns is 0
 * where the message does not say it: then the log does. 0, or -ERANGE for an id that was never
 * published.
 */
int deliveries_note(struct deliveries *deliveries, size_t subscriber, uint64_t id,
                    uint64_t scheduled_ns, uint64_t now_ns);

/* Every subscriber has every message of the main phase. */
bool deliveries_complete(const struct deliveries *deliveries);

#endif
