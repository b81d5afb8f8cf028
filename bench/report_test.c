#include "report.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "sample_run.h"

static char dir[] = "/tmp/pushlab-report-XXXXXX";
static struct run_spec spec;
static struct run_result result;
static char error[256];
static char *printed, *path_before;
static size_t printed_size;

static FILE *create(const char *name)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "a");
	assert_non_null(file);
	return file;
}

static void add(void)
{
	FILE *runs = create("runs.jsonl");

	assert_int_equal(run_write(runs, &spec, &result), 0);
	fclose(runs);
}

static void put(const char *name, const char *text)
{
	FILE *file = create(name);

	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, R_OK) == 0;
}

/* The content of a file; good until the next call. */
static const char *content(const char *name)
{
	static char text[65536];
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("there is no \"%s\"", part);
}

static int make(void)
{
	FILE *out;
	int status;

	free(printed);
	out = open_memstream(&printed, &printed_size);
	assert_non_null(out);
	status = report_make(dir, out, error, sizeof(error));
	fclose(out);
	return status;
}

static void assert_made(void)
{
	if (make())
		fail_msg("%s", error);
}

/* Most tests need no plots, so PATH leads to no gnuplot. */
static int setup(void **state)
{
	const char *path;

	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	path = getenv("PATH");
	path_before = strdup(path ? path : "");
	return setenv("PATH", dir, 1);
}

static int teardown(void **state)
{
	const char *const argv[] = {"rm", "-rf", dir, NULL};

	(void)state;
	setenv("PATH", path_before, 1);
	free(path_before);
	free(printed);
	printed = NULL;
	return command_run(argv, "/", NULL, 0);
}

static void add_cells(void)
{
	sample_run("sse", "mhd", 1, &spec, &result);
	add();
	sample_run("polling", "mhd", 1, &spec, &result);
	add();
}

static void add_invalid(void)
{
	sample_run("sse", "mhd", 2, &spec, &result);
	result.valid = false;
	strcpy(result.reason, "load CPU over 90 %");
	add();
}

static void test_every_file_is_written(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	assert_true(is_there("summary.csv"));
	assert_true(is_there("latency/sse-mhd.hgrm"));
	assert_true(is_there("latency/polling-mhd.hgrm"));
	assert_true(is_there("report.md"));
	assert_true(is_there("report.html"));
}

static void test_the_table_says_what_was_measured(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	assert_contains(printed, "transport  stack   mean  p50 [interval]");
	assert_contains(printed, "polling    mhd ");
	assert_contains(printed, "loopback: no link is emulated; byte counts are modelled: TCP "
	                         "payload + 66 B a segment.");
	assert_contains(printed, "100 subscribers, 10 messages/s, poisson arrivals");
	assert_contains(printed, "Invalid runs: none.");
}

static void test_no_line_of_the_table_is_wider_than_a_terminal(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	for (const char *line = printed; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 120);
}

/* In frames, of which loopback has none, the model's are 100 B and 15 and 132, and 14 one way. */
static void test_bytes_have_a_table_with_the_model(void **state)
{
	(void)state;
	sample_run("sse", "epoll", 1, &spec, &result);
	strcpy(result.lab_mode, "direct");
	add();
	assert_made();
	assert_contains(printed, "Bytes:\n\ntransport  stack   wire  model   off  framing  model");
	assert_contains(printed, "What a connection costs:\n");
	assert_contains(printed, "Model: of the wire contract");
	assert_contains(content("report.md"), "## Bytes\n\n| transport | stack | wire<br>B/msg |");
	assert_contains(content("report.md"), "| sse | epoll | 244 | 247 | -1.3 | 12.0 | 15.2 |");
}

static void test_what_polls_carry_stands_beside_the_model(void **state)
{
	(void)state;
	sample_run("polling", "epoll", 1, &spec, &result);
	add();
	assert_made();
	assert_contains(content("report.md"), "| msgs<br>/resp | model<br>/resp | off<br>% |");
	assert_contains(content("report.md"), "| 4.00 | 10.00 | -60.0 | 10 |");
}

static void test_what_a_connection_costs_has_a_table_of_its_own(void **state)
{
	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	result.server.memory_half_bytes = result.server.memory_before_bytes + 50 * 2048;
	result.connecting = (struct run_connecting){.connections = 100, .segments_up = 700};
	add();
	assert_made();
	assert_contains(printed, "What a connection costs:\n\ntransport  stack  TCP  subscribed");
	assert_contains(printed, " 7.00 ");
	assert_contains(printed, " 2.00 ");
	assert_null(strstr(printed, "TLS"));
	assert_contains(content("report.md"),
	                "## What a connection costs\n\n| transport | stack |");
}

static void test_what_only_some_runs_have_makes_a_column(void **state)
{
	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	spec.parameters.tls = true;
	spec.parameters.cuts = 3;
	result.reconnects = 321;
	result.duplicates = 5;
	add();
	sample_run("sse", "epoll", 1, &spec, &result);
	spec.parameters.tls = true;
	spec.parameters.cuts = 3;
	add();
	assert_made();
	assert_contains(printed, "connected");
	assert_contains(printed, "  5.00        321");
	assert_contains(printed, "x epoll");
	assert_contains(printed, "TLS B/msg: ");
}

static void test_a_hybrid_is_labelled_in_tables_and_plots(void **state)
{
	(void)state;
	sample_run("websocket", "mhd", 1, &spec, &result);
	add();
	assert_made();
	assert_contains(printed, "websocket  mhd*");
	assert_contains(printed, "websocket/mhd* is a hybrid: ");
	assert_contains(content("report.md"), "| websocket | mhd* |");
	assert_contains(content("summary.csv"), ",websocket/mhd*,");
}

static void test_the_floor_stands_apart(void **state)
{
	(void)state;
	add_cells();
	sample_run("floor", "epoll", 1, &spec, &result);
	add();
	assert_made();
	assert_contains(printed, "\n\nfloor      epoll");
	assert_contains(printed, "Floor: ");
}

static void test_the_same_table_stands_between_markers(void **state)
{
	const char *text;

	(void)state;
	add_cells();
	assert_made();
	text = content("report.md");
	assert_contains(text, "<!-- table:begin -->\n| transport | stack | mean<br>ms |");
	assert_contains(text, "| polling | mhd | 50");
	assert_contains(text, "\n<!-- table:end -->\n");
	assert_true(strstr(text, "loopback: ") < strstr(text, "<!-- table:end -->"));
}

static void test_an_invalid_run_is_shown_with_its_reason(void **state)
{
	(void)state;
	add_cells();
	add_invalid();
	assert_made();
	assert_contains(printed, "- block 2, run 1, sse/mhd: load CPU over 90 %\n");
	assert_contains(content("report.md"), "- block 2, run 1, sse/mhd: load CPU over 90 %");
}

static void test_a_cell_without_a_valid_run_has_dashes_and_no_histogram(void **state)
{
	(void)state;
	add_invalid();
	assert_made();
	assert_contains(content("report.md"), "| sse | mhd | - | - | - | - | 0 | 0 of 1 | - |");
	assert_false(is_there("latency/sse-mhd.hgrm"));
}

static void test_question_prediction_and_command_are_quoted(void **state)
{
	(void)state;
	add_cells();
	put("experiment.ini", "[experiment]\nname = sample\nquestion = Which waits?\n"
	                      "prediction = Polling: T/2.\n[run]\ncells = sse/mhd\n");
	put("environment.json", "{\"command\": \"build/bench run sample --quick\"}");
	assert_made();
	assert_contains(content("report.md"), "**Question.** Which waits?\n");
	assert_contains(content("report.md"), "**Prediction.** Polling: T/2.\n");
	assert_contains(content("report.md"), "```sh\nbuild/bench run sample --quick\n```");
}

static void test_without_a_known_command_the_usual_one_is_given(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	assert_contains(content("report.md"), "```sh\nbuild/bench run sample\n```");
	assert_contains(content("report.html"), "<code>build/bench run sample</code>");
}

static void test_a_missing_gnuplot_is_said_and_no_error(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	assert_contains(printed, "Plots are left out: gnuplot is not installed (Debian: apt-get "
	                         "install gnuplot-nox).\n");
	assert_null(strstr(content("report.md"), "!["));
	assert_contains(content("report.html"), "<p>Plots are left out: gnuplot is not installed ");
}

static bool gnuplot_is_there(void)
{
	const char *const argv[] = {"gnuplot", "--version", NULL};
	char version[64];

	setenv("PATH", path_before, 1);
	return command_run(argv, "/", version, sizeof(version)) == 0;
}

static void test_plots_are_drawn_and_shown(void **state)
{
	(void)state;
	if (!gnuplot_is_there())
		skip();
	add_cells();
	put("environment.json", "{\"cpu\":{\"model\":\"It's a test\"}}");
	assert_made();
	assert_true(is_there("plots/latency.svg"));
	assert_true(is_there("plots/latency.png"));
	assert_true(is_there("plots/bytes.svg"));
	assert_true(is_there("plots/cpu.svg"));
	assert_contains(content("report.md"), "cell](plots/latency.svg)\n");
	assert_contains(content("plots/latency.svg"), "It's a test");
	assert_contains(content("report.html"), "src=\"data:image/svg+xml;base64,");
}

static void test_round_trips_are_drawn_where_clients_alone_publish(void **state)
{
	(void)state;
	if (!gnuplot_is_there())
		skip();
	sample_run("sse", "mhd", 1, &spec, &result);
	result.round_trip = result.latency;
	result.latency = (struct hist){0};
	spec.parameters.rate_hz = 0;
	spec.parameters.rate_up_hz = 10;
	add();
	assert_made();
	assert_contains(content("plots/latency.svg"), "has back what it published");
	assert_contains(printed, "there, back");
}

static void test_a_plot_without_data_is_left_out(void **state)
{
	(void)state;
	if (!gnuplot_is_there())
		skip();
	sample_run("sse", "mhd", 1, &spec, &result);
	result.server.cpu_ns = 0;
	add();
	assert_made();
	assert_true(is_there("plots/bytes.svg"));
	assert_false(is_there("plots/cpu.svg"));
	assert_null(strstr(content("report.md"), "cpu.svg"));
}

static void test_a_result_without_valid_runs_has_no_plots(void **state)
{
	(void)state;
	if (!gnuplot_is_there())
		skip();
	add_invalid();
	assert_made();
	assert_null(strstr(content("report.md"), "!["));
}

static void test_a_report_can_be_made_again(void **state)
{
	char *first;

	(void)state;
	add_cells();
	assert_made();
	first = strdup(content("summary.csv"));
	assert_made();
	assert_string_equal(content("summary.csv"), first);
	free(first);
}

static void test_question_and_command_are_in_the_page_too(void **state)
{
	(void)state;
	add_cells();
	put("experiment.ini", "[experiment]\nname = sample\nquestion = Which waits?\n"
	                      "[run]\ncells = sse/mhd\n");
	put("environment.json", "{\"command\": \"build/bench run sample --quick\"}");
	assert_made();
	assert_contains(content("report.html"), "<h1>Which waits?</h1>");
	assert_contains(content("report.html"), "<code>build/bench run sample --quick</code>");
	assert_contains(content("report.html"), "<dt>command</dt>");
}

static void test_a_directory_without_runs_is_refused(void **state)
{
	char expected[256];

	(void)state;
	assert_int_equal(make(), -ENOENT);
	snprintf(expected, sizeof(expected), "%s/runs.jsonl: no such file", dir);
	assert_string_equal(error, expected);
}

static void test_what_cannot_be_written_is_named(void **state)
{
	char expected[256];

	(void)state;
	add_cells();
	put("latency", "a file where a directory should be");
	assert_int_equal(make(), -ENOTDIR);
	snprintf(expected, sizeof(expected), "%s/latency/polling-mhd.hgrm: Not a directory", dir);
	assert_string_equal(error, expected);
}

static void test_a_page_that_cannot_be_written_is_named(void **state)
{
	char path[sizeof(dir) + 16], expected[256];

	(void)state;
	add_cells();
	snprintf(path, sizeof(path), "%s/report.html", dir);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_true(make() < 0);
	snprintf(expected, sizeof(expected), "%s: ", path);
	assert_memory_equal(error, expected, strlen(expected));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_every_file_is_written),
	        TEST(test_the_table_says_what_was_measured),
	        TEST(test_no_line_of_the_table_is_wider_than_a_terminal),
	        TEST(test_bytes_have_a_table_with_the_model),
	        TEST(test_what_polls_carry_stands_beside_the_model),
	        TEST(test_what_a_connection_costs_has_a_table_of_its_own),
	        TEST(test_what_only_some_runs_have_makes_a_column),
	        TEST(test_a_hybrid_is_labelled_in_tables_and_plots),
	        TEST(test_the_floor_stands_apart),
	        TEST(test_the_same_table_stands_between_markers),
	        TEST(test_an_invalid_run_is_shown_with_its_reason),
	        TEST(test_a_cell_without_a_valid_run_has_dashes_and_no_histogram),
	        TEST(test_question_prediction_and_command_are_quoted),
	        TEST(test_question_and_command_are_in_the_page_too),
	        TEST(test_without_a_known_command_the_usual_one_is_given),
	        TEST(test_a_missing_gnuplot_is_said_and_no_error),
	        TEST(test_plots_are_drawn_and_shown),
	        TEST(test_round_trips_are_drawn_where_clients_alone_publish),
	        TEST(test_a_plot_without_data_is_left_out),
	        TEST(test_a_result_without_valid_runs_has_no_plots),
	        TEST(test_a_report_can_be_made_again),
	        TEST(test_a_directory_without_runs_is_refused),
	        TEST(test_what_cannot_be_written_is_named),
	        TEST(test_a_page_that_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
