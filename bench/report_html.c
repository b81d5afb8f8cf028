#include "report_html.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "environment.h"
#include "figures.h"
#include "findings.h"
#include "html.h"

/* A plot is black on white, and stays so on a dark page: it lies on a white card. On a phone plots
 * and tables keep their size, and scroll. */
static const char style[] =
        ":root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1b;--quiet:#5c5f62;--line:#d9dadb;"
        "--shade:#f3f4f4;--link:#0a58a8}\n"
        "@media(prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#e4e5e7;--quiet:#a2a6ab;"
        "--line:#363a3f;--shade:#22252a;--link:#85b7f2}}\n"
        "body{margin:0;background:var(--paper);color:var(--ink);"
        "font:1rem/1.5 system-ui,sans-serif}\n"
        "main{max-width:76rem;margin:0 auto;padding:1.5rem 1rem 3rem}\n"
        "a{color:var(--link)}\n"
        "h1{margin:.2rem 0 1rem;font-size:1.7rem;line-height:1.25}\n"
        "h2{margin:2.5rem 0 .8rem;font-size:1.25rem}\n"
        "header p,dd{max-width:46rem}\n"
        ".experiment,.conditions,.notes,small,figcaption{color:var(--quiet)}\n"
        ".experiment{margin:0;font-weight:600}\n"
        ".notes,figcaption{font-size:.875rem}\n"
        ".notes{padding-left:1.1rem}\n"
        "figure{max-width:60rem;margin:0 0 1.5rem}\n"
        "figcaption{margin-top:.4rem}\n"
        ".card{padding:.75rem;background:#fff;border:1px solid var(--line);border-radius:.6rem}\n"
        ".card,.scroll,pre{overflow-x:auto}\n"
        ".card img{display:block;width:100%;min-width:42rem;max-width:56.25rem;margin:0 auto}\n"
        "table{border-collapse:collapse;font-size:.8125rem;font-variant-numeric:tabular-nums;"
        "white-space:nowrap}\n"
        "th,td{padding:.35rem .45rem;border-bottom:1px solid var(--line);text-align:right}\n"
        "thead th{vertical-align:bottom;line-height:1.3}\n"
        "tbody+tbody tr:first-child>*{border-top:3px double var(--line)}\n"
        "small{font-size:.75rem;font-weight:400}\n"
        ".name,.reasons tr>:nth-child(n+3){text-align:left}\n"
        ".reasons{white-space:normal}\n"
        "tbody .name{font-weight:500}\n"
        "tr>.name:first-child{position:sticky;left:0;background:var(--paper)}\n"
        "dt{font-weight:600}\n"
        "dd{margin:0 0 .8rem;overflow-wrap:anywhere}\n"
        "summary{cursor:pointer}\n"
        "details dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;"
        "gap:.25rem 1.5rem;font-size:.875rem}\n"
        "details dt{color:var(--quiet);font-weight:400;overflow-wrap:anywhere}\n"
        "details dd{margin:0}\n"
        "pre{padding:.8rem 1rem;background:var(--shade);border-radius:.6rem}\n"
        "@media(max-width:40rem){details dl{display:block}details dd{margin-bottom:.5rem}}\n"
        "@media print{:root{font-size:10pt;color-scheme:light;--paper:#fff;--ink:#000;"
        "--quiet:#000;--line:#999;--shade:#fff;--link:#000}\n"
        "main{max-width:none;padding:0}table{font-size:6.5pt;white-space:normal}\n"
        "th,td{padding:.2rem .3rem}small{font-size:inherit}h2{break-after:avoid}\n"
        "figure,table,pre,dt,dd{break-inside:avoid}dt{break-after:avoid}\n"
        ".card img{min-width:0}.card,.scroll,pre{overflow:visible}.card{border:0;padding:0}\n"
        "pre{border:1px solid #999;white-space:pre-wrap}\n"
        "details::details-content{content-visibility:visible;display:block;height:auto}}\n";

static void write_element(FILE *out, const char *tag, const char *text)
{
	fprintf(out, "<%s>", tag);
	html_text(out, text);
	fprintf(out, "</%s>\n", tag);
}

static void write_head(const struct report_content *content, FILE *out)
{
	const char *question = content->experiment.question;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      out);
	html_text(out, content->summary.rows[0].experiment);
	fputs(*question ? ": " : "", out);
	html_text(out, question);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n", style);
}

static void write_intention(const struct report_content *content, FILE *out)
{
	const struct experiment *experiment = &content->experiment;
	const char *name = content->summary.rows[0].experiment;

	fputs("<header>\n<p class=\"experiment\">pushlab", out);
	fputs(*experiment->question ? " · " : "", out);
	html_text(out, *experiment->question ? name : "");
	fputs("</p>\n", out);
	write_element(out, "h1", *experiment->question ? experiment->question : name);
	if (*experiment->prediction) {
		fputs("<p><strong>Prediction.</strong> ", out);
		html_text(out, experiment->prediction);
		fputs("</p>\n", out);
	}
	if (*experiment->claim) {
		fputs("<p><strong>Put to the test.</strong> ", out);
		html_text(out, experiment->claim);
		fputs(" <small>(", out);
		html_text(out, experiment->claim_source);
		fputs(")</small></p>\n", out);
	}
	fputs("<p class=\"conditions\">", out);
	html_text(out, content->machine);
	fputs(". <a href=\"#reading\">How to read this</a></p>\n</header>\n", out);
}

static int write_plot(const struct report_content *content, const struct plot *plot, FILE *out)
{
	char path[PATH_MAX];
	int status;

	if (snprintf(path, sizeof(path), "%s/plots/%s.svg", content->dir, plot->name) >= PATH_MAX)
		return -ENAMETOOLONG;
	fputs("<figure>\n<div class=\"card\">", out);
	status = html_svg(out, path, plot->alt);
	fputs("</div>\n", out);
	write_element(out, "figcaption", plot->alt);
	fputs("</figure>\n", out);
	return status;
}

static int write_plots(const struct report_content *content, FILE *out)
{
	int status = 0;

	fputs("<section>\n<h2>Plots</h2>\n", out);
	for (size_t i = 0; status == 0 && i < content->plots_count; i++)
		status = write_plot(content, &content->plots[i], out);
	if (content->no_plots) {
		fputs("<p>Plots are left out: ", out);
		html_text(out, content->no_plots);
		fputs(".</p>\n", out);
	} else if (content->plots_count == 0) {
		fputs("<p>There are none: no run has what they would show.</p>\n", out);
	}
	fputs("</section>\n", out);
	return status;
}

/* Up to its notes. Who has no mouse scrolls what can be focused. */
static void write_table(const struct table *table, const char *heading, FILE *out)
{
	fprintf(out,
	        "<section>\n<h2>%s</h2>\n"
	        "<div class=\"scroll\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">\n",
	        heading, heading);
	table_write_html(table, out);
	fputs("</div>\n<ul class=\"notes\">\n", out);
}

static void write_note(void *out, const char *text)
{
	write_element(out, "li", text);
}

static void write_findings(const struct report_content *content, FILE *out)
{
	if (content->findings.rows_count) {
		write_table(&content->findings, "What came of it", out);
	} else {
		fputs("<section>\n<h2>What came of it</h2>\n<ul class=\"notes\">\n", out);
	}
	findings_lines(&content->experiment, &content->summary, write_note, out);
	fputs("</ul>\n</section>\n", out);
}

static void write_figures(const struct report_content *content, FILE *out)
{
	write_table(&content->table, "Figures", out);
	figures_notes(&content->summary, content->machine, write_note, out);
	fputs("</ul>\n</section>\n", out);
}

static void write_bytes(const struct report_content *content, FILE *out)
{
	write_table(&content->bytes, "Bytes", out);
	figures_bytes_notes(&content->summary, write_note, out);
	fputs("</ul>\n</section>\n", out);
}

static void write_connections(const struct report_content *content, FILE *out)
{
	write_table(&content->connections, "What a connection costs", out);
	figures_connections_notes(&content->summary, write_note, out);
	fputs("</ul>\n</section>\n", out);
}

static void write_lengths(const struct summary *summary, FILE *out)
{
	const struct run_parameters *first = &summary->rows[0].parameters;

	for (size_t i = 1; i < summary->count; i++) {
		const struct run_parameters *other = &summary->rows[i].parameters;

		if (other->warmup_s != first->warmup_s || other->main_s != first->main_s)
			return;
	}
	fprintf(out, "A run is measured for %g s, after %g s of warm-up. ", first->main_s,
	        first->warmup_s);
}

static void write_certainty(const struct summary *summary, FILE *out)
{
	fputs("<dt>Blocks and intervals</dt>\n<dd>", out);
	if (summary->blocks < 2)
		fputs("Each row was run once. ", out);
	else
		fprintf(out,
		        "Each row was run once in each of %u blocks, in an order that was "
		        "shuffled. ",
		        summary->blocks);
	write_lengths(summary, out);
	if (summary->blocks < 2)
		fputs("One run says nothing of how far a figure moves from run to run, so there "
		      "are no intervals: <strong>a difference may be chance.</strong>",
		      out);
	else
		fputs("A figure is the median over the valid runs; what is in brackets behind it "
		      "is its interval. ",
		      out);
	if (summary->blocks > 5)
		fputs("It is a 95 % interval of that median (percentile bootstrap); with five "
		      "valid runs or fewer, no more than their range. ",
		      out);
	else if (summary->blocks >= 2)
		fputs("With five blocks or fewer that is no more than the range from the lowest "
		      "run to the highest: three runs cover the true median in 75 cases of 100, "
		      "five in 94. ",
		      out);
	if (summary->blocks >= 2)
		fputs("<strong>A difference smaller than the intervals is no difference.</strong> "
		      "The intervals of CPU are in summary.csv.",
		      out);
	fputs("</dd>\n", out);
}

/* What the notes under the tables leave to be said. */
static void write_terms(FILE *out)
{
	fputs("<dt>Rows</dt>\n<dd>A transport is a way by which messages reach web clients, a "
	      "stack what the server is built on: libmicrohttpd (mhd), libwebsockets (lws), or "
	      "epoll, written from scratch. Where a table has parameters, they are what else "
	      "differs between rows. A dash: not measured, or meaningless there.</dd>\n"
	      "<dt>Way</dt>\n<dd>One way, a way, a transit, and d in a formula: what the link between "
	      "server and clients takes in one direction (under the first table).</dd>\n"
	      "<dt>What came of it</dt>\n<dd>The bounds stand in the experiment’s file, which was "
	      "there before the run. What is held against them is the median over the runs; how far "
	      "single runs lie apart is not in it.</dd>\n"
	      "<dt>Delivery latency: mean, p50, p99, max</dt>\n<dd>From the instant for which a "
	      "message was scheduled until a subscriber has the whole of it. The schedule is made "
	      "before the run and waits for nobody, so a server that is late shows it in full. "
	      "p99: 99 % of the deliveries took no longer. The plot has the deliveries of all "
	      "runs together, the table the median of each run’s figure. Server and clients are "
	      "processes on one machine, with one clock; on which of its CPUs, runs.jsonl says "
	      "(pinning).</dd>\n"
	      "<dt>Model</dt>\n<dd>The mean that a formula predicts from the link’s delay, the "
	      "rate and, of polling, its interval alone: the closed form (model.h has it). It knows nothing of the time that "
	      "computers take.</dd>\n"
	      "<dt>Other columns</dt>\n<dd>reach: how many of the deliveries that were due came. "
	      "msgs/resp: messages in one HTTP response; an SSE event or a WebSocket frame counts "
	      "as one. empty: HTTP responses without a message. memory: by how much that of the "
	      "server grew for each connection. had twice, connected again: where connections "
	      "were cut on purpose.</dd>\n",
	      out);
}

static void write_reading(const struct summary *summary, FILE *out)
{
	fputs("<section id=\"reading\">\n<h2>How to read this</h2>\n<dl>\n", out);
	write_terms(out);
	write_certainty(summary, out);
	fputs("<dt>Invalid runs</dt>\n<dd>Runs in which a delivery is missing, the server died, the "
	      "network dropped what it was not to drop, or the instrument was at its limit: too "
	      "little CPU, timers or link too late. The load is the process that plays all "
	      "clients. They are kept, with the reason, and are in no "
	      "figure.</dd>\n"
	      "<dt>CPU</dt>\n<dd>To be compared within one result only: it depends on the machine, "
	      "the rate and the lab mode, which is how server and clients were connected (under "
	      "the first table).</dd>\n</dl>\n</section>\n",
	      out);
}

static void write_invalid_run(const struct summary *summary, const struct summary_invalid *invalid,
                              FILE *out)
{
	const struct run_spec *spec = &invalid->spec;

	fprintf(out, "<tr><td>%u</td><td>%u</td><td>", spec->block, spec->order);
	html_text(out, summary_row_of(summary, &spec->parameters)->label);
	fputs("</td><td>", out);
	html_text(out, invalid->reason);
	fputs("</td></tr>\n", out);
}

static void write_broken(const struct summary *summary, FILE *out)
{
	if (!summary->broken_count)
		return;
	fprintf(out,
	        "<p>Lines of runs.jsonl that cannot be read, and are left out: %zu.</p>\n<ul>\n",
	        summary->broken_count);
	for (size_t i = 0; i < summary->broken_count; i++) {
		fprintf(out, "<li>runs.jsonl:%u: ", summary->broken[i].line);
		html_text(out, summary->broken[i].why);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

static void write_invalid(const struct summary *summary, FILE *out)
{
	fputs("<section>\n<h2>Invalid runs</h2>\n", out);
	write_broken(summary, out);
	if (summary->invalid_count == 0) {
		fputs("<p>None.</p>\n</section>\n", out);
		return;
	}
	fprintf(out, "<p>%zu, which %s in no figure.</p>\n", summary->invalid_count,
	        summary->invalid_count == 1 ? "is" : "are");
	fputs("<div class=\"scroll\">\n<table class=\"reasons\">\n<thead>\n<tr>"
	      "<th scope=\"col\">block</th><th scope=\"col\">run</th><th scope=\"col\">cell</th>"
	      "<th scope=\"col\">reason</th></tr>\n</thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < summary->invalid_count; i++)
		write_invalid_run(summary, &summary->invalid[i], out);
	fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

static void write_environment(json_t *environment, FILE *out)
{
	fputs("<section>\n<h2>Environment</h2>\n", out);
	if (!environment) {
		fputs("<p>Not known: environment.json is missing, or no JSON.</p>\n</section>\n",
		      out);
		return;
	}
	fputs("<details>\n<summary>Machine, kernel, libraries, compiler and settings in "
	      "full</summary>\n<dl>\n",
	      out);
	html_json(out, environment);
	fputs("</dl>\n</details>\n</section>\n", out);
}

static void write_again(const struct report_content *content, const json_t *environment, FILE *out)
{
	const char *commit = json_string_value(json_object_get(environment, "git_commit"));

	fputs("<section>\n<h2>Again on your machine</h2>\n<p>In a checkout of pushlab", out);
	if (commit) {
		fputs(", here of commit <code>", out);
		html_text(out, commit);
		fprintf(out, "</code>%s",
		        strstr(commit, "-dirty") ? " (dirty: with changes not committed)" : "");
	}
	fputs(", after <code>make</code>:</p>\n<pre><code>", out);
	html_text(out, content->command);
	fputs("</code></pre>\n<p>All figures are in <a href=\"summary.csv\">summary.csv</a>, every "
	      "run in <a href=\"runs.jsonl\">runs.jsonl</a>, the machine in "
	      "<a href=\"environment.json\">environment.json</a>, in the folder in which this page "
	      "was made.</p>\n</section>\n",
	      out);
}

int report_html_write(const struct report_content *content, FILE *out)
{
	int status;
	json_t *environment = environment_read(content->dir, &status);

	write_head(content, out);
	fputs("<body>\n<main>\n", out);
	write_intention(content, out);
	write_findings(content, out);
	status = write_plots(content, out);
	write_figures(content, out);
	write_bytes(content, out);
	write_connections(content, out);
	write_reading(&content->summary, out);
	write_invalid(&content->summary, out);
	write_environment(environment, out);
	write_again(content, environment, out);
	fputs("</main>\n</body>\n</html>\n", out);
	json_decref(environment);
	if (status)
		return status;
	return ferror(out) ? -EIO : 0;
}
