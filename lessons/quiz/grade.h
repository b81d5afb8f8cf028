/* Reads what a learner says and compares it with what is right. */
#ifndef LESSONS_QUIZ_GRADE_H
#define LESSONS_QUIZ_GRADE_H

#include "quiz.h"

enum grade {
	GRADE_UNREADABLE, /* no answer to this kind of question: ask again, do not count it */
	GRADE_WRONG,
	GRADE_RIGHT
};

/*
 * The grade of what was said; letters may be small, with or without commas. measured is the value
 * that the lesson measured for the question's metric, NULL where there is none: a number is then
 * held against the answer, and of a measured question only unreadable is told from readable, which
 * is GRADE_WRONG.
 */
enum grade grade_answer(const struct quiz_question *question, const char *said,
                        const double *measured);

/* What an answer looks like: "a letter from A to D", "a number in ms". */
void grade_expects(const struct quiz_question *question, char *text, size_t size);

#endif
