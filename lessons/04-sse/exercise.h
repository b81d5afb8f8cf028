/* The exercise of lesson 4: reading a stream of events. */
#ifndef LESSONS_04_SSE_EXERCISE_H
#define LESSONS_04_SSE_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>

#define EVENT_ROOM 1024

/* A stream that is being read. All but the first two is 0 before the first call, and then yours. */
struct event_parser {
	/* Called for each event, once it is whole: its data, and the last id that the stream has
	 * given ("" where there was none yet). */
	void (*event)(void *user, const char *data, const char *id);
	void *user;

	char line[EVENT_ROOM]; /* the line so far */
	size_t line_size;
	bool after_cr;         /* the last byte was a \r */
	char data[EVENT_ROOM]; /* the data of the event so far */
	size_t data_size;
	char id[EVENT_ROOM];
};

/*
 * Takes the next bytes of a stream, as many as a read happened to bring.
 *
 * A line ends with \n, with \r, or with \r\n. It is
 *   "data: TEXT"  a line of the event's data; several of them are joined by \n
 *   "id: TEXT"    the id from here on, also of the events that follow
 *   ": TEXT"      a comment, for nobody
 *   ""            the end of the event: it is given out if it has data, and the next one begins
 * and any other line is passed over. One blank behind the colon belongs to the colon; it may be
 * missing, and a second one belongs to the text. What does not fit into the room is dropped.
 */
void parse_events(struct event_parser *parser, const char *bytes, size_t size);

#endif
