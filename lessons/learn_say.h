/* What the runner prints: plain lines, no colour, as wide as the terminal. */
#ifndef LESSONS_LEARN_SAY_H
#define LESSONS_LEARN_SAY_H

#include <stddef.h>

enum {
	EXIT_NOT_DONE = 1, /* not passed, or not to be had now */
	EXIT_USAGE = 2
};

/* Comes first; width 0: that of the terminal, up to 100 columns, or 72 where there is none. */
void say_open(size_t width);

/* A paragraph, wrapped. Spaces at its start indent it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Markdown: paragraphs are wrapped anew, code, tables and lists keep their lines. */
void say_markdown(const char *text, int indent);

/* One line to stderr, "learn: …"; returns EXIT_USAGE, or what the other one is given. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
int complain_of(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text in double quotes as JSON has it, or null where it is NULL; to stdout. */
void say_json(const char *text);

#endif
