/* Arithmetic on what a result measured: "sse/epoll:link_delay_ms=50:latency_mean_ms / 50". */
#ifndef BENCH_EXPRESSION_H
#define BENCH_EXPRESSION_H

#include "summary.h"

#define EXPRESSION_WORD_MAX 160

/*
 * Numbers, values, + - * / and parentheses, with spaces between; * and / before + and -. A value is
 * TRANSPORT/STACK:CONDITIONS:COLUMN, of the first row of summary.csv for which the conditions hold
 * (COLUMN=VALUE, joined by &; none: -).
 *
 * *result is NAN where one of the values was not measured. Without a summary (NULL) the expression
 * is only checked. 0, or -EINVAL with *why (static text) where it is none.
 */
int expression_evaluate(const char *text, const struct summary *summary, double *result,
                        const char **why);

#endif
