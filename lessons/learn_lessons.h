/* The folder of lessons: NN-name each. */
#ifndef LESSONS_LEARN_LESSONS_H
#define LESSONS_LEARN_LESSONS_H

#include <stddef.h>

struct lesson {
	char *folder; /* 06-frames; all text here is owned */
	char *name;   /* frames */
	char *title;  /* the first heading of its README.md, or its name */
	unsigned number;
	unsigned minutes; /* as its README.md says; 0: it does not */
};

struct lessons {
	struct lesson *items; /* by number */
	size_t count;
};

/* 0, or the negative errno of reading the folder. In any case lessons_free is due. */
int lessons_find(struct lessons *lessons, const char *folder);
void lessons_free(struct lessons *lessons);

/* The lesson meant by 6, 06, frames or 06-frames, or NULL. */
const struct lesson *lessons_get(const struct lessons *lessons, const char *word);

/* The lesson that most looks like the word; there must be one. */
const struct lesson *lessons_near(const struct lessons *lessons, const char *word);

#endif
