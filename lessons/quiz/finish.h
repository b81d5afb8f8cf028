/* What the scanner of quiz.md leaves to be done where a question is whole. */
#ifndef LESSONS_QUIZ_FINISH_H
#define LESSONS_QUIZ_FINISH_H

#include "quiz.h"

/* Writes the fault of that line and returns -EINVAL. */
int quiz_complain(struct quiz_fault *fault, unsigned line, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Takes what stands between "<!-- quiz" and "-->". 0 or a negative errno with the fault filled. */
int quiz_attributes(struct quiz_question *question, const char *text, unsigned line,
                    struct quiz_fault *fault);

/* Checks that nothing is missing, and derives letters, number, within and hash. The same. */
int quiz_finish(struct quiz_question *question, struct quiz_fault *fault);

#endif
