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
	int round;   /* messages to be summed up together; see seen_sum_up */
	double hold; /* how long a request may wait before it is answered with 204 */
};

/* How many messages have been born by now. */
int news_born(const struct news *news);

struct seen {
	int requests, messages;
	double took[1000];    /* each message's delay in ms */
	double mean, longest; /* of the middle round */
};

/* So many messages have just come, as many lines as there are in text. */
void seen_note(struct seen *seen, const struct news *news, const char *text, size_t size);

/*
 * Cuts the run into rounds of so many messages, each with its mean and its longest delay. Of both
 * it takes the median: half of all rounds had less. A moment in which the system was busy with
 * something else spoils a round or two, and these then do not count.
 */
void seen_sum_up(struct seen *seen, int round);

#endif
