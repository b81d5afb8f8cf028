/*
 * What the learner has done, in one plain text file that can be copied to another machine:
 *
 *     current = 06-frames
 *     06-frames.ran = 2026-11-25 10:41
 *     06-frames.check = passed 2026-11-25 10:55
 *     06-frames.hints = 2
 *     06-frames.value.hello.bytes = 7
 *     06-frames.quiz.frag-between = 9f86d081884c7d65 wrong A, B
 *
 * Every change is on disk before the call returns. The file is replaced by rename, so it is whole
 * at any moment; two programs that change it one after the other keep each other's changes.
 */
#ifndef LESSONS_PROGRESS_H
#define LESSONS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "learn_pairs.h"

struct progress {
	char *path; /* owned */

	/* private */
	struct pairs pairs;
};

/* Which list of questions. */
enum part { PART_PREDICT, PART_QUIZ };

enum verdict {
	VERDICT_SAID, /* not compared yet */
	VERDICT_RIGHT,
	VERDICT_WRONG,
	VERDICT_SKIPPED
};

struct answer {
	enum verdict verdict;
	const char *said; /* "" where it was skipped; valid until the next change */
};

/* The words in the file: "quiz", "right". */
const char *part_name(enum part part);
const char *verdict_name(enum verdict verdict);

/*
 * Reads the file; none is an empty one. 0, or a negative errno: -EINVAL with the line that is not
 * KEY = VALUE. In any case progress_close is due.
 */
int progress_open(struct progress *progress, const char *path, unsigned *line);
void progress_close(struct progress *progress);

/* The value of a key of a lesson ("ran"), or of none: lesson is NULL then. NULL: it has none. */
const char *progress_get(const struct progress *progress, const char *lesson, const char *key);

/* NULL takes it out. 0, or the negative errno of writing: the change then holds in memory only. */
int progress_set(struct progress *progress, const char *lesson, const char *key, const char *value);

/* What was answered to a question, if it still has that hash. */
bool progress_answer(const struct progress *progress, const char *lesson, enum part part,
                     const char *id, uint64_t hash, struct answer *answer);
int progress_set_answer(struct progress *progress, const char *lesson, enum part part,
                        const char *id, uint64_t hash, struct answer answer);

/* A value that the lesson measured. */
bool progress_value(const struct progress *progress, const char *lesson, const char *key,
                    double *value);

/*
 * Six characters that the lesson's values give, in whatever order they stand in the file; another
 * run, or a value that was changed, gives others. false: the lesson has no values.
 */
enum { RECEIPT_SIZE = 7 };
bool progress_receipt(const struct progress *progress, const char *lesson,
                      char receipt[RECEIPT_SIZE]);

/* All values of one run, in one write; what runs before measured is forgotten. */
int progress_set_values(struct progress *progress, const char *lesson, const struct pairs *values);

#endif
