/* One result beside another. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>
#include <stdio.h>

/* What tells a difference from chance, besides the intervals. */
enum compare_test { COMPARE_INTERVALS, COMPARE_MANN_WHITNEY };

/* By its name: "mann-whitney". False where there is no such test. */
bool compare_test_parse(const char *name, enum compare_test *out);

/*
 * Writes what differs between the environments of the results in folders a and b, and then, for
 * each row that both have, what b measured as a multiple of what a did: latency, wire bytes and CPU
 * a message, with the 95 % interval of the ratios, block by block, and whether that is a difference
 * at all. With COMPARE_MANN_WHITNEY the test's two-sided p stands beside each ratio, and below them
 * how small it can be with so few runs. 0, or a negative errno with one line in `error`: -ENODATA
 * where they have no row in common.
 */
int compare_results(const char *a, const char *b, enum compare_test test, FILE *out, char *error,
                    size_t error_size);

#endif
