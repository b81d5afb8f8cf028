#include "experiment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../transports/matrix.h"
#include "link_profiles.h"

#define HEAD "[experiment]\nname = test\n[run]\n" /* three lines */

static char path[] = "/tmp/pushlab-experiment-XXXXXX";
static struct experiment experiment;
static char error[512];

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	experiment_free(&experiment);
	return unlink(path);
}

static int read_text(const char *text, const struct experiment_options *options)
{
	static const struct experiment_options none;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	experiment_free(&experiment);
	return experiment_read(&experiment, path, options ? options : &none, error, sizeof(error));
}

static void assert_read(const char *text, const struct experiment_options *options)
{
	if (read_text(text, options))
		fail_msg("%s", error);
}

/* expected: what follows the path. */
static void assert_refused(const char *text, const char *expected)
{
	char line[1024];

	assert_int_equal(read_text(text, NULL), -EINVAL);
	snprintf(line, sizeof(line), "%s%s", path, expected);
	assert_string_equal(error, line);
	assert_null(experiment.rows);
}

/* The whole line, and HEAD with one cell as the file. */
static void assert_options_refused(const struct experiment_options *options, const char *expected)
{
	assert_int_equal(read_text(HEAD "cells = sse/mhd\n", options), -EINVAL);
	assert_string_equal(error, expected);
}

static void test_every_key_arrives(void **state)
{
	const struct run_parameters *row;

	(void)state;
	assert_read("[experiment]\nname = a.b-1\nquestion = why?\nprediction = so.\n"
	            "blocks = 7\nseed = 18446744073709551615\n"
	            "[run]\ncells = sse/mhd\nsubscribers = 3\nrate_hz = 2.5\narrivals = even\n"
	            "payload_bytes = 20\nformat = lean\nheaders = browser\nwarmup_s = 0\n"
	            "main_s = 1e1\n",
	            NULL);
	assert_string_equal(experiment.name, "a.b-1");
	assert_string_equal(experiment.question, "why?");
	assert_string_equal(experiment.prediction, "so.");
	assert_int_equal(experiment.blocks, 7);
	assert_true(experiment.seed == UINT64_MAX);
	assert_int_equal(experiment.rows_count, 1);
	row = &experiment.rows[0];
	assert_string_equal(row->transport, "sse");
	assert_string_equal(row->stack, "mhd");
	assert_int_equal(row->subscribers, 3);
	assert_true(row->rate_hz == 2.5);
	assert_int_equal(row->arrivals, ARRIVALS_EVEN);
	assert_int_equal(row->payload_bytes, 20);
	assert_int_equal(row->format, MESSAGE_LEAN);
	assert_int_equal(row->headers, HTTP_HEADERS_BROWSER);
	assert_true(row->warmup_s == 0);
	assert_true(row->main_s == 10);
}

static void test_what_the_file_leaves_out_has_a_default(void **state)
{
	(void)state;
	assert_read(HEAD "cells = polling/mhd, longpoll/mhd\n", NULL);
	assert_int_equal(experiment.blocks, 5);
	assert_true(experiment.seed == 1);
	assert_int_equal(experiment.rows[0].subscribers, 100);
	assert_int_equal(experiment.rows[0].arrivals, ARRIVALS_POISSON);
	assert_true(experiment.rows[0].poll_interval_ms == 1000);
	assert_true(experiment.rows[1].batch);
}

static void test_a_list_is_a_sweep_over_all_combinations(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd, websocket/lws\nrate_hz = 1, 10, 100\n"
	                 "payload_bytes = 64,1024\n",
	            NULL);
	assert_int_equal(experiment.rows_count, 12);
	assert_string_equal(experiment.rows[0].transport, "sse");
	assert_string_equal(experiment.rows[1].transport, "websocket");
	assert_int_equal(experiment.rows[2].payload_bytes, 1024);
	assert_true(experiment.rows[11].rate_hz == 100);
}

static void test_a_key_without_meaning_to_a_transport_does_not_multiply_its_runs(void **state)
{
	(void)state;
	assert_read(HEAD "cells = polling/mhd, longpoll/mhd, sse/mhd\n"
	                 "poll_interval_ms = 100, 1000\nbatch = yes, no\n",
	            NULL);
	assert_int_equal(experiment.rows_count, 5);
	assert_true(experiment.rows[1].poll_interval_ms == 1000);
	assert_false(experiment.rows[1].batch);
	assert_true(experiment.rows[2].batch);
	assert_true(experiment.rows[2].poll_interval_ms == 0);
	assert_false(experiment.rows[3].batch);
	assert_string_equal(experiment.rows[4].transport, "sse");
}

static void test_who_reads_slowly_is_a_stream(void **state)
{
	(void)state;
	assert_read(HEAD "cells = polling/mhd, longpoll/mhd, sse/mhd, websocket/lws, floor/epoll\n"
	                 "slow_readers = 0, 10\n",
	            NULL);
	assert_int_equal(experiment.rows_count, 7);
	for (size_t i = 0; i < experiment.rows_count; i++)
		assert_int_equal(experiment.rows[i].slow_readers, i == 3 || i == 5 ? 10 : 0);
}

static void test_slow_readers_leave_some_that_read(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd\nsubscribers = 11, 50\nslow_readers = 0, 10\n", NULL);
	assert_refused(HEAD "cells = sse/mhd\nsubscribers = 10, 50\nslow_readers = 0, 10\n",
	               ":6: key 'slow_readers': '10' is not below subscribers (allowed: 0 to 9)");
}

static void test_slow_readers_are_not_cut_and_do_not_publish(void **state)
{
	static const char expected[] =
	        ":5: key 'slow_readers': not together with cuts or rate_up_hz: a slow reader "
	        "neither connects again nor publishes";

	(void)state;
	assert_refused(HEAD "cells = sse/mhd\nslow_readers = 1\ncuts = 1\n", expected);
	assert_refused(HEAD "cells = sse/mhd\nslow_readers = 1\nrate_up_hz = 5\n", expected);
	assert_read(HEAD "cells = sse/mhd\nslow_readers = 0\ncuts = 1\n", NULL);
}

static void test_a_browser_s_limit_is_of_http_requests(void **state)
{
	(void)state;
	assert_read(HEAD "cells = polling/mhd, longpoll/mhd, sse/mhd, websocket/lws, floor/epoll\n"
	                 "connections_max = 6\n",
	            NULL);
	assert_int_equal(experiment.rows_count, 5);
	for (size_t i = 0; i < experiment.rows_count; i++)
		assert_int_equal(experiment.rows[i].connections_max, i < 3 ? 6 : 0);
}

static void test_a_browser_s_limit_is_modelled_for_receiving_alone(void **state)
{
	static const char expected[] =
	        ":5: key 'connections_max': not together with cuts, rate_up_hz or slow_readers: a "
	        "browser's limit is modelled for receiving alone";

	(void)state;
	assert_refused(HEAD "cells = sse/mhd\nconnections_max = 6\ncuts = 1\n", expected);
	assert_refused(HEAD "cells = sse/mhd\nconnections_max = 6\nrate_up_hz = 5\n", expected);
	assert_refused(HEAD "cells = sse/mhd\nconnections_max = 6\nslow_readers = 1\n", expected);
}

static void test_indented_lines_go_on(void **state)
{
	(void)state;
	assert_read("[experiment]\nname = test\nquestion = one\n   two ; not this\n"
	            "[run]\ncells = sse/mhd,\n\twebsocket/lws\n",
	            NULL);
	assert_string_equal(experiment.question, "one two");
	assert_int_equal(experiment.rows_count, 2);
}

static void test_quick_replaces_only_when_asked_for(void **state)
{
	static const char text[] = HEAD "cells = sse/mhd\nrate_hz = 5\nmain_s = 60\n"
	                                "[quick]\nmain_s = 1\nblocks = 2\n";

	(void)state;
	assert_read(text, NULL);
	assert_true(experiment.rows[0].main_s == 60);
	assert_int_equal(experiment.blocks, 5);
	assert_read(text, &(struct experiment_options){.quick = true});
	assert_true(experiment.rows[0].main_s == 1);
	assert_true(experiment.rows[0].rate_hz == 5);
	assert_int_equal(experiment.blocks, 2);
}

static void test_the_command_line_wins(void **state)
{
	const char *const set[] = {"rate_hz=1,2", "main_s=9", "rate_hz=7", NULL};
	const struct experiment_options options = {
	        .quick = true, .repeat = 3, .seed = "42", .set = set};

	(void)state;
	assert_read(HEAD "cells = sse/mhd\n[quick]\nrate_hz = 5\nblocks = 2\n", &options);
	assert_int_equal(experiment.rows_count, 1);
	assert_true(experiment.rows[0].rate_hz == 7);
	assert_true(experiment.rows[0].main_s == 9);
	assert_int_equal(experiment.blocks, 3);
	assert_true(experiment.seed == 42);
}

static void test_a_link_has_a_rate_each_way(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd\nlink_rate_mbit = 8\nlink_rate_up_mbit = 0, 0.5\n", NULL);
	assert_int_equal(experiment.rows_count, 2);
	assert_true(experiment.rows[0].link.rate_up_mbit == 0);
	assert_true(experiment.rows[1].link.rate_up_mbit == 0.5);
	assert_true(experiment.rows[1].link.rate_mbit == 8);
	assert_refused(HEAD "link_rate_up_mbit = 0.001\n",
	               ":4: key 'link_rate_up_mbit': '0.001' is out of range (allowed: 0, or 0.01 "
	               "to 10000)");
}

/* As in the profile, with the queue that link_queue has where it is not given. */
static void assert_profile(const struct run_parameters *row, const char *name)
{
	struct link_settings expected = link_profile(name)->settings;

	expected.queue = 100;
	assert_string_equal(row->link_profile, name);
	assert_memory_equal(&row->link, &expected, sizeof expected);
}

static void test_a_link_profile_is_a_row_with_all_its_figures(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd\nlink_profile = none, lte, lossy-wifi\n", NULL);
	assert_int_equal(experiment.rows_count, 3);
	assert_string_equal(experiment.rows[0].link_profile, "");
	assert_false(run_has_link(&experiment.rows[0]));
	assert_profile(&experiment.rows[1], "lte");
	assert_profile(&experiment.rows[2], "lossy-wifi");
	assert_read(HEAD "cells = sse/mhd\n", NULL);
	assert_string_equal(experiment.rows[0].link_profile, "");
}

static void test_a_key_goes_before_the_profile_beside_it(void **state)
{
	const struct run_parameters *rows;

	(void)state;
	assert_read(HEAD "cells = sse/mhd\nlink_delay_ms = 0, 7\nlink_profile = none, 3g\n"
	                 "link_queue = 20\n",
	            NULL);
	rows = experiment.rows;
	assert_int_equal(experiment.rows_count, 4);
	assert_string_equal(rows[1].link_profile, "");
	assert_true(rows[1].link.delay_ms == 7);
	assert_true(rows[1].link.rate_mbit == 0);
	assert_string_equal(rows[2].link_profile, "3g");
	assert_true(rows[2].link.delay_ms == 0);
	assert_true(rows[3].link.delay_ms == 7);
	assert_true(rows[3].link.rate_mbit == 1.6);
	assert_true(rows[3].link.rate_up_mbit == 0.768);
	assert_int_equal(rows[3].link.queue, 20);
}

static void test_a_profile_voids_what_counts_less(void **state)
{
	static const char text[] = HEAD "cells = sse/mhd\nlink_delay_ms = 1, 2\nlink_loss = 0.1\n"
	                                "[quick]\nlink_profile = lte\n";
	const char *const none[] = {"link_profile=none", NULL};
	const char *const delay[] = {"link_delay_ms=9", NULL};

	(void)state;
	assert_read(text, NULL);
	assert_int_equal(experiment.rows_count, 2);
	assert_true(experiment.rows[1].link.loss == 0.1);
	assert_read(text, &(struct experiment_options){.quick = true});
	assert_int_equal(experiment.rows_count, 1);
	assert_profile(&experiment.rows[0], "lte");
	assert_read(text, &(struct experiment_options){.set = none});
	assert_int_equal(experiment.rows_count, 1);
	assert_false(run_has_link(&experiment.rows[0]));
	assert_read(text, &(struct experiment_options){.quick = true, .set = delay});
	assert_string_equal(experiment.rows[0].link_profile, "lte");
	assert_true(experiment.rows[0].link.delay_ms == 9);
	assert_true(experiment.rows[0].link.rate_mbit == 12);
}

static void test_a_link_goes_with_its_profile(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd, websocket/lws\nlink_profile = lte\n", NULL);
	assert_int_equal(experiment_drop_link(&experiment), 0);
	assert_false(run_has_link(&experiment.rows[1]));
	assert_string_equal(experiment.rows[1].link_profile, "");
	assert_int_equal(experiment.rows[1].link.queue, 100);
	assert_read(HEAD "cells = sse/mhd\nlink_profile = lte, 3g\n", NULL);
	assert_int_equal(experiment_drop_link(&experiment), -EINVAL);
}

static void assert_only(const char *const *only, size_t count, const char *first)
{
	assert_read(HEAD "cells = sse/mhd, websocket/lws, longpoll/mhd, polling/mhd\n",
	            &(struct experiment_options){.only = only});
	assert_int_equal(experiment.rows_count, count);
	assert_string_equal(experiment.rows[0].transport, first);
}

static void test_only_keeps_a_transport_a_stack_or_a_cell(void **state)
{
	(void)state;
	assert_only((const char *const[]){"sse", NULL}, 1, "sse");
	assert_only((const char *const[]){"/mhd", NULL}, 3, "sse");
	assert_only((const char *const[]){"/lws", NULL}, 1, "websocket");
	assert_only((const char *const[]){"polling/mhd", NULL}, 1, "polling");
	assert_only((const char *const[]){"polling", "longpoll/mhd", NULL}, 2, "longpoll");
}

static void test_a_wrong_number_is_shown_with_what_is_allowed(void **state)
{
	(void)state;
	assert_refused(HEAD "rate_hz = -5\n",
	               ":4: key 'rate_hz': '-5' is out of range (allowed: 0, or 0.001 to 100000)");
	assert_refused(HEAD "rate_hz = 5x\n",
	               ":4: key 'rate_hz': '5x' is not a number (allowed: 0, or 0.001 to 100000)");
	assert_refused(HEAD "rate_hz = 1e9\n",
	               ":4: key 'rate_hz': '1e9' is out of range (allowed: 0, or 0.001 to 100000)");
	assert_refused(HEAD "main_s = nan\n",
	               ":4: key 'main_s': 'nan' is not a number above 0 (allowed: 0.1 to 86400)");
	assert_refused(HEAD "subscribers = 1.5\n",
	               ":4: key 'subscribers': '1.5' is not a whole number above 0 (allowed: 1 to "
	               "100000)");
	assert_refused(HEAD "subscribers = 1,,2\n",
	               ":4: key 'subscribers': '' is not a whole number above 0 (allowed: 1 to "
	               "100000)");
	assert_refused("[experiment]\nseed = -1\n",
	               ":2: key 'seed': '-1' is not a whole number (allowed: 0 to "
	               "18446744073709551615)");
}

static void test_a_wrong_word_is_shown_with_those_that_are_known(void **state)
{
	(void)state;
	assert_refused(HEAD "format = xml\n",
	               ":4: key 'format': 'xml' is not known (allowed: json, lean, binary)");
	assert_refused(HEAD "batch = maybe\n",
	               ":4: key 'batch': 'maybe' is not known (allowed: no, yes)");
	assert_refused(
	        HEAD "link_profile = dsl\n",
	        ":4: key 'link_profile': 'dsl' is not known (allowed: none, lan, lossy-wifi, "
	        "fibre, lte, 3g, satellite)");
	assert_refused("[experiment]\nname = ../x\n",
	               ":2: key 'name': '../x' is not a name (allowed: 1 to 63 of A-Z a-z 0-9 . _ "
	               "-, the first no dot)");
}

static void test_an_unknown_key_is_answered_with_the_known_ones(void **state)
{
	(void)state;
	assert_refused(
	        "[experiment]\nrate_hz = 5\n",
	        ":2: key 'rate_hz': no such key in [experiment] (allowed: name, question, "
	        "prediction, claim, claim_source, claim_verdict, p99_max_ms, round_trip_p99_max_ms, blocks, seed)");
	assert_refused(
	        HEAD "rate = 5\n",
	        ":4: key 'rate': no such key in [run] (allowed: subscribers, rate_hz, "
	        "rate_up_hz, arrivals, payload_bytes, format, headers, cuts, link_profile, "
	        "link_delay_ms, link_jitter_ms, link_loss, link_loss_burst, link_rate_mbit, "
	        "link_rate_up_mbit, link_queue, warmup_s, main_s, cells, tls, poll_interval_ms, "
	        "batch, slow_readers, connections_max)");
}

static void test_an_unknown_section_is_refused(void **state)
{
	(void)state;
	assert_refused("[runs]\nrate_hz = 5\n",
	               ":2: key 'rate_hz': in [runs], which is no section (allowed: [experiment], "
	               "[run], [quick], [expected])");
}

static void test_what_is_expected_is_kept_as_it_stands(void **state)
{
	(void)state;
	assert_read(HEAD "cells = sse/mhd\n[expected]\n"
	                 "mean, in ways = sse/mhd:-:latency_mean_ms / 25 | 1 | 1.5 | ways\n"
	                 "reach = sse/mhd:-:reach|1|1\n",
	            NULL);
	assert_int_equal(experiment.expected_count, 2);
	assert_string_equal(experiment.expected[0].what, "mean, in ways");
	assert_string_equal(experiment.expected[0].expression, "sse/mhd:-:latency_mean_ms / 25");
	assert_true(experiment.expected[0].low == 1 && experiment.expected[0].high == 1.5);
	assert_string_equal(experiment.expected[0].unit, "ways");
	assert_string_equal(experiment.expected[1].unit, "");
}

static void test_what_cannot_be_expected_is_refused(void **state)
{
	(void)state;
	assert_refused(HEAD "cells = sse/mhd\n[expected]\nreach = sse/mhd:-:reach | 1\n",
	               ":6: key 'reach': not EXPRESSION | LOWEST | HIGHEST, with | UNIT behind it "
	               "or not");
	assert_refused(HEAD "cells = sse/mhd\n[expected]\nreach = sse/mhd:-:reach | 2 | 1\n",
	               ":6: key 'reach': not EXPRESSION | LOWEST | HIGHEST, with | UNIT behind it "
	               "or not");
	assert_refused(HEAD "cells = sse/mhd\n[expected]\nreach = sse/mhd:-:rech | 1 | 1\n",
	               ":6: key 'reach': 'sse/mhd:-:rech': a value names no column of "
	               "summary.csv");
	assert_refused(HEAD "cells = sse/mhd\n[expected]\n"
	                    "reach = 1 | 1 | 1 | a unit that is too long for a column\n",
	               ":6: key 'reach': the unit is longer than 23 bytes");
	assert_refused(HEAD "cells = sse/mhd\n[expected]\n"
	                    "what has a name of more bytes than inih keeps of it = 1 | 1 | 1\n",
	               ":6: key 'what has a name of more bytes than inih keeps of it': its name is "
	               "longer than 49 bytes");
}

static void test_a_mistake_in_quick_shows_without_quick(void **state)
{
	(void)state;
	assert_refused(HEAD "cells = sse/mhd\n[quick]\nmain_s = 0\n",
	               ":6: key 'main_s': '0' is not a number above 0 (allowed: 0.1 to 86400)");
}

static void test_an_unknown_cell_is_answered_with_the_known_ones(void **state)
{
	(void)state;
	assert_int_equal(read_text(HEAD "cells = sse/mhd, sse/apache\n", NULL), -EINVAL);
	assert_non_null(strstr(error, ":4: key 'cells': 'sse/apache' is no cell (known: "));
	assert_non_null(strstr(error, "sse/mhd"));
	assert_int_equal(read_text(HEAD "cells = sse\n", NULL), -EINVAL);
	assert_non_null(strstr(error, ":4: key 'cells': 'sse' is no cell (known: "));
}

static void test_a_hole_is_refused_with_its_reason(void **state)
{
	const struct endpoint *const *cell = matrix_endpoints;
	char text[128], expected[512];

	(void)state;
	while (*cell && !(*cell)->hole)
		cell++;
	if (!*cell) {
		skip();
		return;
	}
	snprintf(text, sizeof(text), HEAD "cells = %s/%s\n", (*cell)->transport, (*cell)->stack);
	snprintf(expected, sizeof(expected), ":4: key 'cells': %s/%s does not exist: %s",
	         (*cell)->transport, (*cell)->stack, (*cell)->hole);
	assert_refused(text, expected);
}

static void test_what_has_no_default_must_be_there(void **state)
{
	(void)state;
	assert_refused(HEAD, ": no key 'cells' in [run]");
	assert_refused("[run]\ncells = sse/mhd\n", ": no key 'name' in [experiment]");
}

static void test_nothing_is_given_twice(void **state)
{
	(void)state;
	assert_refused(HEAD "rate_hz = 5\nmain_s = 1\nrate_hz = 6\n",
	               ":6: key 'rate_hz' is given twice in [run] (first in line 4)");
	assert_refused(HEAD "rate_hz = 5, 5.0\n", ":4: key 'rate_hz': '5.0' is there twice");
	assert_refused(HEAD "cells = sse/mhd,sse/mhd\n",
	               ":4: key 'cells': 'sse/mhd' is there twice");
}

static void test_a_payload_too_small_for_its_format_is_refused(void **state)
{
	(void)state;
	assert_refused(HEAD "cells = sse/mhd\nformat = lean, json\npayload_bytes = 100, 49\n",
	               ":6: key 'payload_bytes': 49 is below the minimum of format json, which is "
	               "50");
	assert_read(HEAD "cells = sse/mhd\npayload_bytes = 50\n", NULL);
}

static void test_a_sweep_beyond_all_measure_is_refused(void **state)
{
	static const char list[] = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20";
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), HEAD "cells=sse/mhd\nrate_hz=%s\nsubscribers=%s\nmain_s=%s\n",
	         list, list, list);
	assert_refused(text, ": more than 4096 combinations of values");
}

static void test_a_line_that_is_no_ini_is_named(void **state)
{
	(void)state;
	assert_refused(HEAD "cells\n", ":4: neither [section] nor KEY = VALUE nor a comment");
}

static void test_a_line_too_long_for_the_parser_is_named(void **state)
{
	char text[9000] = "[experiment]\nquestion = ";

	(void)state;
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	assert_int_equal(read_text(text, NULL), -EINVAL);
	assert_non_null(strstr(error, ":2: the line is longer than "));
}

static void test_a_missing_file_is_said_to_be_missing(void **state)
{
	static const struct experiment_options none;

	(void)state;
	assert_int_equal(experiment_read(&experiment, "/no/such.ini", &none, error, sizeof(error)),
	                 -ENOENT);
	assert_string_equal(error, "/no/such.ini: no such file");
}

static void test_a_directory_is_no_experiment(void **state)
{
	static const struct experiment_options none;

	(void)state;
	assert_int_equal(experiment_read(&experiment, "/tmp", &none, error, sizeof(error)), -EIO);
	assert_string_equal(error, "/tmp: cannot be read");
}

static void assert_set_refused(const char *set, const char *expected)
{
	const char *const list[] = {set, NULL};

	assert_options_refused(&(struct experiment_options){.set = list}, expected);
}

static void test_a_wrong_set_names_the_option(void **state)
{
	(void)state;
	assert_set_refused("rate_hz=-5", "--set rate_hz=-5: '-5' is out of range (allowed: 0, or "
	                                 "0.001 to 100000)");
	assert_set_refused("rate_hz", "--set rate_hz: not KEY=VALUE, as in --set rate_hz=10");
	assert_set_refused("payload_bytes=9",
	                   "--set payload_bytes=9: 9 is below the minimum of format json, which "
	                   "is 50");
	assert_set_refused("rate=5", "--set rate=5: no such key in [run] (allowed: subscribers, "
	                             "rate_hz, rate_up_hz, arrivals, payload_bytes, format, "
	                             "headers, cuts, link_profile, link_delay_ms, link_jitter_ms, "
	                             "link_loss, link_loss_burst, link_rate_mbit, "
	                             "link_rate_up_mbit, link_queue, warmup_s, main_s, cells, tls, "
	                             "poll_interval_ms, batch, slow_readers, connections_max)");
}

static void test_a_wrong_seed_or_only_names_the_option(void **state)
{
	const char *const only[] = {"sse", "websocket", NULL};
	char expected[512];

	(void)state;
	assert_options_refused(&(struct experiment_options){.seed = "x"},
	                       "--seed x: not a whole number (allowed: 0 to 18446744073709551615)");
	snprintf(expected, sizeof(expected), "--only websocket: none of the cells of %s (sse/mhd)",
	         path);
	assert_options_refused(&(struct experiment_options){.only = only}, expected);
}

/* Three cells, eight blocks: a shuffle that does nothing eight times is one in 1.7 million. */
static void plan(const char *seed, struct run_spec **specs, size_t *count)
{
	assert_read(HEAD "cells = sse/mhd, websocket/lws, polling/mhd\n",
	            &(struct experiment_options){.seed = seed, .repeat = 8});
	assert_int_equal(experiment_plan(&experiment, specs, count), 0);
	assert_int_equal(*count, 24);
}

static void test_every_block_holds_every_row_once(void **state)
{
	struct run_spec *specs;
	size_t count;

	(void)state;
	plan("1", &specs, &count);
	for (size_t i = 0; i < count; i += 3) {
		int letters = 0;

		for (size_t j = i; j < i + 3; j++) {
			letters += specs[j].parameters.transport[0];
			assert_int_equal(specs[j].block, i / 3 + 1);
			assert_int_equal(specs[j].order, j - i + 1);
			assert_string_equal(specs[j].experiment, "test");
		}
		assert_int_equal(letters, 's' + 'w' + 'p');
	}
	free(specs);
}

static void test_the_order_differs_from_block_to_block(void **state)
{
	struct run_spec *specs;
	size_t count, moved = 0;

	(void)state;
	plan("1", &specs, &count);
	for (size_t i = 3; i < count; i++)
		moved += strcmp(specs[i].parameters.transport, specs[i - 3].parameters.transport) !=
		         0;
	assert_true(moved > 0);
	free(specs);
}

static void test_a_block_has_one_schedule_and_the_next_another(void **state)
{
	struct run_spec *specs;
	size_t count;

	(void)state;
	plan("1", &specs, &count);
	for (size_t i = 0; i < count; i += 3) {
		assert_true(specs[i].seed < 1ull << 53);
		assert_true(specs[i].seed == specs[i + 1].seed);
		assert_true(specs[i].seed == specs[i + 2].seed);
		assert_true(i == 0 || specs[i].seed != specs[i - 3].seed);
	}
	free(specs);
}

static void test_the_plan_follows_from_the_seed(void **state)
{
	struct run_spec *one, *again, *two;
	size_t count;

	(void)state;
	plan("1", &one, &count);
	plan("1", &again, &count);
	plan("2", &two, &count);
	assert_memory_equal(one, again, count * sizeof(*one));
	assert_memory_not_equal(one, two, count * sizeof(*one));
	/* Nor are seed 2's blocks those of seed 1 moved by one. */
	assert_true(one[3].seed != two[0].seed);
	free(one);
	free(again);
	free(two);
}

static void test_the_schedule_does_not_depend_on_the_rows(void **state)
{
	const char *const only[] = {"sse", NULL};
	struct run_spec *all, *some;
	size_t count;

	(void)state;
	plan("1", &all, &count);
	assert_read(HEAD "cells = sse/mhd, websocket/lws\n",
	            &(struct experiment_options){.only = only});
	assert_int_equal(experiment_plan(&experiment, &some, &count), 0);
	assert_int_equal(count, 5);
	assert_true(some[4].seed == all[12].seed);
	free(all);
	free(some);
}

static void test_the_time_is_warm_up_and_main(void **state)
{
	struct run_spec *specs;
	size_t count;

	(void)state;
	plan("1", &specs, &count);
	assert_true(experiment_seconds(specs, count) == 24 * 12.0);
	free(specs);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
        TEST(test_every_key_arrives),
        TEST(test_what_the_file_leaves_out_has_a_default),
        TEST(test_a_list_is_a_sweep_over_all_combinations),
        TEST(test_a_key_without_meaning_to_a_transport_does_not_multiply_its_runs),
        TEST(test_who_reads_slowly_is_a_stream),
        TEST(test_slow_readers_leave_some_that_read),
        TEST(test_slow_readers_are_not_cut_and_do_not_publish),
        TEST(test_a_browser_s_limit_is_of_http_requests),
        TEST(test_a_browser_s_limit_is_modelled_for_receiving_alone),
        TEST(test_indented_lines_go_on),
        TEST(test_quick_replaces_only_when_asked_for),
        TEST(test_the_command_line_wins),
        TEST(test_a_link_has_a_rate_each_way),
        TEST(test_a_link_profile_is_a_row_with_all_its_figures),
        TEST(test_a_key_goes_before_the_profile_beside_it),
        TEST(test_a_profile_voids_what_counts_less),
        TEST(test_a_link_goes_with_its_profile),
        TEST(test_only_keeps_a_transport_a_stack_or_a_cell),
        TEST(test_a_wrong_number_is_shown_with_what_is_allowed),
        TEST(test_a_wrong_word_is_shown_with_those_that_are_known),
        TEST(test_an_unknown_key_is_answered_with_the_known_ones),
        TEST(test_an_unknown_section_is_refused),
        TEST(test_what_is_expected_is_kept_as_it_stands),
        TEST(test_what_cannot_be_expected_is_refused),
        TEST(test_a_mistake_in_quick_shows_without_quick),
        TEST(test_an_unknown_cell_is_answered_with_the_known_ones),
        TEST(test_a_hole_is_refused_with_its_reason),
        TEST(test_what_has_no_default_must_be_there),
        TEST(test_nothing_is_given_twice),
        TEST(test_a_payload_too_small_for_its_format_is_refused),
        TEST(test_a_sweep_beyond_all_measure_is_refused),
        TEST(test_a_line_that_is_no_ini_is_named),
        TEST(test_a_line_too_long_for_the_parser_is_named),
        TEST(test_a_missing_file_is_said_to_be_missing),
        TEST(test_a_directory_is_no_experiment),
        TEST(test_a_wrong_set_names_the_option),
        TEST(test_a_wrong_seed_or_only_names_the_option),
        TEST(test_every_block_holds_every_row_once),
        TEST(test_the_order_differs_from_block_to_block),
        TEST(test_a_block_has_one_schedule_and_the_next_another),
        TEST(test_the_plan_follows_from_the_seed),
        TEST(test_the_schedule_does_not_depend_on_the_rows),
        TEST(test_the_time_is_warm_up_and_main),
};

int main(void)
{
	return cmocka_run_group_tests_name("experiment", tests, NULL, NULL);
}
