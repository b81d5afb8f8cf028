/* learn alone, list, status, next and play. */
#include <stdio.h>
#include <string.h>

#include "learn_process.h"
#include "learn_say.h"
#include "learn_state.h"
#include "learn_words.h"

static const char *state_word(const struct state *state)
{
	return state_done(state) ? ", done" : state_gone_through(state) ? ", gone through" : "";
}

/* "run, check passed, quiz 3 of 5 right" */
static void progress_text(const struct state *state, char *text, size_t size)
{
	if (!state->ran && !state->passed && !state->quiz.answered) {
		snprintf(text, size, "not begun");
		return;
	}
	snprintf(text, size, "%s, %s, quiz %u of %u right%s", state->ran ? "run" : "not run",
	         !state->has_check ? "no exercise"
	         : state->passed   ? "check passed"
	                           : "check open",
	         state->quiz.right, state->quiz.questions, state_word(state));
}

int learn_where(struct learn *learn, const struct lesson *lesson)
{
	const struct state state = state_of(learn, lesson);
	char text[160];

	progress_text(&state, text, sizeof text);
	say("Lesson %u of %zu, %s: %s", lesson->number, learn->lessons.count, lesson->name,
	    lesson->title);
	if (lesson->minutes)
		say("About %u minutes. So far: %s.", lesson->minutes, text);
	else
		say("So far: %s.", text);
	state_say_next(learn, lesson);
	return 0;
}

static void list_one(const struct learn *learn, const struct lesson *lesson)
{
	const struct state state = state_of(learn, lesson);
	char text[160], minutes[24] = "";

	progress_text(&state, text, sizeof text);
	if (lesson->minutes)
		snprintf(minutes, sizeof minutes, ", %u minutes", lesson->minutes);
	say("%02u %s: %s%s. %s%s", lesson->number, lesson->name, lesson->title, minutes,
	    lesson == learn_current(learn) ? "You are here: " : "", text);
}

int learn_list(struct learn *learn, const struct lesson *lesson)
{
	(void)lesson;
	for (size_t i = 0; i < learn->lessons.count; i++)
		list_one(learn, &learn->lessons.items[i]);
	return 0;
}

static void say_questions(const struct learn *learn, const struct lesson *lesson, enum part part)
{
	char words[WORDS_MAX];
	struct quiz quiz;
	struct answer answer;

	if (learn_questions(learn, lesson, part, &quiz))
		return;
	for (size_t i = 0; i < quiz.count; i++) {
		const struct quiz_question *question = &quiz.questions[i];
		bool asked = progress_answer(&learn->progress, lesson->folder, part, question->id,
		                             question->hash, &answer);

		say("  %s %s: %s%s%s", part == PART_QUIZ ? "question" : "prediction", question->id,
		    asked ? verdict_name(answer.verdict) : "not asked",
		    asked && *answer.said ? ", you said " : "",
		    asked ? words_said(question, answer.said, words) : "");
	}
	quiz_free(&quiz);
}

int learn_status(struct learn *learn, const struct lesson *lesson)
{
	const struct state state = state_of(learn, lesson);
	size_t done = 0, gone_through = 0;

	for (size_t i = 0; i < learn->lessons.count; i++) {
		const struct state other = state_of(learn, &learn->lessons.items[i]);

		done += state_done(&other);
		gone_through += !state_done(&other) && state_gone_through(&other);
	}
	list_one(learn, lesson);
	say_questions(learn, lesson, PART_PREDICT);
	say_questions(learn, lesson, PART_QUIZ);
	say("  hints shown: %u of 3%s", state.hints, state.solution ? "; solution shown" : "");
	say("%zu of %zu lessons are done, %zu more gone through. Kept in %s.", done,
	    learn->lessons.count, gone_through, learn_shown(learn->progress.path));
	state_say_next(learn, lesson);
	return 0;
}

int learn_next(struct learn *learn, const struct lesson *lesson)
{
	const struct lesson *last = &learn->lessons.items[learn->lessons.count - 1];

	if (lesson == last) {
		say("Lesson %u is the last one.", lesson->number);
		state_say_next(learn, lesson);
		return 0;
	}
	if (!learn_may_begin(learn, lesson + 1))
		return EXIT_NOT_DONE;
	learn_note(learn, NULL, "current", lesson[1].folder);
	return learn_where(learn, lesson + 1);
}

int learn_play(struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];
	const char *const argv[] = {learn_program(learn, lesson, "lesson", path), "--play", NULL};

	if (!learn_make(learn, lesson, "lesson"))
		return EXIT_NOT_DONE;
	if (!process_knows(path, "--play"))
		return complain_of(EXIT_NOT_DONE, "lesson %u has nothing to play with",
		                   lesson->number);
	return process_run(&(struct process){.argv = argv}) ? EXIT_NOT_DONE : 0;
}
