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

bool state_passed(const struct learn *learn, const struct lesson *lesson)
{
	const char *check = progress_get(&learn->progress, lesson->folder, "check");

	return check && strncmp(check, "passed", 6) == 0;
}

struct state state_of(const struct learn *learn, const struct lesson *lesson)
{
	return (struct state){
	        .ran = progress_get(&learn->progress, lesson->folder, "ran"),
	        .has_check = learn_has(learn, lesson, "check.c"),
	        .passed = state_passed(learn, lesson),
	        .solution = progress_get(&learn->progress, lesson->folder, "solution"),
	        .hints = state_hints(learn, lesson),
	        .predict = count(learn, lesson, PART_PREDICT),
	        .quiz = count(learn, lesson, PART_QUIZ),
	};
}

bool state_done(const struct state *state)
{
	return state->ran && (state->passed || !state->has_check) &&
	       state->quiz.answered == state->quiz.questions;
}

void state_say_next(const struct learn *learn, const struct lesson *lesson)
{
	const struct state state = state_of(learn, lesson);
	const bool last = lesson == &learn->lessons.items[learn->lessons.count - 1];
	const char *command = "next";
	char path[PATH_MAX], word[PATH_MAX] = "";

	if (!state.ran) {
		say("Read %s first.", learn_shown(learn_file(learn, lesson, "README.md", path)));
		command = "run";
	} else if (state.has_check && !state.passed) {
		say("Fill in the TODO in %s, then check it.",
		    learn_shown(learn_file(learn, lesson, "exercise.c", path)));
		command = "check";
	} else if (state.quiz.answered < state.quiz.questions) {
		command = "quiz";
	} else if (last) {
		say("That was the last lesson. What you did, as one page:");
		command = "report";
	} else if (state.quiz.right < state.quiz.questions) {
		say("%u of %u quiz questions are open; they come again in %s quiz.",
		    state.quiz.questions - state.quiz.right, state.quiz.questions, learn->program);
	}
	if (lesson != learn_current(learn) && strcmp(command, "report"))
		snprintf(word, sizeof word, " %u", lesson->number);
	/* `next` goes on from the current lesson. */
	if (!strcmp(command, "next"))
		word[0] = '\0';
	printf("Next: %s %s%s\n", learn->program, command, word);
}
