/* How a case of a check says what is wrong, and ends. */
#ifndef LESSONS_STAGE_CHECK_FAIL_H
#define LESSONS_STAGE_CHECK_FAIL_H

#include <stdbool.h>

/* Memory that a case shares with whoever runs it. */
struct check_result {
	bool over;          /* the case came to its end */
	char message[4096]; /* what is wrong, in lines; "" where nothing is */
};

/* Where check_fail leaves its message. */
extern struct check_result *check_result;

/* Ends the case. Each of the four may be NULL; then it has no line. What got is may go on in
 * further lines. */
__attribute__((noreturn)) void check_fail(const char *where, const char *expected, const char *got,
                                          const char *help);

#endif
