/* What was meant, where a word is not known. */
#ifndef LESSONS_LEARN_NEAR_H
#define LESSONS_LEARN_NEAR_H

#include <stdbool.h>
#include <stddef.h>

/* How many letters must be changed, put in, left out or swapped to make one word the other. */
size_t near_distance(const char *some, const char *other);

/* Whether that is little enough for the one to be meant by the other: half of what was written. */
bool near_enough(const char *written, const char *meant);

/* The index of the word nearest to `word`; count must not be 0. */
size_t near_find(const char *word, const char *const *words, size_t count);

#endif
