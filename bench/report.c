#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "experiment.h"
#include "figures.h"
#include "hist.h"
#include "plots.h"
#include "summary.h"
#include "table.h"

struct report {
	const char *dir;
	FILE *out;
	struct summary summary;
	struct table table, connections;
	char machine[256], command[1024];
	struct experiment
	        experiment; /* its question and prediction, where experiment.ini is there */
	struct plot *plots; /* those that were drawn */
	size_t plots_count;
	char *error;
	size_t error_size;
};

static int fail_at(struct report *report, const char *name, int status)
{
	snprintf(report->error, report->error_size, "%s/%s: %s", report->dir, name,
	         strerror(-status));
	return status;
}

static int path_of(struct report *report, char *path, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", report->dir, name) >= PATH_MAX)
		return fail_at(report, name, -ENAMETOOLONG);
	return 0;
}

/* Writes dir/name by what `write` puts into it. */
static int write_file(struct report *report, const char *name,
                      int (*write)(const void *what, FILE *out), const void *what)
{
	char path[PATH_MAX];
	int status = path_of(report, path, name);
	FILE *out;

	if (status)
		return status;
	out = fopen(path, "we");
	if (!out)
		return fail_at(report, name, -errno);
	status = write(what, out);
	if (fclose(out) && status == 0)
		status = -errno;
	return status ? fail_at(report, name, status) : 0;
}

static int make_directory(struct report *report, const char *name)
{
	char path[PATH_MAX];
	int status = path_of(report, path, name);

	if (status)
		return status;
	return mkdir(path, 0777) && errno != EEXIST ? fail_at(report, name, -errno) : 0;
}

static int write_csv(const void *summary, FILE *out)
{
	return summary_write_csv(summary, out);
}

static int write_hgrm(const void *latency, FILE *out)
{
	return hist_write_hgrm(latency, out);
}

static int write_latencies(struct report *report)
{
	int status = make_directory(report, "latency");

	for (size_t i = 0; status == 0 && i < report->summary.count; i++) {
		const struct summary_row *row = &report->summary.rows[i];

		if (row->runs > 0)
			status = write_file(report, row->latency_file, write_hgrm, row->latency);
	}
	return status;
}

static void print_line(void *out, const char *text)
{
	fprintf(out, "%s\n", text);
}

static int print_tables(struct report *report)
{
	int status = table_write_text(&report->table, report->out);

	fputc('\n', report->out);
	figures_notes(&report->summary, report->machine, print_line, report->out);
	fputs("\nWhat a connection costs:\n\n", report->out);
	if (status == 0)
		status = table_write_text(&report->connections, report->out);
	fputc('\n', report->out);
	figures_connections_notes(&report->summary, print_line, report->out);
	return status;
}

static bool was_drawn(struct report *report, const struct plot *plot)
{
	char name[sizeof(plot->name) + 16], path[PATH_MAX];

	snprintf(name, sizeof(name), "plots/%s.svg", plot->name);
	return path_of(report, path, name) == 0 && access(path, R_OK) == 0;
}

static int draw_plots(struct report *report)
{
	struct plot *plots = NULL;
	size_t count = 0;
	char caption[512];
	int status = plots_list(&plots, &count);

	report->plots = plots;
	figures_caption(&report->summary, report->machine, caption, sizeof(caption));
	for (size_t i = 0; status == 0 && i < count; i++) {
		status = plots_draw(&plots[i], report->dir, caption);
		if (status == -EIO)
			snprintf(report->error, report->error_size,
			         "%s/plots/%s: gnuplot could not draw it", report->dir,
			         plots[i].name);
		if (status == 0 && was_drawn(report, &plots[i]))
			plots[report->plots_count++] = plots[i];
	}
	if (status == -ENOENT)
		fprintf(report->out, "\nPlots are left out: %s.\n",
		        plots ? "gnuplot is not installed (Debian: apt-get install gnuplot-nox)"
		              : "there is no scripts/plots above the executable");
	return status == -ENOENT ? 0 : status;
}

static void markdown_line(void *out, const char *text)
{
	/* Two spaces end a line; a list begins after an empty one anyway. */
	fprintf(out, "%s  \n", text);
}

static void write_intention(const struct report *report, FILE *out)
{
	fprintf(out, "# %s\n\n", report->summary.rows[0].experiment);
	if (*report->experiment.question)
		fprintf(out, "**Question.** %s\n\n", report->experiment.question);
	if (*report->experiment.prediction)
		fprintf(out, "**Prediction.** %s\n\n", report->experiment.prediction);
}

static int write_markdown(const void *what, FILE *out)
{
	const struct report *report = what;

	write_intention(report, out);
	fputs("<!-- table:begin -->\n", out);
	table_write_markdown(&report->table, out);
	fputs("\n", out);
	figures_notes(&report->summary, report->machine, markdown_line, out);
	fputs("<!-- table:end -->\n", out); /* README.md shows a table with its conditions */
	fputs("\n## What a connection costs\n\n", out);
	table_write_markdown(&report->connections, out);
	fputs("\n", out);
	figures_connections_notes(&report->summary, markdown_line, out);
	if (report->plots_count)
		fputs("\n## Plots\n", out);
	for (size_t i = 0; i < report->plots_count; i++)
		fprintf(out, "\n![%s](plots/%s.svg)\n", report->plots[i].alt,
		        report->plots[i].name);
	fprintf(out, "\n## Again on your machine\n\n```sh\n");
	if (*report->command)
		fprintf(out, "%s\n", report->command);
	else
		fprintf(out, "build/bench run %s\n", report->summary.rows[0].experiment);
	fputs("```\n\nAll figures are in [summary.csv](summary.csv), every run in "
	      "[runs.jsonl](runs.jsonl), the machine in [environment.json](environment.json).\n",
	      out);
	return ferror(out) ? -EIO : 0;
}

/* What may be missing: then the report says less. */
static void read_surroundings(struct report *report)
{
	static const struct experiment_options as_it_stands;
	char path[PATH_MAX], ignored[256];

	if (environment_caption(report->dir, report->machine, sizeof(report->machine)))
		strcpy(report->machine, "machine unknown");
	if (environment_command(report->dir, report->command, sizeof(report->command)))
		report->command[0] = '\0';
	if (path_of(report, path, "experiment.ini") == 0)
		experiment_read(&report->experiment, path, &as_it_stands, ignored, sizeof(ignored));
}

static int read_runs(struct report *report)
{
	char path[PATH_MAX];
	int status = path_of(report, path, "runs.jsonl");

	if (status == 0)
		status = summary_read(&report->summary, path, report->error, report->error_size);
	if (status == 0)
		status = figures_table(&report->table, &report->summary);
	if (status == 0)
		status = figures_connections(&report->connections, &report->summary);
	return status;
}

static int make(struct report *report)
{
	int status = read_runs(report);

	if (status)
		return status;
	read_surroundings(report);
	status = write_file(report, "summary.csv", write_csv, &report->summary);
	if (status == 0)
		status = write_latencies(report);
	if (status == 0)
		status = print_tables(report);
	if (status == 0)
		status = make_directory(report, "plots");
	if (status == 0)
		status = draw_plots(report);
	if (status == 0)
		status = write_file(report, "report.md", write_markdown, report);
	return status;
}

int report_make(const char *dir, FILE *out, char *error, size_t error_size)
{
	struct report *report = calloc(1, sizeof(*report));
	int status;

	snprintf(error, error_size, "%s: out of memory", dir);
	if (!report)
		return -ENOMEM;
	report->dir = dir;
	report->out = out;
	report->error = error;
	report->error_size = error_size;
	status = make(report);
	experiment_free(&report->experiment);
	table_close(&report->table);
	table_close(&report->connections);
	summary_free(&report->summary);
	free(report->plots);
	free(report);
	return status;
}
