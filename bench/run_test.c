#include "run.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Big: two histograms each. */
static struct run_result wanted, found;

static const struct run_spec spec = {
        .experiment = "first-look",
        .block = 3,
        .order = 12,
        .seed = 9007199254740991,
        .parameters =
                {
                        .transport = "longpoll",
                        .stack = "epoll",
                        .subscribers = 100,
                        .rate_hz = 0.1,
                        .arrivals = ARRIVALS_POISSON,
                        .payload_bytes = 512,
                        .format = MESSAGE_BINARY,
                        .batch = true,
                        .headers = HTTP_HEADERS_BROWSER,
                        .warmup_s = 2,
                        .main_s = 1.0 / 3,
                        .link.queue = 100,
                },
};

static int setup(void **state)
{
	(void)state;
	memset(&wanted, 0, sizeof(wanted));
	memset(&found, 0xff, sizeof(found));
	strcpy(wanted.reason, "device \"drops\": 3\n");
	strcpy(wanted.lab_mode, "loopback");
	strcpy(wanted.wire_counts, "modelled");
	wanted.main_ms = 2000.125;
	wanted.expected = 4000;
	wanted.delivered = 3999;
	wanted.reconnects = 1;
	wanted.traffic = (struct run_traffic){.messages = 1000,
	                                      .payload_bytes = 100000,
	                                      .responses = 500,
	                                      .empty_responses = 20,
	                                      .app_bytes_down = 150000,
	                                      .app_bytes_up = 30000,
	                                      .tcp_bytes_down = 151000,
	                                      .tcp_bytes_up = 31000,
	                                      .segments_down = 1200,
	                                      .segments_up = 800,
	                                      .retransmitted = 7};
	wanted.wire.packets_up = 12;
	wanted.wire_connecting.bytes_down = 34;
	wanted.server = (struct run_server){.cpu_ns = 7000000, .memory_before_bytes = 1 << 20};
	wanted.server.memory_bytes = 3 << 20;
	wanted.load = (struct run_load){.cpu_ns = INT64_MAX, .cpu_share = 0.25};
	for (uint64_t value = 1; value < (1ull << 50); value *= 7)
		hist_record(&wanted.latency, value);
	return 0;
}

/* The line that run_write makes; freed by free(). */
static char *written(const struct run_spec *run)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(run_write(out, run, &wanted), 0);
	fclose(out);
	return text;
}

static void test_what_is_written_is_read_back_exactly(void **state)
{
	char *line = written(&spec);
	struct run_spec back;
	const char *why;

	(void)state;
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&back, &spec, sizeof(spec));
	assert_memory_equal(&found, &wanted, sizeof(wanted));
	free(line);
}

/* What only a run with a link, or one that was watched, has. */
static void test_what_the_network_said_is_read_back_exactly(void **state)
{
	struct run_spec back;
	const char *why;
	char *line;

	(void)state;
	wanted.captured = true;
	wanted.packets_dropped = 1;
	wanted.link_lost = 2;
	wanted.link_queue_full = 3;
	wanted.link_late_p99_ms = 0.0625;
	wanted.link_cpu_ms = 1.0 / 3;
	wanted.link_wait_ns = 4;
	wanted.server.kernel_before_bytes = 4096;
	wanted.server.kernel_bytes = INT64_MAX;
	wanted.server.connect_cpu_ns = 8192;
	wanted.server.slab_before_bytes = 16384;
	wanted.server.slab_bytes = 32768;
	for (size_t i = 0; i < PACKET_KINDS; i++) {
		wanted.kinds_down.packets[i] = 10 + i;
		wanted.kinds_down.bytes[i] = 20 + i;
		wanted.kinds_up.packets[i] = 30 + i;
		wanted.kinds_up.bytes[i] = 40 + i;
	}
	line = written(&spec);
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&found, &wanted, sizeof(wanted));
	free(line);
}

/* What only a run with slow readers has. */
static void test_slow_readers_are_read_back_exactly(void **state)
{
	struct run_spec run = spec, back;
	const char *why;
	char *line;

	(void)state;
	run.parameters.slow_readers = 10;
	wanted.server.memory_end_bytes = 5 << 20;
	wanted.server.slow_disconnected = 9;
	line = written(&run);
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	assert_memory_equal(&found, &wanted, sizeof(wanted));
	assert_true(run_server_bytes_growth(&found) == 2 << 20);
	free(line);
}

static void test_a_browser_s_limit_is_read_back_exactly(void **state)
{
	struct run_spec run = spec, back;
	const char *why;
	char *line;

	(void)state;
	run.parameters.connections_max = 6;
	wanted.kept_out = 2;
	line = written(&run);
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	assert_memory_equal(&found, &wanted, sizeof(wanted));
	free(line);
}

static struct run_spec linked(void)
{
	struct run_spec run = spec;

	run.parameters.link = (struct link_settings){
	        .delay_ms = 150, .rate_mbit = 1.6, .rate_up_mbit = 0.768, .queue = 100};
	strcpy(run.parameters.link_profile, "3g");
	return run;
}

static void test_a_link_is_read_back_with_its_profile(void **state)
{
	struct run_spec run = linked(), back;
	char *line = written(&run);
	const char *why;

	(void)state;
	assert_non_null(strstr(line, "\"link_profile\":\"3g\""));
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_memory_equal(&back, &run, sizeof(run));
	free(line);
}

static void test_a_run_is_one_line(void **state)
{
	char *line = written(&spec);

	(void)state;
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	free(line);
}

static void test_a_value_that_was_not_measured_is_null_and_comes_back_as_nan(void **state)
{
	struct run_spec back;
	const char *why;
	char *line;

	(void)state;
	wanted.load.lateness_p99_ms = NAN;
	line = written(&spec);
	assert_non_null(strstr(line, "\"lateness_p99_ms\":null"));
	assert_int_equal(run_read(line, &back, &found, &why), 0);
	assert_true(isnan(found.load.lateness_p99_ms));
	free(line);
}

static void test_empty_buckets_are_not_written(void **state)
{
	char *line = written(&spec);

	(void)state;
	assert_non_null(strstr(line, "\"buckets\":[]}}\n"));
	free(line);
}

static void assert_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void test_p50_and_p99_are_there_for_people(void **state)
{
	json_t *json;
	char *line;

	(void)state;
	memset(&wanted.latency, 0, sizeof(wanted.latency));
	hist_record(&wanted.latency, 1500000);
	line = written(&spec);
	json = json_loads(line, 0, NULL);
	assert_near(json_real_value(json_object_get(json_object_get(json, "latency"), "p99_ms")),
	            1.5);
	json_decref(json);
	free(line);
}

static void test_a_count_beyond_json_is_refused(void **state)
{
	struct run_spec far = spec;

	(void)state;
	far.seed = UINT64_MAX;
	assert_int_equal(run_write(stderr, &far, &wanted), -ERANGE);
}

static void test_a_full_disk_is_reported(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	assert_int_equal(run_write(full, &spec, &wanted), -ENOSPC);
	fclose(full);
}

static void assert_unreadable(const char *line, const char *expected)
{
	struct run_spec back;
	const char *why = NULL;

	assert_int_equal(run_read(line, &back, &found, &why), -EBADMSG);
	assert_string_equal(why, expected);
}

/* The written line with the value at object.key (or only key) put in; NULL takes it away. */
static char *changed(const char *object, const char *key, json_t *value)
{
	char *line = written(&spec), *text;
	json_t *json = json_loads(line, 0, NULL);
	json_t *at = object ? json_object_get(json, object) : json;

	if (value)
		assert_int_equal(json_object_set_new(at, key, value), 0);
	else
		assert_int_equal(json_object_del(at, key), 0);
	text = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	free(line);
	return text;
}

static void test_lines_of_earlier_versions_lack_profile_and_rate_up(void **state)
{
	static const char *const later[][2] = {{"parameters", "link_profile"},
	                                       {"link", "rate_up_mbit"}};
	struct run_spec back;
	const char *why;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *line = changed(later[i][0], later[i][1], NULL);

		assert_int_equal(run_read(line, &back, &found, &why), 0);
		assert_string_equal(back.parameters.link_profile, "");
		assert_true(back.parameters.link.rate_up_mbit == 0);
		free(line);
	}
}

static void test_lines_of_earlier_versions_lack_slow_readers(void **state)
{
	static const char *const later[][2] = {{"parameters", "slow_readers"},
	                                       {"server", "slow_disconnected"},
	                                       {"server", "memory_end_bytes"}};
	struct run_spec back;
	const char *why;

	(void)state;
	wanted.server.memory_end_bytes = 5 << 20;
	for (size_t i = 0; i < 3; i++) {
		char *line = changed(later[i][0], later[i][1], NULL);

		assert_int_equal(run_read(line, &back, &found, &why), 0);
		assert_int_equal(back.parameters.slow_readers, 0);
		assert_int_equal(found.server.slow_disconnected, 0);
		assert_true(isnan(run_server_bytes_growth(&found)) == (i == 2));
		free(line);
	}
}

static void test_lines_of_earlier_versions_know_no_browser_s_limit(void **state)
{
	char *without_key = changed("parameters", "connections_max", NULL);
	char *without_result = changed("deliveries", "kept_out", NULL);
	struct run_spec back;
	const char *why;

	(void)state;
	assert_int_equal(run_read(without_key, &back, &found, &why), 0);
	assert_int_equal(back.parameters.connections_max, 0);
	assert_int_equal(run_read(without_result, &back, &found, &why), 0);
	assert_int_equal(found.kept_out, 0);
	free(without_key);
	free(without_result);
}

/* Of connections that differ in number from half to half no memory can be told by half. */
static void test_whoever_is_kept_out_has_no_memory(void **state)
{
	struct run_spec run = spec;

	(void)state;
	wanted.server.memory_half_bytes = 2 << 20;
	wanted.connecting.connections = 64;
	assert_false(isnan(run_server_bytes_first_half(&run, &wanted)));
	wanted.kept_out = run.parameters.subscribers - 64;
	assert_true(run_server_bytes_per_connection(&run, &wanted) == (2 << 20) / 64.0);
	assert_true(isnan(run_server_bytes_first_half(&run, &wanted)));
	assert_true(isnan(run_server_bytes_second_half(&run, &wanted)));
}

static void assert_change_is_named(const char *object, const char *key, json_t *value,
                                   const char *expected)
{
	char *line = changed(object, key, value);

	assert_unreadable(line, expected);
	free(line);
}

static void test_a_missing_key_is_named(void **state)
{
	(void)state;
	assert_change_is_named(NULL, "seed", NULL, "'seed' is missing");
	assert_change_is_named("server", "cpu_ns", NULL, "'server.cpu_ns' is missing");
	assert_change_is_named(NULL, "traffic", NULL, "'traffic' is missing or not an object");
	assert_change_is_named("latency", "sum_ns", NULL,
	                       "'latency' is missing or not a histogram");
}

static void test_a_wrong_type_is_named(void **state)
{
	(void)state;
	assert_change_is_named("load", "cpu_ns", json_string("7"),
	                       "'load.cpu_ns' has a wrong value");
	assert_change_is_named("phases", "main_ms", json_string("7"),
	                       "'phases.main_ms' has a wrong value");
	assert_change_is_named(NULL, "valid", json_integer(1), "'valid' has a wrong value");
	assert_change_is_named(NULL, "load", json_array(), "'load' is missing or not an object");
}

static void test_a_value_out_of_range_is_named(void **state)
{
	(void)state;
	assert_change_is_named(NULL, "block", json_integer(-1), "'block' has a wrong value");
	assert_change_is_named(NULL, "block", json_integer(1ll << 32), "'block' has a wrong value");
	assert_change_is_named("parameters", "format", json_string("xml"),
	                       "'parameters.format' has a wrong value");
	assert_change_is_named("parameters", "stack", json_string("sixteen-letters!"),
	                       "'parameters.stack' has a wrong value");
}

static void test_a_bucket_beyond_the_histogram_is_refused(void **state)
{
	(void)state;
	assert_change_is_named("latency", "buckets", json_pack("[[ii]]", HIST_BUCKETS, 1),
	                       "'latency' is missing or not a histogram");
	assert_change_is_named("unscheduled", "buckets", json_pack("[[i]]", 1),
	                       "'unscheduled' is missing or not a histogram");
	assert_change_is_named("latency", "buckets", json_pack("[ii]", -HIST_BUCKETS, 1),
	                       "'latency' is missing or not a histogram");
	assert_change_is_named("latency", "buckets", json_pack("[ii]", 1, -HIST_BUCKETS),
	                       "'latency' is missing or not a histogram");
	assert_change_is_named("latency", "buckets", json_pack("[I]", (json_int_t)INT64_MIN),
	                       "'latency' is missing or not a histogram");
	assert_change_is_named("latency", "buckets", json_pack("[s]", "1"),
	                       "'latency' is missing or not a histogram");
}

static void test_a_line_cut_anywhere_is_refused(void **state)
{
	char *line = written(&spec);

	(void)state;
	for (size_t size = strlen(line) - 2; size > 0; size--) {
		line[size] = '\0';
		assert_unreadable(line, "not a whole line of JSON");
	}
	free(line);
}

static void test_derived_values_follow_their_definitions(void **state)
{
	(void)state;
	assert_near(run_reach(&wanted), 3999.0 / 4000);
	assert_near(run_messages_per_response(&wanted), 2);
	assert_near(run_empty_share(&wanted), 0.04);
	assert_near(run_wire_bytes_down(&wanted), 151000 + 66 * 1200);
	assert_near(run_wire_bytes_up(&wanted), 31000 + 66 * 800);
	assert_near(run_wire_bytes_per_message(&wanted), 182 + 66 * 2);
	assert_near(run_framing_bytes_per_message(&wanted), 80);
	assert_near(run_packets_per_message(&wanted), 2);
	assert_near(run_server_cpu_us_per_message(&wanted), 7);
	assert_near(run_server_bytes_per_connection(&spec, &wanted), (2 << 20) / 100.0);
}

static void test_memory_is_by_connection_and_by_half(void **state)
{
	(void)state;
	wanted.server.memory_half_bytes = (1 << 20) + 50 * 1000;
	assert_near(run_server_bytes_first_half(&spec, &wanted), 1000);
	assert_near(run_server_bytes_second_half(&spec, &wanted), ((2 << 20) - 50000) / 50.0);
	wanted.connecting.connections = 200; /* two of each subscriber */
	assert_near(run_server_bytes_first_half(&spec, &wanted), 500);
	assert_near(run_server_bytes_per_connection(&spec, &wanted), (2 << 20) / 200.0);
	wanted.server.memory_half_bytes = 0;
	assert_true(isnan(run_server_bytes_first_half(&spec, &wanted)));
	assert_true(isnan(run_server_bytes_second_half(&spec, &wanted)));
}

static void test_the_kernel_s_memory_is_by_connection_where_only_the_server_has_any(void **state)
{
	(void)state;
	wanted.server.kernel_before_bytes = 5000;
	wanted.server.kernel_bytes = 5000 + 100 * 2400;
	assert_true(isnan(run_kernel_bytes_per_connection(&spec, &wanted)));
	strcpy(wanted.wire_counts, "counted");
	assert_near(run_kernel_bytes_per_connection(&spec, &wanted), 2400);
	wanted.connecting.connections = 200; /* two of each subscriber */
	assert_near(run_kernel_bytes_per_connection(&spec, &wanted), 1200);
	wanted.server.kernel_bytes = 4000;
	assert_near(run_kernel_bytes_per_connection(&spec, &wanted), -5);
}

static void test_the_kernel_s_memory_is_unknown_where_one_reading_is_missing(void **state)
{
	(void)state;
	strcpy(wanted.wire_counts, "counted");
	wanted.server.kernel_bytes = 240000;
	assert_true(isnan(run_kernel_bytes_per_connection(&spec, &wanted)));
	wanted.server.kernel_before_bytes = 5000;
	wanted.server.kernel_bytes = 0;
	assert_true(isnan(run_kernel_bytes_per_connection(&spec, &wanted)));
}

static void test_the_slabs_are_by_socket_where_there_are_many(void **state)
{
	struct run_spec many = spec;

	(void)state;
	many.parameters.subscribers = 1000;
	wanted.server.slab_before_bytes = 50 << 20;
	wanted.server.slab_bytes = wanted.server.slab_before_bytes + 1000 * 2 * 4096;
	assert_true(isnan(run_slab_bytes_per_socket(&spec, &wanted)));
	assert_near(run_slab_bytes_per_socket(&many, &wanted), 4096);
}

static void test_the_cpu_of_connecting_is_by_connection(void **state)
{
	(void)state;
	wanted.server.connect_cpu_ns = 0;
	assert_true(isnan(run_connect_cpu_us_per_connection(&wanted)));
	wanted.server.connect_cpu_ns = 200 * 30000;
	wanted.connecting.connections = 200;
	assert_near(run_connect_cpu_us_per_connection(&wanted), 30);
}

/* 100 subscribers in a third of a second */
static void test_an_idle_minute_is_of_one_subscriber_where_nothing_is_published(void **state)
{
	(void)state;
	assert_true(isnan(run_wire_bytes_per_idle_minute(&spec, &wanted))); /* messages came */
	wanted.traffic.messages = 0;
	assert_near(run_wire_bytes_per_idle_minute(&spec, &wanted),
	            (151000 + 31000 + 66.0 * 2000) * 180 / 100);
	strcpy(wanted.wire_counts, "counted");
	wanted.wire.bytes_down = 300;
	wanted.wire.bytes_up = 200;
	assert_near(run_wire_bytes_per_idle_minute(&spec, &wanted), 500 * 180 / 100.0);
	wanted.wire.bytes_down = wanted.wire.bytes_up = 0; /* nothing crossed it, as counted */
	assert_true(run_wire_bytes_per_idle_minute(&spec, &wanted) == 0);
	wanted.server.cpu_ns = 500000;
	assert_near(run_server_cpu_us_per_idle_minute(&spec, &wanted), 500 * 180 / 100.0);
	wanted.published = 1;
	assert_true(isnan(run_wire_bytes_per_idle_minute(&spec, &wanted)));
	assert_true(isnan(run_server_cpu_us_per_idle_minute(&spec, &wanted)));
}

static void test_a_kind_is_both_ways_by_message_where_a_link_told_them_apart(void **state)
{
	(void)state;
	assert_true(isnan(run_kind_per_message(&wanted, PACKET_DATA)));
	wanted.kinds_down.packets[PACKET_DATA] = 900;
	wanted.kinds_up.packets[PACKET_DATA] = 100;
	wanted.kinds_up.packets[PACKET_PURE_ACK] = 500;
	assert_near(run_kind_per_message(&wanted, PACKET_DATA), 1);
	assert_near(run_kind_per_message(&wanted, PACKET_PURE_ACK), 0.5);
	assert_true(run_kind_per_message(&wanted, PACKET_RETRANSMISSION) == 0);
	wanted.traffic.messages = 0;
	assert_true(isnan(run_kind_per_message(&wanted, PACKET_DATA)));
}

static void test_tls_is_what_tcp_carried_beyond_what_crossed_the_sockets(void **state)
{
	struct run_spec secret = spec;

	(void)state;
	assert_true(isnan(run_tls_bytes_per_message(&spec, &wanted)));
	secret.parameters.tls = true;
	assert_near(run_tls_bytes_per_message(&secret, &wanted), 2);
}

static void test_connecting_is_by_connection(void **state)
{
	(void)state;
	assert_true(isnan(run_connect_bytes_per_connection(&wanted)));
	wanted.connecting = (struct run_connecting){.connections = 200,
	                                            .tcp_bytes_down = 3000,
	                                            .tcp_bytes_up = 1000,
	                                            .segments_down = 300,
	                                            .segments_up = 500};
	assert_near(run_connect_bytes_per_connection(&wanted), 20 + 66 * 4);
	assert_near(run_connect_packets_per_connection(&wanted), 4);
}

static void test_what_was_counted_goes_before_what_is_modelled(void **state)
{
	(void)state;
	strcpy(wanted.wire_counts, "counted");
	wanted.connecting.connections = 10;
	wanted.wire = (struct run_wire){
	        .bytes_down = 2000, .bytes_up = 1000, .packets_down = 30, .packets_up = 20};
	wanted.wire_connecting = (struct run_wire){
	        .bytes_down = 400, .bytes_up = 100, .packets_down = 5, .packets_up = 15};
	assert_near(run_wire_bytes_down(&wanted), 2000);
	assert_near(run_wire_bytes_up(&wanted), 1000);
	assert_near(run_wire_bytes_per_message(&wanted), 3);
	assert_near(run_packets_per_message(&wanted), 0.05);
	assert_near(run_connect_bytes_per_connection(&wanted), 50);
	assert_near(run_connect_packets_per_connection(&wanted), 2);
}

static void test_what_was_not_measured_is_nan(void **state)
{
	static const struct run_result nothing;

	(void)state;
	assert_true(isnan(run_reach(&nothing)));
	assert_true(isnan(run_messages_per_response(&nothing)));
	assert_true(isnan(run_empty_share(&nothing)));
	assert_true(isnan(run_wire_bytes_down(&nothing)));
	assert_true(isnan(run_wire_bytes_per_message(&nothing)));
	assert_true(isnan(run_framing_bytes_per_message(&nothing)));
	assert_true(isnan(run_packets_per_message(&nothing)));
	assert_true(isnan(run_server_cpu_us_per_message(&nothing)));
	assert_true(isnan(run_server_bytes_per_connection(&spec, &nothing)));
	assert_true(isnan(run_kernel_bytes_per_connection(&spec, &nothing)));
	assert_true(isnan(run_wire_bytes_per_idle_minute(&spec, &nothing)));
	assert_true(isnan(run_kind_per_message(&nothing, PACKET_DATA)));
}

static void test_words_for_headers_go_both_ways(void **state)
{
	enum http_headers headers = HTTP_HEADERS_LEAN;

	(void)state;
	assert_int_equal(run_headers_parse("browser", &headers), 0);
	assert_string_equal(run_headers_name(headers), "browser");
	assert_int_equal(run_headers_parse("fat", &headers), -EINVAL);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_written_is_read_back_exactly, setup),
        cmocka_unit_test_setup(test_what_the_network_said_is_read_back_exactly, setup),
        cmocka_unit_test_setup(test_a_link_is_read_back_with_its_profile, setup),
        cmocka_unit_test_setup(test_slow_readers_are_read_back_exactly, setup),
        cmocka_unit_test_setup(test_a_browser_s_limit_is_read_back_exactly, setup),
        cmocka_unit_test_setup(test_lines_of_earlier_versions_know_no_browser_s_limit, setup),
        cmocka_unit_test_setup(test_whoever_is_kept_out_has_no_memory, setup),
        cmocka_unit_test_setup(test_lines_of_earlier_versions_lack_slow_readers, setup),
        cmocka_unit_test_setup(test_lines_of_earlier_versions_lack_profile_and_rate_up, setup),
        cmocka_unit_test_setup(test_a_run_is_one_line, setup),
        cmocka_unit_test_setup(test_a_value_that_was_not_measured_is_null_and_comes_back_as_nan,
                               setup),
        cmocka_unit_test_setup(test_empty_buckets_are_not_written, setup),
        cmocka_unit_test_setup(test_p50_and_p99_are_there_for_people, setup),
        cmocka_unit_test_setup(test_a_count_beyond_json_is_refused, setup),
        cmocka_unit_test_setup(test_a_full_disk_is_reported, setup),
        cmocka_unit_test_setup(test_a_missing_key_is_named, setup),
        cmocka_unit_test_setup(test_a_wrong_type_is_named, setup),
        cmocka_unit_test_setup(test_a_value_out_of_range_is_named, setup),
        cmocka_unit_test_setup(test_a_bucket_beyond_the_histogram_is_refused, setup),
        cmocka_unit_test_setup(test_a_line_cut_anywhere_is_refused, setup),
        cmocka_unit_test_setup(test_derived_values_follow_their_definitions, setup),
        cmocka_unit_test_setup(test_memory_is_by_connection_and_by_half, setup),
        cmocka_unit_test_setup(
                test_the_kernel_s_memory_is_by_connection_where_only_the_server_has_any, setup),
        cmocka_unit_test_setup(test_the_kernel_s_memory_is_unknown_where_one_reading_is_missing,
                               setup),
        cmocka_unit_test_setup(test_the_slabs_are_by_socket_where_there_are_many, setup),
        cmocka_unit_test_setup(test_the_cpu_of_connecting_is_by_connection, setup),
        cmocka_unit_test_setup(test_an_idle_minute_is_of_one_subscriber_where_nothing_is_published,
                               setup),
        cmocka_unit_test_setup(test_a_kind_is_both_ways_by_message_where_a_link_told_them_apart,
                               setup),
        cmocka_unit_test_setup(test_tls_is_what_tcp_carried_beyond_what_crossed_the_sockets, setup),
        cmocka_unit_test_setup(test_connecting_is_by_connection, setup),
        cmocka_unit_test_setup(test_what_was_counted_goes_before_what_is_modelled, setup),
        cmocka_unit_test_setup(test_what_was_not_measured_is_nan, setup),
        cmocka_unit_test_setup(test_words_for_headers_go_both_ways, setup),
};

int main(void)
{
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
