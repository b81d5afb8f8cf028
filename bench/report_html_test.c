#include "report_html.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../transports/base64.h"
#include "../transports/bytes.h"
#include "../transports/feed.h"
#include "command.h"
#include "figures.h"
#include "sample_run.h"

static char dir[] = "/tmp/pushlab-page-XXXXXX";
static struct report_content content;
static struct plot plots[2] = {{"bytes", "Bytes & packets"}, {"latency", "Latency"}};
static struct run_spec spec;
static struct run_result result;
static char *page;
static size_t page_size;

static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void add(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&line, &size);

	assert_non_null(out);
	assert_int_equal(run_write(out, &spec, &result), 0);
	fclose(out);
	put("runs.jsonl", line);
	free(line);
}

/* A valid run in each of so many blocks. */
static void add_blocks(unsigned count)
{
	for (unsigned block = 1; block <= count; block++) {
		sample_run("sse", "mhd", block, &spec, &result);
		add();
	}
}

static void add_invalid(const char *reason)
{
	sample_run("polling", "lws", 2, &spec, &result);
	spec.order = 7;
	result.valid = false;
	snprintf(result.reason, sizeof(result.reason), "%s", reason);
	add();
}

/* As report_make does. */
static void read_runs(void)
{
	char path[PATH_MAX], error[256];

	snprintf(path, sizeof(path), "%s/runs.jsonl", dir);
	if (summary_read(&content.summary, path, error, sizeof(error)))
		fail_msg("%s", error);
	assert_int_equal(figures_table(&content.table, &content.summary), 0);
	assert_int_equal(figures_bytes(&content.bytes, &content.summary), 0);
	assert_int_equal(figures_connections(&content.connections, &content.summary), 0);
}

static int write_page(void)
{
	FILE *out;
	int status;

	free(page);
	page = NULL;
	out = open_memstream(&page, &page_size);
	assert_non_null(out);
	status = report_html_write(&content, out);
	fclose(out);
	return status;
}

static void assert_written(void)
{
	read_runs();
	assert_int_equal(write_page(), 0);
}

static void assert_contains(const char *part)
{
	if (!strstr(page, part))
		fail_msg("there is no \"%s\"", part);
}

static void assert_lacks(const char *part)
{
	if (strstr(page, part))
		fail_msg("there is \"%s\"", part);
}

static int setup(void **state)
{
	const char *plots_dir[] = {"mkdir", "plots", NULL};

	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	content = (struct report_content){.dir = dir};
	strcpy(content.machine, "2 × CPU, Linux 6.18, loopback, 2026-11-25");
	strcpy(content.command, "build/bench run sample");
	return command_run(plots_dir, dir, NULL, 0);
}

static int teardown(void **state)
{
	const char *const argv[] = {"rm", "-rf", dir, NULL};

	(void)state;
	table_close(&content.table);
	table_close(&content.bytes);
	table_close(&content.connections);
	summary_free(&content.summary);
	free(page);
	page = NULL;
	return command_run(argv, "/", NULL, 0);
}

static void test_question_and_prediction_come_first(void **state)
{
	(void)state;
	add_blocks(1);
	strcpy(content.experiment.question, "Which waits?");
	strcpy(content.experiment.prediction, "Polling: T/2.");
	assert_written();
	assert_contains("<!DOCTYPE html>\n<html lang=\"en\">");
	assert_contains("<title>sample: Which waits?</title>");
	assert_contains("<p class=\"experiment\">pushlab · sample</p>\n<h1>Which waits?</h1>\n"
	                "<p><strong>Prediction.</strong> Polling: T/2.</p>\n"
	                "<p class=\"conditions\">2 × CPU, Linux 6.18, loopback, 2026-11-25. ");
}

static void test_without_a_question_the_name_is_the_heading(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_contains("<title>sample</title>");
	assert_contains("<p class=\"experiment\">pushlab</p>\n<h1>sample</h1>\n");
	assert_lacks("Prediction.");
}

static void test_nothing_is_loaded_from_elsewhere(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_lacks("http:");
	assert_lacks("https:");
	assert_lacks("<script");
	assert_lacks("<link");
	assert_lacks("url(");
}

static void test_all_tables_have_their_notes(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_contains("<th scope=\"row\" class=\"name\">sse</th>");
	assert_contains("<li>Wire: per message received");
	assert_contains("<h2>Bytes</h2>");
	assert_contains("<li>Both ways, per message");
	assert_contains("<h2>What a connection costs</h2>");
	assert_contains("<li>Times: medians;");
}

static void test_what_comes_from_files_is_text(void **state)
{
	(void)state;
	add_blocks(1);
	add_invalid("a < b & \"c\" > 'd'");
	put("environment.json", "{\"<k>\": \"<script>alert(1)</script>\", "
	                        "\"git_commit\": \"<b>\"}");
	strcpy(content.experiment.question, "</title><i>?");
	strcpy(content.experiment.prediction, "<i>");
	strcpy(content.machine, "<i>");
	strcpy(content.command, "build/bench run '<i>' && true");
	assert_written();
	assert_lacks("<script");
	assert_lacks("<i>");
	assert_lacks("<b>");
	assert_contains("<h1>&lt;/title&gt;&lt;i&gt;?</h1>");
	assert_contains("<td>a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39;</td>");
	assert_contains("<dt>&lt;k&gt;</dt><dd>&lt;script&gt;alert(1)&lt;/script&gt;</dd>");
	assert_contains("build/bench run &#39;&lt;i&gt;&#39; &amp;&amp; true");
}

static void test_invalid_runs_have_a_section_of_their_own(void **state)
{
	(void)state;
	add_blocks(1);
	add_invalid("the load was late");
	assert_written();
	assert_contains("<h2>Invalid runs</h2>\n<p>1, which is in no figure.</p>");
	assert_contains("<tr><td>2</td><td>7</td><td>polling/lws</td><td>the load was late</td>"
	                "</tr>");
	assert_lacks("<li>Invalid runs");
	assert_lacks("<li>- block");
}

static void test_no_invalid_runs_are_said_too(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_contains("<h2>Invalid runs</h2>\n<p>None.</p>");
}

static void test_a_single_block_is_said_to_have_no_intervals(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_contains("Each row was run once. A run is measured for 10 s, after 2 s of "
	                "warm-up. ");
	assert_contains("there are no intervals");
	assert_lacks("95 %");
}

static void test_the_interval_of_few_blocks_is_a_range(void **state)
{
	(void)state;
	add_blocks(5);
	assert_written();
	assert_contains("in each of 5 blocks, ");
	assert_contains("no more than the range from the lowest run to the highest");
	assert_contains("A difference smaller than the intervals is no difference.");
	assert_lacks("95 %");
}

static void test_the_interval_of_six_blocks_is_one_of_95_percent(void **state)
{
	(void)state;
	add_blocks(6);
	assert_written();
	assert_contains("It is a 95 % interval of that median");
}

static void test_lengths_that_differ_are_not_said_to_be_one(void **state)
{
	(void)state;
	add_blocks(1);
	sample_run("polling", "mhd", 1, &spec, &result);
	spec.parameters.main_s = 5;
	add();
	assert_written();
	assert_lacks("A run is measured for");
}

static void test_every_key_of_the_environment_is_shown(void **state)
{
	(void)state;
	add_blocks(1);
	put("environment.json", "{\"cpu\": {\"model\": null, \"virtual\": true, \"count\": 2,"
	                        " \"mitigations\": {\"spectre\": \"Vulnerable\"}},"
	                        " \"pinned\": [0, false], \"nothing\": {}, \"GHz\": 2.5}");
	assert_written();
	assert_contains("<dt>cpu.model</dt><dd>not known</dd>");
	assert_contains("<dt>cpu.virtual</dt><dd>yes</dd>");
	assert_contains("<dt>cpu.count</dt><dd>2</dd>");
	assert_contains("<dt>cpu.mitigations.spectre</dt><dd>Vulnerable</dd>");
	assert_contains("<dt>pinned[0]</dt><dd>0</dd>");
	assert_contains("<dt>pinned[1]</dt><dd>no</dd>");
	assert_contains("<dt>nothing</dt><dd>none</dd>");
	assert_contains("<dt>GHz</dt><dd>2.5</dd>");
	assert_lacks("<dt>cpu</dt>");
}

static void test_an_unknown_environment_is_said_to_be(void **state)
{
	(void)state;
	add_blocks(1);
	assert_written();
	assert_contains("<p>Not known: environment.json is missing, or no JSON.</p>");
	assert_contains("In a checkout of pushlab, after <code>make</code>");
}

static void test_command_and_commit_say_how_to_do_it_again(void **state)
{
	(void)state;
	add_blocks(1);
	put("environment.json", "{\"git_commit\": \"a744-dirty\"}");
	assert_written();
	assert_contains("here of commit <code>a744-dirty</code> (dirty: with changes not "
	                "committed), after");
	assert_contains("<pre><code>build/bench run sample</code></pre>");
	assert_contains("<a href=\"summary.csv\">summary.csv</a>");
	assert_contains("<a href=\"runs.jsonl\">runs.jsonl</a>");
}

static void show_plots(void)
{
	put("plots/bytes.svg", "<svg id='1'/>");
	put("plots/latency.svg", "<svg id='2'/>");
	content.plots = plots;
	content.plots_count = 2;
}

static void test_plots_are_in_the_page(void **state)
{
	const char prefix[] = "<img alt=\"Bytes &amp; packets\" src=\"data:image/svg+xml;base64,";
	struct bytes svg = {0};
	const char *text;

	(void)state;
	add_blocks(1);
	show_plots();
	assert_written();
	assert_contains(prefix);
	text = strstr(page, prefix) + strlen(prefix);
	assert_int_equal(base64_decode(&svg, text, strcspn(text, "\"")), 0);
	assert_int_equal(bytes_size(&svg), strlen("<svg id='1'/>"));
	assert_memory_equal(bytes_data(&svg), "<svg id='1'/>", bytes_size(&svg));
	bytes_free(&svg);
	assert_contains("<figcaption>Bytes &amp; packets</figcaption>");
	assert_contains("<figcaption>Latency</figcaption>");
}

static void test_why_there_are_no_plots_is_said(void **state)
{
	(void)state;
	add_blocks(1);
	content.no_plots = "gnuplot is not installed";
	assert_written();
	assert_contains("<p>Plots are left out: gnuplot is not installed.</p>");
	content.no_plots = NULL;
	assert_int_equal(write_page(), 0);
	assert_contains("<p>There are none: ");
}

static void test_a_plot_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	add_blocks(1);
	content.plots = plots;
	content.plots_count = 1;
	read_runs();
	assert_int_equal(write_page(), -ENOENT);
}

static void test_running_out_of_memory_is_an_error(void **state)
{
	long allocations = 0;
	int status;

	(void)state;
	add_blocks(1);
	show_plots();
	read_runs();
	do {
		feed_fail_at = ++allocations;
		status = write_page();
		if (feed_fail_at <= 0)
			assert_int_equal(status, -ENOMEM);
	} while (feed_fail_at <= 0);
	feed_fail_at = 0;
	assert_int_equal(status, 0);
	assert_true(allocations > 4); /* a picture and its text, twice */
}

static void test_a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setbuf(full, NULL);
	add_blocks(1);
	read_runs();
	assert_int_equal(report_html_write(&content, full), -EIO);
	fclose(full);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_question_and_prediction_come_first),
	        TEST(test_without_a_question_the_name_is_the_heading),
	        TEST(test_nothing_is_loaded_from_elsewhere),
	        TEST(test_all_tables_have_their_notes),
	        TEST(test_what_comes_from_files_is_text),
	        TEST(test_invalid_runs_have_a_section_of_their_own),
	        TEST(test_no_invalid_runs_are_said_too),
	        TEST(test_a_single_block_is_said_to_have_no_intervals),
	        TEST(test_the_interval_of_few_blocks_is_a_range),
	        TEST(test_the_interval_of_six_blocks_is_one_of_95_percent),
	        TEST(test_lengths_that_differ_are_not_said_to_be_one),
	        TEST(test_every_key_of_the_environment_is_shown),
	        TEST(test_an_unknown_environment_is_said_to_be),
	        TEST(test_command_and_commit_say_how_to_do_it_again),
	        TEST(test_plots_are_in_the_page),
	        TEST(test_why_there_are_no_plots_is_said),
	        TEST(test_a_plot_that_cannot_be_read_is_an_error),
	        TEST(test_running_out_of_memory_is_an_error),
	        TEST(test_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests_name("report_html", tests, NULL, NULL);
}
