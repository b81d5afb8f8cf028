/* For tests: what a function prints and how it ends, in a child process of its own. */
#ifndef LESSONS_STAGE_CAPTURED_H
#define LESSONS_STAGE_CAPTURED_H

struct captured {
	char out[16384], err[4096];
	int status; /* that of exit; -1: a signal killed it */
};

/* Calls run with stdin at its end, and then exit with what it gives. */
void captured_run(struct captured *captured, int (*run)(void *user), void *user);

/* The same with stdin and stdout at a terminal of so many columns, on which Enter was pressed a few
 * times; it shows no echo, and no carriage returns. */
void captured_run_on_terminal(struct captured *captured, unsigned short columns,
                              int (*run)(void *user), void *user);

#endif
