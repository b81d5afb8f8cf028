/* From runs.jsonl to rows: what all runs of one cell with one set of parameters amount to. */
#ifndef BENCH_SUMMARY_H
#define BENCH_SUMMARY_H

#include <stddef.h>
#include <stdio.h>

#include "hist.h"
#include "run.h"
#include "stats.h"

/* NAN where it was not measured or theory says nothing. */
enum summary_value {
	/* the median over the valid runs of each run's value */
	LATENCY_MEAN_MS,
	LATENCY_STDDEV_MS,
	LATENCY_P50_MS,
	LATENCY_P90_MS,
	LATENCY_P99_MS,
	LATENCY_P999_MS,
	LATENCY_MAX_MS,
	UNSCHEDULED_P99_MS,
	REACH,
	DUPLICATES,
	REORDERED,
	MESSAGES_PER_RESPONSE,
	EMPTY_RESPONSES,
	EMPTY_SHARE,
	WIRE_BYTES_DOWN,
	WIRE_BYTES_UP,
	WIRE_BYTES_PER_MESSAGE,
	FRAMING_BYTES_PER_MESSAGE,
	PACKETS_PER_MESSAGE,
	SERVER_CPU_US_PER_MESSAGE,
	SERVER_BYTES_PER_CONNECTION,
	ROUND_TRIP_P50_MS,
	ROUND_TRIP_P99_MS,
	ROUND_TRIP_MAX_MS,
	RECONNECTS,
	CONNECT_MS_P50,
	HANDSHAKE_MS_P50,
	READY_MS_P50,
	CONNECT_BYTES_PER_CONNECTION,
	CONNECT_PACKETS_PER_CONNECTION,
	TLS_BYTES_PER_MESSAGE,
	SERVER_BYTES_FIRST_HALF,
	SERVER_BYTES_SECOND_HALF,
	KERNEL_BYTES_PER_CONNECTION,
	WIRE_BYTES_PER_IDLE_MINUTE,
	DATA_PACKETS_PER_MESSAGE,
	PURE_ACKS_PER_MESSAGE,
	RETRANSMISSIONS_PER_MESSAGE,
	LINK_LOST_PACKETS, /* these three NAN without a link */
	LINK_LATE_P99_MS,
	LINK_CPU_MS,
	CONNECT_CPU_US_PER_CONNECTION,
	SLAB_BYTES_PER_SOCKET,
	SERVER_CPU_US_PER_IDLE_MINUTE,
	SLOW_DISCONNECTED, /* NAN without slow readers */
	SERVER_BYTES_GROWTH,
	SUMMARY_MEASURED, /* how many are medians */

	/* 95 % intervals of three of these medians */
	LATENCY_P50_LOW_MS = SUMMARY_MEASURED,
	LATENCY_P50_HIGH_MS,
	LATENCY_MEAN_LOW_MS,
	LATENCY_MEAN_HIGH_MS,
	SERVER_CPU_US_LOW,
	SERVER_CPU_US_HIGH,

	/* SERVER_CPU_US_PER_MESSAGE by that of the same transport and parameters on epoll in the
	 * same block: the median over the blocks, and its 95 % interval */
	CPU_TO_EPOLL,
	CPU_TO_EPOLL_LOW,
	CPU_TO_EPOLL_HIGH,

	/* what theory predicts */
	MODEL_MEAN_MS,
	MODEL_MAX_MS,
	MODEL_EMPTY_SHARE,
	MODEL_MESSAGES_PER_RESPONSE,
	MODEL_FRAMING_BYTES_PER_MESSAGE,
	MODEL_WIRE_BYTES_PER_MESSAGE,
	MODEL_WIRE_BYTES_PER_IDLE_MINUTE,
	SUMMARY_VALUES
};

struct summary_sample {
	unsigned block;
	double values[SUMMARY_MEASURED];
};

struct summary_row {
	char experiment[64];
	struct run_parameters parameters;
	char lab_mode[16], wire_counts[16];
	char variant[96];            /* the parameters in which the rows of this cell differ */
	char label[128];             /* the cell and its variant: "polling/mhd 100 ms" */
	char latency_file[64];       /* "latency/polling-mhd-2.hgrm" */
	unsigned runs, invalid_runs; /* valid ones, the others */
	double values[SUMMARY_VALUES];
	/* Owned: of all valid runs together; round trips where clients alone publish. */
	struct hist *latency;

	/* private */
	struct summary_sample *samples; /* of each valid run */
};

struct summary_invalid {
	struct run_spec spec;
	char reason[200];
};

/* A line that could not be read: what it would have said is in no figure. */
struct summary_broken {
	unsigned line; /* from 1 */
	const char *why;
};

struct summary {
	struct summary_row *rows; /* by parameters, then in the order of the matrix */
	size_t count;
	struct summary_invalid *invalid;
	size_t invalid_count;
	struct summary_broken *broken;
	size_t broken_count;
	unsigned blocks;
};

/*
 * Reads a file of runs. Lines that are broken are left out and listed; of one that was cut off
 * while it was written, which is the last, nothing is said. 0, or a negative errno with one line in
 * `error` (PATH: …, or PATH:LINE: … where every line is broken). Afterwards summary_free is due in
 * any case.
 */
int summary_read(struct summary *out, const char *path, char *error, size_t error_size);

void summary_free(struct summary *summary);

/* The row to which a run with these parameters belongs; never NULL for one of the summary's. */
const struct summary_row *summary_row_of(const struct summary *summary,
                                         const struct run_parameters *parameters);

/* Why the row's first invalid run is that; "no run was made" where it has none. */
const char *summary_reason(const struct summary *summary, const struct summary_row *row);

struct summary_ratio {
	size_t pairs;             /* blocks of which both have a valid run */
	double median;            /* of the pairs' ratios; NAN without any */
	struct interval interval; /* its 95 % interval; NAN with fewer than two */
};

/* A value of the row as a multiple of the other's, run against run of the same block: a machine's
 * speed changes with the hour. */
struct summary_ratio summary_ratio(const struct summary_row *row, const struct summary_row *to,
                                   enum summary_value value);

/* Of all valid runs that have the value, unpaired, whichever blocks they are of. */
struct rank_test summary_test(const struct summary_row *a, const struct summary_row *b,
                              enum summary_value value);

/* Writes summary.csv: one line a row, empty where there is no value. 0 or -EIO. */
int summary_write_csv(const struct summary *summary, FILE *out);

/* The text of one column of that line. 0, -ENOENT where there is no such column, or -ENOMEM. */
int summary_cell(const struct summary_row *row, const char *column, char *out, size_t size);

/* The parameters that all rows share: "100 subscribers, 10 messages/s (poisson), 100 B json". */
void summary_shared(const struct summary *summary, char *out, size_t size);

#endif
