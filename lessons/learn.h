/* What the commands of build/learn share. */
#ifndef LESSONS_LEARN_H
#define LESSONS_LEARN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "learn_lessons.h"
#include "learn_rules.h"
#include "progress.h"
#include "quiz/quiz.h"

struct learn {
	const char *program;    /* as it was called */
	char folder[PATH_MAX];  /* of the lessons */
	char root[PATH_MAX];    /* above it: where make is run */
	struct lessons lessons; /* at least one */
	struct progress progress;
	struct rules rules;
	bool terminal; /* somebody can be asked */
	bool warned;   /* that progress cannot be written */

	/* Options. */
	bool all, force, json, html, plain;
	const char *answers_path; /* NULL: none */
	struct pairs answers;     /* what it holds */
	const char *const *rest;  /* after --; ends with NULL */
};

/* The commands. Each returns the exit status. */
int learn_where(struct learn *learn, const struct lesson *lesson);
int learn_list(struct learn *learn, const struct lesson *lesson);
int learn_run(struct learn *learn, const struct lesson *lesson);
int learn_next(struct learn *learn, const struct lesson *lesson);
int learn_hint(struct learn *learn, const struct lesson *lesson);
int learn_check(struct learn *learn, const struct lesson *lesson);
int learn_solution(struct learn *learn, const struct lesson *lesson);
int learn_quiz(struct learn *learn, const struct lesson *lesson);
int learn_reset(struct learn *learn, const struct lesson *lesson);
int learn_watch(struct learn *learn, const struct lesson *lesson);
int learn_play(struct learn *learn, const struct lesson *lesson);
int learn_status(struct learn *learn, const struct lesson *lesson);
int learn_report(struct learn *learn, const struct lesson *lesson);

/* The current lesson. */
const struct lesson *learn_current(const struct learn *learn);

/* A file of the lesson's folder, or a program that is built of it. */
const char *learn_file(const struct learn *learn, const struct lesson *lesson, const char *name,
                       char path[PATH_MAX]);
const char *learn_program(const struct learn *learn, const struct lesson *lesson, const char *name,
                          char path[PATH_MAX]);
bool learn_has(const struct learn *learn, const struct lesson *lesson, const char *name);

/* A path as it is typed here: without the current directory. */
const char *learn_shown(const char *path);

/* Writes a fact of the lesson down; says once where that fails. NULL takes it out. */
void learn_note(struct learn *learn, const struct lesson *lesson, const char *key,
                const char *value);
void learn_note_answer(struct learn *learn, const struct lesson *lesson, enum part part,
                       const struct quiz_question *question, enum verdict verdict,
                       const char *said);

void learn_note_values(struct learn *learn, const struct lesson *lesson,
                       const struct pairs *values);

/* "2026-11-25 10:41" */
const char *learn_now(char text[32]);

/* Makes build/lessons/NN-name/NAME, in that build folder and with those settings of make which this
 * program was built with; what the compiler says is shown as it is. */
bool learn_make(const struct learn *learn, const struct lesson *lesson, const char *name);

/* The options that class.conf sets for this lesson, as they would be typed; false, and "": none. */
bool learn_class_options(const struct learn *learn, const struct lesson *lesson, char *text,
                         size_t size);

/*
 * Runs the lesson program with the teacher's options and what follows `--`, and reads its values,
 * which the caller frees. quiet: values are all that comes of it. Its exit status.
 */
int learn_run_program(struct learn *learn, const struct lesson *lesson, bool quiet,
                      struct pairs *values);

/* The questions of predict.md or quiz.md; none where there is no file. 0, or an exit status. */
int learn_questions(const struct learn *learn, const struct lesson *lesson, enum part part,
                    struct quiz *quiz);

/* Whether class.conf lets the lesson begin; says why not. */
bool learn_may_begin(const struct learn *learn, const struct lesson *lesson);

#endif
