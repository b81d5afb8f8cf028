/* What learn.h declares besides the commands. */
#include "learn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "learn_process.h"
#include "learn_say.h"
#include "learn_state.h"

/* Where this program was built, seen from the root, and what make was told: see Makefile. */
#ifndef LEARN_OUT
#define LEARN_OUT      "build"
#define LEARN_SETTINGS "BUILD=build",
#endif

enum { ARGUMENTS_MAX = 60 };

const struct lesson *learn_current(const struct learn *learn)
{
	const char *name = progress_get(&learn->progress, NULL, "current");
	const struct lesson *lesson = name ? lessons_get(&learn->lessons, name) : NULL;

	return lesson ? lesson : &learn->lessons.items[0];
}

static const char *join(char path[PATH_MAX], const char *folder, const char *middle,
                        const struct lesson *lesson, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s%s/%s/%s", folder, middle, lesson->folder, name) >=
	    PATH_MAX)
		exit(complain_of(EXIT_NOT_DONE, "%s: the path is too long", folder));
	return path;
}

const char *learn_file(const struct learn *learn, const struct lesson *lesson, const char *name,
                       char path[PATH_MAX])
{
	return join(path, learn->folder, "", lesson, name);
}

const char *learn_program(const struct learn *learn, const struct lesson *lesson, const char *name,
                          char path[PATH_MAX])
{
	const bool outside = *LEARN_OUT == '/';

	return join(path, outside ? "" : learn->root,
	            outside ? LEARN_OUT "/lessons" : "/" LEARN_OUT "/lessons", lesson, name);
}

bool learn_has(const struct learn *learn, const struct lesson *lesson, const char *name)
{
	char path[PATH_MAX];

	return access(learn_file(learn, lesson, name, path), R_OK) == 0;
}

const char *learn_shown(const char *path)
{
	char here[PATH_MAX];
	size_t size;

	if (!getcwd(here, sizeof here))
		return path;
	size = strlen(here);
	return strncmp(path, here, size) == 0 && path[size] == '/' ? path + size + 1 : path;
}

static void warn(struct learn *learn, int err)
{
	if (!err || learn->warned)
		return;
	learn->warned = true;
	complain("%s: %s: nothing is kept; PUSHLAB_PROGRESS names another file",
	         learn->progress.path, strerror(-err));
}

void learn_note(struct learn *learn, const struct lesson *lesson, const char *key,
                const char *value)
{
	warn(learn, progress_set(&learn->progress, lesson ? lesson->folder : NULL, key, value));
}

void learn_note_answer(struct learn *learn, const struct lesson *lesson, enum part part,
                       const struct quiz_question *question, enum verdict verdict, const char *said)
{
	struct answer before;

	/* Who skips it now has answered it nevertheless. */
	if (verdict == VERDICT_SKIPPED && progress_answer(&learn->progress, lesson->folder, part,
	                                                  question->id, question->hash, &before))
		return;
	warn(learn, progress_set_answer(&learn->progress, lesson->folder, part, question->id,
	                                question->hash, (struct answer){verdict, said}));
}

void learn_note_values(struct learn *learn, const struct lesson *lesson, const struct pairs *values)
{
	warn(learn, progress_set_values(&learn->progress, lesson->folder, values));
}

const char *learn_now(char text[32])
{
	const time_t now = time(NULL);
	struct tm local;

	strftime(text, 32, "%Y-%m-%d %H:%M", localtime_r(&now, &local));
	return text;
}

/*
 * Its progress goes nowhere, so that no more than the compiler's own words are seen. A check is
 * built of exercise.c whatever its date says: mv brings an older file back with its older date.
 */
bool learn_make(const struct learn *learn, const struct lesson *lesson, const char *name)
{
	const bool is_check = strcmp(name, "check") == 0;
	char target[PATH_MAX], exercise[PATH_MAX];
	const char *const argv[] = {
	        "make",
	        "-s",
	        LEARN_SETTINGS join(target, LEARN_OUT, "/lessons", lesson, name),
	        is_check ? "-W" : NULL,
	        join(exercise, "lessons", "", lesson, "exercise.c"),
	        NULL};
	const struct process process = {.argv = argv, .directory = learn->root, .out = -1};
	int status = process_run(&process);

	if (status)
		complain_of(EXIT_NOT_DONE, "make %s failed, exit status %d: see above", target,
		            status);
	return status == 0;
}

bool learn_class_options(const struct learn *learn, const struct lesson *lesson, char *text,
                         size_t size)
{
	const struct pairs *options = &learn->rules.options;
	char path[PATH_MAX], name[64];
	size_t used = 0;

	learn_program(learn, lesson, "lesson", path);
	*text = '\0';
	for (size_t i = 0; i < options->count && used < size; i++) {
		snprintf(name, sizeof name, "--%s", options->items[i].key);
		if (process_knows(path, name))
			used += (size_t)snprintf(text + used, size - used, "%s%s %s",
			                         used ? " " : "", name, options->items[i].value);
	}
	return used > 0;
}

/* Appends what follows `--` and, before it, the teacher's options that this lesson knows. */
static void add_options(const struct learn *learn, const char **argv, char names[][64])
{
	const struct pairs *options = &learn->rules.options;
	size_t count = 1;

	if (learn->plain)
		argv[count++] = "--plain";
	for (size_t i = 0; i < options->count && i < ARGUMENTS_MAX / 4; i++) {
		snprintf(names[i], sizeof names[i], "--%s", options->items[i].key);
		if (!process_knows(argv[0], names[i]))
			continue;
		argv[count++] = names[i];
		argv[count++] = options->items[i].value;
	}
	for (size_t i = 0; learn->rest && learn->rest[i] && count < ARGUMENTS_MAX - 2; i++)
		argv[count++] = learn->rest[i];
}

static int run_with_values(const struct learn *learn, const struct lesson *lesson, bool quiet,
                           const char *values)
{
	char path[PATH_MAX], names[ARGUMENTS_MAX / 4][64];
	const char *argv[ARGUMENTS_MAX] = {learn_program(learn, lesson, "lesson", path)};
	struct process process = {.argv = argv, .values = values, .out = quiet ? -1 : 0};
	size_t count = 0;

	add_options(learn, argv, names);
	while (argv[count])
		count++;
	if (quiet)
		argv[count] = "--values";
	return process_run(&process);
}

int learn_run_program(struct learn *learn, const struct lesson *lesson, bool quiet,
                      struct pairs *values)
{
	char path[] = "/tmp/learn-values.XXXXXX";
	int fd = mkstemp(path), status;
	unsigned line;

	*values = (struct pairs){0};
	if (fd < 0)
		return complain_of(EXIT_NOT_DONE, "/tmp: %s", strerror(errno));
	close(fd);
	status = run_with_values(learn, lesson, quiet, path);
	pairs_read(values, path, &line);
	unlink(path);
	if (status == 128 + SIGINT && !learn->json)
		say("\nThe lesson was interrupted. What you said is kept.");
	else if (status && status != PROCESS_NO_READER)
		complain_of(EXIT_NOT_DONE, "%s ended with exit status %d", lesson->folder, status);
	return status;
}

int learn_questions(const struct learn *learn, const struct lesson *lesson, enum part part,
                    struct quiz *quiz)
{
	const char *name = part == PART_QUIZ ? "quiz.md" : "predict.md";
	struct quiz_fault fault;
	char path[PATH_MAX];
	int err;

	*quiz = (struct quiz){0};
	if (!learn_has(learn, lesson, name))
		return 0;
	err = quiz_read(quiz, learn_file(learn, lesson, name, path), &fault);
	if (!err)
		return 0;
	quiz_free(quiz);
	return complain("%s:%u: %s", learn_shown(path), fault.line, fault.what);
}

bool learn_may_begin(const struct learn *learn, const struct lesson *lesson)
{
	if (!learn->rules.forbid_skip)
		return true;
	for (const struct lesson *before = learn->lessons.items; before < lesson; before++) {
		if (state_has_check(learn, before) && !state_passed(learn, before)) {
			complain_of(EXIT_NOT_DONE,
			            "lesson %u comes first: class.conf says forbid_skip, and its "
			            "check has not passed yet",
			            before->number);
			return false;
		}
	}
	return true;
}
