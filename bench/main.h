/* What the commands of build/bench share; main*.c alone print to a person. */
#ifndef BENCH_MAIN_H
#define BENCH_MAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "experiment.h"

#define EXIT_INVALID_RUNS 1
#define EXIT_USAGE        2
#define EXIT_INTERRUPTED  130
#define WORDS_MAX         32
#define ERROR_MAX         512

/* What bench run was asked for. */
struct run_options {
	const char *what; /* NAME or FILE.ini */
	const char *out;
	const char *lab;                                      /* as offer_choose has it */
	const char *pcap;                                     /* NULL: none */
	const char *only[WORDS_MAX + 1], *set[WORDS_MAX + 1]; /* NULL ends them */
	struct experiment_options experiment;
	bool ascii;   /* draw the plots to the terminal too */
	bool is_part; /* of something else, which has its own to say of the result */
};

/* Runs it, and sets folder to where its result is. Gives the exit status. */
int run_experiment(struct run_options *options, char *folder, size_t size);

int main_advise(int argc, char **argv);
int main_run(int argc, char **argv);
int main_verify(int argc, char **argv);

/* Says it in one line and gives EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool ends_with(const char *text, const char *end);

/* Adds it to a list of WORDS_MAX + 1 that NULL ends; one too many is an error of usage. */
void add_word(const char **words, const char *word);

/* Ends with an error of usage where --lab names no mode; NULL: it was not given. */
void check_lab(const char *asked);

/* Ctrl-C and SIGTERM set runner_interrupted from now on. */
void handle_interrupts(void);

/* Makes the report of a result folder and prints it to `out`, if that is not NULL; gives the exit
 * status. */
int make_report(const char *folder, FILE *out);

#define ASCII_HELP "Draw the plots here too, as text"

/* Draws the plots of a reported result to stdout, as text; gives the exit status. Where there is no
 * gnuplot, the report has said so. */
int print_plots(const char *folder);

#endif
