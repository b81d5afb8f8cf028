/* Publishes filler messages on an open-loop schedule, from a timerfd in the server's loop. */
#ifndef TRANSPORTS_PUBLISHER_H
#define TRANSPORTS_PUBLISHER_H

#include "hub.h"
#include "publish_log.h"
#include "schedule.h"
#include "server.h"

struct publisher_config {
	enum arrivals arrivals;
	double rate_hz; /* 0: it never publishes */
	uint64_t seed;
	uint64_t messages_max; /* then it stops; 0: no end */
	enum message_format format;
	size_t payload_bytes;
	struct topic *topic;       /* borrowed */
	struct counters *counters; /* borrowed */
	struct publish_log *log;   /* borrowed; NULL: none is kept */
};

struct publisher {
	struct publisher_config config;
	struct schedule schedule;
	int fd; /* readable when publisher_publish has work; -1 when not open */
};

/* 0 or a negative errno. */
int publisher_open(struct publisher *publisher, const struct publisher_config *config);
void publisher_close(struct publisher *publisher);

/* Starts the schedule at start_ns, CLOCK_MONOTONIC. */
void publisher_start(struct publisher *publisher, uint64_t start_ns);

/* Publishes all that is due: a late publisher does not move the schedule, so that nothing is
 * left out. A `ready` for server.h's watch. */
void publisher_publish(void *publisher);

#endif
