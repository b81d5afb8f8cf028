/* Bytes, each with its name. */
#ifndef LESSONS_STAGE_SHOW_H
#define LESSONS_STAGE_SHOW_H

#include <stddef.h>

struct show_part {
	size_t size; /* 0: all that is left */
	const char *name;
};

/*
 * Prints "WHO, 7 bytes:" (who is "server sends", say) and a line for each part: its offset, its
 * bytes in hex (16 at most, then an ellipsis), its text with . for what cannot be printed, and its
 * name. A list of parts ends with a NULL name; what is left behind its end is shown as "the rest",
 * and NULL for parts shows all 16 bytes a line, without names. An empty line follows. On a terminal
 * (72 columns with --plain) that is too narrow for the widest of these lines, all have 8 bytes in
 * hex at most; where that does not do, names have lines of their own under the bytes, and text is
 * cut to what there is room for. Silent where stage_silent().
 */
void show_bytes(const char *who, const void *data, size_t size, const struct show_part *parts);

/* The number of bytes of text up to and with its first '\n', all of it where there is none: the
 * size of the part that is a line. */
size_t show_line(const char *text);

#endif
