#include "link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/clock.h"
#include "../transports/schedule.h"

#define FULL_FRAME_BYTES 1514

void link_open(struct link *link, const struct link_settings *settings, uint64_t seed)
{
	*link = (struct link){.settings = *settings, .random = seed};
	STAILQ_INIT(&link->packets);
}

void link_close(struct link *link)
{
	while (link_first(link))
		link_remove_first(link);
}

/* Gilbert's two states: in the bad one all is lost. Their shares and the mean stay in the bad one
 * are those asked for. */
static bool is_lost(struct link *link)
{
	const struct link_settings *settings = &link->settings;
	double burst = settings->loss_burst, loss = settings->loss;
	double drawn;

	if (loss <= 0)
		return false;
	drawn = random_unit(&link->random);
	if (burst <= 0)
		return drawn < loss;
	if (link->in_burst)
		link->in_burst = drawn >= 1 / burst;
	else
		link->in_burst = drawn < loss / (burst * (1 - loss));
	return link->in_burst;
}

/* How long the line is busy with so many bytes. */
static uint64_t line_ns(const struct link *link, size_t bytes)
{
	return (uint64_t)((double)bytes * 8e3 / link->settings.rate_mbit);
}

/* When the line has sent the packet; UINT64_MAX: there is no room for it. */
static uint64_t send_by_line(struct link *link, uint64_t now_ns, size_t bytes)
{
	uint64_t free_ns = link->line_free_ns > now_ns ? link->line_free_ns : now_ns;

	if (link->settings.rate_mbit <= 0)
		return now_ns;
	if (free_ns - now_ns > link->settings.queue * line_ns(link, FULL_FRAME_BYTES))
		return UINT64_MAX;
	link->line_free_ns = free_ns + line_ns(link, bytes);
	return link->line_free_ns;
}

static uint64_t travel_ns(struct link *link)
{
	double ms = link->settings.delay_ms;

	if (link->settings.jitter_ms > 0)
		ms += link->settings.jitter_ms * random_unit(&link->random);
	return (uint64_t)(ms * (double)NS_PER_MS);
}

int link_put(struct link *link, uint64_t now_ns, const void *packet, size_t size)
{
	struct link_packet *copy;
	uint64_t sent_ns;

	link->counts.packets++;
	link->counts.bytes += size + ETHERNET_HEADER_BYTES;
	if (is_lost(link)) {
		link->counts.lost++;
		return 0;
	}
	sent_ns = send_by_line(link, now_ns, size + ETHERNET_HEADER_BYTES);
	if (sent_ns == UINT64_MAX) {
		link->counts.dropped++;
		return 0;
	}
	copy = malloc(sizeof *copy + size);
	if (!copy)
		return -ENOMEM;
	copy->depart_ns = sent_ns + travel_ns(link);
	if (copy->depart_ns < link->last_depart_ns)
		copy->depart_ns = link->last_depart_ns;
	link->last_depart_ns = copy->depart_ns;
	copy->size = size;
	memcpy(copy->data, packet, size);
	STAILQ_INSERT_TAIL(&link->packets, copy, next);
	return 0;
}

const struct link_packet *link_first(const struct link *link)
{
	return STAILQ_FIRST(&link->packets);
}

void link_remove_first(struct link *link)
{
	struct link_packet *first = STAILQ_FIRST(&link->packets);

	STAILQ_REMOVE_HEAD(&link->packets, next);
	free(first);
}
