/* How a lesson program talks: plain paragraphs, steps that wait for Enter, and values by name. */
#ifndef LESSONS_STAGE_STAGE_H
#define LESSONS_STAGE_STAGE_H

#include <stdbool.h>
#include <stddef.h>

/* --NAME NUMBER or --NAME=NUMBER sets *value, which holds the default until then. Numbers are
 * finite and at least 0. A list ends with a NULL name. */
struct stage_option {
	const char *name; /* without the dashes */
	double *value;
	const char *what; /* for --help, with the unit: "one-way delay of the link in ms" */
};

/* Options that are no numbers: --NAME sets *flag, or --NAME WORD and --NAME=WORD set *word,
 * whichever is not NULL. A list ends with a NULL name. --play is for somebody at another terminal:
 * it implies --loopback. */
struct stage_word {
	const char *name;
	bool *flag;
	const char **word;
	const char *what;
};

/* Comes before stage_open, in the few lessons that have such options. The list is kept. */
void stage_words(const struct stage_word *words);

/*
 * Comes first. Reads the lesson's own options (NULL: it has none) and these:
 *   --values  print the values only, as KEY=VALUE lines
 *   --plain   never wait, and 72 columns whatever the terminal has
 *   --loopback  no private network: links are relays on loopback, whatever this machine allows
 *   --help    print what there is, and exit
 * What is wrong is said in one line, and the exit status is 2. Moves into a private network where
 * that is to be had (network.h). Prints the title.
 */
void stage_open(int argc, char **argv, const char *title, const struct stage_option *options);

/* A paragraph, wrapped to the terminal's width (72 columns where there is none), and an empty line.
 * A '\n' within it begins a new line; spaces at a line's start indent it as a whole. */
void stage_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "Next: NEXT." A full stop is added where there is none. Where stdin and stdout are terminals also
 * "Press Enter.", and it waits for that. */
void stage_step(const char *next);

/*
 * A number of this run by a stable key, such as request.bytes or poll.mean_ms (letters, digits, '.'
 * and '_'). It is shown in no other way, so say it in a sentence too. With --values it is printed
 * as KEY=VALUE (%.6g); in any case that line is appended to the file that the environment's
 * STAGE_VALUES names, where it names one: so `learn` sets predictions beside what was measured.
 */
void stage_value(const char *key, double value);

/* The same for the key PART.WHAT, where several parts give the same numbers. */
void stage_value_of(const char *part, const char *what, double value);

/* Whether nothing but values is printed (--values). */
bool stage_silent(void);

/* The terminal's columns, 72 with --plain; 0: stdout is no terminal, or none that tells. */
size_t stage_columns(void);

/* Comes last: the exit status, which is 0. */
int stage_close(void);

#endif
