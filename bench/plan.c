#include "plan.h"

#include <math.h>

#include "../transports/clock.h"

/* So that the subscribers' schedule is not the server's. */
#define UP_SEED UINT64_C(0x7570)

void run_plan_up_schedule(struct schedule *schedule, const struct run_spec *spec, uint64_t start_ns)
{
	schedule_start(schedule, spec->parameters.arrivals, spec->parameters.rate_up_hz,
	               spec->seed ^ UP_SEED, start_ns);
}

static void count(struct schedule *schedule, const struct run_plan *plan, uint64_t *all,
                  uint64_t *in_main)
{
	for (; schedule->next_ns < plan->warmup_ns + plan->main_ns; schedule_advance(schedule)) {
		++*all;
		*in_main += schedule->next_ns >= plan->warmup_ns;
	}
}

struct run_plan run_plan(const struct run_spec *spec)
{
	const struct run_parameters *parameters = &spec->parameters;
	struct run_plan plan = {
	        .warmup_ns = (uint64_t)llround(parameters->warmup_s * (double)NS_PER_S),
	        .main_ns = (uint64_t)llround(parameters->main_s * (double)NS_PER_S),
	};
	struct schedule schedule;

	if (parameters->rate_hz > 0) {
		schedule_start(&schedule, parameters->arrivals, parameters->rate_hz, spec->seed, 0);
		count(&schedule, &plan, &plan.messages, &plan.messages_main);
	}
	if (parameters->rate_up_hz > 0) {
		run_plan_up_schedule(&schedule, spec, 0);
		count(&schedule, &plan, &plan.up_messages, &plan.up_messages_main);
	}
	return plan;
}

uint64_t run_plan_ids(const struct run_plan *plan)
{
	return plan->messages + plan->up_messages;
}
