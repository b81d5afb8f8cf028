/* Numbers as people write them: 1,019 or 0x7f or 0.5, with a unit or without. */
#ifndef LESSONS_QUIZ_QUANTITY_H
#define LESSONS_QUIZ_QUANTITY_H

#include <stdbool.h>

#include "quiz.h"

/*
 * Reads the number that text begins with; *rest is what follows it, spaces skipped. A comma before
 * three digits parts thousands, another one is a decimal point.
 */
bool quantity_read(const char *text, double *number, const char **rest);

/* Reads 10%, 5, x2 or ×2. */
bool quantity_within(const char *text, struct quiz_within *within);

/* Reads what an answer line says: NUMBER [± AMOUNT[%]] [UNIT]; *unit points into text. */
bool quantity_answer(const char *text, double *number, struct quiz_within *within,
                     const char **unit);

/* Whether said is as near to right as asked, up to the rounding of what is printed. */
bool quantity_near(double said, double right, struct quiz_within within);

#endif
