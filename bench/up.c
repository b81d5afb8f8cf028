#include "up.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/schedule.h"

#define DATA_OFFSET 48 /* of the data in a message: transports/message.h */
#define TAG_DIGITS  8
#define COUNT_MAX   100000000
#define ORDER_SEED  UINT64_C(0x7475726e) /* any: what is drawn from the run's seed differs */

/* Fisher and Yates. */
static void shuffle(struct up *up, uint64_t random)
{
	for (size_t i = 0; i < up->subscribers; i++)
		up->order[i] = i;
	for (size_t i = up->subscribers; i > 1; i--) {
		size_t j = (size_t)(random_next(&random) % i), swapped = up->order[i - 1];

		up->order[i - 1] = up->order[j];
		up->order[j] = swapped;
	}
}

int up_open(struct up *up, const struct run_spec *spec, const struct run_plan *plan)
{
	struct schedule schedule;

	*up = (struct up){.count = plan->up_messages,
	                  .subscribers = spec->parameters.subscribers,
	                  .payload_bytes = spec->parameters.payload_bytes};
	if (up->count == 0)
		return 0;
	if (up->count > COUNT_MAX)
		return -EOVERFLOW;
	up->scheduled_ns = calloc(up->count, sizeof *up->scheduled_ns);
	up->order = calloc(up->subscribers, sizeof *up->order);
	if (!up->scheduled_ns || !up->order)
		return -ENOMEM;
	run_plan_up_schedule(&schedule, spec, 0);
	for (uint64_t i = 0; i < up->count; i++, schedule_advance(&schedule))
		up->scheduled_ns[i] = schedule.next_ns;
	shuffle(up, spec->seed ^ ORDER_SEED);
	return 0;
}

void up_close(struct up *up)
{
	free(up->scheduled_ns);
	free(up->order);
	*up = (struct up){0};
}

size_t up_sender(const struct up *up, uint64_t number)
{
	return up->order[number % up->subscribers];
}

int up_append(const struct up *up, struct bytes *out, uint64_t number, uint64_t scheduled_ns)
{
	static const char filler[] = "measure, then believe; ";
	size_t size = up->payload_bytes - UP_MESSAGE_MIN_BYTES;
	uint8_t *room;

	bytes_printf(out, "{\"t\":%" PRIu64 ",\"data\":\"" UP_TAG_FORMAT, scheduled_ns, number);
	room = bytes_reserve(out, size);
	for (size_t i = 0; room && i < size; i++)
		room[i] = (uint8_t)filler[i % (sizeof filler - 1)];
	bytes_commit(out, room ? size : 0);
	bytes_append_text(out, "\"}");
	return out->failed ? -ENOMEM : 0;
}

bool up_read(const void *data, size_t size, uint64_t *number)
{
	const char *tag = (const char *)data + DATA_OFFSET;

	if (size < UP_MESSAGE_MIN_BYTES || memcmp(tag, "up ", 3) || tag[UP_TAG_BYTES - 1] != ' ')
		return false;
	*number = 0;
	for (size_t i = 0; i < TAG_DIGITS; i++) {
		char digit = tag[3 + i];

		if (digit < '0' || digit > '9')
			return false;
		*number = *number * 10 + (uint64_t)(digit - '0');
	}
	return true;
}
