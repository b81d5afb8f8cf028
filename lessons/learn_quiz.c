/* learn quiz: what is not answered right yet, or with --all everything. */
#include <stdio.h>

#include "learn_ask.h"
#include "learn_say.h"
#include "learn_state.h"

struct session {
	struct learn *learn;
	const struct lesson *lesson;
	bool tried; /* to measure */
};

static bool is_open(const struct session *session, const struct quiz_question *question)
{
	struct answer answer;

	return session->learn->all ||
	       !progress_answer(&session->learn->progress, session->lesson->folder, PART_QUIZ,
	                        question->id, question->hash, &answer) ||
	       answer.verdict != VERDICT_RIGHT;
}

/* Runs the lesson for its values, once. */
static void measure(struct session *session)
{
	struct pairs values = {0};

	if (session->tried)
		return;
	session->tried = true;
	if (!session->learn->json)
		say("Measuring; that takes as long as the lesson does.");
	if (learn_make(session->learn, session->lesson, "lesson") &&
	    !learn_run_program(session->learn, session->lesson, true, &values))
		learn_note_values(session->learn, session->lesson, &values);
	pairs_free(&values);
}

/* The value that a measured question is compared with, of the last run where there was one. */
static bool measured_value(struct session *session, const struct quiz_question *question,
                           double *value)
{
	const struct progress *progress = &session->learn->progress;
	const char *folder = session->lesson->folder;

	if (question->kind != QUIZ_MEASURED)
		return false;
	if (progress_value(progress, folder, question->metric, value))
		return true;
	measure(session);
	return progress_value(progress, folder, question->metric, value);
}

static int ask(struct session *session, const struct quiz_question *question, size_t number,
               size_t count, enum verdict *verdict)
{
	struct ask ask = {
	        .learn = session->learn,
	        .lesson = session->lesson,
	        .part = PART_QUIZ,
	        .question = question,
	        .number = number,
	        .count = count,
	};
	double value = 0;
	int status = ask_question(&ask);
	bool measured;

	if (status)
		return status;
	measured = measured_value(session, question, &value);
	*verdict = ask_verdict(&ask, measured ? &value : NULL);
	ask_explain(&ask, *verdict, measured ? &value : NULL);
	learn_note_answer(session->learn, session->lesson, PART_QUIZ, question, *verdict, ask.said);
	return 0;
}

/* 0, or what ended it early. */
static int ask_all(struct session *session, const struct quiz *quiz, size_t count)
{
	size_t number = 0, right = 0;
	enum verdict verdict = VERDICT_SKIPPED;
	int status = 0;

	for (size_t i = 0; !status && i < quiz->count; i++) {
		if (!is_open(session, &quiz->questions[i]))
			continue;
		status = ask(session, &quiz->questions[i], ++number, count, &verdict);
		right += !status && verdict == VERDICT_RIGHT;
	}
	if (!status && !session->learn->json)
		say("\n%zu of %zu right.%s", right, count,
		    right < count ? " The others come again." : "");
	return status;
}

int learn_quiz(struct learn *learn, const struct lesson *lesson)
{
	struct session session = {.learn = learn, .lesson = lesson};
	struct quiz quiz;
	size_t count = 0;
	int status = learn_questions(learn, lesson, PART_QUIZ, &quiz);

	if (status)
		return status;
	for (size_t i = 0; i < quiz.count; i++)
		count += is_open(&session, &quiz.questions[i]);
	if (count)
		status = ask_all(&session, &quiz, count);
	else if (!learn->json && quiz.count)
		say("All %zu questions are answered right; --all asks them again.", quiz.count);
	else if (!learn->json)
		say("Lesson %u has no quiz.", lesson->number);
	quiz_free(&quiz);
	if (!status && !learn->json)
		state_say_next(learn, lesson);
	return ask_status(status);
}
