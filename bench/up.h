/*
 * What the subscribers publish: an open-loop schedule made before the run, and whose turn each
 * message is. A message says which it is, so that its own sender knows it again.
 */
#ifndef BENCH_UP_H
#define BENCH_UP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../transports/bytes.h"
#include "plan.h"

#define UP_TAG_FORMAT        "up %08" PRIu64 " " /* what the data begins with */
#define UP_TAG_BYTES         12
#define UP_MESSAGE_MIN_BYTES (MESSAGE_JSON_MIN_BYTES + UP_TAG_BYTES)

struct up {
	uint64_t count;         /* messages of the whole run; numbered from 0 */
	uint64_t *scheduled_ns; /* of each, from the start of the schedule; owned */

	/* private */
	size_t *order; /* the subscribers, in the order in which they take turns; owned */
	size_t subscribers;
	unsigned payload_bytes;
};

/* What the plan makes of rate_up_hz. 0, -ENOMEM, or -EOVERFLOW where the tag cannot number so many
 * messages; up_close in any case. */
int up_open(struct up *up, const struct run_spec *spec, const struct run_plan *plan);
void up_close(struct up *up);

/* Who publishes the message, from 0. */
size_t up_sender(const struct up *up, uint64_t number);

/* Appends what its sender publishes: {"t":…,"data":"up …"}, of which the hub makes a message of
 * payload_bytes. 0 or -ENOMEM. */
int up_append(const struct up *up, struct bytes *out, uint64_t number, uint64_t scheduled_ns);

/* Whether a message as it was delivered (JSON) is one of these, and which. */
bool up_read(const void *data, size_t size, uint64_t *number);

#endif
