/* The messages that there are to find, and what a series of polls found. */
#ifndef LESSONS_02_POLLING_SERIES_H
#define LESSONS_02_POLLING_SERIES_H

/*
 * The news is a timetable: message k is born at first + k * every, by a clock that client and
 * server share. So the server needs no timer, only a look at the clock, and the client knows of
 * each message how old it is. Between two machines one could not measure that so simply.
 */
struct news {
	double first, every;
	int count;
};

/* How many messages have been born by now. */
int news_born(const struct news *news);

struct series {
	char marks[128]; /* for each poll a '!' where it brought something, a '.' where not */
	int polls, empty, messages;
	unsigned long bytes;
	double sum, longest; /* of the messages' delays, in ms */
	int quarters[4];     /* how many delays in each quarter of what there can be */
};

/* A poll has been answered: each line of the body is a message. They are asked for every `every`
 * ms, and the link takes `way` ms. */
void series_note(struct series *series, const struct news *news, const char *answer, double every,
                 double way);

#endif
