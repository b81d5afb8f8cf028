#include "summary.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sample_run.h"

static char path[] = "/tmp/pushlab-summary-XXXXXX";
static FILE *runs;
static struct summary summary;
static struct run_spec spec;
static struct run_result result;
static char error[256];

static int setup(void **state)
{
	int fd;

	(void)state;
	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	runs = fd < 0 ? NULL : fdopen(fd, "w");
	return runs ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	summary_free(&summary);
	fclose(runs);
	return unlink(path);
}

static void add(void)
{
	assert_int_equal(run_write(runs, &spec, &result), 0);
}

static void add_sample(const char *transport, const char *stack, unsigned block)
{
	sample_run(transport, stack, block, &spec, &result);
	add();
}

/* A run whose every delivery took that long. */
static void add_latency(unsigned block, uint64_t latency_ns)
{
	sample_run("sse", "mhd", block, &spec, &result);
	memset(&result.latency, 0, sizeof(result.latency));
	hist_record(&result.latency, latency_ns);
	add();
}

static void read_back(void)
{
	if (summary_read(&summary, path, error, sizeof(error)))
		fail_msg("%s", error);
}

static void test_runs_of_equal_parameters_are_one_row(void **state)
{
	(void)state;
	add_sample("sse", "mhd", 1);
	add_sample("polling", "mhd", 1);
	add_sample("sse", "mhd", 2);
	read_back();
	assert_int_equal(summary.count, 2);
	assert_int_equal(summary.rows[1].runs, 2);
	assert_int_equal(summary.blocks, 2);
}

static void test_rows_stand_by_parameters_then_as_in_the_matrix(void **state)
{
	(void)state;
	add_sample("websocket", "lws", 1);
	add_sample("sse", "lws", 1);
	add_sample("sse", "mhd", 1);
	spec.parameters.rate_hz = 1;
	add();
	read_back();
	assert_true(summary.rows[0].parameters.rate_hz == 1);
	assert_string_equal(summary.rows[1].label, "sse/mhd 10 messages/s");
	assert_string_equal(summary.rows[2].label, "sse/lws");
	assert_string_equal(summary.rows[3].label, "websocket/lws");
}

static void test_a_value_is_the_median_over_the_runs(void **state)
{
	(void)state;
	add_latency(1, 1000000);
	add_latency(2, 9000000);
	add_latency(3, 2000000);
	read_back();
	assert_true(summary.rows[0].values[LATENCY_MEAN_MS] == 2);
	assert_true(summary.rows[0].values[LATENCY_MAX_MS] == 2);
	assert_true(summary.rows[0].values[LATENCY_P50_LOW_MS] >= 1);
	assert_true(summary.rows[0].values[LATENCY_P50_HIGH_MS] <= 9);
	assert_true(summary.rows[0].values[LATENCY_P50_LOW_MS] <
	            summary.rows[0].values[LATENCY_P50_HIGH_MS]);
}

static void test_the_histogram_holds_all_valid_runs(void **state)
{
	(void)state;
	add_latency(1, 1000000);
	add_latency(2, 9000000);
	read_back();
	assert_int_equal(summary.rows[0].latency->count, 2);
	assert_int_equal(summary.rows[0].latency->max_ns, 9000000);
}

static void test_an_invalid_run_is_counted_and_kept_out_of_every_value(void **state)
{
	(void)state;
	add_latency(1, 1000000);
	sample_run("sse", "mhd", 2, &spec, &result);
	result.valid = false;
	strcpy(result.reason, "load CPU over 90 %");
	add();
	read_back();
	assert_int_equal(summary.rows[0].runs, 1);
	assert_int_equal(summary.rows[0].invalid_runs, 1);
	assert_true(summary.rows[0].values[LATENCY_MEAN_MS] == 1);
	assert_int_equal(summary.rows[0].latency->count, 1);
	assert_int_equal(summary.invalid_count, 1);
	assert_int_equal(summary.invalid[0].spec.block, 2);
	assert_string_equal(summary.invalid[0].reason, "load CPU over 90 %");
}

static void test_a_row_without_a_valid_run_has_no_measured_value(void **state)
{
	(void)state;
	sample_run("polling", "mhd", 1, &spec, &result);
	result.valid = false;
	add();
	read_back();
	for (size_t i = 0; i < SUMMARY_MEASURED; i++)
		assert_true(isnan(summary.rows[0].values[i]));
	assert_true(isnan(summary.rows[0].values[SERVER_CPU_US_LOW]));
	assert_false(isnan(summary.rows[0].values[MODEL_MEAN_MS]));
}

static void test_theory_stands_beside_what_was_measured(void **state)
{
	(void)state;
	add_sample("polling", "mhd", 1);
	read_back();
	assert_true(fabs(summary.rows[0].values[MODEL_MEAN_MS] - 500) < 1e-9);
	assert_true(fabs(summary.rows[0].values[MODEL_MAX_MS] - 1000) < 1e-9);
	assert_true(fabs(summary.rows[0].values[MODEL_EMPTY_SHARE] - exp(-10)) < 1e-12);
}

/* Ids 21 to 120: 79 of two digits, 21 of three. */
static void test_predicted_bytes_are_those_of_frames(void **state)
{
	const double *values;

	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	strcpy(result.lab_mode, "direct");
	add();
	add_sample("polling", "mhd", 1);
	read_back();
	values = summary.rows[1].values;
	assert_true(fabs(values[MODEL_FRAMING_BYTES_PER_MESSAGE] - 15.21) < 1e-9);
	assert_true(fabs(values[MODEL_WIRE_BYTES_PER_MESSAGE] - 247.21) < 1e-9);
	assert_true(values[MODEL_MESSAGES_PER_RESPONSE] == 1);
	values = summary.rows[0].values;
	assert_true(fabs(values[MODEL_MESSAGES_PER_RESPONSE] - 10) < 1e-9);
	assert_false(isnan(values[MODEL_FRAMING_BYTES_PER_MESSAGE]));
	assert_true(isnan(values[MODEL_WIRE_BYTES_PER_MESSAGE])); /* loopback has none */
}

static void test_nothing_published_is_an_idle_minute(void **state)
{
	const double *values;

	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	spec.parameters.rate_hz = 0;
	spec.parameters.main_s = 60;
	strcpy(result.lab_mode, "direct");
	add();
	read_back();
	values = summary.rows[0].values;
	assert_true(fabs(values[MODEL_WIRE_BYTES_PER_IDLE_MINUTE] - 270) < 1e-9);
	assert_true(isnan(values[MODEL_MESSAGES_PER_RESPONSE]));
}

/* Of a line before six connections it knows nothing. */
static void test_theory_is_silent_where_requests_wait_for_each_other(void **state)
{
	(void)state;
	sample_run("polling", "mhd", 1, &spec, &result);
	spec.parameters.subscribers = 6;
	spec.parameters.connections_max = 6;
	add();
	spec.parameters.subscribers = 7;
	add();
	spec.parameters.subscribers = 6;
	spec.parameters.cuts = 1; /* and where they wait for a connection */
	add();
	read_back();
	assert_false(isnan(summary.rows[0].values[MODEL_MEAN_MS]));
	assert_true(isnan(summary.rows[1].values[MODEL_MEAN_MS]));
	assert_true(isnan(summary.rows[1].values[MODEL_MAX_MS]));
	assert_true(isnan(summary.rows[2].values[MODEL_MEAN_MS]));
}

static void test_what_slow_readers_cost_is_measured_where_it_was_asked(void **state)
{
	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	add();
	spec.parameters.slow_readers = 9;
	result.server.memory_end_bytes = result.server.memory_bytes + 4096;
	result.server.slow_disconnected = 8;
	add();
	read_back();
	assert_true(isnan(summary.rows[0].values[SLOW_DISCONNECTED]));
	assert_true(isnan(summary.rows[0].values[SERVER_BYTES_GROWTH]));
	assert_true(summary.rows[1].values[SLOW_DISCONNECTED] == 8);
	assert_true(summary.rows[1].values[SERVER_BYTES_GROWTH] == 4096);
}

/* A run of a stack at so many µs of CPU a message. */
static void add_cpu(const char *stack, unsigned block, unsigned cpu_us)
{
	sample_run("sse", stack, block, &spec, &result);
	result.server.cpu_ns = result.traffic.messages * cpu_us * 1000;
	add();
}

static const struct summary_row *row_of(const char *stack)
{
	for (size_t i = 0; i < summary.count; i++) {
		if (strcmp(summary.rows[i].parameters.stack, stack) == 0)
			return &summary.rows[i];
	}
	fail_msg("there is no row of %s", stack);
	return NULL;
}

/* The second block ran on a machine of half the speed. */
static void test_the_price_of_a_stack_is_the_ratio_within_a_block(void **state)
{
	(void)state;
	add_cpu("epoll", 1, 10);
	add_cpu("mhd", 1, 15);
	add_cpu("mhd", 2, 30);
	add_cpu("epoll", 2, 20);
	read_back();
	assert_true(fabs(row_of("mhd")->values[CPU_TO_EPOLL] - 1.5) < 1e-9);
	assert_true(fabs(row_of("mhd")->values[CPU_TO_EPOLL_LOW] - 1.5) < 1e-9);
	assert_true(fabs(row_of("mhd")->values[CPU_TO_EPOLL_HIGH] - 1.5) < 1e-9);
	assert_true(fabs(row_of("epoll")->values[CPU_TO_EPOLL] - 1) < 1e-9);
}

static void test_a_block_without_epoll_has_no_price(void **state)
{
	(void)state;
	add_cpu("mhd", 1, 15);
	add_cpu("epoll", 2, 10);
	add_cpu("mhd", 2, 20);
	read_back();
	assert_true(fabs(row_of("mhd")->values[CPU_TO_EPOLL] - 2) < 1e-9);
	assert_true(isnan(row_of("mhd")->values[CPU_TO_EPOLL_LOW]));
}

static void test_other_parameters_are_no_measure_for_a_stack(void **state)
{
	(void)state;
	add_cpu("mhd", 1, 15);
	sample_run("sse", "epoll", 1, &spec, &result);
	spec.parameters.tls = true;
	add();
	read_back();
	assert_true(isnan(row_of("mhd")->values[CPU_TO_EPOLL]));
}

static void test_where_clients_alone_publish_the_histogram_is_of_round_trips(void **state)
{
	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	result.latency = (struct hist){0};
	hist_record(&result.round_trip, 7000000);
	add();
	read_back();
	assert_int_equal(summary.rows[0].latency->count, 1);
	assert_int_equal(summary.rows[0].latency->max_ns, 7000000);
	assert_true(isnan(summary.rows[0].values[LATENCY_MEAN_MS]));
	assert_true(fabs(summary.rows[0].values[ROUND_TRIP_P50_MS] - 7) < 0.1);
}

static void test_rows_of_one_cell_are_named_by_what_differs(void **state)
{
	(void)state;
	add_sample("sse", "mhd", 1);
	add_sample("polling", "mhd", 1);
	spec.parameters.poll_interval_ms = 250;
	add();
	read_back();
	assert_string_equal(summary.rows[0].label, "polling/mhd every 250 ms");
	assert_string_equal(summary.rows[0].latency_file, "latency/polling-mhd-1.hgrm");
	assert_string_equal(summary.rows[1].label, "polling/mhd every 1000 ms");
	assert_string_equal(summary.rows[1].latency_file, "latency/polling-mhd-2.hgrm");
	assert_string_equal(summary.rows[2].label, "sse/mhd");
	assert_string_equal(summary.rows[2].latency_file, "latency/sse-mhd.hgrm");
}

static void test_what_all_rows_share_is_said_once(void **state)
{
	char shared[192];

	(void)state;
	add_sample("sse", "mhd", 1);
	add_sample("polling", "mhd", 1);
	spec.parameters.payload_bytes = 1000;
	add();
	read_back();
	summary_shared(&summary, shared, sizeof(shared));
	assert_string_equal(shared, "100 subscribers, 10 messages/s, poisson arrivals, json, lean "
	                            "headers");
}

static void assert_unreadable(int status, const char *expected)
{
	char line[512];

	assert_int_equal(summary_read(&summary, path, error, sizeof(error)), status);
	snprintf(line, sizeof(line), "%s%s", path, expected);
	assert_string_equal(error, line);
}

static void test_a_broken_line_is_left_out_and_named(void **state)
{
	(void)state;
	add_sample("sse", "mhd", 1);
	fputs("{}\n", runs);
	fputs("{\"experiment\":\"sam\n", runs);
	add_sample("sse", "mhd", 2);
	read_back();
	assert_int_equal(summary.rows[0].runs, 2);
	assert_int_equal(summary.broken_count, 2);
	assert_int_equal(summary.broken[0].line, 2);
	assert_string_equal(summary.broken[0].why, "'experiment' is missing");
	assert_int_equal(summary.broken[1].line, 3);
}

static void test_where_every_line_is_broken_the_first_is_named(void **state)
{
	(void)state;
	fputs("{}\n{}\n", runs);
	fflush(runs);
	assert_unreadable(-EBADMSG, ":1: 'experiment' is missing");
}

static void test_a_last_line_that_was_cut_off_is_left_out(void **state)
{
	(void)state;
	add_sample("sse", "mhd", 1);
	fputs("{\"experiment\":\"sam", runs);
	fflush(runs);
	read_back();
	assert_int_equal(summary.rows[0].runs, 1);
}

static void test_a_file_without_runs_is_refused(void **state)
{
	(void)state;
	assert_unreadable(-ENODATA, ": holds no run");
}

static void test_a_missing_file_is_said_to_be_missing(void **state)
{
	(void)state;
	assert_int_equal(summary_read(&summary, "/no/such.jsonl", error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "/no/such.jsonl: no such file");
}

static char *csv(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	read_back();
	assert_non_null(out);
	assert_int_equal(summary_write_csv(&summary, out), 0);
	fclose(out);
	return text;
}

/* The text in that column of the first row, which holds no comma. */
static void assert_csv(char *text, const char *name, const char *expected)
{
	char *copy = strdup(text), *names = copy, *cells = strchr(copy, '\n') + 1;
	char *cell = NULL, *column = NULL;

	cells[-1] = '\0';
	cells[strcspn(cells, "\n")] = '\0';
	while (names && (!column || strcmp(column, name) != 0)) {
		column = strsep(&names, ",");
		cell = strsep(&cells, ",");
	}
	assert_string_equal(column, name);
	assert_string_equal(cell, expected);
	free(copy);
}

static void test_the_columns_are_those_that_were_promised(void **state)
{
	static const char promised[] =
	        "experiment,transport,stack,tls,link_delay_ms,link_loss,subscribers,rate_hz,"
	        "arrivals,payload_bytes,format,poll_interval_ms,batch,headers,runs,invalid_runs,"
	        "latency_mean_ms,latency_p50_ms,latency_p90_ms,latency_p99_ms,latency_p999_ms,"
	        "latency_max_ms,latency_p50_low_ms,latency_p50_high_ms,unscheduled_p99_ms,"
	        "model_mean_ms,model_max_ms,reach,duplicates,reordered,messages_per_response,"
	        "empty_responses,wire_bytes_down,wire_bytes_up,wire_bytes_per_message,"
	        "framing_bytes_per_message,packets_per_message,server_cpu_us_per_message,"
	        "server_bytes_per_connection,kernel_bytes_per_connection,wire_counts,lab_mode,"
	        "empty_share,model_empty_share,latency_stddev_ms,server_cpu_us_low,"
	        "server_cpu_us_high,label,latency_file,rate_up_hz,cuts,round_trip_p50_ms,"
	        "round_trip_p99_ms,round_trip_max_ms,reconnects,connect_ms_p50,handshake_ms_p50,"
	        "ready_ms_p50,connect_bytes_per_connection,connect_packets_per_connection,"
	        "tls_bytes_per_message,server_bytes_first_half,server_bytes_second_half,"
	        "cpu_to_epoll,cpu_to_epoll_low,cpu_to_epoll_high,link_jitter_ms,"
	        "link_loss_burst,link_rate_mbit,wire_bytes_per_idle_minute,"
	        "data_packets_per_message,pure_acks_per_message,retransmissions_per_message,"
	        "link_lost_packets,link_late_p99_ms,link_cpu_ms,link_rate_up_mbit,link_profile,"
	        "connect_cpu_us_per_connection,slab_bytes_per_socket,"
	        "server_cpu_us_per_idle_minute,"
	        "model_messages_per_response,model_framing_bytes_per_message,"
	        "model_wire_bytes_per_message,model_wire_bytes_per_idle_minute,"
	        "slow_readers,slow_disconnected,server_bytes_growth,connections_max,"
	        "latency_mean_low_ms,latency_mean_high_ms\n";
	char *text;

	(void)state;
	add_sample("sse", "mhd", 1);
	text = csv();
	assert_memory_equal(text, promised, strlen(promised));
	free(text);
}

static void test_a_value_that_was_not_measured_is_empty(void **state)
{
	char *text;

	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	result.server.cpu_ns = 0;
	result.traffic.segments_down = result.traffic.segments_up = 0;
	add();
	text = csv();
	assert_csv(text, "server_cpu_us_per_message", "");
	assert_csv(text, "wire_bytes_down", "");
	assert_csv(text, "packets_per_message", "");
	assert_csv(text, "kernel_bytes_per_connection", "");
	assert_csv(text, "poll_interval_ms", "");
	assert_csv(text, "batch", "");
	assert_csv(text, "duplicates", "0");
	free(text);
}

static void test_values_stand_under_their_names(void **state)
{
	char *text;

	(void)state;
	add_sample("polling", "mhd", 1);
	text = csv();
	assert_csv(text, "transport", "polling");
	assert_csv(text, "tls", "no");
	assert_csv(text, "link_delay_ms", "0");
	assert_csv(text, "poll_interval_ms", "1000");
	assert_csv(text, "batch", "");
	assert_csv(text, "reach", "1");
	assert_csv(text, "messages_per_response", "4");
	assert_csv(text, "wire_bytes_down", "1490000");
	assert_csv(text, "wire_counts", "modelled");
	assert_csv(text, "label", "polling/mhd");
	assert_csv(text, "latency_file", "latency/polling-mhd.hgrm");
	assert_csv(text, "link_profile", "none");
	free(text);
}

static void test_a_link_stands_in_its_columns(void **state)
{
	char *text;

	(void)state;
	sample_run("sse", "mhd", 1, &spec, &result);
	spec.parameters.link = (struct link_settings){
	        .delay_ms = 150, .rate_mbit = 1.6, .rate_up_mbit = 0.768, .queue = 100};
	strcpy(spec.parameters.link_profile, "3g");
	add();
	text = csv();
	assert_csv(text, "link_rate_mbit", "1.6");
	assert_csv(text, "link_rate_up_mbit", "0.768");
	assert_csv(text, "link_profile", "3g");
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_runs_of_equal_parameters_are_one_row),
	        TEST(test_rows_stand_by_parameters_then_as_in_the_matrix),
	        TEST(test_a_value_is_the_median_over_the_runs),
	        TEST(test_the_histogram_holds_all_valid_runs),
	        TEST(test_an_invalid_run_is_counted_and_kept_out_of_every_value),
	        TEST(test_a_row_without_a_valid_run_has_no_measured_value),
	        TEST(test_theory_stands_beside_what_was_measured),
	        TEST(test_predicted_bytes_are_those_of_frames),
	        TEST(test_nothing_published_is_an_idle_minute),
	        TEST(test_theory_is_silent_where_requests_wait_for_each_other),
	        TEST(test_what_slow_readers_cost_is_measured_where_it_was_asked),
	        TEST(test_the_price_of_a_stack_is_the_ratio_within_a_block),
	        TEST(test_a_block_without_epoll_has_no_price),
	        TEST(test_other_parameters_are_no_measure_for_a_stack),
	        TEST(test_where_clients_alone_publish_the_histogram_is_of_round_trips),
	        TEST(test_rows_of_one_cell_are_named_by_what_differs),
	        TEST(test_what_all_rows_share_is_said_once),
	        TEST(test_a_broken_line_is_left_out_and_named),
	        TEST(test_where_every_line_is_broken_the_first_is_named),
	        TEST(test_a_last_line_that_was_cut_off_is_left_out),
	        TEST(test_a_file_without_runs_is_refused),
	        TEST(test_a_missing_file_is_said_to_be_missing),
	        TEST(test_the_columns_are_those_that_were_promised),
	        TEST(test_a_value_that_was_not_measured_is_empty),
	        TEST(test_values_stand_under_their_names),
	        TEST(test_a_link_stands_in_its_columns),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
