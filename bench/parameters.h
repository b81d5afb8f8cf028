/* What tells one run's parameters from another's, in bits, in words and in order. */
#ifndef BENCH_PARAMETERS_H
#define BENCH_PARAMETERS_H

#include "run.h"

/* The ways in which parameters can differ, but for the cell. */
enum {
	PARAMETER_SUBSCRIBERS = 1 << 0,
	PARAMETER_RATE = 1 << 1,
	PARAMETER_RATE_UP = 1 << 2,
	PARAMETER_ARRIVALS = 1 << 3,
	PARAMETER_PAYLOAD = 1 << 4,
	PARAMETER_FORMAT = 1 << 5,
	PARAMETER_POLL_INTERVAL = 1 << 6,
	PARAMETER_BATCH = 1 << 7,
	PARAMETER_HEADERS = 1 << 8,
	PARAMETER_TLS = 1 << 9,
	PARAMETER_CUTS = 1 << 10,
	PARAMETER_LINK = 1 << 11,
	PARAMETER_WARMUP = 1 << 12,
	PARAMETER_MAIN = 1 << 13,
	PARAMETER_SLOW_READERS = 1 << 14,
	PARAMETER_CONNECTIONS_MAX = 1 << 15,
	PARAMETERS_ALL = (1 << 16) - 1
};

/* In which of these ways a and b differ. */
int parameters_difference(const struct run_parameters *a, const struct run_parameters *b);

bool parameters_same_cell(const struct run_parameters *a, const struct run_parameters *b);

/* In words, those that `which` names: "100 subscribers, every 250 ms". */
void parameters_describe(const struct run_parameters *parameters, int which, char *out,
                         size_t size);

/* Those of `which` that need not be said: nothing is published up, no TLS, no cuts, no link,
 * no slow readers, any number of connections. */
int parameters_unsaid(const struct run_parameters *parameters);

/* As for qsort. Rows to be compared stand together: first what all cells have in common, then the
 * cell as in the matrix (what is not in it behind), then what only one transport has. */
int parameters_compare(const struct run_parameters *a, const struct run_parameters *b);

#endif
