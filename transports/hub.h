/*
 * The application that every cell serves: topics, each a bounded log of numbered messages.
 * No I/O, no threads, no clock: one server's loop owns it.
 */
#ifndef TRANSPORTS_HUB_H
#define TRANSPORTS_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "message.h"

struct hub;
struct topic;

#define TOPIC_NAME_MAX 64

/*
 * Somebody who wants to know when a topic's log grows. Embedded in a cell's own state; the hub
 * keeps no copy and allocates nothing for it.
 */
struct subscriber {
	TAILQ_ENTRY(subscriber) link; /* the topic's */
	struct topic *topic;          /* NULL while not subscribed */
	uint64_t cursor;              /* id of the last message it has; kept by its owner */
	uint64_t joined;              /* the newest id when it subscribed */
	/* The log has grown. May unsubscribe this subscriber, none other, and subscribe none. */
	void (*wake)(struct subscriber *subscriber);
};

/* log_messages: how many messages each topic keeps, at least 1; topics_max: how many topics there
 * may be. Sets *out, or gives -ENOMEM. */
int hub_open(struct hub **out, size_t log_messages, size_t topics_max);

/* Frees topics and messages. Nobody may be subscribed any more. NULL is fine; sets NULL. */
void hub_close(struct hub **hub);

/* The topic of that name; NULL where there is none. */
struct topic *hub_find(const struct hub *hub, const char *name);

/*
 * The topic of that name, made where it does not exist. 0, -EINVAL (a name is 1 to
 * TOPIC_NAME_MAX of A-Z a-z 0-9 . _ -), -ENOSPC (topics_max reached) or -ENOMEM.
 */
int hub_topic(struct hub *hub, const char *name, struct topic **out);

const char *topic_name(const struct topic *topic);

/* The id of the newest message, 0 before the first; the next one gets this + 1. */
uint64_t topic_last(const struct topic *topic);

/* The oldest kept message with an id above cursor; NULL where there is none yet. Good until the
 * next topic_append. */
const struct message *topic_after(const struct topic *topic, uint64_t cursor);

/* How many messages above cursor are no longer in the log. */
uint64_t topic_missed(const struct topic *topic, uint64_t cursor);

/*
 * Puts a message, whose id must be topic_last + 1, into the log, which takes ownership of it;
 * the oldest leaves when the log is full. Then wakes every subscriber, in the order in which
 * they subscribed.
 */
void topic_append(struct topic *topic, struct message *message);

/* subscriber->wake and cursor must be set; it must not be subscribed. */
void topic_subscribe(struct topic *topic, struct subscriber *subscriber);

/* How many of the messages that were published since it subscribed it lacks. */
uint64_t subscriber_queue(const struct subscriber *subscriber);

/* Does nothing where it is not subscribed. */
void topic_unsubscribe(struct subscriber *subscriber);

#endif
