/* From runs.jsonl to what people read: summary.csv, latency histograms, the table, plots. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

/*
 * Reads dir/runs.jsonl (and dir/environment.json for the captions) and writes dir/summary.csv,
 * dir/latency/TRANSPORT-STACK[-N].hgrm (N: the row's number where a cell has several rows),
 * dir/report.md, dir/report.html (one page with all that is in it), and with gnuplot
 * dir/plots/NAME.svg and .png for every scripts/plots/NAME.gp. The table goes to `out` as well. 0,
 * or a negative errno with one line in `error`; a missing gnuplot is no error: a line on `out` says
 * that the plots were left out and what to install.
 */
int report_make(const char *dir, FILE *out, char *error, size_t error_size);

#endif
