/* Other programs: make, a lesson, its check, git. */
#ifndef LESSONS_LEARN_PROCESS_H
#define LESSONS_LEARN_PROCESS_H

#include <signal.h>
#include <stdbool.h>

enum {
	PROCESS_NO_READER = 128 + SIGPIPE /* of one that wrote to `head`, which had seen enough */
};

struct process {
	const char *const *argv; /* ends with NULL; argv[0] is looked for on PATH */
	const char *directory;   /* NULL: ours */
	const char *values;      /* what its STAGE_VALUES is; NULL: none */
	int out, err;            /* its stdout and stderr; 0: ours, -1: nowhere */
};

/*
 * Runs it to its end. Ctrl-C is meant for it, not for us. Its exit status, 128 + signal where one
 * ended it, 127 where it could not be started, or a negative errno.
 */
int process_run(const struct process *process);

/* Whether `program --help` lists that option ("--play"). */
bool process_knows(const char *program, const char *option);

/* Whether it lists any that has a number ("--delay N"). */
bool process_takes_numbers(const char *program);

#endif
