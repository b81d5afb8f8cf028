/* A stream of events on a connection: written, read, and shown line by line. */
#ifndef LESSONS_04_SSE_STREAM_H
#define LESSONS_04_SSE_STREAM_H

#include <stddef.h>

#include "../stage/show_lines.h"

#define ROOM 2048

/* What the lines of a request and of an answer's head are for, and those of a stream. */
extern const struct show_name head_names[], line_names[];

void say(int connection, const char *text);

/* Reads up to and with `end` into ROOM bytes, one at a time, so that we count what there is and not
 * what we believe. 0 where the stream ends before. What was read ends with '\0'. */
size_t read_until(int connection, char *text, const char *end);

#endif
