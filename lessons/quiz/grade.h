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

/* The letter of the one option that was said in its words (case, spaces, backquotes and a full stop
 * at its end do not matter), or 0. A letter alone is a letter. */
char grade_option_said(const struct quiz_question *question, const char *said);

/* The number that was said, in the question's unit: seconds and milliseconds become each other.
 * false: it is no number, or has another unit. */
bool grade_number_said(const struct quiz_question *question, const char *said, double *number);

/* What an answer looks like: "a letter from A to D", "a number in ms", "a number of frames, such as
 * 3". */
void grade_expects(const struct quiz_question *question, char *text, size_t size);

#endif
