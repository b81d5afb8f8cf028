/* Which messages a run has, from its parameters and its seed alone: known before it begins. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdint.h>

#include "../transports/schedule.h"
#include "run.h"

struct run_plan {
	uint64_t warmup_ns, main_ns;            /* the lengths of the phases */
	uint64_t messages, messages_main;       /* that the server publishes, in all and in main */
	uint64_t up_messages, up_messages_main; /* that the subscribers publish */
};

struct run_plan run_plan(const struct run_spec *spec);

/* Ids go from 1 to this. */
uint64_t run_plan_ids(const struct run_plan *plan);

/* The size of their log: at least 1. */
static inline uint64_t run_plan_log_capacity(const struct run_plan *plan)
{
	uint64_t ids = run_plan_ids(plan);

	return ids ? ids : 1;
}

/* The schedule of what the subscribers publish; rate_up_hz is above 0. */
void run_plan_up_schedule(struct schedule *schedule, const struct run_spec *spec,
                          uint64_t start_ns);

#endif
