/* exercise.c as it was before the learner came. */
#ifndef LESSONS_LEARN_SHIPPED_H
#define LESSONS_LEARN_SHIPPED_H

#include <stdio.h>

#include "learn.h"

/*
 * The shipped copy, to be read from its start: git's, else the one that the build keeps; NULL:
 * there is none.
 */
FILE *shipped_open(const struct learn *learn, const struct lesson *lesson);

/* Whether exercise.c is as shipped. */
bool shipped_unchanged(const struct learn *learn, const struct lesson *lesson);

#endif
