#include "learn_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn_say.h"

static struct state_count count(const struct learn *learn, const struct lesson *lesson,
                                enum part part)
{
	struct state_count result = {0};
	struct quiz_fault fault;
	struct quiz quiz;
	struct answer answer;
	char path[PATH_MAX];

	quiz_read(&quiz,
	          learn_file(learn, lesson, part == PART_QUIZ ? "quiz.md" : "predict.md", path),
	          &fault);
	result.questions = (unsigned)quiz.count;
	for (size_t i = 0; i < quiz.count; i++) {
		const struct quiz_question *question = &quiz.questions[i];

		if (!question->id || !progress_answer(&learn->progress, lesson->folder, part,
		                                      question->id, question->hash, &answer))
			continue;
		result.answered++;
		result.right += answer.verdict == VERDICT_RIGHT;
	}
	quiz_free(&quiz);
	return result;
}

unsigned state_hints(const struct learn *learn, const struct lesson *lesson)
{
	const char *hints = progress_get(&learn->progress, lesson->folder, "hints");

	return hints ? (unsigned)strtoul(hints, NULL, 10) : 0;
}

static bool check_is(const struct learn *learn, const struct lesson *lesson, const char *word)
{
	const char *check = progress_get(&learn->progress, lesson->folder, "check");

	return check && strncmp(check, word, strlen(word)) == 0;
}

bool state_passed(const struct learn *learn, const struct lesson *lesson)
{
	return check_is(learn, lesson, "passed");
}

bool state_has_check(const struct learn *learn, const struct lesson *lesson)
{
	return learn_has(learn, lesson, "check.c") && !check_is(learn, lesson, "impossible");
}

struct state state_of(const struct learn *learn, const struct lesson *lesson)
{
	return (struct state){
	        .ran = progress_get(&learn->progress, lesson->folder, "ran"),
	        .has_check = state_has_check(learn, lesson),
	        .passed = state_passed(learn, lesson),
	        .failed = check_is(learn, lesson, "failed"),
	        .solution = progress_get(&learn->progress, lesson->folder, "solution"),
	        .hints = state_hints(learn, lesson),
	        .predict = count(learn, lesson, PART_PREDICT),
	        .quiz = count(learn, lesson, PART_QUIZ),
	};
}

bool state_gone_through(const struct state *state)
{
	return state->ran && (state->passed || !state->has_check) &&
	       state->quiz.answered == state->quiz.questions;
}

bool state_done(const struct state *state)
{
	return state_gone_through(state) && state->quiz.right == state->quiz.questions;
}

/* "not run", "check, 3 questions" */
static void open_text(const struct state *state, char *text, size_t size)
{
	const bool check = state->has_check && !state->passed;
	const unsigned questions = state->quiz.questions - state->quiz.right;
	char count[40] = "";

	if (questions)
		snprintf(count, sizeof count, "%u question%s", questions,
		         questions == 1 ? "" : "s");
	if (!state->ran)
		snprintf(text, size, "not run");
	else
		snprintf(text, size, "%s%s%s", check ? "check" : "", check && questions ? ", " : "",
		         count);
}

/* After the last lesson: what is open of all of them, and the command for the first such. */
static void say_still_open(const struct learn *learn)
{
	char list[4000] = "", command[64] = "report";
	size_t used = 0;

	for (size_t i = 0; i < learn->lessons.count && used < sizeof list; i++) {
		const struct lesson *lesson = &learn->lessons.items[i];
		const struct state state = state_of(learn, lesson);
		char text[80];

		if (state_done(&state))
			continue;
		open_text(&state, text, sizeof text);
		if (!used)
			snprintf(command, sizeof command, "%s %u",
			         !state.ran                         ? "run"
			         : state.has_check && !state.passed ? "check"
			                                            : "quiz",
			         lesson->number);
		used += (size_t)snprintf(list + used, sizeof list - used, "%slesson %u (%s)",
		                         used ? ", " : "", lesson->number, text);
	}
	if (used)
		say("That was the last lesson. Still open: %s.", list);
	else
		say("That was the last lesson, and nothing is open. What you did, as one page:");
	printf("Next: %s %s\n", learn->program, command);
}

/* Which command comes next of this lesson; says why where that is not plain. */
static const char *say_why(const struct learn *learn, const struct lesson *lesson,
                           const struct state *state)
{
	char path[PATH_MAX];

	if (!state->ran) {
		say("Read %s first.", learn_shown(learn_file(learn, lesson, "README.md", path)));
		return "run";
	}
	if (state->has_check && !state->passed) {
		learn_file(learn, lesson, "exercise.c", path);
		say(state->failed ? "Your last check failed. Go on in %s, then check it again."
		                  : "Fill in the TODO in %s, then check it.",
		    learn_shown(path));
		return "check";
	}
	if (state->quiz.answered < state->quiz.questions)
		return "quiz";
	if (state->quiz.right < state->quiz.questions)
		say("%u of %u quiz questions are open; they come again in %s quiz.",
		    state->quiz.questions - state->quiz.right, state->quiz.questions,
		    learn->program);
	return "next";
}

void state_say_next(const struct learn *learn, const struct lesson *lesson)
{
	const struct state state = state_of(learn, lesson);
	const bool last = lesson == &learn->lessons.items[learn->lessons.count - 1];
	const char *command;

	if (last && state_gone_through(&state)) {
		say_still_open(learn);
		return;
	}
	command = say_why(learn, lesson, &state);
	/* `next` goes on from the current lesson. */
	if (lesson != learn_current(learn) && strcmp(command, "next"))
		printf("Next: %s %s %u\n", learn->program, command, lesson->number);
	else
		printf("Next: %s %s\n", learn->program, command);
}
