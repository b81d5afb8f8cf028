#include "hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct topic {
	char name[TOPIC_NAME_MAX + 1];
	struct message **log; /* message id stands at (id - 1) % capacity */
	size_t capacity;
	uint64_t last;
	TAILQ_HEAD(, subscriber) subscribers;
};

struct hub {
	size_t log_messages, topics_max, topics_count;
	struct topic **topics; /* a linear search: a server has few, and subscribes rarely */
};

int hub_open(struct hub **out, size_t log_messages, size_t topics_max)
{
	struct hub *hub = calloc(1, sizeof *hub);

	if (!hub)
		return -ENOMEM;
	hub->log_messages = log_messages;
	hub->topics_max = topics_max;
	*out = hub;
	return 0;
}

static void topic_free(struct topic *topic)
{
	for (size_t i = 0; i < topic->capacity; i++)
		free(topic->log[i]);
	free(topic->log);
	free(topic);
}

void hub_close(struct hub **hub)
{
	if (!*hub)
		return;
	for (size_t i = 0; i < (*hub)->topics_count; i++)
		topic_free((*hub)->topics[i]);
	free((*hub)->topics);
	free(*hub);
	*hub = NULL;
}

static bool name_is_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                              "0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= TOPIC_NAME_MAX && strspn(name, allowed) == length;
}

static struct topic *topic_new(const char *name, size_t capacity)
{
	struct topic *topic = calloc(1, sizeof *topic);

	if (!topic)
		return NULL;
	topic->log = calloc(capacity, sizeof(struct message *));
	if (!topic->log) {
		free(topic);
		return NULL;
	}
	strcpy(topic->name, name);
	topic->capacity = capacity;
	TAILQ_INIT(&topic->subscribers);
	return topic;
}

struct topic *hub_find(const struct hub *hub, const char *name)
{
	for (size_t i = 0; i < hub->topics_count; i++)
		if (!strcmp(hub->topics[i]->name, name))
			return hub->topics[i];
	return NULL;
}

int hub_topic(struct hub *hub, const char *name, struct topic **out)
{
	struct topic **topics, *topic = hub_find(hub, name);

	if (topic) {
		*out = topic;
		return 0;
	}
	if (!name_is_valid(name))
		return -EINVAL;
	if (hub->topics_count == hub->topics_max)
		return -ENOSPC;
	topics = realloc(hub->topics, (hub->topics_count + 1) * sizeof(struct topic *));
	if (!topics)
		return -ENOMEM;
	hub->topics = topics;
	topic = topic_new(name, hub->log_messages);
	if (!topic)
		return -ENOMEM;
	hub->topics[hub->topics_count++] = topic;
	*out = topic;
	return 0;
}

const char *topic_name(const struct topic *topic)
{
	return topic->name;
}

uint64_t topic_last(const struct topic *topic)
{
	return topic->last;
}

/* The id of the oldest message in the log; last + 1 where it is empty. */
static uint64_t oldest(const struct topic *topic)
{
	return topic->last < topic->capacity ? 1 : topic->last - topic->capacity + 1;
}

const struct message *topic_after(const struct topic *topic, uint64_t cursor)
{
	uint64_t id;

	if (cursor >= topic->last)
		return NULL;
	id = cursor + 1 > oldest(topic) ? cursor + 1 : oldest(topic);
	return topic->log[(id - 1) % topic->capacity];
}

uint64_t topic_missed(const struct topic *topic, uint64_t cursor)
{
	uint64_t gone = oldest(topic) - 1;

	return cursor < gone ? gone - cursor : 0;
}

void topic_append(struct topic *topic, struct message *message)
{
	struct message **slot = &topic->log[topic->last % topic->capacity];
	struct subscriber *subscriber, *next;

	free(*slot);
	*slot = message;
	topic->last++;
	for (subscriber = TAILQ_FIRST(&topic->subscribers); subscriber; subscriber = next) {
		next = TAILQ_NEXT(subscriber, link);
		subscriber->wake(subscriber);
	}
}

void topic_subscribe(struct topic *topic, struct subscriber *subscriber)
{
	subscriber->topic = topic;
	subscriber->joined = topic->last;
	TAILQ_INSERT_TAIL(&topic->subscribers, subscriber, link);
}

uint64_t subscriber_queue(const struct subscriber *subscriber)
{
	uint64_t from =
	        subscriber->cursor > subscriber->joined ? subscriber->cursor : subscriber->joined;

	return subscriber->topic->last - from;
}

void topic_unsubscribe(struct subscriber *subscriber)
{
	if (!subscriber->topic)
		return;
	TAILQ_REMOVE(&subscriber->topic->subscribers, subscriber, link);
	subscriber->topic = NULL;
}
