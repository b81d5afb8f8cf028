#include "summary.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/matrix.h"
#include "model.h"
#include "stats.h"

#define BOOTSTRAP_SEED 1 /* any, but always the same: a report can be made again */

static double ms(double ns)
{
	return ns / 1e6;
}

static double quantile_ms(const struct hist *hist, double quantile)
{
	return hist->count ? ms((double)hist_quantile_ns(hist, quantile)) : NAN;
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
}

/* The ways in which parameters can differ. */
enum {
	SUBSCRIBERS = 1,
	RATE = 2,
	ARRIVALS = 4,
	PAYLOAD = 8,
	FORMAT = 16,
	POLL_INTERVAL = 32,
	BATCH = 64,
	HEADERS = 128,
	WARMUP = 256,
	MAIN = 512,
	EVERYTHING = 1023
};

static int difference(const struct run_parameters *a, const struct run_parameters *b)
{
	return (a->subscribers != b->subscribers ? SUBSCRIBERS : 0) |
	       (a->rate_hz != b->rate_hz ? RATE : 0) | (a->arrivals != b->arrivals ? ARRIVALS : 0) |
	       (a->payload_bytes != b->payload_bytes ? PAYLOAD : 0) |
	       (a->format != b->format ? FORMAT : 0) |
	       (a->poll_interval_ms != b->poll_interval_ms ? POLL_INTERVAL : 0) |
	       (a->batch != b->batch ? BATCH : 0) | (a->headers != b->headers ? HEADERS : 0) |
	       (a->warmup_s != b->warmup_s ? WARMUP : 0) | (a->main_s != b->main_s ? MAIN : 0);
}

static bool same_cell(const struct run_parameters *a, const struct run_parameters *b)
{
	return strcmp(a->transport, b->transport) == 0 && strcmp(a->stack, b->stack) == 0;
}

static struct summary_row *find_row(struct summary *summary, const struct run_spec *spec)
{
	for (size_t i = 0; i < summary->count; i++) {
		struct summary_row *row = &summary->rows[i];

		if (strcmp(row->experiment, spec->experiment) == 0 &&
		    same_cell(&row->parameters, &spec->parameters) &&
		    difference(&row->parameters, &spec->parameters) == 0)
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
	double(*samples)[SUMMARY_MEASURED] =
	        realloc(row->samples, (row->runs + 1) * sizeof(*row->samples));

	if (!samples)
		return -ENOMEM;
	row->samples = samples;
	measure(spec, result, samples[row->runs++]);
	hist_merge(row->latency, &result->latency);
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
		if (!isnan(row->samples[i][value]))
			values[(*count)++] = row->samples[i][value];
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

static void take_model(struct summary_row *row)
{
	const struct run_parameters *parameters = &row->parameters;
	struct model model = model_predict(&(struct model_input){
	        .transport = parameters->transport,
	        .delay_s = 0, /* nothing is emulated on loopback */
	        .rate_hz = parameters->rate_hz,
	        .poll_interval_s = parameters->poll_interval_ms / 1e3,
	        .batch = parameters->batch,
	        .poisson = parameters->arrivals == ARRIVALS_POISSON,
	});

	row->values[MODEL_MEAN_MS] = model.mean_s * 1e3;
	row->values[MODEL_MAX_MS] = model.max_s * 1e3;
	row->values[MODEL_EMPTY_SHARE] = model.empty_share;
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
		status = take_interval(row, SERVER_CPU_US_PER_MESSAGE, SERVER_CPU_US_LOW,
		                       SERVER_CPU_US_HIGH);
	take_model(row);
	return status;
}

__attribute__((format(printf, 3, 4))) static void part(char *out, size_t size, const char *format,
                                                       ...)
{
	size_t length = strlen(out);
	va_list arguments;

	if (length > 0 && length < size)
		length += (size_t)snprintf(out + length, size - length, ", ");
	if (length >= size)
		return;
	va_start(arguments, format);
	vsnprintf(out + length, size - length, format, arguments);
	va_end(arguments);
}

/* In words, those of the parameters that `which` names. */
static void describe(const struct run_parameters *parameters, int which, char *out, size_t size)
{
	*out = '\0';
	if (which & SUBSCRIBERS)
		part(out, size, "%u subscribers", parameters->subscribers);
	if (which & RATE)
		part(out, size, "%g messages/s", parameters->rate_hz);
	if (which & ARRIVALS)
		part(out, size, "%s arrivals", arrivals_name(parameters->arrivals));
	if (which & PAYLOAD)
		part(out, size, "%u B", parameters->payload_bytes);
	if (which & FORMAT)
		part(out, size, "%s", message_format_name(parameters->format));
	if (which & POLL_INTERVAL)
		part(out, size, "every %g ms", parameters->poll_interval_ms);
	if (which & BATCH)
		part(out, size, "%s", parameters->batch ? "batched" : "one per response");
	if (which & HEADERS)
		part(out, size, "%s headers", run_headers_name(parameters->headers));
	if (which & WARMUP)
		part(out, size, "%g s warm-up", parameters->warmup_s);
	if (which & MAIN)
		part(out, size, "%g s", parameters->main_s);
}

static void name_row(const struct summary *summary, struct summary_row *row)
{
	const struct run_parameters *own = &row->parameters;
	int which = 0, rows = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct run_parameters *other = &summary->rows[i].parameters;

		if (same_cell(own, other)) {
			which |= difference(own, other);
			rows++;
		}
	}
	describe(own, which, row->variant, sizeof(row->variant));
	snprintf(row->label, sizeof(row->label), "%s/%s%s%s", own->transport, own->stack,
	         which ? " " : "", row->variant);
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
	int varies =
	        POLL_INTERVAL | BATCH | WARMUP | MAIN; /* not every transport's, or no result */

	for (size_t i = 1; i < summary->count; i++)
		varies |= difference(&summary->rows[0].parameters, &summary->rows[i].parameters);
	*out = '\0';
	if (summary->count > 0)
		describe(&summary->rows[0].parameters, EVERYTHING & ~varies, out, size);
}

/* Where the matrix has the cell; behind all others where it does not know it. */
static int position(const struct run_parameters *parameters)
{
	int i = 0;

	while (matrix_endpoints[i] &&
	       (strcmp(matrix_endpoints[i]->transport, parameters->transport) != 0 ||
	        strcmp(matrix_endpoints[i]->stack, parameters->stack) != 0))
		i++;
	return i;
}

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

/* Rows to be compared stand together: first what all cells have in common, then the cell, then
 * what only one transport has. */
static int compare_rows(const void *left, const void *right)
{
	const struct run_parameters *a = &((const struct summary_row *)left)->parameters;
	const struct run_parameters *b = &((const struct summary_row *)right)->parameters;
	const int orders[] = {
	        strcmp(((const struct summary_row *)left)->experiment,
	               ((const struct summary_row *)right)->experiment),
	        compare(a->subscribers, b->subscribers),
	        compare(a->rate_hz, b->rate_hz),
	        compare(a->arrivals, b->arrivals),
	        compare(a->payload_bytes, b->payload_bytes),
	        compare(a->format, b->format),
	        compare(a->headers, b->headers),
	        compare(a->warmup_s, b->warmup_s),
	        compare(a->main_s, b->main_s),
	        compare(position(a), position(b)),
	        strcmp(a->stack, b->stack),
	        compare(a->poll_interval_ms, b->poll_interval_ms),
	        compare(b->batch, a->batch),
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		if (orders[i])
			return orders[i];
	}
	return 0;
}

static int read_lines(struct summary *out, FILE *file, struct run_result *result, const char *path,
                      char *error, size_t error_size)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = 0;

	for (int number = 1; status == 0 && (length = getline(&line, &size, file)) > 0; number++) {
		struct run_spec spec;
		const char *why;

		status = run_read(line, &spec, result, &why);
		if (status && line[length - 1] != '\n') {
			status = 0; /* cut off while it was written; getline ends here */
		} else if (status) {
			snprintf(error, error_size, "%s:%d: %s", path, number, why);
		} else {
			status = add_run(out, &spec, result);
		}
	}
	free(line);
	return status;
}

static int finish(struct summary *summary, const char *path, char *error, size_t error_size)
{
	int status = 0;

	if (summary->count == 0) {
		snprintf(error, error_size, "%s: holds no run", path);
		return -ENODATA;
	}
	qsort(summary->rows, summary->count, sizeof(*summary->rows), compare_rows);
	for (size_t i = 0; status == 0 && i < summary->count; i++) {
		name_row(summary, &summary->rows[i]);
		status = take_values(&summary->rows[i]);
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
		status = read_lines(out, file, result, path, error, error_size);
	if (status == 0)
		status = finish(out, path, error, error_size);
	if (file)
		fclose(file);
	free(result);
	return status;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->count; i++) {
		free(summary->rows[i].latency);
		free(summary->rows[i].samples);
	}
	free(summary->rows);
	free(summary->invalid);
	*summary = (struct summary){0};
}
