/*
 * The test that speaks to the learner's code. A lesson's check.c is a list of cases and a main that
 * gives it to check_main; what exercise.c, solution.c and wrong/NAME.c define is declared in the
 * lesson's exercise.h.
 */
#ifndef LESSONS_STAGE_CHECK_H
#define LESSONS_STAGE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct check {
	const char *name; /* what holds where it passes: "two messages in one read" */
	void (*run)(void);
};

/*
 * Runs the cases in turn, each in a child of its own with a limit of 5 s, and prints "ok 1 NAME" or
 * "FAIL 1 NAME" and under it what is wrong; a crash and a timeout are said as such. Stops after the
 * first failure, or with --all runs them all; --json prints a JSON object a line: number, name, ok,
 * and message where it failed. The exit status is 0 or 1. What the learner's code prints to stdout
 * goes to stderr. A list ends with a NULL name.
 */
int check_main(int argc, char **argv, const struct check *checks);

/*
 * These end the case where it does not hold, and say:
 *   FAIL 2 two messages in one read
 *     where:    the size of the second message
 *     expected: 45
 *     got:      90
 *     help:     the first message ends where its body does
 * `what` is that first line; help is one line too (NULL: none). On a terminal such lines are
 * wrapped, unless they show bytes or a text in quotes.
 */
void check_number(const char *what, long expected, long got, const char *help);

/* got may be NULL. Both are shown with \r, \n and the like written out. */
void check_text(const char *what, const char *expected, const char *got, const char *help);

/* Hex and text of both around the first difference, which a caret shows and `where` names. */
void check_bytes(const char *what, const void *expected, size_t expected_size, const void *got,
                 size_t got_size, const char *help);

/* expected: WHAT, got: that is not so. */
void check_that(bool holds, const char *what, const char *help);

/*
 * For exercises that are programs: they define
 *   int exercise_main(int argc, char **argv);
 * (declared here; do not declare it again), which is run in a child process as if called with
 * --port 0 and then more_arguments (NULL, or a list that ends with NULL). It is ready once it has
 * printed the line "ready PORT". Where that does not come within 2 s, or the child listens on
 * another port than it said, the case ends and both are named: "it listens on 8000, and said
 * 40123". The child dies with the case.
 */
int exercise_main(int argc, char **argv);

struct check_program {
	pid_t pid;
	uint16_t port;
};

void check_start(struct check_program *program, const char *const *more_arguments);

/* Ends it with SIGTERM, and with SIGKILL where that did not do within 2 s. A crash before that is
 * said, and ends the case. */
void check_stop(struct check_program *program);

/* Waits up to 2 s for it to end by itself, which it must, and gives its exit status. */
int check_exit_status(struct check_program *program);

#endif
