#include "deliveries.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "../transports/clock.h"

struct load_plan load_plan(const struct run_spec *spec)
{
	const struct run_parameters *parameters = &spec->parameters;
	struct load_plan plan = {
	        .warmup_ns = (uint64_t)llround(parameters->warmup_s * (double)NS_PER_S),
	        .main_ns = (uint64_t)llround(parameters->main_s * (double)NS_PER_S),
	};
	struct schedule schedule;

	schedule_start(&schedule, parameters->arrivals, parameters->rate_hz, spec->seed, 0);
	for (; schedule.next_ns < plan.warmup_ns + plan.main_ns; schedule_advance(&schedule)) {
		plan.messages++;
		plan.warmup += schedule.next_ns < plan.warmup_ns;
	}
	return plan;
}

int deliveries_open(struct deliveries *deliveries, const struct load_plan *plan, size_t subscribers,
                    const struct publish_log *log, struct run_result *result)
{
	*deliveries = (struct deliveries){.plan = *plan, .log = log, .result = result};
	deliveries->subscribers = subscribers;
	deliveries->words = plan->messages / 64 + 1;
	deliveries->received = calloc(subscribers * deliveries->words, sizeof(uint64_t));
	deliveries->last_id = calloc(subscribers, sizeof(uint64_t));
	result->published = plan->messages - plan->warmup;
	result->expected = result->published * subscribers;
	if (deliveries->received && deliveries->last_id)
		return 0;
	deliveries_close(deliveries);
	return -ENOMEM;
}

void deliveries_close(struct deliveries *deliveries)
{
	free(deliveries->received);
	free(deliveries->last_id);
	deliveries->received = deliveries->last_id = NULL;
}

/* True where the subscriber had the message already. */
static bool mark(struct deliveries *deliveries, size_t subscriber, uint64_t id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);
	uint64_t *word = &deliveries->received[subscriber * deliveries->words + id / 64];
	bool had = *word & bit;

	*word |= bit;
	return had;
}

/* From the two instants of a message to the one at which its last byte was read. */
static void record_latency(struct deliveries *deliveries, uint64_t id, uint64_t scheduled_ns,
                           uint64_t now_ns)
{
	uint64_t noted_ns, published_ns;

	if (deliveries->log && !publish_log_read(deliveries->log, id, &noted_ns, &published_ns)) {
		hist_record(&deliveries->result->unscheduled, now_ns - published_ns);
		if (!scheduled_ns)
			scheduled_ns = noted_ns;
	}
	if (scheduled_ns)
		hist_record(&deliveries->result->latency, now_ns - scheduled_ns);
}

int deliveries_note(struct deliveries *deliveries, size_t subscriber, uint64_t id,
                    uint64_t scheduled_ns, uint64_t now_ns)
{
	struct run_result *result = deliveries->result;
	uint64_t *last_id = &deliveries->last_id[subscriber];
	bool is_main = id > deliveries->plan.warmup;

	if (id == 0 || id > deliveries->plan.messages)
		return -ERANGE;
	if (mark(deliveries, subscriber, id)) {
		result->duplicates += is_main;
		return 0;
	}
	if (id < *last_id)
		result->reordered += is_main;
	else
		*last_id = id;
	if (is_main) {
		record_latency(deliveries, id, scheduled_ns, now_ns);
		result->delivered++;
	}
	return 0;
}

bool deliveries_complete(const struct deliveries *deliveries)
{
	return deliveries->result->delivered == deliveries->result->expected;
}
