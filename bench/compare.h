/* One result beside another. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdio.h>

/*
 * Writes what differs between the environments of the results in folders a and b, and then, for
 * each row that both have, what b measured as a multiple of what a did: latency, wire bytes and CPU
 * a message, with the 95 % interval of the ratios, block by block, and whether that is a difference
 * at all. 0, or a negative errno with one line in `error`: -ENODATA where they have no row in
 * common.
 */
int compare_results(const char *a, const char *b, FILE *out, char *error, size_t error_size);

#endif
