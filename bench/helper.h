/* A process that works beside a run until it is told to end: it shares memory with its parent, and
 * a line that tells either of the other's end. */
#ifndef BENCH_HELPER_H
#define BENCH_HELPER_H

#include <stddef.h>
#include <sys/types.h>

struct helper {
	pid_t pid;    /* 0: not running, or this is it */
	int line_fd;  /* our end of a socket pair; -1: closed */
	void *shared; /* all 0 at first; NULL: there is none */
	size_t shared_size;
};

#define HELPER_NONE                                                                                \
	{                                                                                          \
		.line_fd = -1                                                                      \
	}

/* As fork: gives 0 in the child, which sees its own end of the line; a positive number in the
 * parent; or a negative errno. helper_free in any case. */
pid_t helper_fork(struct helper *helper, size_t shared_size);

/* Closes the line, which tells it to end, and waits for that: *shared is there still. Gives the
 * status of waitpid: 0 where all went well, or where it was not running. One that was started while
 * others ran has their lines too, so that it must be ended before them. */
int helper_end(struct helper *helper);

/* Ends it, and frees *shared. */
void helper_free(struct helper *helper);

#endif
