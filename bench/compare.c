#include "compare.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "parameters.h"
#include "summary.h"
#include "table.h"

#define LEVEL     0.05 /* of a test: a p above it calls no difference */
#define PAIRS_MIN 5    /* fewer may all have the same arm ahead by chance once in eight times */

struct comparison {
	struct summary a, b;
	const struct summary_row **rows_a, **rows_b; /* that belong together */
	size_t count;
	enum compare_test test;
	struct table table;
};

bool compare_test_parse(const char *name, enum compare_test *out)
{
	*out = COMPARE_MANN_WHITNEY;
	return strcmp(name, "mann-whitney") == 0;
}

/* The environments */

/* When and by which command says nothing of the machine. */
static bool is_of_no_weight(const char *key)
{
	return strcmp(key, "date_utc") == 0 || strcmp(key, "command") == 0;
}

static void write_value(const json_t *value, FILE *out)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	fputs(text ? text : "nothing", out);
	free(text);
}

/* Gives how many differ. NULL: there is nothing of that. */
static unsigned write_differences(const char *name, const json_t *a, const json_t *b, FILE *out)
{
	unsigned differences = 0;
	const char *key;
	json_t *value, *all;

	if (!json_is_object(a) || !json_is_object(b)) {
		if (a && b && json_equal(a, b))
			return 0;
		fprintf(out, "  %s: ", name);
		write_value(a, out);
		fputs(" | ", out);
		write_value(b, out);
		fputc('\n', out);
		return 1;
	}
	all = json_copy((json_t *)a);
	json_object_update_missing(all, (json_t *)b);
	json_object_foreach(all, key, value)
	{
		char path[256];

		snprintf(path, sizeof path, "%s%s%s", name, *name ? "." : "", key);
		if (!is_of_no_weight(path))
			differences += write_differences(path, json_object_get(a, key),
			                                 json_object_get(b, key), out);
	}
	json_decref(all);
	return differences;
}

static void compare_environments(const char *a, const char *b, FILE *out)
{
	int ignored;
	json_t *of_a = environment_read(a, &ignored), *of_b = environment_read(b, &ignored);

	fprintf(out, "A: %s\nB: %s\n\n", a, b);
	if (!of_a || !of_b) {
		fputs("An environment.json is missing: what differs is not known.\n\n", out);
	} else {
		fputs("Where and how they were measured, A | B:\n", out);
		if (write_differences("", of_a, of_b, out) == 0)
			fputs("  no difference\n", out);
		fputc('\n', out);
	}
	json_decref(of_a);
	json_decref(of_b);
}

/* The rows */

static const struct summary_row *find_row(const struct summary *summary,
                                          const struct summary_row *like)
{
	const int lengths = PARAMETER_WARMUP | PARAMETER_MAIN;

	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_row *row = &summary->rows[i];

		if (parameters_same_cell(&row->parameters, &like->parameters) &&
		    !(parameters_difference(&row->parameters, &like->parameters) & ~lengths))
			return row;
	}
	return NULL;
}

static int pair_rows(struct comparison *comparison)
{
	const struct summary *a = &comparison->a;

	comparison->rows_a = calloc(a->count, sizeof *comparison->rows_a);
	comparison->rows_b = calloc(a->count, sizeof *comparison->rows_b);
	if (!comparison->rows_a || !comparison->rows_b)
		return -ENOMEM;
	for (size_t i = 0; i < a->count; i++) {
		const struct summary_row *b = find_row(&comparison->b, &a->rows[i]);

		if (!b)
			continue;
		comparison->rows_a[comparison->count] = &a->rows[i];
		comparison->rows_b[comparison->count++] = b;
	}
	return comparison->count ? 0 : -ENODATA;
}

static void put_ratio(char *cell, const struct summary_ratio *ratio)
{
	if (ratio->pairs == 0)
		strcpy(cell, "-");
	else if (ratio->pairs == 1)
		snprintf(cell, TABLE_CELL_BYTES, "%.3f", ratio->median);
	else
		snprintf(cell, TABLE_CELL_BYTES, "%.3f [%.3f %.3f]", ratio->median,
		         ratio->interval.low, ratio->interval.high);
}

/* Only of the latency: the other two stand beside it. */
static void put_verdict(char *cell, const struct summary_ratio *ratio)
{
	if (ratio->pairs == 0)
		strcpy(cell, "no block in common");
	else if (ratio->pairs < PAIRS_MIN)
		snprintf(cell, TABLE_CELL_BYTES, "%zu block%s: too few to tell", ratio->pairs,
		         ratio->pairs == 1 ? "" : "s");
	else if (ratio->interval.low > 1)
		strcpy(cell, "B is slower");
	else if (ratio->interval.high < 1)
		strcpy(cell, "B is faster");
	else
		strcpy(cell, "no difference measured");
}

static void put_ms(char *cell, double value)
{
	if (isnan(value))
		strcpy(cell, "-");
	else
		snprintf(cell, TABLE_CELL_BYTES, "%.3f", value);
}

static void put_p(char *cell, double p)
{
	if (isnan(p))
		strcpy(cell, "-");
	else if (p < 0.001)
		strcpy(cell, "<0.001");
	else
		snprintf(cell, TABLE_CELL_BYTES, "%.3f", p);
}

/* The ratio and, where there is a test, its p. Gives the column behind them. */
static size_t put_figure(struct comparison *comparison, size_t i, enum summary_value value,
                         size_t column)
{
	const struct summary_row *a = comparison->rows_a[i], *b = comparison->rows_b[i];
	struct summary_ratio ratio = summary_ratio(b, a, value);

	put_ratio(comparison->table.rows[i][column++], &ratio);
	if (comparison->test == COMPARE_MANN_WHITNEY)
		put_p(comparison->table.rows[i][column++], summary_test(a, b, value).p);
	return column;
}

static void fill_row(struct comparison *comparison, size_t i)
{
	const struct summary_row *a = comparison->rows_a[i], *b = comparison->rows_b[i];
	struct summary_ratio latency = summary_ratio(b, a, LATENCY_P50_MS);
	char(*cells)[TABLE_CELL_BYTES] = comparison->table.rows[i];
	size_t column;

	snprintf(cells[0], TABLE_CELL_BYTES, "%.95s", a->label);
	put_ms(cells[1], a->values[LATENCY_P50_MS]);
	put_ms(cells[2], b->values[LATENCY_P50_MS]);
	column = put_figure(comparison, i, LATENCY_P50_MS, 3);
	put_verdict(cells[column++], &latency);
	column = put_figure(comparison, i, WIRE_BYTES_PER_MESSAGE, column);
	put_figure(comparison, i, SERVER_CPU_US_PER_MESSAGE, column);
}

static bool is_as_an_earlier_one(const struct comparison *comparison, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (comparison->rows_a[j]->runs == comparison->rows_a[i]->runs &&
		    comparison->rows_b[j]->runs == comparison->rows_b[i]->runs)
			return true;
	return false;
}

static void explain_test(const struct comparison *comparison, FILE *out)
{
	fputs("\np: Mann and Whitney's U, two-sided, all runs of A against all runs of B, unpaired. Of\n"
	      "twenty figures that are the same one has a p below 0.05 by chance.\n",
	      out);
	for (size_t i = 0; i < comparison->count; i++) {
		unsigned a = comparison->rows_a[i]->runs, b = comparison->rows_b[i]->runs;
		double least = stats_mann_whitney_least(a, b);

		if (a && b && !is_as_an_earlier_one(comparison, i))
			fprintf(out, "With %u run%s against %u no p can be below %.2g%s.\n", a,
			        a == 1 ? "" : "s", b, least,
			        least > LEVEL ? ": no such test can call a difference" : "");
	}
}

static int write_rows(struct comparison *comparison, FILE *out)
{
	static const struct table_column columns[] = {
	        {"cell", "", true},      {"A p50", "ms", false}, {"B p50", "ms", false},
	        {"B / A", "p50", false}, {"", "of p50", true},   {"B / A", "wire B/msg", false},
	        {"B / A", "CPU", false},
	};
	static const struct table_column with_p[] = {
	        {"cell", "", true},
	        {"A p50", "ms", false},
	        {"B p50", "ms", false},
	        {"B / A", "p50", false},
	        {"p", "", false},
	        {"", "of p50", true},
	        {"B / A", "wire B/msg", false},
	        {"p", "", false},
	        {"B / A", "CPU", false},
	        {"p", "", false},
	};
	bool test = comparison->test == COMPARE_MANN_WHITNEY;
	int status =
	        table_open(&comparison->table, test ? with_p : columns,
	                   test ? sizeof with_p / sizeof *with_p : sizeof columns / sizeof *columns,
	                   comparison->count);

	for (size_t i = 0; status == 0 && i < comparison->count; i++)
		fill_row(comparison, i);
	if (status == 0)
		status = table_write_text(&comparison->table, out);
	fputs("\nB / A: medians of the ratios block by block, with 95 % intervals. A difference is\n"
	      "one where the interval does not hold 1.\n",
	      out);
	if (test)
		explain_test(comparison, out);
	return status;
}

static int compare(struct comparison *comparison, const char *a, const char *b, FILE *out,
                   char *error, size_t error_size)
{
	char path[PATH_MAX];
	int status;

	snprintf(path, sizeof path, "%s/runs.jsonl", a);
	status = summary_read(&comparison->a, path, error, error_size);
	if (status)
		return status;
	snprintf(path, sizeof path, "%s/runs.jsonl", b);
	status = summary_read(&comparison->b, path, error, error_size);
	if (status)
		return status;
	status = pair_rows(comparison);
	snprintf(error, error_size, "%s and %s: %s", a, b,
	         status == -ENODATA ? "no cell with the same parameters is in both"
	                            : strerror(-status));
	if (status)
		return status;
	compare_environments(a, b, out);
	return write_rows(comparison, out);
}

int compare_results(const char *a, const char *b, enum compare_test test, FILE *out, char *error,
                    size_t error_size)
{
	struct comparison comparison = {.test = test};
	int status = compare(&comparison, a, b, out, error, error_size);

	table_close(&comparison.table);
	free(comparison.rows_a);
	free(comparison.rows_b);
	summary_free(&comparison.a);
	summary_free(&comparison.b);
	return status;
}
