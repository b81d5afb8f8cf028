#include "deliveries.h"

#include <errno.h>
#include <stdlib.h>

int deliveries_open(struct deliveries *deliveries, const struct run_plan *plan, size_t subscribers,
                    const struct publish_log *log, struct run_result *result)
{
	*deliveries = (struct deliveries){.plan = *plan,
	                                  .main_ns = UINT64_MAX,
	                                  .log = log,
	                                  .result = result,
	                                  .subscribers = subscribers};
	deliveries->words = run_plan_ids(plan) / 64 + 1;
	deliveries->received = calloc((subscribers + 1) * deliveries->words, sizeof(uint64_t));
	deliveries->last_id = calloc(subscribers, sizeof(uint64_t));
	result->published = plan->messages_main + plan->up_messages_main;
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

void deliveries_start(struct deliveries *deliveries, uint64_t start_ns)
{
	deliveries->main_ns = start_ns + deliveries->plan.warmup_ns;
}

/* True where the bit of that row was set already. */
static bool mark(struct deliveries *deliveries, size_t row, uint64_t id)
{
	uint64_t bit = UINT64_C(1) << (id % 64);
	uint64_t *word = &deliveries->received[row * deliveries->words + id / 64];
	bool had = *word & bit;

	*word |= bit;
	return had;
}

static bool is_from_client(const struct deliveries *deliveries, uint64_t id)
{
	const uint64_t *row = &deliveries->received[deliveries->subscribers * deliveries->words];

	return row[id / 64] >> (id % 64) & 1;
}

static void keep(struct latencies *latencies, uint64_t latency_ns)
{
	if (latencies && latencies->count < EVIDENCE_LATENCIES_MAX)
		latencies->ns[latencies->count++] = latency_ns;
}

/* From the two instants of a message to the one at which its last byte was read. */
static void record(struct deliveries *deliveries, const struct delivery *delivery,
                   uint64_t scheduled_ns, uint64_t published_ns)
{
	struct run_result *result = deliveries->result;

	if (delivery->origin == FROM_ITSELF)
		hist_record(&result->round_trip, delivery->now_ns - scheduled_ns);
	if (delivery->origin != FROM_SERVER)
		return;
	hist_record(&result->latency, delivery->now_ns - scheduled_ns);
	keep(deliveries->latencies, delivery->now_ns - scheduled_ns);
	if (published_ns)
		hist_record(&result->unscheduled, delivery->now_ns - published_ns);
}

/* With two publishers only its instant says in which phase a message belongs. */
static bool is_of_main(const struct deliveries *deliveries, uint64_t scheduled_ns)
{
	return scheduled_ns >= deliveries->main_ns &&
	       scheduled_ns - deliveries->main_ns < deliveries->plan.main_ns;
}

/* Where the message does not say it the log does; 0: nor does that. */
static uint64_t scheduled_instant(const struct deliveries *deliveries,
                                  const struct delivery *delivery, uint64_t *published_ns)
{
	uint64_t noted_ns = 0;

	*published_ns = 0;
	if (deliveries->log)
		publish_log_read(deliveries->log, delivery->id, &noted_ns, published_ns);
	return delivery->scheduled_ns ? delivery->scheduled_ns : noted_ns;
}

int deliveries_note(struct deliveries *deliveries, const struct delivery *delivery)
{
	struct run_result *result = deliveries->result;
	uint64_t id = delivery->id, *last_id = &deliveries->last_id[delivery->subscriber];
	uint64_t published_ns,
	        scheduled_ns = scheduled_instant(deliveries, delivery, &published_ns);
	bool is_main = is_of_main(deliveries, scheduled_ns);

	if (id == 0 || id > run_plan_ids(&deliveries->plan) || !scheduled_ns)
		return -ERANGE;
	if (mark(deliveries, delivery->subscriber, id)) {
		result->duplicates += is_main;
		return 0;
	}
	if (delivery->origin != FROM_SERVER)
		mark(deliveries, deliveries->subscribers, id);
	if (id < *last_id)
		result->reordered += is_main;
	else
		*last_id = id;
	if (is_main) {
		record(deliveries, delivery, scheduled_ns, published_ns);
		result->delivered++;
	}
	return 0;
}

void deliveries_add_lateness(const struct deliveries *deliveries, struct hist *late)
{
	uint64_t scheduled_ns, published_ns;

	for (uint64_t id = 1; id <= run_plan_ids(&deliveries->plan); id++)
		if (!is_from_client(deliveries, id) &&
		    !publish_log_read(deliveries->log, id, &scheduled_ns, &published_ns) &&
		    is_of_main(deliveries, scheduled_ns))
			hist_record(late, published_ns - scheduled_ns);
}

bool deliveries_complete(const struct deliveries *deliveries, size_t absent)
{
	const struct run_result *result = deliveries->result;

	return result->delivered + result->published * absent == result->expected;
}
