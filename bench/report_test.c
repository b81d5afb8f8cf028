#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#include "command.h"
#include "plots.h"
#include "sample_run.h"
#include "svg.h"

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

static void test_slow_readers_have_columns_where_there_are_any(void **state)
{
	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	add();
	assert_made();
	assert_null(strstr(printed, "cut off"));
	sample_run("sse", "epoll", 1, &spec, &result);
	spec.parameters.slow_readers = 9;
	result.server.slow_disconnected = 8;
	result.server.memory_end_bytes = result.server.memory_bytes + 333 * 1024;
	add();
	assert_made();
	assert_contains(printed, "cut off");
	assert_contains(printed, "     8.00      333 ");
	assert_contains(printed, "Slow, cut off: ");
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

static void test_plots_are_compact(void **state)
{
	char path[PATH_MAX];
	char *before;

	(void)state;
	if (!gnuplot_is_there())
		skip();
	add_cells();
	assert_made();
	before = strdup(content("plots/cpu.svg"));
	snprintf(path, sizeof(path), "%s/plots/cpu.svg", dir);
	assert_int_equal(svg_compact(path), 0);
	assert_string_equal(content("plots/cpu.svg"), before); /* there was nothing left to do */
	free(before);
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

/* What is drawn as text for no terminal; freed by free(). */
static char *drawn(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(plots_print(dir, out), 0);
	fclose(out);
	return text;
}

/* In characters, not in bytes of UTF-8. */
static size_t longest_line(const char *text)
{
	size_t longest = 0, length = 0;

	for (; *text; text++) {
		length = *text == '\n' ? 0 : length + ((*text & 0xc0) != 0x80);
		longest = length > longest ? length : longest;
	}
	return longest;
}

static void test_plots_are_drawn_as_text(void **state)
{
	char *text;

	(void)state;
	if (!gnuplot_is_there())
		skip();
	add_cells();
	assert_made();
	text = drawn();
	assert_contains(text,
	                "\nHow much crosses the wire for a message?\n# payload  = framing  -");
	assert_contains(text, "\n     sse/mhd |#");
	assert_contains(text, "µs per delivered message");
	assert_contains(text, "\n polling/mhd |PPPPPPPP");
	assert_contains(text, "delivery latency, ms\n");
	assert_contains(text, " deliveries that are no slower, %\n");
	assert_contains(text, " P polling/mhd  S sse/mhd\n");
	assert_null(strstr(text, "How does the mean latency follow?")); /* nothing was varied */
	assert_null(strchr(text, '\f'));
	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, " \n"));
	assert_true(longest_line(text) <= 79);
	assert_false(is_there("plots/latency.dumb"));
	free(text);
}

static void test_a_sweep_is_drawn_as_text_and_a_plot_without_data_is_not(void **state)
{
	char *text;

	(void)state;
	if (!gnuplot_is_there())
		skip();
	for (unsigned bytes = 100; bytes <= 10000; bytes *= 10) {
		sample_run("sse", "mhd", 1, &spec, &result);
		spec.parameters.payload_bytes = bytes;
		result.server.cpu_ns = 0;
		hist_record(&result.latency, bytes * 1000000ull);
		add();
	}
	assert_made();
	text = drawn();
	assert_contains(text, "How does the mean latency follow?\nmean delivery latency, ms\n");
	assert_contains(text, " bytes a message\n");
	assert_contains(text, " S sse/mhd");
	assert_contains(text, " S 2 sse/mhd 1000 B "); /* one of three curves */
	assert_null(strstr(text, "What does a delivery cost the server?"));
	free(text);
}

/* What came out of a terminal. */
struct screen {
	int fd;
	char text[65536];
	size_t size;
};

static void *read_screen(void *user)
{
	struct screen *screen = user;
	ssize_t count;

	/* It fails when nobody has the terminal open any more. */
	while ((count = read(screen->fd, screen->text + screen->size,
	                     sizeof(screen->text) - 1 - screen->size)) > 0)
		screen->size += (size_t)count;
	screen->text[screen->size] = '\0';
	return NULL;
}

/* The same on a terminal of so many columns; good until the next call. */
static const char *drawn_on_a_terminal(unsigned short columns)
{
	static struct screen screen;
	const struct winsize size = {.ws_row = 24, .ws_col = columns};
	pthread_t reader;
	FILE *out;

	screen.size = 0;
	screen.fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(screen.fd >= 0);
	assert_int_equal(grantpt(screen.fd) | unlockpt(screen.fd), 0);
	assert_int_equal(ioctl(screen.fd, TIOCSWINSZ, &size), 0);
	out = fopen(ptsname(screen.fd), "w");
	assert_non_null(out);
	assert_int_equal(pthread_create(&reader, NULL, read_screen, &screen), 0);
	assert_int_equal(plots_print(dir, out), 0);
	fclose(out);
	pthread_join(reader, NULL);
	close(screen.fd);
	return screen.text;
}

static void test_text_is_as_wide_as_its_terminal_and_has_colours_where_they_are_wanted(void **state)
{
	(void)state;
	if (!gnuplot_is_there())
		skip();
	add_cells();
	assert_made();
	setenv("TERM", "xterm-256color", 1);
	setenv("NO_COLOR", "", 1); /* is as if it were not there */
	assert_contains(drawn_on_a_terminal(120), "\033[38;5;214mP"); /* orange */
	setenv("NO_COLOR", "1", 1);
	assert_null(strchr(drawn_on_a_terminal(120), '\033'));
	assert_in_range(longest_line(drawn_on_a_terminal(120)), 100, 120);
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_null(strchr(drawn_on_a_terminal(60), '\033'));
	assert_in_range(longest_line(drawn_on_a_terminal(60)), 50, 60);
}

static void test_without_gnuplot_there_is_no_text(void **state)
{
	(void)state;
	add_cells();
	assert_made();
	assert_int_equal(plots_print(dir, stderr), -ENOENT);
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
	        TEST(test_slow_readers_have_columns_where_there_are_any),
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
	        TEST(test_plots_are_compact),
	        TEST(test_round_trips_are_drawn_where_clients_alone_publish),
	        TEST(test_a_plot_without_data_is_left_out),
	        TEST(test_a_result_without_valid_runs_has_no_plots),
	        TEST(test_plots_are_drawn_as_text),
	        TEST(test_a_sweep_is_drawn_as_text_and_a_plot_without_data_is_not),
	        TEST(test_text_is_as_wide_as_its_terminal_and_has_colours_where_they_are_wanted),
	        TEST(test_without_gnuplot_there_is_no_text),
	        TEST(test_a_report_can_be_made_again),
	        TEST(test_a_directory_without_runs_is_refused),
	        TEST(test_what_cannot_be_written_is_named),
	        TEST(test_a_page_that_cannot_be_written_is_named),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
