/* Lists of KEY = VALUE: the progress file, class.conf, answers from a file, a lesson's values. */
#ifndef LESSONS_LEARN_PAIRS_H
#define LESSONS_LEARN_PAIRS_H

#include <stddef.h>
#include <stdio.h>

struct pair {
	char *key, *value; /* owned */
	unsigned line;     /* from 1; 0: it was set, not read */
};

/* All zero is empty. */
struct pairs {
	struct pair *items; /* owned; in the order of the file */
	size_t count;
};

/*
 * Reads a file of lines KEY = VALUE, with or without the spaces; '#' begins a comment line. Of a
 * key that comes twice the last one counts. 0, or a negative errno: -EINVAL with the number of the
 * line that is none of this in *line. In any case pairs_free is due.
 */
int pairs_read(struct pairs *pairs, const char *path, unsigned *line);
int pairs_parse(struct pairs *pairs, FILE *file, unsigned *line);

/* The value, or NULL. */
const char *pairs_get(const struct pairs *pairs, const char *key);

/* NULL takes the key out. Line ends in a value become spaces. 0 or -ENOMEM. */
int pairs_set(struct pairs *pairs, const char *key, const char *value);

void pairs_print(const struct pairs *pairs, FILE *file);
void pairs_free(struct pairs *pairs);

#endif
