/* The tables of a report, and what must be said under them so that they are read right. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>

#include "summary.h"
#include "table.h"

/* One row a cell and parameter set; closed by table_close. 0 or -ENOMEM. */
int figures_table(struct table *out, const struct summary *summary);

/* What crosses the wire, beside what the closed forms say of it (model_bytes.h, model.h), and how
 * many messages an answer carries. As figures_table. */
int figures_bytes(struct table *out, const struct summary *summary);

/* Lines under that table. */
void figures_bytes_notes(const struct summary *summary, void (*line)(void *user, const char *text),
                         void *user);

/* What a connection costs: time, bytes and packets until it is subscribed, the server's memory.
 * As figures_table. */
int figures_connections(struct table *out, const struct summary *summary);

/* Lines under that table. */
void figures_connections_notes(const struct summary *summary,
                               void (*line)(void *user, const char *text), void *user);

/* Lines under the table; `machine` is environment_caption's. Each is called with user and one line,
 * without its end. */
void figures_notes(const struct summary *summary, const char *machine,
                   void (*line)(void *user, const char *text), void *user);

/* The runs that are in no figure, and the lines of runs.jsonl that cannot be read; the same. */
void figures_left_out(const struct summary *summary, void (*line)(void *user, const char *text),
                      void *user);

/* One line for plots: machine, shared parameters, blocks. */
void figures_caption(const struct summary *summary, const char *machine, char *out, size_t size);

#endif
