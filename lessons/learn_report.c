/* learn report: what was done, for a teacher or for oneself; it is sent nowhere. */
#include "learn_report.h"

#include <stdio.h>

#include "learn_say.h"

/* What prediction or measured question was compared with. */
static const double *measured(const struct learn *learn, const struct lesson *lesson,
                              const struct quiz_question *question, double *value)
{
	if (!question->metric ||
	    !progress_value(&learn->progress, lesson->folder, question->metric, value))
		return NULL;
	return value;
}

static void report_part(const struct learn *learn, const struct lesson *lesson, enum part part,
                        const struct report_form *form, bool *first)
{
	struct quiz quiz;

	if (learn_questions(learn, lesson, part, &quiz))
		return;
	for (size_t i = 0; i < quiz.count; i++) {
		const struct quiz_question *question = &quiz.questions[i];
		struct answer answer;
		bool asked = progress_answer(&learn->progress, lesson->folder, part, question->id,
		                             question->hash, &answer);
		double value;

		form->question(question, part, asked ? &answer : NULL,
		               measured(learn, lesson, question, &value), *first);
		*first = false;
	}
	quiz_free(&quiz);
}

/* A lesson with its number in `only`, or all. */
static void report(const struct learn *learn, const struct lesson *only,
                   const struct report_form *form)
{
	bool first_lesson = true;

	form->begin(learn, only);
	for (size_t i = 0; i < learn->lessons.count; i++) {
		const struct lesson *lesson = &learn->lessons.items[i];
		struct state state;
		bool first = true;

		if (only && lesson != only)
			continue;
		state = state_of(learn, lesson);
		form->lesson(learn, lesson, &state, first_lesson);
		report_part(learn, lesson, PART_PREDICT, form, &first);
		report_part(learn, lesson, PART_QUIZ, form, &first);
		form->end_lesson();
		first_lesson = false;
	}
	form->end();
}

int learn_report(struct learn *learn, const struct lesson *lesson)
{
	report(learn, lesson,
	       learn->json   ? &report_json
	       : learn->html ? &report_html
	                     : &report_text);
	return 0;
}
