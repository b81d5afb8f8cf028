/* Asks one question and says how it was answered: at a terminal, from a file, or not at all. */
#ifndef LESSONS_LEARN_ASK_H
#define LESSONS_LEARN_ASK_H

#include "learn.h"

enum {
	ASK_SAID_MAX = 200,
	ASK_STOPPED = 0x100 /* instead of an exit status: enough was asked, which is no failure */
};

struct ask {
	struct learn *learn;
	const struct lesson *lesson;
	enum part part;
	const struct quiz_question *question;
	size_t number, count; /* 2 of 5 */
	bool changed; /* the lesson has other options than the answer's numbers were made for */

	/* What came of it. */
	bool skipped;
	char said[ASK_SAID_MAX]; /* letters as in the file */

	/* private */
	char order[QUIZ_OPTIONS_MAX]; /* the letter, in the file, of the i-th option shown */
};

/*
 * Takes the answer from --answers, else asks at the terminal until it can be read, else skips. 0,
 * ASK_STOPPED, or the exit status where the answer in the file cannot be read.
 */
int ask_question(struct ask *ask);

/* As if asked: with what was said before. */
void ask_keep(struct ask *ask, const char *said);

/* What a command returns for it: says that answers are kept where it is ASK_STOPPED. */
int ask_status(int status);

/* right, wrong or skipped. measured may be NULL; where it should not be, it is only said. */
enum verdict ask_verdict(const struct ask *ask, const double *measured);

/* Says what was said, measured and right, and why; as a JSON object a line with --json. */
void ask_explain(const struct ask *ask, enum verdict verdict, const double *measured);

/* Checks --answers: every id is one of some lesson's. 0 or an exit status. */
int ask_check_answers(const struct learn *learn);

#endif
