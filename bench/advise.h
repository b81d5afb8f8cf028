/* Which transports do for a workload, and which of them is cheapest. */
#ifndef BENCH_ADVISE_H
#define BENCH_ADVISE_H

#include <stdio.h>

#include "experiment.h"
#include "summary.h"

/*
 * Writes of each row of a workload's result whether it meets what the workload requires, and at
 * which cost, and by how many messages that is judged; then which is cheapest in bytes and in CPU
 * of those that do. Bytes that differ by less than 2 % are a tie, and CPU whose intervals overlap,
 * or where one block leaves none. 0 or -EIO.
 */
int advise_write(const struct experiment *workload, const struct summary *summary, FILE *out);

#endif
