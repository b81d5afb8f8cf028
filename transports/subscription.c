#include "subscription.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

unsigned subscription_topic(struct hub *hub, const char *name, struct topic **out, const char **why)
{
	switch (hub_topic(hub, name ? name : TOPIC_DEFAULT, out)) {
	case 0:
		return 0;
	case -EINVAL:
		*why = "a topic's name is 1 to 64 of A-Z a-z 0-9 . _ -";
		return 400;
	case -ENOSPC:
		*why = "there are as many topics as this server allows";
		return 503;
	default:
		*why = "out of memory";
		return 503;
	}
}

/* Digits only: strtoull alone would take a sign and leading space. */
/* Blanks around a field's value are no part of it (RFC 9110 §5.5), though libraries leave some. */
static bool read_id(const char *text, bool is_field, uint64_t *id)
{
	const char *blanks = is_field ? " \t" : "", *digits = text + strspn(text, blanks);
	size_t size = strspn(digits, "0123456789");

	if (!size || digits[size + strspn(digits + size, blanks)])
		return false;
	errno = 0;
	*id = strtoull(digits, NULL, 10);
	return !errno;
}

/* The topic comes last, so that a request that is refused makes none. */
unsigned subscription_read(struct subscription *subscription, struct hub *hub,
                           const struct subscription_parameters *parameters, const char **why)
{
	const char *since =
	        parameters->last_event_id ? parameters->last_event_id : parameters->since;
	uint64_t last, cursor = UINT64_MAX;
	unsigned status;

	if (parameters->batch && strcmp(parameters->batch, "1")) {
		*why = "batch can only be 1";
		return 400;
	}
	if (parameters->hold && strcmp(parameters->hold, "0")) {
		*why = "hold can only be 0";
		return 400;
	}
	if (since && !read_id(since, parameters->last_event_id, &cursor)) {
		*why = "since and Last-Event-ID are the id of a message, in decimal digits";
		return 400;
	}
	status = subscription_topic(hub, parameters->topic, &subscription->topic, why);
	if (status)
		return status;
	last = topic_last(subscription->topic);
	subscription->from_now = cursor > last;
	subscription->cursor = cursor < last ? cursor : last;
	subscription->max_messages = parameters->batch ? 1 : UINT_MAX;
	subscription->hold = !parameters->hold;
	return 0;
}
