/* The same report in three forms. */
#ifndef LESSONS_LEARN_REPORT_H
#define LESSONS_LEARN_REPORT_H

#include "learn.h"
#include "learn_state.h"

/* A form; a part may be NULL. */
struct report_form {
	/* only: the one lesson that is reported, or NULL. */
	void (*begin)(const struct learn *learn, const struct lesson *only);
	void (*lesson)(const struct learn *learn, const struct lesson *lesson,
	               const struct state *state, bool first);
	/* answer is NULL where it was not asked, measured where nothing was. */
	void (*question)(const struct quiz_question *question, enum part part,
	                 const struct answer *answer, const double *measured, bool first);
	void (*end_lesson)(void);
	void (*end)(void);
};

extern const struct report_form report_text, report_json, report_html;

#endif
