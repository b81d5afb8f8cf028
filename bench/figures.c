#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../transports/matrix.h"
#include "parameters.h"

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

static bool is_floor(const struct summary_row *row)
{
	return strcmp(row->parameters.transport, "floor") == 0;
}

static void put_variant(char *cell, const struct summary_row *row)
{
	snprintf(cell, TABLE_CELL_BYTES, "%s", row->variant);
}

static void put_transport(char *cell, const struct summary_row *row)
{
	snprintf(cell, TABLE_CELL_BYTES, "%s", row->parameters.transport);
}

/* NULL where nothing is to be said of the cell. */
static const char *note_of(const struct summary_row *row)
{
	const struct endpoint *cell =
	        matrix_endpoint(row->parameters.transport, row->parameters.stack);

	return cell ? cell->note : NULL;
}

static void put_stack(char *cell, const struct summary_row *row)
{
	snprintf(cell, TABLE_CELL_BYTES, "%s%s", row->parameters.stack, note_of(row) ? "*" : "");
}

static void put_median(char *cell, const struct summary_row *row)
{
	const double *values = row->values;

	put_with_interval(cell, values[LATENCY_P50_MS], values[LATENCY_P50_LOW_MS],
	                  values[LATENCY_P50_HIGH_MS]);
}

/* Of what was measured from what theory says, which may say 0. */
static void put_off(char *cell, double measured, double model)
{
	double off = (measured / model - 1) * 100;

	if (fabs(off) < 0.05)
		strcpy(cell, "0");
	else if (isfinite(off))
		snprintf(cell, TABLE_CELL_BYTES, "%+.1f", off);
	else
		strcpy(cell, "-");
}

static void put_mean_off(char *cell, const struct summary_row *row)
{
	put_off(cell, row->values[LATENCY_MEAN_MS], row->values[MODEL_MEAN_MS]);
}

static void put_wire_off(char *cell, const struct summary_row *row)
{
	put_off(cell, row->values[WIRE_BYTES_PER_MESSAGE],
	        row->values[MODEL_WIRE_BYTES_PER_MESSAGE]);
}

static void put_answers_off(char *cell, const struct summary_row *row)
{
	put_off(cell, row->values[MESSAGES_PER_RESPONSE], row->values[MODEL_MESSAGES_PER_RESPONSE]);
}

static void put_idle_off(char *cell, const struct summary_row *row)
{
	put_off(cell, row->values[WIRE_BYTES_PER_IDLE_MINUTE],
	        row->values[MODEL_WIRE_BYTES_PER_IDLE_MINUTE]);
}

static void put_memory(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[SERVER_BYTES_PER_CONNECTION] / 1024);
}

static void put_memory_growth(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[SERVER_BYTES_GROWTH] / 1024);
}

static void put_kernel_memory(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[KERNEL_BYTES_PER_CONNECTION] / 1024);
}

static void put_runs(char *cell, const struct summary_row *row)
{
	snprintf(cell, TABLE_CELL_BYTES, "%u of %u", row->runs, row->runs + row->invalid_runs);
}

static void put_first_half(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[SERVER_BYTES_FIRST_HALF] / 1024);
}

static void put_second_half(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[SERVER_BYTES_SECOND_HALF] / 1024);
}

/* The floor has nothing to be compared with. */
static void put_to_epoll(char *cell, const struct summary_row *row)
{
	const double *values = row->values;

	if (strcmp(row->parameters.stack, "epoll") != 0)
		put_with_interval(cell, values[CPU_TO_EPOLL], values[CPU_TO_EPOLL_LOW],
		                  values[CPU_TO_EPOLL_HIGH]);
	else
		strcpy(cell, is_floor(row) || isnan(values[CPU_TO_EPOLL]) ? "-" : "1");
}

static bool has_variant(const struct summary_row *row)
{
	return *row->variant;
}

/* Or clients alone publish. */
static bool has_latency(const struct summary_row *row)
{
	return row->parameters.rate_hz > 0;
}

/* Of more than 0, from which nothing can be off by a share. */
static bool has_model(const struct summary_row *row)
{
	return has_latency(row) && row->values[MODEL_MEAN_MS] > 0;
}

static bool has_round_trip(const struct summary_row *row)
{
	return row->parameters.rate_up_hz > 0;
}

/* Nobody publishes. */
static bool is_idle(const struct summary_row *row)
{
	return !has_latency(row) && !has_round_trip(row);
}

static bool is_busy(const struct summary_row *row)
{
	return !is_idle(row);
}

static bool has_retransmissions(const struct summary_row *row)
{
	return row->values[RETRANSMISSIONS_PER_MESSAGE] > 0;
}

static bool has_pure_acks(const struct summary_row *row)
{
	return !isnan(row->values[PURE_ACKS_PER_MESSAGE]);
}

static bool has_wire_model(const struct summary_row *row)
{
	return !isnan(row->values[MODEL_WIRE_BYTES_PER_MESSAGE]);
}

static bool has_framing_model(const struct summary_row *row)
{
	return !isnan(row->values[MODEL_FRAMING_BYTES_PER_MESSAGE]);
}

/* Other than that an answer carries one message. */
static bool has_answers_model(const struct summary_row *row)
{
	double model = row->values[MODEL_MESSAGES_PER_RESPONSE];

	return !isnan(model) && model != 1;
}

static bool has_idle_model(const struct summary_row *row)
{
	return !isnan(row->values[MODEL_WIRE_BYTES_PER_IDLE_MINUTE]);
}

static bool has_kernel_memory(const struct summary_row *row)
{
	return !isnan(row->values[KERNEL_BYTES_PER_CONNECTION]);
}

static bool has_invalid(const struct summary_row *row)
{
	return row->invalid_runs > 0;
}

static bool has_cuts(const struct summary_row *row)
{
	return row->parameters.cuts > 0;
}

static bool has_slabs(const struct summary_row *row)
{
	return !isnan(row->values[SLAB_BYTES_PER_SOCKET]);
}

static void put_slabs(char *cell, const struct summary_row *row)
{
	put_number(cell, row->values[SLAB_BYTES_PER_SOCKET] / 1024);
}

static bool has_slow_readers(const struct summary_row *row)
{
	return row->parameters.slow_readers > 0;
}

static bool has_limit(const struct summary_row *row)
{
	return row->parameters.connections_max > 0;
}

static bool has_tls(const struct summary_row *row)
{
	return row->parameters.tls;
}

static bool has_ratio(const struct summary_row *row)
{
	return strcmp(row->parameters.stack, "epoll") != 0 && !isnan(row->values[CPU_TO_EPOLL]);
}

/* Columns show a value, which is written by `put`, or what `fill` makes of the row. */
struct figure {
	struct table_column column;
	bool (*wanted)(const struct summary_row *row); /* by any row; NULL: always there */
	void (*fill)(char *cell, const struct summary_row *row);
	enum summary_value value;
	void (*put)(char *cell, double value);
};

#define WHAT                                                                                       \
	{{"parameters", "", true}, has_variant, .fill = put_variant},                              \
	        {{"transport", "", true}, NULL, .fill = put_transport},                            \
	{                                                                                          \
		{"stack", "", true}, NULL, .fill = put_stack                                       \
	}

static const struct figure figures[] = {
        WHAT,
        {{"mean", "ms", false}, has_latency, NULL, LATENCY_MEAN_MS, put_number},
        {{"p50 [interval]", "ms", false}, has_latency, .fill = put_median},
        {{"p99", "ms", false}, has_latency, NULL, LATENCY_P99_MS, put_number},
        {{"max", "ms", false}, has_latency, NULL, LATENCY_MAX_MS, put_number},
        {{"model", "mean ms", false}, has_latency, NULL, MODEL_MEAN_MS, put_number},
        {{"off", "%", false}, has_model, .fill = put_mean_off},
        {{"there, back", "p50 ms", false}, has_round_trip, NULL, ROUND_TRIP_P50_MS, put_number},
        {{"", "p99 ms", false}, has_round_trip, NULL, ROUND_TRIP_P99_MS, put_number},
        {{"valid", "runs", false}, has_invalid, .fill = put_runs},
        {{"reach", "%", false}, NULL, NULL, REACH, put_percent},
        {{"had", "twice", false}, has_cuts, NULL, DUPLICATES, put_number},
        {{"connected", "again", false}, has_cuts, NULL, RECONNECTS, put_number},
        {{"slow,", "cut off", false}, has_slow_readers, NULL, SLOW_DISCONNECTED, put_number},
        {{"grew by", "KiB", false}, has_slow_readers, .fill = put_memory_growth},
        {{"wire", "B/msg", false}, is_busy, NULL, WIRE_BYTES_PER_MESSAGE, put_number},
        {{"idle wire", "B/min", false}, is_idle, NULL, WIRE_BYTES_PER_IDLE_MINUTE, put_number},
        {{"idle CPU", "µs/min", false}, is_idle, NULL, SERVER_CPU_US_PER_IDLE_MINUTE, put_number},
        {{"CPU", "µs/msg", false}, is_busy, NULL, SERVER_CPU_US_PER_MESSAGE, put_number},
        {{"x epoll", "CPU", false}, has_ratio, .fill = put_to_epoll},
        {{"memory", "KiB/conn", false}, NULL, .fill = put_memory},
};

#define FIGURES (sizeof(figures) / sizeof(*figures))

static const struct figure bytes_figures[] = {
        WHAT,
        {{"wire", "B/msg", false}, is_busy, NULL, WIRE_BYTES_PER_MESSAGE, put_number},
        {{"model", "B/msg", false}, has_wire_model, NULL, MODEL_WIRE_BYTES_PER_MESSAGE, put_number},
        {{"off", "%", false}, has_wire_model, .fill = put_wire_off},
        {{"framing", "B/msg", false}, is_busy, NULL, FRAMING_BYTES_PER_MESSAGE, put_number},
        {{"model", "B/msg", false},
         has_framing_model,
         NULL,
         MODEL_FRAMING_BYTES_PER_MESSAGE,
         put_number},
        {{"pkts", "/msg", false}, is_busy, NULL, PACKETS_PER_MESSAGE, put_ratio},
        {{"ACKs", "/msg", false}, has_pure_acks, NULL, PURE_ACKS_PER_MESSAGE, put_ratio},
        {{"sent again", "/msg", false},
         has_retransmissions,
         NULL,
         RETRANSMISSIONS_PER_MESSAGE,
         put_number},
        {{"msgs", "/resp", false}, is_busy, NULL, MESSAGES_PER_RESPONSE, put_ratio},
        {{"model", "/resp", false},
         has_answers_model,
         NULL,
         MODEL_MESSAGES_PER_RESPONSE,
         put_ratio},
        {{"off", "%", false}, has_answers_model, .fill = put_answers_off},
        {{"empty", "%", false}, NULL, NULL, EMPTY_SHARE, put_percent},
        {{"idle wire", "B/min", false}, is_idle, NULL, WIRE_BYTES_PER_IDLE_MINUTE, put_number},
        {{"model", "B/min", false},
         has_idle_model,
         NULL,
         MODEL_WIRE_BYTES_PER_IDLE_MINUTE,
         put_number},
        {{"off", "%", false}, has_idle_model, .fill = put_idle_off},
};

#define BYTES_FIGURES (sizeof(bytes_figures) / sizeof(*bytes_figures))

static const struct figure connection_figures[] = {
        WHAT,
        {{"TCP", "ms", false}, NULL, NULL, CONNECT_MS_P50, put_number},
        {{"TLS", "ms", false}, has_tls, NULL, HANDSHAKE_MS_P50, put_number},
        {{"subscribed", "ms", false}, NULL, NULL, READY_MS_P50, put_number},
        {{"bytes", "/conn", false}, NULL, NULL, CONNECT_BYTES_PER_CONNECTION, put_number},
        {{"pkts", "/conn", false}, NULL, NULL, CONNECT_PACKETS_PER_CONNECTION, put_ratio},
        {{"CPU", "µs/conn", false}, NULL, NULL, CONNECT_CPU_US_PER_CONNECTION, put_number},
        {{"memory", "KiB/conn", false}, NULL, .fill = put_memory},
        {{"first", "half", false}, NULL, .fill = put_first_half},
        {{"second", "half", false}, NULL, .fill = put_second_half},
        {{"kernel", "KiB/conn", false}, has_kernel_memory, .fill = put_kernel_memory},
        {{"slabs", "KiB/socket", false}, has_slabs, .fill = put_slabs},
        {{"TLS", "B/msg", false}, has_tls, NULL, TLS_BYTES_PER_MESSAGE, put_number},
};

#define CONNECTION_FIGURES (sizeof(connection_figures) / sizeof(*connection_figures))

static bool is_wanted(const struct summary *summary, const struct figure *figure)
{
	for (size_t i = 0; figure->wanted && i < summary->count; i++) {
		if (figure->wanted(&summary->rows[i]))
			return true;
	}
	return !figure->wanted;
}

static void fill_column(struct table *table, size_t column, const struct summary *summary,
                        const struct figure *figure)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (figure->fill)
			figure->fill(table->rows[i][column], row);
		else
			figure->put(table->rows[i][column], row->values[figure->value]);
	}
}

/* Of the `all` figures those that some row wants. */
static int make_table(struct table *out, const struct summary *summary, const struct figure *all,
                      size_t all_count)
{
	const struct figure *shown[TABLE_COLUMNS_MAX];
	struct table_column columns[TABLE_COLUMNS_MAX];
	size_t count = 0;
	int status;

	for (size_t i = 0; i < all_count && count < TABLE_COLUMNS_MAX; i++) {
		if (!is_wanted(summary, &all[i]))
			continue;
		columns[count] = all[i].column;
		shown[count++] = &all[i];
	}
	status = table_open(out, columns, count, summary->count);
	for (size_t j = 0; status == 0 && j < count; j++)
		fill_column(out, j, summary, shown[j]);
	for (size_t i = 0; status == 0 && i < summary->count; i++)
		out->set_off[i] = is_floor(&summary->rows[i]);
	return status;
}

int figures_table(struct table *out, const struct summary *summary)
{
	return make_table(out, summary, figures, FIGURES);
}

int figures_bytes(struct table *out, const struct summary *summary)
{
	return make_table(out, summary, bytes_figures, BYTES_FIGURES);
}

void figures_bytes_notes(const struct summary *summary, void (*line)(void *user, const char *text),
                         void *user)
{
	bool models = false, acks = false;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		models |= has_wire_model(row) || has_framing_model(row) || has_idle_model(row);
		acks |= has_pure_acks(row);
	}
	line(user,
	     "Both ways, per message received or for an idle subscriber. Framing: what crosses "
	     "the sockets, less the messages.");
	if (acks)
		line(user, "ACKs: packets that are nothing else.");
	if (models)
		line(user,
		     "Model: of the wire contract and of TCP, as on epoll; what another stack "
		     "is off is what its library adds.");
}

int figures_connections(struct table *out, const struct summary *summary)
{
	return make_table(out, summary, connection_figures, CONNECTION_FIGURES);
}

void figures_connections_notes(const struct summary *summary,
                               void (*line)(void *user, const char *text), void *user)
{
	bool slabs = false;

	line(user,
	     "Times: medians; many connect at once. Bytes and packets: both ways, until all were "
	     "subscribed; CPU: the server's.");
	for (size_t i = 0; i < summary->count; i++)
		slabs |= has_slabs(&summary->rows[i]);
	if (slabs)
		line(user, "Slabs: all that the kernel keeps for a socket but its queues, as the "
		           "whole machine's slabs grew; both ends of a connection are on it.");
	line(user, "Memory: the server's own, before anything is published; halves: of the first "
	           "half of the subscribers, of the second.");
	for (size_t i = 0; i < summary->count; i++) {
		if (!has_tls(&summary->rows[i]))
			continue;
		line(user, "TLS B/msg: what TLS adds to what crosses the sockets, both ways.");
		return;
	}
}

static void note_cells(const struct summary *summary, void (*line)(void *user, const char *text),
                       void *user)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];
		char text[192];

		if (!note_of(row) ||
		    (i > 0 && parameters_same_cell(&row[-1].parameters, &row->parameters)))
			continue;
		snprintf(text, sizeof(text), "%s/%s* is %s.", row->parameters.transport,
		         row->parameters.stack, note_of(row));
		line(user, text);
	}
}

static const char *lab_text(const char *mode)
{
	if (strcmp(mode, "loopback") == 0)
		return "no link is emulated";
	if (strcmp(mode, "direct") == 0)
		return "a private network of 1500-byte frames, without delay";
	if (strcmp(mode, "packet") == 0)
		return "a private network of 1500-byte frames, and a link between packet sockets";
	if (strcmp(mode, "netem") == 0)
		return "a private network of 1500-byte frames, and netem at its ends";
	return "a private network of 1500-byte frames, and a link in it";
}

static void note_lab(const struct summary *summary, void (*line)(void *user, const char *text),
                     void *user)
{
	const struct summary_row *last =
	        &summary->rows[summary->count - 1]; /* with a link, if any */
	bool modelled = strcmp(last->wire_counts, "modelled") == 0;
	char text[256];

	snprintf(text, sizeof(text), "%s: %s; byte counts are %s.", last->lab_mode,
	         lab_text(last->lab_mode),
	         modelled ? "modelled: TCP payload + 66 B a segment"
	                  : "those of its frames, Ethernet headers included");
	line(user, text);
	if (summary->rows[0].parameters.link.delay_ms == 0)
		line(user, "Without a delay the latency of sse, websocket and longpoll is the time "
		           "it takes to wake up, not network time.");
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

		snprintf(text, sizeof(text), "- block %u, run %u, %s: %s", spec->block, spec->order,
		         summary_row_of(summary, &spec->parameters)->label,
		         summary->invalid[i].reason);
		line(user, text);
	}
}

static void note_broken(const struct summary *summary, void (*line)(void *user, const char *text),
                        void *user)
{
	char text[256];

	if (summary->broken_count == 0)
		return;
	snprintf(text, sizeof(text),
	         "Lines of runs.jsonl that cannot be read, and are left out: %zu.",
	         summary->broken_count);
	line(user, text);
	for (size_t i = 0; i < summary->broken_count; i++) {
		snprintf(text, sizeof(text), "- runs.jsonl:%u: %s", summary->broken[i].line,
		         summary->broken[i].why);
		line(user, text);
	}
}

/* What the columns mean that only some tables have. */
static void note_columns(const struct summary *summary, void (*line)(void *user, const char *text),
                         void *user)
{
	bool models = false, round_trips = false, ratios = false, floor = false, slow = false,
	     limited = false;

	for (size_t i = 0; i < summary->count; i++) {
		models |= has_model(&summary->rows[i]);
		round_trips |= has_round_trip(&summary->rows[i]);
		ratios |= has_ratio(&summary->rows[i]);
		floor |= is_floor(&summary->rows[i]);
		slow |= has_slow_readers(&summary->rows[i]);
		limited |= has_limit(&summary->rows[i]);
	}
	if (models)
		line(user, "Off: the mean from the model's, which knows nothing of the time that "
		           "computers take.");
	if (round_trips)
		line(user,
		     "There, back: from the instant at which a client was to publish until it "
		     "had its own message.");
	if (ratios)
		line(user,
		     "x epoll: CPU as a multiple of the same transport's on epoll: run against "
		     "run of the same block, and of these ratios the median.");
	if (slow)
		line(user, "Slow, cut off: slow readers that the server had disconnected when the "
		           "main phase ended. Grew by: the server's memory, its log included, "
		           "since nothing was published. Reach and latency: of the others.");
	if (limited)
		line(user, "All subscribers of polling, longpoll and sse are tabs of one browser, "
		           "which makes connections_max requests at a time.");
	if (floor)
		line(user, "Floor: messages over bare TCP, each behind its length: what the "
		           "instrument and the kernel cost.");
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
	         : summary->blocks < 6 ? ", and the range from the lowest to the highest"
	                               : ", with 95 % intervals");
	line(user, text);
	line(user,
	     "Wire: per message received, both ways, with requests and ACKs. CPU: the server's. "
	     "Memory: its own.");
	note_columns(summary, line, user);
	note_cells(summary, line, user);
	note_lab(summary, line, user);
}

void figures_left_out(const struct summary *summary, void (*line)(void *user, const char *text),
                      void *user)
{
	note_invalid(summary, line, user);
	note_broken(summary, line, user);
}

void figures_caption(const struct summary *summary, const char *machine, char *out, size_t size)
{
	char shared[192];

	summary_shared(summary, shared, sizeof(shared));
	snprintf(out, size, "%s · %s · %u block%s", machine, shared, summary->blocks,
	         summary->blocks == 1 ? "" : "s");
}
