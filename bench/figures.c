#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Three significant digits at most, and no more than three behind the point: ms to the µs. */
static int decimals(double value)
{
	if (value >= 100)
		return 0;
	if (value >= 10)
		return 1;
	return value >= 1 ? 2 : 3;
}

static void put_number(char *cell, double value)
{
	if (isnan(value))
		strcpy(cell, "-");
	else if (isinf(value))
		strcpy(cell, "no bound");
	else if (value == 0)
		strcpy(cell, "0");
	else
		snprintf(cell, TABLE_CELL_BYTES, "%.*f", decimals(value), value);
}

static void put_with_interval(char *cell, double value, double low, double high)
{
	char texts[3][TABLE_CELL_BYTES / 4];

	if (isnan(value)) {
		strcpy(cell, "-");
		return;
	}
	if (isnan(low)) {
		put_number(cell, value);
		return;
	}
	snprintf(texts[0], sizeof(texts[0]), "%.*f", decimals(value), value);
	snprintf(texts[1], sizeof(texts[1]), "%.*f", decimals(value), low);
	snprintf(texts[2], sizeof(texts[2]), "%.*f", decimals(value), high);
	snprintf(cell, TABLE_CELL_BYTES, "%s [%s %s]", texts[0], texts[1], texts[2]);
}

/* Rounded down: what is not all does not look like all. */
static void put_percent(char *cell, double share)
{
	if (isnan(share))
		strcpy(cell, "-");
	else
		snprintf(cell, TABLE_CELL_BYTES, "%g", floor(share * 1e4 + 1e-6) / 100);
}

static void put_ratio(char *cell, double value)
{
	if (isnan(value))
		strcpy(cell, "-");
	else
		snprintf(cell, TABLE_CELL_BYTES, "%.2f", value);
}

static void fill_row(char (*cells)[TABLE_CELL_BYTES], const struct summary_row *row)
{
	const double *values = row->values;

	snprintf(*cells++, TABLE_CELL_BYTES, "%s", row->parameters.transport);
	snprintf(*cells++, TABLE_CELL_BYTES, "%s", row->parameters.stack);
	put_number(*cells++, values[LATENCY_MEAN_MS]);
	put_with_interval(*cells++, values[LATENCY_P50_MS], values[LATENCY_P50_LOW_MS],
	                  values[LATENCY_P50_HIGH_MS]);
	put_number(*cells++, values[LATENCY_P99_MS]);
	put_number(*cells++, values[LATENCY_MAX_MS]);
	put_number(*cells++, values[MODEL_MEAN_MS]);
	put_percent(*cells++, values[REACH]);
	put_number(*cells++, values[WIRE_BYTES_PER_MESSAGE]);
	put_ratio(*cells++, values[PACKETS_PER_MESSAGE]);
	put_number(*cells++, values[SERVER_CPU_US_PER_MESSAGE]);
	put_number(*cells++, values[SERVER_BYTES_PER_CONNECTION] / 1024);
	put_ratio(*cells++, values[MESSAGES_PER_RESPONSE]);
	put_percent(*cells, values[EMPTY_SHARE]);
}

static const struct table_column columns[] = {
        {"parameters", "", true}, /* left out where no cell has several rows */
        {"transport", "", true},         {"stack", "", true},      {"mean", "ms", false},
        {"p50 [interval]", "ms", false}, {"p99", "ms", false},     {"max", "ms", false},
        {"model", "mean ms", false},     {"reach", "%", false},    {"wire", "B/msg", false},
        {"pkts", "/msg", false},         {"CPU", "µs/msg", false}, {"memory", "KiB/conn", false},
        {"msgs", "/resp", false},        {"empty", "%", false},
};

int figures_table(struct table *out, const struct summary *summary)
{
	size_t first = 1, all = sizeof(columns) / sizeof(*columns);
	int status;

	for (size_t i = 0; i < summary->count; i++) {
		if (*summary->rows[i].variant)
			first = 0;
	}
	status = table_open(out, columns + first, all - first, summary->count);
	for (size_t i = 0; status == 0 && i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (first == 0)
			snprintf(out->rows[i][0], TABLE_CELL_BYTES, "%s", row->variant);
		fill_row(out->rows[i] + 1 - first, row);
	}
	return status;
}

static void note_lab(const struct summary *summary, void (*line)(void *user, const char *text),
                     void *user)
{
	const struct summary_row *row = &summary->rows[0];
	bool loopback = strcmp(row->lab_mode, "loopback") == 0;
	char text[256];

	snprintf(text, sizeof(text), "%s: %s; byte counts are %s.", row->lab_mode,
	         loopback ? "no link is emulated" : "packets cross an emulated link",
	         strcmp(row->wire_counts, "modelled") == 0
	                 ? "modelled: TCP payload + 66 B a segment"
	                 : row->wire_counts);
	line(user, text);
	if (loopback)
		line(user, "On loopback the latency of sse, websocket and longpoll is the time it "
		           "takes to wake up, not network time.");
}

static void note_invalid(const struct summary *summary, void (*line)(void *user, const char *text),
                         void *user)
{
	char text[384];

	if (summary->invalid_count == 0) {
		line(user, "Invalid runs: none.");
		return;
	}
	snprintf(text, sizeof(text), "Invalid runs, which are in no figure: %zu.",
	         summary->invalid_count);
	line(user, text);
	for (size_t i = 0; i < summary->invalid_count; i++) {
		const struct run_spec *spec = &summary->invalid[i].spec;

		snprintf(text, sizeof(text), "- block %u, run %u, %s/%s: %s", spec->block,
		         spec->order, spec->parameters.transport, spec->parameters.stack,
		         summary->invalid[i].reason);
		line(user, text);
	}
}

void figures_notes(const struct summary *summary, const char *machine,
                   void (*line)(void *user, const char *text), void *user)
{
	char shared[192], text[512];

	line(user, machine);
	summary_shared(summary, shared, sizeof(shared));
	snprintf(text, sizeof(text), "%s; %u block%s: medians over the runs%s.", shared,
	         summary->blocks, summary->blocks == 1 ? "" : "s",
	         summary->blocks < 2   ? ""
	         : summary->blocks < 5 ? ", and the interval from the lowest to the highest"
	                               : ", with 95 % intervals");
	line(user, text);
	line(user,
	     "Wire and pkts: per message received, both ways, with requests and ACKs. CPU: the "
	     "server's. Memory: its own.");
	note_lab(summary, line, user);
	note_invalid(summary, line, user);
}

void figures_caption(const struct summary *summary, const char *machine, char *out, size_t size)
{
	char shared[192];

	summary_shared(summary, shared, sizeof(shared));
	snprintf(out, size, "%s · %s · %u block%s", machine, shared, summary->blocks,
	         summary->blocks == 1 ? "" : "s");
}
