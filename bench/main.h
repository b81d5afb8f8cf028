/* What the commands of build/bench share; main*.c alone print to a person. */
#ifndef BENCH_MAIN_H
#define BENCH_MAIN_H

#include <stdbool.h>

#define EXIT_INVALID_RUNS 1
#define EXIT_USAGE        2
#define EXIT_INTERRUPTED  130
#define WORDS_MAX         32
#define ERROR_MAX         512

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

/* Makes and prints the report of a result folder; gives the exit status. */
int make_report(const char *folder);

#endif
