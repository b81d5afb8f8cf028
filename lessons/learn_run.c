/* Predict, run, compare. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn_ask.h"
#include "learn_process.h"
#include "learn_say.h"
#include "learn_state.h"

enum {
	OPTIONS_MAX = 40 /* words behind -- */
};

struct run {
	struct learn *learn;
	const struct lesson *lesson;
	struct quiz quiz;
	struct ask *asks; /* one a question */
	bool other;       /* with options of the learner's own: what comes is not the lesson's */
};

/* What was said before, unless it is to be asked again. */
static bool take_kept(struct run *run, struct ask *ask)
{
	struct answer answer;

	if (run->other || run->learn->all ||
	    !progress_answer(&run->learn->progress, run->lesson->folder, PART_PREDICT,
	                     ask->question->id, ask->question->hash, &answer) ||
	    answer.verdict == VERDICT_SKIPPED)
		return false;
	ask_keep(ask, answer.said);
	return true;
}

static void note(const struct run *run, const struct ask *ask, enum verdict verdict)
{
	if (!run->other)
		learn_note_answer(run->learn, run->lesson, PART_PREDICT, ask->question, verdict,
		                  ask->said);
}

static int predict(struct run *run)
{
	size_t kept = 0;

	for (size_t i = 0; i < run->quiz.count; i++) {
		struct ask *ask = &run->asks[i];
		int status;

		*ask = (struct ask){
		        .learn = run->learn,
		        .lesson = run->lesson,
		        .part = PART_PREDICT,
		        .question = &run->quiz.questions[i],
		        .number = i + 1,
		        .count = run->quiz.count,
		        .changed = run->other,
		};
		if (take_kept(run, ask)) {
			kept++;
			continue;
		}
		status = ask_question(ask);
		if (status)
			return status;
		note(run, ask, ask->skipped ? VERDICT_SKIPPED : VERDICT_SAID);
	}
	if (kept && !run->learn->json)
		say("%zu of %zu predictions were made before; --all asks them again.", kept,
		    run->quiz.count);
	return 0;
}

static void headline(const struct run *run, const char *word)
{
	if (!run->learn->json)
		printf("\n== %s ==\n", word);
}

static void compare(const struct run *run, const struct pairs *values)
{
	if (run->quiz.count)
		headline(run, "Compare");
	for (size_t i = 0; i < run->quiz.count; i++) {
		const struct ask *ask = &run->asks[i];
		const char *text =
		        ask->question->metric ? pairs_get(values, ask->question->metric) : NULL;
		double measured = text ? strtod(text, NULL) : 0;
		enum verdict verdict = ask_verdict(ask, text ? &measured : NULL);

		if (!run->learn->json) {
			printf("\nPrediction %zu of %zu\n", i + 1, run->quiz.count);
			say("%s", ask->question->title);
		}
		ask_explain(ask, verdict, text ? &measured : NULL);
		note(run, ask, verdict);
	}
}

static int run_and_compare(struct run *run)
{
	struct pairs values;
	char now[32];
	int status;

	headline(run, "Run");
	status = learn_run_program(run->learn, run->lesson, run->learn->json, &values);
	if (!status && !run->other) {
		learn_note(run->learn, run->lesson, "ran", learn_now(now));
		learn_note_values(run->learn, run->lesson, &values);
	}
	if (!status)
		compare(run, &values);
	pairs_free(&values);
	return status ? EXIT_NOT_DONE : 0;
}

/* For a teacher: that these values are in the progress file; see lessons/README.md. */
static void say_receipt(const struct run *run)
{
	char receipt[RECEIPT_SIZE];

	if (run->other || run->learn->warned || !run->quiz.count)
		return;
	for (size_t i = 0; i < run->quiz.count; i++) {
		if (run->asks[i].skipped)
			return;
	}
	if (progress_receipt(&run->learn->progress, run->lesson->folder, receipt))
		printf("Receipt: %s %s\n", run->lesson->folder, receipt);
}

static bool has_options(const struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];

	return process_takes_numbers(learn_program(learn, lesson, "lesson", path));
}

/* That a question's own numbers are not what this run has. */
static void say_changes(const struct run *run)
{
	char options[256];

	if (!run->quiz.count || run->learn->json)
		return;
	if (learn_class_options(run->learn, run->lesson, options, sizeof options))
		say("Your class has changed this lesson (class.conf: %s): where a question names "
		    "other values, or R, T or d, these are meant.",
		    options);
	if (run->other)
		say("You have changed the lesson: where a question names R, T or d, yours are "
		    "meant.");
}

static int run_parts(struct run *run)
{
	int status;

	say_changes(run);
	if (run->quiz.count)
		headline(run, "Predict");
	status = predict(run);
	if (status)
		return status;
	status = run_and_compare(run);
	if (status || run->learn->json)
		return status;
	putchar('\n');
	say_receipt(run);
	if (!run->other && has_options(run->learn, run->lesson)) {
		say("Change one thing, and predict again; what can be changed:");
		printf("  %s run %u -- --help\n", run->learn->program, run->lesson->number);
	}
	state_say_next(run->learn, run->lesson);
	return 0;
}

static bool wants_help(const struct learn *learn)
{
	for (size_t i = 0; learn->rest && learn->rest[i]; i++) {
		if (strcmp(learn->rest[i], "--help") == 0)
			return true;
	}
	return false;
}

/* Of the lesson's options. */
static int say_help(const struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];
	const char *const argv[] = {learn_program(learn, lesson, "lesson", path), "--help", NULL};

	if (!learn_make(learn, lesson, "lesson"))
		return EXIT_NOT_DONE;
	return process_run(&(struct process){.argv = argv}) ? EXIT_NOT_DONE : 0;
}

/* What follows -- is for the lesson to judge, before anything is asked; it complains itself. */
static bool options_suit(const struct learn *learn, const struct lesson *lesson)
{
	char path[PATH_MAX];
	const char *argv[OPTIONS_MAX + 3] = {learn_program(learn, lesson, "lesson", path)};
	size_t count = 0;

	while (learn->rest && learn->rest[count] && count < OPTIONS_MAX) {
		argv[count + 1] = learn->rest[count];
		count++;
	}
	argv[count + 1] = "--help";
	return !count || process_run(&(struct process){.argv = argv, .out = -1}) == 0;
}

int learn_run(struct learn *learn, const struct lesson *lesson)
{
	struct run run = {.learn = learn, .lesson = lesson};
	int status;

	if (wants_help(learn))
		return say_help(learn, lesson);
	run.other = learn->rest && learn->rest[0];
	if (!learn_may_begin(learn, lesson))
		return EXIT_NOT_DONE;
	status = learn_questions(learn, lesson, PART_PREDICT, &run.quiz);
	if (status)
		return status;
	run.asks = calloc(run.quiz.count + 1, sizeof *run.asks);
	if (!run.asks)
		status = complain_of(EXIT_NOT_DONE, "out of memory");
	else if (!learn_make(learn, lesson, "lesson"))
		status = EXIT_NOT_DONE;
	else if (!options_suit(learn, lesson))
		status = EXIT_USAGE;
	if (!status && !run.other)
		learn_note(learn, NULL, "current", lesson->folder);
	if (!status && !learn->json)
		say("Lesson %u: %s", lesson->number, lesson->title);
	if (run.asks && !status)
		status = run_parts(&run);
	free(run.asks);
	quiz_free(&run.quiz);
	return ask_status(status);
}
