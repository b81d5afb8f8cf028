/* An answer in words: letters mean something only beside the question. */
#ifndef LESSONS_LEARN_WORDS_H
#define LESSONS_LEARN_WORDS_H

#include "quiz/quiz.h"

enum { WORDS_MAX = 2000 };

/*
 * What was said, letters of the file, as the options' words: "the client only", "a ping". Other
 * kinds of answers as they are. Returns text.
 */
const char *words_said(const struct quiz_question *question, const char *said,
                       char text[WORDS_MAX]);

#endif
