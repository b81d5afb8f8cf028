/* What a subscriber asks for, read once for all transports and stacks. */
#ifndef TRANSPORTS_SUBSCRIPTION_H
#define TRANSPORTS_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "hub.h"

#define TOPIC_DEFAULT "default"

/* The parameters as the client sent them; NULL where it did not. */
struct subscription_parameters {
	const char *topic;         /* ?topic= */
	const char *since;         /* ?since= */
	const char *batch;         /* ?batch=1; longpoll only */
	const char *hold;          /* ?hold=0; longpoll only */
	const char *last_event_id; /* the Last-Event-ID field, which wins over since */
};

struct subscription {
	struct topic *topic;
	uint64_t cursor;       /* id of the last message it has */
	bool from_now;         /* it named none of this topic's, so that this is the newest id */
	unsigned max_messages; /* in one answer */
	bool hold;             /* a long-poll may wait for news */
};

/*
 * Fills in *subscription, making the topic where it does not exist. A cursor above the newest id
 * comes from another life of the server and is read as "from now on". 0, or the HTTP status to
 * refuse with (and no topic is made), and *why in one line.
 */
unsigned subscription_read(struct subscription *subscription, struct hub *hub,
                           const struct subscription_parameters *parameters, const char **why);

/* The topic that a client names (NULL: TOPIC_DEFAULT), made where it does not exist. 0, or the
 * HTTP status to refuse with, and *why in one line. */
unsigned subscription_topic(struct hub *hub, const char *name, struct topic **out,
                            const char **why);

#endif
