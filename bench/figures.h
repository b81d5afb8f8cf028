/* The table of a report, and what must be said under it so that it is read right. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>

#include "summary.h"
#include "table.h"

/* One row a cell and parameter set; closed by table_close. 0 or -ENOMEM. */
int figures_table(struct table *out, const struct summary *summary);

/* Lines under the table; `machine` is environment_caption's. Each is called with user and one line,
 * without its end. */
void figures_notes(const struct summary *summary, const char *machine,
                   void (*line)(void *user, const char *text), void *user);

/* One line for plots: machine, shared parameters, blocks. */
void figures_caption(const struct summary *summary, const char *machine, char *out, size_t size);

#endif
