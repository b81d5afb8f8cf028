#include "exercise.h"

#include <stdio.h>
#include <string.h>

#include "../stage/check.h"

/* What the events were: for each its id, its data and a bar. */
static char seen[2048];

static void event(void *user, const char *data, const char *id)
{
	size_t size = strlen(seen);

	(void)user;
	snprintf(seen + size, sizeof seen - size, "%s%s%s|", id, *id ? "=" : "", data);
}

/* The stream comes in two reads, the first of which has `first` bytes. */
static const char *read_in_two(const char *stream, size_t first)
{
	struct event_parser parser = {.event = event};

	seen[0] = '\0';
	parse_events(&parser, stream, first);
	parse_events(&parser, stream + first, strlen(stream) - first);
	return seen;
}

static const char *read_singly(const char *stream)
{
	struct event_parser parser = {.event = event};

	seen[0] = '\0';
	for (; *stream; stream++)
		parse_events(&parser, stream, 1);
	return seen;
}

static void check_stream(const char *what, const char *expected, const char *stream,
                         const char *help)
{
	check_text(what, expected, read_in_two(stream, strlen(stream)), help);
}

static void one_event(void)
{
	check_stream("the event of the lesson (a bar ends each)", "Hello|", "data: Hello\n\n",
	             "data: is a line of it, and the blank line its end");
	check_stream("two events in one read", "one|two|", "data: one\n\ndata: two\n\n", NULL);
	check_stream("an event without its blank line", "one|", "data: one\n\ndata: two\n",
	             "until the blank line comes, nobody knows whether there is more of it");
}

static void several_lines(void)
{
	check_stream("an event with two lines of data", "one\ntwo|", "data: one\ndata: two\n\n",
	             "the lines of data are joined by \\n, and the blank line ends the event");
	check_stream("the event after it", "one\ntwo|three|",
	             "data: one\ndata: two\n\ndata: three\n\n", "each event begins without data");
	check_stream("two empty lines of data", "\n|", "data:\ndata: \n\n",
	             "a line of data may be empty, and counts");
}

static void blanks(void)
{
	check_stream("the data of \"data:Hello\"", "Hello|", "data:Hello\n\n",
	             "the blank behind the colon may be missing");
	check_stream("the data of \"data:  Hello\"", " Hello|", "data:  Hello\n\n",
	             "one blank belongs to the colon, the second to the text");
	check_stream("the id of \"id:  7\"", " 7=Hello|", "id:  7\ndata: Hello\n\n",
	             "here too one blank belongs to the colon, the second to the text");
	check_stream("the data of \"data: a: b\"", "a: b|", "data: a: b\n\n",
	             "the first colon ends the name, the others are text");
}

static void other_lines(void)
{
	check_stream("a stream of comments", "", ": still here\n\n:\n\n:data: x\n\n",
	             "a comment is no data, and without data there is no event");
	check_stream("an event with a comment and an unknown line", "Hello|",
	             "retry: 100\n: now\ndata: Hello\nstore: 1\ndatax: 2\n\n",
	             "what you do not know you pass over");
	check_stream("blank lines only", "", "\n\n\n", "without data there is no event");
}

static void ids(void)
{
	check_stream("an event with an id", "7=Hello|", "id: 7\ndata: Hello\n\n", NULL);
	check_stream("an event behind it that has none", "7=one|7=two|",
	             "id: 7\ndata: one\n\ndata: two\n\n",
	             "the id stays until another comes: it says where the client is");
	check_stream("an id that has no data, and the event behind it", "8=two|",
	             "id: 8\n\ndata: two\n\n", "it is remembered all the same");
}

/* The same stream with each end of line. */
static const char *const streams[] = {
        "id: 1\ndata: one\ndata: two\n\n: hm\ndata: three\n\n",
        "id: 1\rdata: one\rdata: two\r\r: hm\rdata: three\r\r",
        "id: 1\r\ndata: one\r\ndata: two\r\n\r\n: hm\r\ndata: three\r\n\r\n",
};
static const char *const names[] = {"\\n", "\\r", "\\r\\n"};
static const char expected[] = "1=one\ntwo|1=three|";

static void ends_of_lines(void)
{
	char what[80];

	for (size_t i = 0; i < 3; i++) {
		snprintf(what, sizeof what, "two events with lines that end with %s", names[i]);
		check_stream(
		        what, expected, streams[i],
		        "a line ends with \\n, with \\r, or with both: \\r\\n is one end, not two");
	}
}

static void every_split(void)
{
	char what[96];

	for (size_t i = 0; i < 3; i++) {
		for (size_t first = 0; first <= strlen(streams[i]); first++) {
			snprintf(what, sizeof what,
			         "two events (lines end with %s), the first read has %zu bytes",
			         names[i], first);
			check_text(what, expected, read_in_two(streams[i], first),
			           "a read may end anywhere: keep in *parser what is not whole");
		}
		snprintf(what, sizeof what, "two events (lines end with %s), one byte a read",
		         names[i]);
		check_text(
		        what, expected, read_singly(streams[i]),
		        "a \\r may be the last byte of one read and its \\n the first of the next");
	}
}

static void too_long(void)
{
	static char stream[3 * EVENT_ROOM];
	int size = snprintf(stream, sizeof stream, "data: %0*d\n", 2 * EVENT_ROOM, 0);

	snprintf(stream + size, sizeof stream - (size_t)size, "\ndata: Hello\n\n");
	read_in_two(stream, strlen(stream));
	check_that(strlen(seen) > 6 && !strcmp(seen + strlen(seen) - 6, "Hello|"),
	           "the event behind one of 2,048 characters is Hello",
	           "what does not fit into the room is dropped, and nothing else is hurt");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {{"one event, and two", one_event},
	                                      {"several lines of data", several_lines},
	                                      {"blanks and colons", blanks},
	                                      {"comments and unknown lines", other_lines},
	                                      {"an id stays", ids},
	                                      {"\\n, \\r and \\r\\n", ends_of_lines},
	                                      {"cut at every byte", every_split},
	                                      {"a line that is too long", too_long},
	                                      {NULL, NULL}};

	return check_main(argc, argv, checks);
}
