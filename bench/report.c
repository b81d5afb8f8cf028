#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "figures.h"
#include "findings.h"
#include "hist.h"
#include "report_content.h"
#include "report_html.h"

#define NO_GNUPLOT "gnuplot is not installed (Debian: apt-get install gnuplot-nox)"
#define NO_SCRIPTS "there is no scripts/plots above the executable"

struct report {
	struct report_content content;
	FILE *out;
	char *error;
	size_t error_size;
};

static int fail_at(struct report *report, const char *name, int status)
{
	snprintf(report->error, report->error_size, "%s/%s: %s", report->content.dir, name,
	         strerror(-status));
	return status;
}

static int path_of(struct report *report, char *path, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", report->content.dir, name) >= PATH_MAX)
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

	for (size_t i = 0; status == 0 && i < report->content.summary.count; i++) {
		const struct summary_row *row = &report->content.summary.rows[i];

		if (row->runs > 0)
			status = write_file(report, row->latency_file, write_hgrm, row->latency);
	}
	return status;
}

static void print_line(void *out, const char *text)
{
	fprintf(out, "%s\n", text);
}

static int print_findings(const struct report_content *content, FILE *out)
{
	int status = 0;

	fputs("\nWhat came of it:\n\n", out);
	if (content->findings.rows_count)
		status = table_write_text(&content->findings, out);
	fputs(content->findings.rows_count ? "\n" : "", out);
	findings_lines(&content->experiment, &content->summary, print_line, out);
	return status;
}

static int print_tables(const struct report_content *content, FILE *out)
{
	int status = table_write_text(&content->table, out);

	fputc('\n', out);
	figures_notes(&content->summary, content->machine, print_line, out);
	figures_left_out(&content->summary, print_line, out);
	fputs("\nBytes:\n\n", out);
	if (status == 0)
		status = table_write_text(&content->bytes, out);
	fputc('\n', out);
	figures_bytes_notes(&content->summary, print_line, out);
	fputs("\nWhat a connection costs:\n\n", out);
	if (status == 0)
		status = table_write_text(&content->connections, out);
	fputc('\n', out);
	figures_connections_notes(&content->summary, print_line, out);
	if (status == 0)
		status = print_findings(content, out);
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
	struct report_content *content = &report->content;
	size_t count = 0;
	char caption[512];
	int status = plots_list(&content->plots, &count);

	figures_caption(&content->summary, content->machine, caption, sizeof(caption));
	for (size_t i = 0; status == 0 && i < count; i++) {
		const struct plot *plot = &content->plots[i];

		status = plots_draw(plot, content->dir, caption);
		if (status == -EIO)
			snprintf(report->error, report->error_size,
			         "%s/plots/%s: gnuplot could not draw it", content->dir,
			         plot->name);
		if (status == 0 && was_drawn(report, plot))
			content->plots[content->plots_count++] = *plot;
	}
	if (status != -ENOENT)
		return status;
	content->no_plots = content->plots ? NO_GNUPLOT : NO_SCRIPTS;
	fprintf(report->out, "\nPlots are left out: %s.\n", content->no_plots);
	return 0;
}

static void markdown_line(void *out, const char *text)
{
	/* Two spaces end a line; a list begins after an empty one anyway. */
	fprintf(out, "%s  \n", text);
}

static void write_intention(const struct report_content *content, FILE *out)
{
	fprintf(out, "# %s\n\n", content->summary.rows[0].experiment);
	if (*content->experiment.question)
		fprintf(out, "**Question.** %s\n\n", content->experiment.question);
	if (*content->experiment.prediction)
		fprintf(out, "**Prediction.** %s\n\n", content->experiment.prediction);
	if (*content->experiment.claim)
		fprintf(out, "**Put to the test.** %s (%s)\n\n", content->experiment.claim,
		        content->experiment.claim_source);
}

static void item_line(void *out, const char *text)
{
	fprintf(out, "- %s\n", text);
}

static void write_findings(const struct report_content *content, FILE *out)
{
	fputs("\n## What came of it\n\n", out);
	if (content->findings.rows_count) {
		table_write_markdown(&content->findings, out);
		fputs("\n", out);
	}
	findings_lines(&content->experiment, &content->summary, item_line, out);
}

static int write_markdown(const void *what, FILE *out)
{
	const struct report_content *content = what;

	write_intention(content, out);
	fputs("<!-- table:begin -->\n", out);
	table_write_markdown(&content->table, out);
	fputs("\n", out);
	figures_notes(&content->summary, content->machine, markdown_line, out);
	figures_left_out(&content->summary, markdown_line, out);
	fputs("<!-- table:end -->\n", out); /* README.md shows a table with its conditions */
	write_findings(content, out);
	fputs("\n## Bytes\n\n", out);
	table_write_markdown(&content->bytes, out);
	fputs("\n", out);
	figures_bytes_notes(&content->summary, markdown_line, out);
	fputs("\n## What a connection costs\n\n", out);
	table_write_markdown(&content->connections, out);
	fputs("\n", out);
	figures_connections_notes(&content->summary, markdown_line, out);
	if (content->plots_count)
		fputs("\n## Plots\n", out);
	for (size_t i = 0; i < content->plots_count; i++)
		fprintf(out, "\n![%s](plots/%s.svg)\n", content->plots[i].alt,
		        content->plots[i].name);
	fprintf(out,
	        "\n## Again on your machine\n\n```sh\n%s\n```\n\n"
	        "All figures are in [summary.csv](summary.csv), every run in "
	        "[runs.jsonl](runs.jsonl), the machine in [environment.json](environment.json).\n",
	        content->command);
	return ferror(out) ? -EIO : 0;
}

static int write_html(const void *content, FILE *out)
{
	return report_html_write(content, out);
}

/* What may be missing: then the report says less. */
static void read_surroundings(struct report *report)
{
	static const struct experiment_options as_it_stands;
	struct report_content *content = &report->content;
	char path[PATH_MAX], ignored[256];

	if (environment_caption(content->dir, content->machine, sizeof(content->machine)))
		strcpy(content->machine, "machine unknown");
	if (environment_command(content->dir, content->command, sizeof(content->command)) ||
	    !*content->command)
		snprintf(content->command, sizeof(content->command), "build/bench run %s",
		         content->summary.rows[0].experiment);
	if (path_of(report, path, "experiment.ini") == 0)
		experiment_read(&content->experiment, path, &as_it_stands, ignored,
		                sizeof(ignored));
}

static int read_runs(struct report *report)
{
	struct report_content *content = &report->content;
	char path[PATH_MAX];
	int status = path_of(report, path, "runs.jsonl");

	if (status == 0)
		status = summary_read(&content->summary, path, report->error, report->error_size);
	if (status == 0)
		status = figures_table(&content->table, &content->summary);
	if (status == 0)
		status = figures_bytes(&content->bytes, &content->summary);
	if (status == 0)
		status = figures_connections(&content->connections, &content->summary);
	return status;
}

static int make(struct report *report)
{
	int status = read_runs(report);

	if (status)
		return status;
	read_surroundings(report);
	status = findings_table(&report->content.findings, &report->content.experiment,
	                        &report->content.summary);
	if (status)
		return status;
	status = write_file(report, "summary.csv", write_csv, &report->content.summary);
	if (status == 0)
		status = write_latencies(report);
	if (status == 0)
		status = print_tables(&report->content, report->out);
	if (status == 0)
		status = make_directory(report, "plots");
	if (status == 0)
		status = draw_plots(report);
	if (status == 0)
		status = write_file(report, "report.md", write_markdown, &report->content);
	if (status == 0)
		status = write_file(report, "report.html", write_html, &report->content);
	return status;
}

int report_make(const char *dir, FILE *out, char *error, size_t error_size)
{
	struct report *report = calloc(1, sizeof(*report));
	int status;

	snprintf(error, error_size, "%s: out of memory", dir);
	if (!report)
		return -ENOMEM;
	report->content.dir = dir;
	report->out = out;
	report->error = error;
	report->error_size = error_size;
	status = make(report);
	experiment_free(&report->content.experiment);
	table_close(&report->content.table);
	table_close(&report->content.bytes);
	table_close(&report->content.connections);
	table_close(&report->content.findings);
	summary_free(&report->content.summary);
	free(report->content.plots);
	free(report);
	return status;
}
