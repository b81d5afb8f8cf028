#include "advise.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "parameters.h"

#define SAME_BYTES 1.02 /* so many times as much is no more */

/* A limit of 0 is none. */
static bool is_within(double value_ms, unsigned limit_ms)
{
	return limit_ms == 0 || value_ms <= limit_ms;
}

static bool is_met(const struct experiment *workload, const struct summary_row *row)
{
	return row->runs > 0 && is_within(row->values[LATENCY_P99_MS], workload->p99_max_ms) &&
	       is_within(row->values[ROUND_TRIP_P99_MS], workload->round_trip_p99_max_ms);
}

static void write_requirement(const struct experiment *workload, FILE *out)
{
	fputs("  It requires that 99 % of the messages", out);
	if (workload->p99_max_ms)
		fprintf(out, " are delivered within %u ms", workload->p99_max_ms);
	if (workload->p99_max_ms && workload->round_trip_p99_max_ms)
		fputs(", and", out);
	if (workload->round_trip_p99_max_ms)
		fprintf(out, " are back at who published them within %u ms",
		        workload->round_trip_p99_max_ms);
	fputs(".\n", out);
}

/* A share of few messages is a coarse one: 1 % of 100 is one. */
static void write_basis(const struct summary *summary, FILE *out)
{
	const struct run_parameters *first = &summary->rows[0].parameters;
	double messages = (first->rate_hz + first->rate_up_hz) * first->main_s * summary->blocks;

	fprintf(out, "  Judged by some %.0f messages, each to %u subscriber%s.\n", messages,
	        first->subscribers, first->subscribers == 1 ? "" : "s");
}

static void write_row(const struct experiment *workload, const struct summary *summary,
                      const struct summary_row *row, FILE *out)
{
	const double *values = row->values;

	fprintf(out, "  %-4s %-16s", is_met(workload, row) ? "yes" : "no", row->label);
	if (row->runs == 0) {
		fprintf(out, "  no valid run: %s\n", summary_reason(summary, row));
		return;
	}
	if (!isnan(values[LATENCY_P99_MS]))
		fprintf(out, "  p99 %.4g ms", values[LATENCY_P99_MS]);
	if (!isnan(values[ROUND_TRIP_P99_MS]))
		fprintf(out, "  there and back %.4g ms", values[ROUND_TRIP_P99_MS]);
	fprintf(out, "  %.0f B and %.3g µs of CPU a message", values[WIRE_BYTES_PER_MESSAGE],
	        values[SERVER_CPU_US_PER_MESSAGE]);
	fprintf(out, ", %.0f B to connect\n", values[CONNECT_BYTES_PER_CONNECTION]);
}

static bool costs_same_bytes(const struct summary_row *row, const struct summary_row *best)
{
	return row->values[WIRE_BYTES_PER_MESSAGE] <=
	       best->values[WIRE_BYTES_PER_MESSAGE] * SAME_BYTES;
}

/* Where there is no interval nothing tells them apart. */
static bool costs_same_cpu(const struct summary_row *row, const struct summary_row *best)
{
	return !(row->values[SERVER_CPU_US_LOW] > best->values[SERVER_CPU_US_HIGH]);
}

static const struct summary_row *cheapest(const struct experiment *workload,
                                          const struct summary *summary, enum summary_value cost)
{
	const struct summary_row *best = NULL;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (is_met(workload, row) && (!best || row->values[cost] < best->values[cost]))
			best = row;
	}
	return best;
}

static void write_cheapest(const struct experiment *workload, const struct summary *summary,
                           enum summary_value cost, const char *in,
                           bool (*is_same)(const struct summary_row *, const struct summary_row *),
                           FILE *out)
{
	const struct summary_row *best = cheapest(workload, summary, cost);
	bool tie = false;

	fprintf(out, "  Cheapest in %s: %s", in, best->label);
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (row == best || !is_met(workload, row) || !is_same(row, best))
			continue;
		fprintf(out, ", %s", row->label);
		tie = true;
	}
	fputs(tie ? " (a tie: no difference that this shows)\n" : "\n", out);
}

int advise_write(const struct experiment *workload, const struct summary *summary, FILE *out)
{
	char shared[192];

	summary_shared(summary, shared, sizeof shared);
	fprintf(out, "%s: %s\n  %s.\n", workload->name, workload->question, shared);
	write_requirement(workload, out);
	write_basis(summary, out);
	for (size_t i = 0; i < summary->count; i++)
		write_row(workload, summary, &summary->rows[i], out);
	if (cheapest(workload, summary, WIRE_BYTES_PER_MESSAGE)) {
		write_cheapest(workload, summary, WIRE_BYTES_PER_MESSAGE, "bytes", costs_same_bytes,
		               out);
		write_cheapest(workload, summary, SERVER_CPU_US_PER_MESSAGE, "CPU", costs_same_cpu,
		               out);
	} else {
		fputs("  None meets it on this link.\n", out);
	}
	fputc('\n', out);
	return ferror(out) ? -EIO : 0;
}
