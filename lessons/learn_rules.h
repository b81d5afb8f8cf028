/* class.conf: what a teacher sets for a class. */
#ifndef LESSONS_LEARN_RULES_H
#define LESSONS_LEARN_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "learn_pairs.h"

struct rules {
	bool forbid_skip;     /* no question without an answer, no lesson before its turn */
	bool hide_solutions;  /* also after success */
	struct pairs options; /* of the lessons: NAME and its value */
};

/*
 * Reads the file; none is no rules. 0, or a negative errno with the reason in `error`. In any case
 * rules_free is due.
 */
int rules_read(struct rules *rules, const char *path, char *error, size_t size);
void rules_free(struct rules *rules);

#endif
