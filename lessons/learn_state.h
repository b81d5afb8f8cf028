/* How far a lesson is. */
#ifndef LESSONS_LEARN_STATE_H
#define LESSONS_LEARN_STATE_H

#include "learn.h"

/* Of one list of questions. */
struct state_count {
	unsigned questions;
	unsigned answered; /* or skipped: it was asked */
	unsigned right;
};

struct state {
	bool ran;
	bool has_check, passed;
	bool failed;   /* the last check, and none before it passed */
	bool solution; /* was looked at */
	unsigned hints;
	struct state_count predict, quiz;
};

struct state state_of(const struct learn *learn, const struct lesson *lesson);

/* The hints that were shown. */
unsigned state_hints(const struct learn *learn, const struct lesson *lesson);

/* Whether there is an exercise that can be checked on this machine: a check that lacks a library
 * has said so when it was tried. */
bool state_has_check(const struct learn *learn, const struct lesson *lesson);
bool state_passed(const struct learn *learn, const struct lesson *lesson);

/* It was run, its check passed, and every question was answered right. */
bool state_done(const struct state *state);

/* The same, but for questions that were asked and not answered, or not right. */
bool state_gone_through(const struct state *state);

/* Prints the one command that comes next, on a line of its own. */
void state_say_next(const struct learn *learn, const struct lesson *lesson);

#endif
