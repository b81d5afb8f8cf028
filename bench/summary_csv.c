#include "summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum kind { TEXT, COUNT, REAL, VALUE, FIXED, SPECIAL };

struct column {
	const char *name;
	enum kind kind;
	size_t at;          /* offset in struct summary_row; VALUE: which */
	const char *format; /* of a number where the usual one is not meant; the text where FIXED */
	void (*print)(FILE *out, const struct run_parameters *parameters); /* SPECIAL */
};

#define COLUMNS 91

static const struct column columns[COLUMNS];

static void print_real(FILE *out, const char *format, double value)
{
	if (!isnan(value))
		fprintf(out, format ? format : "%.7g", value);
}

static void print_arrivals(FILE *out, const struct run_parameters *parameters)
{
	fputs(arrivals_name(parameters->arrivals), out);
}

static void print_format(FILE *out, const struct run_parameters *parameters)
{
	fputs(message_format_name(parameters->format), out);
}

static void print_headers(FILE *out, const struct run_parameters *parameters)
{
	fputs(run_headers_name(parameters->headers), out);
}

static void print_tls(FILE *out, const struct run_parameters *parameters)
{
	fputs(parameters->tls ? "yes" : "no", out);
}

static void print_poll_interval(FILE *out, const struct run_parameters *parameters)
{
	if (strcmp(parameters->transport, "polling") == 0)
		print_real(out, NULL, parameters->poll_interval_ms);
}

static void print_batch(FILE *out, const struct run_parameters *parameters)
{
	if (strcmp(parameters->transport, "longpoll") == 0)
		fputs(parameters->batch ? "yes" : "no", out);
}

static void print_link_profile(FILE *out, const struct run_parameters *parameters)
{
	fputs(*parameters->link_profile ? parameters->link_profile : "none", out);
}

static void print_cell(FILE *out, const struct column *column, const struct summary_row *row)
{
	const void *at = (const char *)row + column->at;

	switch (column->kind) {
	case TEXT:
		fprintf(out, strchr(at, ',') ? "\"%s\"" : "%s", (const char *)at);
		break;
	case COUNT:
		fprintf(out, "%u", *(const unsigned *)at);
		break;
	case REAL:
		print_real(out, column->format, *(const double *)at);
		break;
	case VALUE:
		print_real(out, column->format, row->values[column->at]);
		break;
	case FIXED:
		fputs(column->format, out);
		break;
	case SPECIAL:
		column->print(out, &row->parameters);
		break;
	}
}

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	}
	return NULL;
}

int summary_cell(const struct summary_row *row, const char *column, char *out, size_t size)
{
	const struct column *found = find_column(column);
	FILE *text;

	if (!found)
		return -ENOENT;
	memset(out, 0, size);
	text = fmemopen(out, size - 1, "w");
	if (!text)
		return -ENOMEM;
	print_cell(text, found, row);
	fclose(text);
	return 0;
}

int summary_write_csv(const struct summary *summary, FILE *out)
{
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "%s%s", i ? "," : "", columns[i].name);
	fputc('\n', out);
	for (size_t i = 0; i < summary->count; i++) {
		for (size_t j = 0; j < COLUMNS; j++) {
			if (j > 0)
				fputc(',', out);
			print_cell(out, &columns[j], &summary->rows[i]);
		}
		fputc('\n', out);
	}
	return fflush(out) || ferror(out) ? -EIO : 0;
}

#define ROW(member)       .at = offsetof(struct summary_row, member)
#define PARAMETER(member) .at = offsetof(struct summary_row, parameters.member)
#define WHOLE             .format = "%.15g" /* counts keep all their digits */

/* Columns may be added at the end, not renamed. */
static const struct column columns[COLUMNS] = {
        {"experiment", TEXT, ROW(experiment)},
        {"transport", TEXT, PARAMETER(transport)},
        {"stack", TEXT, PARAMETER(stack)},
        {"tls", SPECIAL, .print = print_tls},
        {"link_delay_ms", REAL, PARAMETER(link.delay_ms)},
        {"link_loss", REAL, PARAMETER(link.loss)},
        {"subscribers", COUNT, PARAMETER(subscribers)},
        {"rate_hz", REAL, PARAMETER(rate_hz)},
        {"arrivals", SPECIAL, .print = print_arrivals},
        {"payload_bytes", COUNT, PARAMETER(payload_bytes)},
        {"format", SPECIAL, .print = print_format},
        {"poll_interval_ms", SPECIAL, .print = print_poll_interval},
        {"batch", SPECIAL, .print = print_batch},
        {"headers", SPECIAL, .print = print_headers},
        {"runs", COUNT, ROW(runs)},
        {"invalid_runs", COUNT, ROW(invalid_runs)},
        {"latency_mean_ms", VALUE, .at = LATENCY_MEAN_MS},
        {"latency_p50_ms", VALUE, .at = LATENCY_P50_MS},
        {"latency_p90_ms", VALUE, .at = LATENCY_P90_MS},
        {"latency_p99_ms", VALUE, .at = LATENCY_P99_MS},
        {"latency_p999_ms", VALUE, .at = LATENCY_P999_MS},
        {"latency_max_ms", VALUE, .at = LATENCY_MAX_MS},
        {"latency_p50_low_ms", VALUE, .at = LATENCY_P50_LOW_MS},
        {"latency_p50_high_ms", VALUE, .at = LATENCY_P50_HIGH_MS},
        {"unscheduled_p99_ms", VALUE, .at = UNSCHEDULED_P99_MS},
        {"model_mean_ms", VALUE, .at = MODEL_MEAN_MS},
        {"model_max_ms", VALUE, .at = MODEL_MAX_MS},
        {"reach", VALUE, .at = REACH},
        {"duplicates", VALUE, .at = DUPLICATES, WHOLE},
        {"reordered", VALUE, .at = REORDERED, WHOLE},
        {"messages_per_response", VALUE, .at = MESSAGES_PER_RESPONSE},
        {"empty_responses", VALUE, .at = EMPTY_RESPONSES, WHOLE},
        {"wire_bytes_down", VALUE, .at = WIRE_BYTES_DOWN, WHOLE},
        {"wire_bytes_up", VALUE, .at = WIRE_BYTES_UP, WHOLE},
        {"wire_bytes_per_message", VALUE, .at = WIRE_BYTES_PER_MESSAGE},
        {"framing_bytes_per_message", VALUE, .at = FRAMING_BYTES_PER_MESSAGE},
        {"packets_per_message", VALUE, .at = PACKETS_PER_MESSAGE},
        {"server_cpu_us_per_message", VALUE, .at = SERVER_CPU_US_PER_MESSAGE},
        {"server_bytes_per_connection", VALUE, .at = SERVER_BYTES_PER_CONNECTION},
        {"kernel_bytes_per_connection", VALUE, .at = KERNEL_BYTES_PER_CONNECTION},
        {"wire_counts", TEXT, ROW(wire_counts)},
        {"lab_mode", TEXT, ROW(lab_mode)},
        {"empty_share", VALUE, .at = EMPTY_SHARE},
        {"model_empty_share", VALUE, .at = MODEL_EMPTY_SHARE},
        {"latency_stddev_ms", VALUE, .at = LATENCY_STDDEV_MS},
        {"server_cpu_us_low", VALUE, .at = SERVER_CPU_US_LOW},
        {"server_cpu_us_high", VALUE, .at = SERVER_CPU_US_HIGH},
        {"label", TEXT, ROW(label)},
        {"latency_file", TEXT, ROW(latency_file)},
        {"rate_up_hz", REAL, PARAMETER(rate_up_hz)},
        {"cuts", COUNT, PARAMETER(cuts)},
        {"round_trip_p50_ms", VALUE, .at = ROUND_TRIP_P50_MS},
        {"round_trip_p99_ms", VALUE, .at = ROUND_TRIP_P99_MS},
        {"round_trip_max_ms", VALUE, .at = ROUND_TRIP_MAX_MS},
        {"reconnects", VALUE, .at = RECONNECTS, WHOLE},
        {"connect_ms_p50", VALUE, .at = CONNECT_MS_P50},
        {"handshake_ms_p50", VALUE, .at = HANDSHAKE_MS_P50},
        {"ready_ms_p50", VALUE, .at = READY_MS_P50},
        {"connect_bytes_per_connection", VALUE, .at = CONNECT_BYTES_PER_CONNECTION},
        {"connect_packets_per_connection", VALUE, .at = CONNECT_PACKETS_PER_CONNECTION},
        {"tls_bytes_per_message", VALUE, .at = TLS_BYTES_PER_MESSAGE},
        {"server_bytes_first_half", VALUE, .at = SERVER_BYTES_FIRST_HALF},
        {"server_bytes_second_half", VALUE, .at = SERVER_BYTES_SECOND_HALF},
        {"cpu_to_epoll", VALUE, .at = CPU_TO_EPOLL},
        {"cpu_to_epoll_low", VALUE, .at = CPU_TO_EPOLL_LOW},
        {"cpu_to_epoll_high", VALUE, .at = CPU_TO_EPOLL_HIGH},
        {"link_jitter_ms", REAL, PARAMETER(link.jitter_ms)},
        {"link_loss_burst", REAL, PARAMETER(link.loss_burst)},
        {"link_rate_mbit", REAL, PARAMETER(link.rate_mbit)},
        {"wire_bytes_per_idle_minute", VALUE, .at = WIRE_BYTES_PER_IDLE_MINUTE},
        {"data_packets_per_message", VALUE, .at = DATA_PACKETS_PER_MESSAGE},
        {"pure_acks_per_message", VALUE, .at = PURE_ACKS_PER_MESSAGE},
        {"retransmissions_per_message", VALUE, .at = RETRANSMISSIONS_PER_MESSAGE},
        {"link_lost_packets", VALUE, .at = LINK_LOST_PACKETS, WHOLE},
        {"link_late_p99_ms", VALUE, .at = LINK_LATE_P99_MS},
        {"link_cpu_ms", VALUE, .at = LINK_CPU_MS},
        {"link_rate_up_mbit", REAL, PARAMETER(link.rate_up_mbit)},
        {"link_profile", SPECIAL, .print = print_link_profile},
        {"connect_cpu_us_per_connection", VALUE, .at = CONNECT_CPU_US_PER_CONNECTION},
        {"slab_bytes_per_socket", VALUE, .at = SLAB_BYTES_PER_SOCKET},
        {"server_cpu_us_per_idle_minute", VALUE, .at = SERVER_CPU_US_PER_IDLE_MINUTE},
        {"model_messages_per_response", VALUE, .at = MODEL_MESSAGES_PER_RESPONSE},
        {"model_framing_bytes_per_message", VALUE, .at = MODEL_FRAMING_BYTES_PER_MESSAGE},
        {"model_wire_bytes_per_message", VALUE, .at = MODEL_WIRE_BYTES_PER_MESSAGE},
        {"model_wire_bytes_per_idle_minute", VALUE, .at = MODEL_WIRE_BYTES_PER_IDLE_MINUTE},
        {"slow_readers", COUNT, PARAMETER(slow_readers)},
        {"slow_disconnected", VALUE, .at = SLOW_DISCONNECTED, WHOLE},
        {"server_bytes_growth", VALUE, .at = SERVER_BYTES_GROWTH, WHOLE},
        {"connections_max", COUNT, PARAMETER(connections_max)},
        {"latency_mean_low_ms", VALUE, .at = LATENCY_MEAN_LOW_MS},
        {"latency_mean_high_ms", VALUE, .at = LATENCY_MEAN_HIGH_MS},
};
