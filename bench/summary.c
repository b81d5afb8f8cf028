#include "summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/matrix.h"
#include "model.h"
#include "model_bytes.h"
#include "parameters.h"

#define BOOTSTRAP_SEED 1 /* any, but always the same: a report can be made again */

static double ms(double ns)
{
	return ns / 1e6;
}

static double quantile_ms(const struct hist *hist, double quantile)
{
	return hist->count ? ms((double)hist_quantile_ns(hist, quantile)) : NAN;
}

static void measure_connections(const struct run_spec *spec, const struct run_result *result,
                                double *values)
{
	bool any = result->round_trip.count > 0;

	values[ROUND_TRIP_P50_MS] = quantile_ms(&result->round_trip, 0.5);
	values[ROUND_TRIP_P99_MS] = quantile_ms(&result->round_trip, 0.99);
	values[ROUND_TRIP_MAX_MS] = any ? ms((double)result->round_trip.max_ns) : NAN;
	values[RECONNECTS] = (double)result->reconnects;
	values[CONNECT_MS_P50] = quantile_ms(&result->connect, 0.5);
	values[HANDSHAKE_MS_P50] = quantile_ms(&result->handshake, 0.5);
	values[READY_MS_P50] = quantile_ms(&result->ready, 0.5);
	values[CONNECT_BYTES_PER_CONNECTION] = run_connect_bytes_per_connection(result);
	values[CONNECT_PACKETS_PER_CONNECTION] = run_connect_packets_per_connection(result);
	values[CONNECT_CPU_US_PER_CONNECTION] = run_connect_cpu_us_per_connection(result);
	values[TLS_BYTES_PER_MESSAGE] = run_tls_bytes_per_message(spec, result);
	values[SERVER_BYTES_FIRST_HALF] = run_server_bytes_first_half(spec, result);
	values[SERVER_BYTES_SECOND_HALF] = run_server_bytes_second_half(spec, result);
}

static void measure_network(const struct run_spec *spec, const struct run_result *result,
                            double *values)
{
	bool link = run_has_link(&spec->parameters);

	values[KERNEL_BYTES_PER_CONNECTION] = run_kernel_bytes_per_connection(spec, result);
	values[SERVER_CPU_US_PER_IDLE_MINUTE] = run_server_cpu_us_per_idle_minute(spec, result);
	values[SLAB_BYTES_PER_SOCKET] = run_slab_bytes_per_socket(spec, result);
	values[WIRE_BYTES_PER_IDLE_MINUTE] = run_wire_bytes_per_idle_minute(spec, result);
	values[DATA_PACKETS_PER_MESSAGE] = run_kind_per_message(result, PACKET_DATA);
	values[PURE_ACKS_PER_MESSAGE] = run_kind_per_message(result, PACKET_PURE_ACK);
	values[RETRANSMISSIONS_PER_MESSAGE] = run_kind_per_message(result, PACKET_RETRANSMISSION);
	values[LINK_LOST_PACKETS] = link ? (double)result->link_lost : NAN;
	values[LINK_LATE_P99_MS] = link ? result->link_late_p99_ms : NAN;
	values[LINK_CPU_MS] = link ? result->link_cpu_ms : NAN;
}

static void measure(const struct run_spec *spec, const struct run_result *result, double *values)
{
	const struct hist *latency = &result->latency;
	bool any = latency->count > 0;

	values[LATENCY_MEAN_MS] = any ? ms(hist_mean_ns(latency)) : NAN;
	values[LATENCY_STDDEV_MS] = any ? ms(hist_stddev_ns(latency)) : NAN;
	values[LATENCY_P50_MS] = quantile_ms(latency, 0.5);
	values[LATENCY_P90_MS] = quantile_ms(latency, 0.9);
	values[LATENCY_P99_MS] = quantile_ms(latency, 0.99);
	values[LATENCY_P999_MS] = quantile_ms(latency, 0.999);
	values[LATENCY_MAX_MS] = any ? ms((double)latency->max_ns) : NAN;
	values[UNSCHEDULED_P99_MS] = quantile_ms(&result->unscheduled, 0.99);
	values[REACH] = run_reach(result);
	values[DUPLICATES] = (double)result->duplicates;
	values[REORDERED] = (double)result->reordered;
	values[MESSAGES_PER_RESPONSE] = run_messages_per_response(result);
	values[EMPTY_RESPONSES] = (double)result->traffic.empty_responses;
	values[EMPTY_SHARE] = run_empty_share(result);
	values[WIRE_BYTES_DOWN] = run_wire_bytes_down(result);
	values[WIRE_BYTES_UP] = run_wire_bytes_up(result);
	values[WIRE_BYTES_PER_MESSAGE] = run_wire_bytes_per_message(result);
	values[FRAMING_BYTES_PER_MESSAGE] = run_framing_bytes_per_message(result);
	values[PACKETS_PER_MESSAGE] = run_packets_per_message(result);
	values[SERVER_CPU_US_PER_MESSAGE] = run_server_cpu_us_per_message(result);
	values[SERVER_BYTES_PER_CONNECTION] = run_server_bytes_per_connection(spec, result);
	measure_connections(spec, result, values);
	measure_network(spec, result, values);
	values[SLOW_DISCONNECTED] =
	        spec->parameters.slow_readers ? (double)result->server.slow_disconnected : NAN;
	values[SERVER_BYTES_GROWTH] = run_server_bytes_growth(result);
}

static struct summary_row *find_row(struct summary *summary, const struct run_spec *spec)
{
	for (size_t i = 0; i < summary->count; i++) {
		struct summary_row *row = &summary->rows[i];

		if (strcmp(row->experiment, spec->experiment) == 0 &&
		    parameters_same_cell(&row->parameters, &spec->parameters) &&
		    parameters_difference(&row->parameters, &spec->parameters) == 0)
			return row;
	}
	return NULL;
}

static struct summary_row *add_row(struct summary *summary, const struct run_spec *spec,
                                   const struct run_result *result)
{
	struct summary_row *rows =
	        realloc(summary->rows, (summary->count + 1) * sizeof(*summary->rows));
	struct summary_row *row;

	if (!rows)
		return NULL;
	summary->rows = rows;
	row = &rows[summary->count];
	*row = (struct summary_row){.parameters = spec->parameters};
	memcpy(row->experiment, spec->experiment, sizeof(row->experiment));
	memcpy(row->lab_mode, result->lab_mode, sizeof(row->lab_mode));
	memcpy(row->wire_counts, result->wire_counts, sizeof(row->wire_counts));
	row->latency = calloc(1, sizeof(*row->latency));
	if (!row->latency)
		return NULL;
	summary->count++;
	return row;
}

static int add_valid(struct summary_row *row, const struct run_spec *spec,
                     const struct run_result *result)
{
	struct summary_sample *samples =
	        realloc(row->samples, (row->runs + 1) * sizeof(*row->samples));

	if (!samples)
		return -ENOMEM;
	row->samples = samples;
	samples[row->runs].block = spec->block;
	measure(spec, result, samples[row->runs++].values);
	hist_merge(row->latency, result->latency.count ? &result->latency : &result->round_trip);
	return 0;
}

static int add_invalid(struct summary *summary, struct summary_row *row,
                       const struct run_spec *spec, const struct run_result *result)
{
	struct summary_invalid *invalid =
	        realloc(summary->invalid, (summary->invalid_count + 1) * sizeof(*invalid));

	if (!invalid)
		return -ENOMEM;
	summary->invalid = invalid;
	invalid = &invalid[summary->invalid_count++];
	invalid->spec = *spec;
	memcpy(invalid->reason, result->reason, sizeof(invalid->reason));
	row->invalid_runs++;
	return 0;
}

static int add_run(struct summary *summary, const struct run_spec *spec,
                   const struct run_result *result)
{
	struct summary_row *row = find_row(summary, spec);

	if (!row)
		row = add_row(summary, spec, result);
	if (!row)
		return -ENOMEM;
	if (spec->block > summary->blocks)
		summary->blocks = spec->block;
	return result->valid ? add_valid(row, spec, result)
	                     : add_invalid(summary, row, spec, result);
}

/* The values of the runs that have one, in one array; NULL when memory runs out. */
static double *known_samples(const struct summary_row *row, size_t value, size_t *count)
{
	double *values = calloc(row->runs + 1, sizeof(*values));

	*count = 0;
	for (unsigned i = 0; values && i < row->runs; i++) {
		if (!isnan(row->samples[i].values[value]))
			values[(*count)++] = row->samples[i].values[value];
	}
	return values;
}

static int take_median(struct summary_row *row, size_t value)
{
	size_t count;
	double *values = known_samples(row, value, &count);

	if (!values)
		return -ENOMEM;
	row->values[value] = stats_median(values, count);
	free(values);
	return 0;
}

static int take_interval(struct summary_row *row, size_t value, size_t low, size_t high)
{
	size_t count;
	double *values = known_samples(row, value, &count);
	struct interval interval = {NAN, NAN};

	if (!values)
		return -ENOMEM;
	if (count > 1) /* one run says nothing of the spread between runs */
		interval = stats_median_interval(values, count, BOOTSTRAP_SEED);
	row->values[low] = interval.low;
	row->values[high] = interval.high;
	free(values);
	return 0;
}

/* The row of the same parameters on the epoll stack, or NULL. */
static const struct summary_row *epoll_row(const struct summary *summary,
                                           const struct summary_row *row)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *other = &summary->rows[i];

		if (strcmp(other->experiment, row->experiment) == 0 &&
		    strcmp(other->parameters.transport, row->parameters.transport) == 0 &&
		    strcmp(other->parameters.stack, "epoll") == 0 &&
		    parameters_difference(&other->parameters, &row->parameters) == 0)
			return other;
	}
	return NULL;
}

/* That value of the block's run; NAN where there is none. */
static double value_in_block(const struct summary_row *row, unsigned block,
                             enum summary_value value)
{
	for (unsigned i = 0; i < row->runs; i++) {
		if (row->samples[i].block == block)
			return row->samples[i].values[value];
	}
	return NAN;
}

struct summary_ratio summary_ratio(const struct summary_row *row, const struct summary_row *to,
                                   enum summary_value value)
{
	struct summary_ratio ratio = {.median = NAN, .interval = {NAN, NAN}};
	double *ratios = calloc(row->runs + 1, sizeof(*ratios));

	for (unsigned i = 0; ratios && i < row->runs; i++) {
		double paired = row->samples[i].values[value] /
		                value_in_block(to, row->samples[i].block, value);

		if (isfinite(paired))
			ratios[ratio.pairs++] = paired;
	}
	ratio.median = stats_median(ratios, ratio.pairs);
	if (ratio.pairs > 1) /* one pair says nothing of the spread */
		ratio.interval = stats_median_interval(ratios, ratio.pairs, BOOTSTRAP_SEED);
	free(ratios);
	return ratio;
}

struct rank_test summary_test(const struct summary_row *a, const struct summary_row *b,
                              enum summary_value value)
{
	struct rank_test test = {NAN, NAN};
	size_t count_a, count_b;
	double *of_a = known_samples(a, value, &count_a);
	double *of_b = known_samples(b, value, &count_b);

	if (of_a && of_b)
		test = stats_mann_whitney(of_a, count_a, of_b, count_b);
	free(of_a);
	free(of_b);
	return test;
}

static void take_ratio(const struct summary *summary, struct summary_row *row)
{
	const struct summary_row *epoll = epoll_row(summary, row);
	struct summary_ratio ratio = {.median = NAN, .interval = {NAN, NAN}};

	if (epoll)
		ratio = summary_ratio(row, epoll, SERVER_CPU_US_PER_MESSAGE);
	row->values[CPU_TO_EPOLL] = ratio.median;
	row->values[CPU_TO_EPOLL_LOW] = ratio.interval.low;
	row->values[CPU_TO_EPOLL_HIGH] = ratio.interval.high;
}

static bool wait_for_each_other(const struct run_parameters *parameters)
{
	return parameters->connections_max && parameters->subscribers > parameters->connections_max;
}

static void take_model(struct summary_row *row)
{
	const struct run_parameters *parameters = &row->parameters;
	const struct link_settings *link = &parameters->link;
	struct model model = model_predict(&(struct model_input){
	        .transport = parameters->transport,
	        .delay_s = link->delay_ms / 1e3,
	        .rate_hz = parameters->rate_hz + parameters->rate_up_hz,
	        .poll_interval_s = parameters->poll_interval_ms / 1e3,
	        .batch = parameters->batch,
	        .poisson = parameters->arrivals == ARRIVALS_POISSON,
	});

	/* The forms know of a delay and nothing else: neither of a line before a connection, nor of
	 * one that is cut. */
	bool holds = link->jitter_ms == 0 && link->loss == 0 && link->rate_mbit == 0 &&
	             link->rate_up_mbit == 0 && parameters->cuts == 0 &&
	             !wait_for_each_other(parameters);

	row->values[MODEL_MEAN_MS] = holds ? model.mean_s * 1e3 : NAN;
	row->values[MODEL_MAX_MS] = holds ? model.max_s * 1e3 : NAN;
	row->values[MODEL_EMPTY_SHARE] = model.empty_share;
	row->values[MODEL_MESSAGES_PER_RESPONSE] =
	        holds && parameters->rate_hz > 0 ? model.messages_per_response : NAN;
}

/* What the wire carries is known of the lab's networks: the frames of loopback are of any size. */
static void take_model_bytes(struct summary_row *row)
{
	struct model_bytes model = model_bytes_predict(&row->parameters);
	bool framed = strcmp(row->lab_mode, "loopback") != 0;

	row->values[MODEL_FRAMING_BYTES_PER_MESSAGE] = model.framing_per_message;
	row->values[MODEL_WIRE_BYTES_PER_MESSAGE] = framed ? model.wire_per_message : NAN;
	row->values[MODEL_WIRE_BYTES_PER_IDLE_MINUTE] = framed ? model.wire_per_idle_minute : NAN;
}

static int take_values(struct summary_row *row)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < SUMMARY_MEASURED; i++)
		status = take_median(row, i);
	if (status == 0)
		status =
		        take_interval(row, LATENCY_P50_MS, LATENCY_P50_LOW_MS, LATENCY_P50_HIGH_MS);
	if (status == 0)
		status = take_interval(row, LATENCY_MEAN_MS, LATENCY_MEAN_LOW_MS,
		                       LATENCY_MEAN_HIGH_MS);
	if (status == 0)
		status = take_interval(row, SERVER_CPU_US_PER_MESSAGE, SERVER_CPU_US_LOW,
		                       SERVER_CPU_US_HIGH);
	take_model(row);
	take_model_bytes(row);
	return status;
}

static void name_row(const struct summary *summary, struct summary_row *row)
{
	const struct run_parameters *own = &row->parameters;
	const struct endpoint *cell = matrix_endpoint(own->transport, own->stack);
	int which = 0, rows = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct run_parameters *other = &summary->rows[i].parameters;

		if (parameters_same_cell(own, other)) {
			which |= parameters_difference(own, other);
			rows++;
		}
	}
	parameters_describe(own, which, row->variant, sizeof(row->variant));
	snprintf(row->label, sizeof(row->label), "%s/%s%s%s%s", own->transport, own->stack,
	         cell && cell->note ? "*" : "", which ? " " : "", row->variant);
	snprintf(row->latency_file, sizeof(row->latency_file), "latency/%s-%s", own->transport,
	         own->stack);
	if (rows > 1)
		snprintf(row->latency_file + strlen(row->latency_file),
		         sizeof(row->latency_file) - strlen(row->latency_file), "-%td",
		         row - summary->rows + 1);
	strcat(row->latency_file, ".hgrm");
}

void summary_shared(const struct summary *summary, char *out, size_t size)
{
	/* Not every transport's, or no result. */
	int varies = PARAMETER_POLL_INTERVAL | PARAMETER_BATCH | PARAMETER_WARMUP | PARAMETER_MAIN;

	*out = '\0';
	if (summary->count == 0)
		return;
	varies |= parameters_unsaid(&summary->rows[0].parameters);
	for (size_t i = 1; i < summary->count; i++)
		varies |= parameters_difference(&summary->rows[0].parameters,
		                                &summary->rows[i].parameters);
	parameters_describe(&summary->rows[0].parameters, PARAMETERS_ALL & ~varies, out, size);
}

static int compare_rows(const void *left, const void *right)
{
	const struct summary_row *a = left, *b = right;
	int order = strcmp(a->experiment, b->experiment);

	return order ? order : parameters_compare(&a->parameters, &b->parameters);
}

static int add_broken(struct summary *summary, unsigned line, const char *why)
{
	struct summary_broken *broken =
	        realloc(summary->broken, (summary->broken_count + 1) * sizeof(*broken));

	if (!broken)
		return -ENOMEM;
	summary->broken = broken;
	broken[summary->broken_count++] = (struct summary_broken){line, why};
	return 0;
}

static int read_lines(struct summary *out, FILE *file, struct run_result *result)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = 0;

	for (unsigned number = 1; status == 0 && (length = getline(&line, &size, file)) > 0;
	     number++) {
		struct run_spec spec;
		const char *why;

		if (run_read(line, &spec, result, &why) == 0)
			status = add_run(out, &spec, result);
		else if (line[length - 1] == '\n') /* else it was cut off; getline ends here */
			status = add_broken(out, number, why);
	}
	free(line);
	return status;
}

static int finish(struct summary *summary, const char *path, char *error, size_t error_size)
{
	int status = 0;

	if (summary->count == 0 && summary->broken_count) {
		snprintf(error, error_size, "%s:%u: %s", path, summary->broken[0].line,
		         summary->broken[0].why);
		return -EBADMSG;
	}
	if (summary->count == 0) {
		snprintf(error, error_size, "%s: holds no run", path);
		return -ENODATA;
	}
	qsort(summary->rows, summary->count, sizeof(*summary->rows), compare_rows);
	for (size_t i = 0; status == 0 && i < summary->count; i++) {
		name_row(summary, &summary->rows[i]);
		status = take_values(&summary->rows[i]);
		take_ratio(summary, &summary->rows[i]);
	}
	return status;
}

int summary_read(struct summary *out, const char *path, char *error, size_t error_size)
{
	struct run_result *result = malloc(sizeof(*result));
	FILE *file = fopen(path, "re");
	int status = file ? 0 : -errno;

	*out = (struct summary){0};
	if (!result)
		status = -ENOMEM;
	snprintf(error, error_size, "%s: %s", path,
	         status == -ENOENT ? "no such file" : strerror(status ? -status : ENOMEM));
	if (status == 0)
		status = read_lines(out, file, result);
	if (status == 0)
		status = finish(out, path, error, error_size);
	if (file)
		fclose(file);
	free(result);
	return status;
}

const struct summary_row *summary_row_of(const struct summary *summary,
                                         const struct run_parameters *parameters)
{
	for (size_t i = 0; i < summary->count; i++) {
		const struct run_parameters *own = &summary->rows[i].parameters;

		if (parameters_same_cell(own, parameters) &&
		    parameters_difference(own, parameters) == 0)
			return &summary->rows[i];
	}
	return NULL;
}

const char *summary_reason(const struct summary *summary, const struct summary_row *row)
{
	for (size_t i = 0; i < summary->invalid_count; i++)
		if (summary_row_of(summary, &summary->invalid[i].spec.parameters) == row)
			return summary->invalid[i].reason;
	return "no run was made";
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		free(summary->rows[i].latency);
		free(summary->rows[i].samples);
	}
	free(summary->rows);
	free(summary->invalid);
	free(summary->broken);
	*summary = (struct summary){0};
}
