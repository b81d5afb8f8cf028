/* What a client saw: each message, and how long it took. */
#ifndef LESSONS_03_LONG_POLLING_SEEN_H
#define LESSONS_03_LONG_POLLING_SEEN_H

#include <stddef.h>

/*
 * As in lesson 2 the news is a timetable: message k is born at first + k * every, and the client
 * knows that too, so that it can tell how long each message took.
 */
struct news {
	double first, every;
	int count;
	double hold; /* how long a request may wait before it is answered with 204 */
};

/* How many messages have been born by now. */
int news_born(const struct news *news);

struct seen {
	int requests, messages;
	double mean, longest; /* of `took` */
	double took[1000];    /* each message's delay in ms, by size once summed up */
};

/* So many messages have just come, as many lines as there are in text. */
void seen_note(struct seen *seen, const struct news *news, const char *text, size_t size);

/* The longest delay is that of 99 in 100 messages: the last one of a hundred tells when the system
 * had something else to do. */
void seen_sum_up(struct seen *seen);

#endif
