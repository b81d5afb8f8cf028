/* Answers and numbers in words: letters mean something only beside the question. */
#ifndef LESSONS_LEARN_WORDS_H
#define LESSONS_LEARN_WORDS_H

#include <stddef.h>

#include "quiz/quiz.h"

enum { WORDS_MAX = 2000 };

/*
 * What was said, letters of the file, as the options' words: "the client only", "a ping". Other
 * kinds of answers as they are. Returns text.
 */
const char *words_said(const struct quiz_question *question, const char *said,
                       char text[WORDS_MAX]);

/* As many digits as mean something. */
void words_number(double number, char *text, size_t size);

/* "1 byte", "2 bytes", "1 ms": a unit of a few letters is none that has a plural. */
void words_add_unit(const struct quiz_question *question, const char *number, char *text,
                    size_t size);

void words_with_unit(const struct quiz_question *question, double number, char *text, size_t size);

#endif
