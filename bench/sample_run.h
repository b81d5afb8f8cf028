/* Invented runs, for tests of what is made of runs. */
#ifndef BENCH_SAMPLE_RUN_H
#define BENCH_SAMPLE_RUN_H

#include "run.h"

/* A valid run of a cell, of plausible size, the same every time; blocks differ a little. */
void sample_run(const char *transport, const char *stack, unsigned block, struct run_spec *spec,
                struct run_result *result);

#endif
