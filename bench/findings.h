/* What came of an experiment, in sentences: the prediction held against the figures. */
#ifndef BENCH_FINDINGS_H
#define BENCH_FINDINGS_H

#include "experiment.h"
#include "summary.h"
#include "table.h"

/* One row for each of [expected]: what, expected, measured, whether it held. Without any the table
 * has no rows. table_close in any case; 0 or -ENOMEM. */
int findings_table(struct table *out, const struct experiment *experiment,
                   const struct summary *summary);

/*
 * Calls line with user and one sentence, without its end, for each thing that the figures show: how
 * far they are from the closed forms; what libraries and transports cost in CPU, run against run
 * of the same block, where no difference is one that could be chance; with p99_max_ms, the highest
 * rate at which it is kept.
 */
void findings_lines(const struct experiment *experiment, const struct summary *summary,
                    void (*line)(void *user, const char *text), void *user);

#endif
