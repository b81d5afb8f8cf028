/* Who has received what, how often, in which order and how late. */
#ifndef BENCH_DELIVERIES_H
#define BENCH_DELIVERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../transports/publish_log.h"
#include "evidence.h"
#include "plan.h"
#include "run.h"

struct deliveries {
	struct latencies *latencies; /* where to keep them one by one; NULL, as at first: nowhere */

	/* private */
	struct run_plan plan;
	uint64_t main_ns; /* when the main phase is scheduled to begin */
	const struct publish_log *log;
	struct run_result *result;
	uint64_t
	        *received; /* for each subscriber one bit a message; then: that clients published */
	uint64_t *last_id; /* for each subscriber the highest received */
	size_t subscribers, words;
};

/* Who published a message, as seen by who received it. */
enum delivery_origin { FROM_SERVER, FROM_OTHER_CLIENT, FROM_ITSELF };

struct delivery {
	size_t subscriber; /* from 0 */
	uint64_t id;
	uint64_t scheduled_ns; /* 0 where the message does not say it: then the log does */
	enum delivery_origin origin;
	uint64_t now_ns; /* when it had the whole message */
};

/* Deliveries are counted in *result, as long as `deliveries` is open. log may be NULL where
 * messages tell their instants: then the second latency is not known. 0 or -ENOMEM. */
int deliveries_open(struct deliveries *deliveries, const struct run_plan *plan, size_t subscribers,
                    const struct publish_log *log, struct run_result *result);

void deliveries_close(struct deliveries *deliveries);

/* The schedules begin at start_ns; before, no message is one of the main phase. */
void deliveries_start(struct deliveries *deliveries, uint64_t start_ns);

/* 0, or -ERANGE for an id that was never published. */
int deliveries_note(struct deliveries *deliveries, const struct delivery *delivery);

/* How late the server published what is its own of the main phase, added to *late from the log. */
void deliveries_add_lateness(const struct deliveries *deliveries, struct hist *late);

/* Every subscriber has every message of the main phase, but `absent` of them, who have none. */
bool deliveries_complete(const struct deliveries *deliveries, size_t absent);

#endif
