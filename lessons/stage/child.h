/* Child processes that do not outlive us. */
#ifndef LESSONS_STAGE_CHILD_H
#define LESSONS_STAGE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Prints "PROGRAM: cannot WHAT: " with the reason that errno gives, and exits with status 1. */
__attribute__((noreturn)) void child_give_up(const char *what);

/* As fork, but it gives up where that fails, and the child is killed when this process ends. What
 * was printed is flushed before, so that it is printed once. */
pid_t child_fork(void);

/* In a child: closes what it was given of our files and connections, but for the first three and
 * `kept`: else a connection that we close would stay open in the child. */
void child_keep_only(int kept);

/* Waits until it has ended, for so long at most: whether it has. *status is that of waitpid. */
bool child_wait(pid_t pid, double limit_ms, int *status);

/* "crashed: signal 11 (Segmentation fault)", "ended with exit status 3". */
void child_describe(int status, char *text, size_t size);

/* Kills it, if it runs still, and waits for its end. */
void child_end(pid_t pid);

#endif
