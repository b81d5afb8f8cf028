/* What a process uses: entries of its table of descriptors, and CPU. */
#ifndef LESSONS_16_PRODUCTION_DESCRIPTORS_H
#define LESSONS_16_PRODUCTION_DESCRIPTORS_H

#include <sys/types.h>

/* Opens /dev/null for each of stdin, stdout and stderr that is closed, so that nothing else takes
 * their place. */
void descriptors_fill_first_three(void);

/* Lets this process have so many, as `ulimit -n` does for a shell. Where that is more than its hard
 * limit allows, says so and exits with status 1. */
void descriptors_allow(unsigned most);

/* The same, but only where the limit is lower. */
void descriptors_need(unsigned least);

unsigned descriptors_in_use(void);

/* For how long a child has been on a CPU so far, in ms. */
double cpu_ms_of(pid_t pid);

#endif
