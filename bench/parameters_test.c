#include "parameters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../transports/matrix.h"
#include "link_profiles.h"

/* The smaller of two values in every way but the cell. */
static const struct run_parameters base = {
        .transport = "longpoll",
        .stack = "lws",
        .subscribers = 100,
        .rate_hz = 10,
        .rate_up_hz = 5,
        .arrivals = ARRIVALS_EVEN,
        .payload_bytes = 64,
        .format = MESSAGE_JSON,
        .poll_interval_ms = 250,
        .batch = true,
        .headers = HTTP_HEADERS_LEAN,
        .cuts = 1,
        .slow_readers = 1,
        .connections_max = 1,
        .link = {.delay_ms = 20, .loss = 0.01, .queue = 100},
        .warmup_s = 0.5,
        .main_s = 4,
};

/* Each changes one parameter to what stands behind that of `base`. */

static void more_subscribers(struct run_parameters *parameters)
{
	parameters->subscribers = 101;
}

static void more_often(struct run_parameters *parameters)
{
	parameters->rate_hz = 10.5;
}

static void more_often_up(struct run_parameters *parameters)
{
	parameters->rate_up_hz = 5.5;
}

static void at_random(struct run_parameters *parameters)
{
	parameters->arrivals = ARRIVALS_POISSON;
}

static void larger(struct run_parameters *parameters)
{
	parameters->payload_bytes = 65;
}

static void lean(struct run_parameters *parameters)
{
	parameters->format = MESSAGE_LEAN;
}

static void like_a_browser(struct run_parameters *parameters)
{
	parameters->headers = HTTP_HEADERS_BROWSER;
}

static void cut_more_often(struct run_parameters *parameters)
{
	parameters->cuts = 2;
}

static void farther(struct run_parameters *parameters)
{
	parameters->link.delay_ms = 21;
}

static void warmed_up_longer(struct run_parameters *parameters)
{
	parameters->warmup_s = 0.75;
}

static void longer(struct run_parameters *parameters)
{
	parameters->main_s = 5;
}

static void with_tls(struct run_parameters *parameters)
{
	parameters->tls = true;
}

static void polled_less_often(struct run_parameters *parameters)
{
	parameters->poll_interval_ms = 251;
}

static void one_per_response(struct run_parameters *parameters)
{
	parameters->batch = false;
}

static void read_by_fewer(struct run_parameters *parameters)
{
	parameters->slow_readers = 2;
}

static void more_at_a_time(struct run_parameters *parameters)
{
	parameters->connections_max = 6;
}

/* In the order in which they decide which row comes first; the cell stands before `with_tls`. */
static const struct change {
	void (*make)(struct run_parameters *parameters);
	int bit;
	const char *from, *to; /* in words */
} changes[] = {
        {more_subscribers, PARAMETER_SUBSCRIBERS, "100 subscribers", "101 subscribers"},
        {more_often, PARAMETER_RATE, "10 messages/s", "10.5 messages/s"},
        {more_often_up, PARAMETER_RATE_UP, "5 messages/s from clients",
         "5.5 messages/s from clients"},
        {at_random, PARAMETER_ARRIVALS, "even arrivals", "poisson arrivals"},
        {larger, PARAMETER_PAYLOAD, "64 B", "65 B"},
        {lean, PARAMETER_FORMAT, "json", "lean"},
        {like_a_browser, PARAMETER_HEADERS, "lean headers", "browser headers"},
        {cut_more_often, PARAMETER_CUTS, "1 cut", "2 cuts"},
        {farther, PARAMETER_LINK, "20 ms one way, 1 % loss", "21 ms one way, 1 % loss"},
        {warmed_up_longer, PARAMETER_WARMUP, "0.5 s warm-up", "0.75 s warm-up"},
        {longer, PARAMETER_MAIN, "4 s", "5 s"},
        {with_tls, PARAMETER_TLS, "plain", "TLS"},
        {polled_less_often, PARAMETER_POLL_INTERVAL, "every 250 ms", "every 251 ms"},
        {one_per_response, PARAMETER_BATCH, "batched", "one per response"},
        {read_by_fewer, PARAMETER_SLOW_READERS, "1 slow reader", "2 slow readers"},
        {more_at_a_time, PARAMETER_CONNECTIONS_MAX, "1 request at a time", "6 requests at a time"},
};

#define CHANGES   (sizeof changes / sizeof *changes)
#define OF_A_CELL 11 /* from this one on, the cell decides first */

static struct run_parameters changed(size_t change)
{
	struct run_parameters parameters = base;

	changes[change].make(&parameters);
	return parameters;
}

static struct run_parameters on(const char *transport, const char *stack)
{
	struct run_parameters parameters = base;

	strncpy(parameters.transport, transport, sizeof parameters.transport - 1);
	strncpy(parameters.stack, stack, sizeof parameters.stack - 1);
	return parameters;
}

static void test_equal_parameters_do_not_differ(void **state)
{
	struct run_parameters copy = base;

	(void)state;
	assert_int_equal(parameters_difference(&base, &copy), 0);
	assert_int_equal(parameters_compare(&base, &copy), 0);
}

static void test_each_difference_is_a_bit_of_its_own(void **state)
{
	int all = 0;

	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct run_parameters other = changed(i);

		assert_int_equal(parameters_difference(&base, &other), changes[i].bit);
		assert_int_equal(parameters_difference(&other, &base), changes[i].bit);
		assert_int_equal(all & changes[i].bit, 0);
		all |= changes[i].bit;
	}
	assert_int_equal(all, PARAMETERS_ALL);
}

static void test_several_differences_are_told_together(void **state)
{
	struct run_parameters other = base;

	(void)state;
	for (size_t i = 0; i < CHANGES; i++)
		changes[i].make(&other);
	assert_int_equal(parameters_difference(&base, &other), PARAMETERS_ALL);
}

static void test_the_cell_is_no_difference(void **state)
{
	struct run_parameters transport = on("polling", "lws"), stack = on("longpoll", "mhd");

	(void)state;
	assert_int_equal(parameters_difference(&base, &transport), 0);
	assert_int_equal(parameters_difference(&base, &stack), 0);
}

static void test_a_cell_is_its_transport_and_its_stack(void **state)
{
	struct run_parameters transport = on("polling", "lws"), stack = on("longpoll", "mhd");

	(void)state;
	assert_false(parameters_same_cell(&base, &transport));
	assert_false(parameters_same_cell(&base, &stack));
	for (size_t i = 0; i < CHANGES; i++) {
		struct run_parameters other = changed(i);

		assert_true(parameters_same_cell(&base, &other));
	}
}

static void assert_described(const struct run_parameters *parameters, int which,
                             const char *expected)
{
	char words[256] = "not touched";

	parameters_describe(parameters, which, words, sizeof words);
	assert_string_equal(words, expected);
}

static void test_each_parameter_has_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct run_parameters other = changed(i);

		assert_described(&base, changes[i].bit, changes[i].from);
		assert_described(&other, changes[i].bit, changes[i].to);
	}
}

static void test_no_cut_is_said_so(void **state)
{
	struct run_parameters uncut = base;

	(void)state;
	uncut.cuts = 0;
	assert_described(&uncut, PARAMETER_CUTS, "no cut");
}

static void test_no_slow_reader_is_said_so(void **state)
{
	struct run_parameters prompt = base;

	(void)state;
	prompt.slow_readers = 0;
	assert_described(&prompt, PARAMETER_SLOW_READERS, "no slow reader");
}

static void test_no_limit_is_said_so(void **state)
{
	struct run_parameters unlimited = base;

	(void)state;
	unlimited.connections_max = 0;
	assert_described(&unlimited, PARAMETER_CONNECTIONS_MAX, "any number of requests");
}

static void test_only_what_is_named_is_described_in_a_fixed_order(void **state)
{
	(void)state;
	assert_described(&base, 0, "");
	assert_described(&base, PARAMETER_POLL_INTERVAL | PARAMETER_SUBSCRIBERS,
	                 "100 subscribers, every 250 ms");
	assert_described(&base, PARAMETERS_ALL,
	                 "100 subscribers, 10 messages/s, 5 messages/s from clients, even "
	                 "arrivals, 64 B, json, every 250 ms, batched, lean headers, plain, 1 cut, "
	                 "1 slow reader, 1 request at a time, "
	                 "20 ms one way, 1 % loss, 0.5 s warm-up, 4 s");
}

static void test_a_description_too_long_for_its_room_is_cut(void **state)
{
	char whole[256], room[256], untouched[256];

	(void)state;
	memset(untouched, '#', sizeof untouched);
	parameters_describe(&base, PARAMETERS_ALL, whole, sizeof whole);
	for (size_t size = 1; size <= strlen(whole); size++) {
		memset(room, '#', sizeof room);
		parameters_describe(&base, PARAMETERS_ALL, room, size);
		assert_true(strlen(room) < size);
		assert_memory_equal(room, whole, strlen(room));
		assert_memory_equal(room + size, untouched, sizeof room - size);
	}
}

static void test_only_what_does_not_take_place_need_not_be_said(void **state)
{
	struct run_parameters other = base;

	(void)state;
	assert_int_equal(parameters_unsaid(&base), PARAMETER_TLS);
	other.tls = true;
	assert_int_equal(parameters_unsaid(&other), 0);
	other.rate_hz = 0;
	assert_int_equal(parameters_unsaid(&other), PARAMETER_RATE);
	other.rate_up_hz = 0;
	assert_int_equal(parameters_unsaid(&other), PARAMETER_RATE | PARAMETER_RATE_UP);
	other.cuts = 0;
	other.slow_readers = other.connections_max = 0;
	other.link = (struct link_settings){.queue = 100};
	assert_int_equal(parameters_unsaid(&other),
	                 PARAMETER_RATE | PARAMETER_RATE_UP | PARAMETER_CUTS | PARAMETER_LINK |
	                         PARAMETER_SLOW_READERS | PARAMETER_CONNECTIONS_MAX);
}

static void assert_before(const struct run_parameters *a, const struct run_parameters *b)
{
	assert_true(parameters_compare(a, b) < 0);
	assert_true(parameters_compare(b, a) > 0);
}

static void test_a_link_is_told_by_what_it_does(void **state)
{
	struct run_parameters other = base;

	(void)state;
	other.link = (struct link_settings){.queue = 100};
	assert_described(&other, PARAMETER_LINK, "no link");
	other.link = (struct link_settings){.delay_ms = 5,
	                                    .jitter_ms = 2,
	                                    .loss = 0.02,
	                                    .loss_burst = 3,
	                                    .rate_mbit = 10,
	                                    .queue = 50};
	assert_described(&other, PARAMETER_LINK,
	                 "5 ms one way, up to 2 ms jitter, 2 % loss, 3 in a row, 10 Mbit/s with a "
	                 "queue of 50");
}

static void test_a_link_has_a_rate_each_way(void **state)
{
	struct run_parameters other = base;

	(void)state;
	other.link = (struct link_settings){
	        .delay_ms = 5, .rate_mbit = 10, .rate_up_mbit = 2, .queue = 50};
	assert_described(&other, PARAMETER_LINK,
	                 "5 ms one way, 10 Mbit/s down and 2 up with a queue of 50");
	other.link.rate_mbit = 0;
	assert_described(&other, PARAMETER_LINK, "5 ms one way, 2 Mbit/s up with a queue of 50");
}

static void test_of_a_profile_only_what_is_not_as_in_it_is_told(void **state)
{
	struct run_parameters other = base;

	(void)state;
	strcpy(other.link_profile, "3g");
	other.link = link_profile("3g")->settings;
	other.link.queue = 100;
	assert_described(&other, PARAMETER_LINK, "3g, a queue of 100");
	other.link.delay_ms = 7;
	other.link.loss = 0.01;
	assert_described(&other, PARAMETER_LINK, "3g, 7 ms one way, 1 % loss, a queue of 100");
	other.link.rate_mbit = 5;
	other.link.rate_up_mbit = 0;
	assert_described(&other, PARAMETER_LINK,
	                 "3g, 7 ms one way, 1 % loss, 5 Mbit/s with a queue of 100");
	other.link.rate_mbit = 0;
	assert_described(&other, PARAMETER_LINK, "3g, 7 ms one way, 1 % loss, no limit of rate");
	strcpy(other.link_profile, "of-old");
	assert_described(&other, PARAMETER_LINK, "of-old, 7 ms one way, 1 % loss");
}

static void test_a_profile_is_a_difference(void **state)
{
	struct run_parameters other = base;

	(void)state;
	strcpy(other.link_profile, "lte");
	assert_int_equal(parameters_difference(&base, &other), PARAMETER_LINK);
	assert_before(&base, &other);
}

static void test_each_setting_of_a_link_is_a_difference(void **state)
{
	const struct link_settings changed_links[] = {
	        {.delay_ms = 21, .loss = 0.01, .queue = 100},
	        {.delay_ms = 20, .jitter_ms = 1, .loss = 0.01, .queue = 100},
	        {.delay_ms = 20, .loss = 0.02, .queue = 100},
	        {.delay_ms = 20, .loss = 0.01, .loss_burst = 2, .queue = 100},
	        {.delay_ms = 20, .loss = 0.01, .rate_mbit = 1, .queue = 100},
	        {.delay_ms = 20, .loss = 0.01, .rate_up_mbit = 1, .queue = 100},
	        {.delay_ms = 20, .loss = 0.01, .queue = 101},
	};

	(void)state;
	for (size_t i = 0; i < sizeof changed_links / sizeof *changed_links; i++) {
		struct run_parameters other = base;

		other.link = changed_links[i];
		assert_int_equal(parameters_difference(&base, &other), PARAMETER_LINK);
		assert_before(&base, &other);
	}
}

static void test_each_parameter_alone_decides_the_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct run_parameters other = changed(i);

		assert_before(&base, &other);
	}
}

static void test_an_earlier_parameter_decides_before_all_later_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct run_parameters first = base, second = changed(i);

		for (size_t j = i + 1; j < CHANGES; j++)
			changes[j].make(&first);
		assert_before(&first, &second);
	}
}

static void test_what_all_cells_have_decides_before_the_cell(void **state)
{
	(void)state;
	for (size_t i = 0; i < OF_A_CELL; i++) {
		struct run_parameters first = on("websocket", "epoll"), second = base;

		changes[i].make(&second);
		assert_before(&first, &second);
	}
}

static void test_the_cell_decides_before_what_it_alone_has(void **state)
{
	(void)state;
	for (size_t i = OF_A_CELL; i < CHANGES; i++) {
		struct run_parameters first = base, second = on("websocket", "epoll");

		changes[i].make(&first);
		assert_before(&first, &second);
	}
}

static void test_cells_stand_as_in_the_matrix(void **state)
{
	(void)state;
	for (const struct endpoint *const *e = matrix_endpoints; e[0] && e[1]; e++) {
		struct run_parameters first = on(e[0]->transport, e[0]->stack);
		struct run_parameters second = on(e[1]->transport, e[1]->stack);

		assert_before(&first, &second);
	}
}

static void test_what_is_not_in_the_matrix_stands_behind(void **state)
{
	struct run_parameters floor = on("floor", "epoll");

	(void)state;
	for (const struct endpoint *const *e = matrix_endpoints; *e; e++) {
		struct run_parameters other = on((*e)->transport, (*e)->stack);

		assert_before(&other, &floor);
	}
}

static int compare(const void *a, const void *b)
{
	return parameters_compare(a, b);
}

static void test_rows_to_be_compared_stand_together(void **state)
{
	struct run_parameters rows[] = {on("sse", "mhd"), on("polling", "mhd"), on("sse", "mhd"),
	                                on("polling", "mhd")};

	(void)state;
	rows[0].payload_bytes = rows[1].payload_bytes = 1024;
	qsort(rows, 4, sizeof *rows, compare);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(rows[i].transport, i % 2 ? "sse" : "polling");
		assert_int_equal(rows[i].payload_bytes, i < 2 ? 64 : 1024);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_equal_parameters_do_not_differ),
	        cmocka_unit_test(test_each_difference_is_a_bit_of_its_own),
	        cmocka_unit_test(test_several_differences_are_told_together),
	        cmocka_unit_test(test_the_cell_is_no_difference),
	        cmocka_unit_test(test_a_cell_is_its_transport_and_its_stack),
	        cmocka_unit_test(test_each_parameter_has_its_words),
	        cmocka_unit_test(test_no_cut_is_said_so),
	        cmocka_unit_test(test_no_slow_reader_is_said_so),
	        cmocka_unit_test(test_no_limit_is_said_so),
	        cmocka_unit_test(test_only_what_is_named_is_described_in_a_fixed_order),
	        cmocka_unit_test(test_a_description_too_long_for_its_room_is_cut),
	        cmocka_unit_test(test_only_what_does_not_take_place_need_not_be_said),
	        cmocka_unit_test(test_a_link_is_told_by_what_it_does),
	        cmocka_unit_test(test_a_link_has_a_rate_each_way),
	        cmocka_unit_test(test_of_a_profile_only_what_is_not_as_in_it_is_told),
	        cmocka_unit_test(test_a_profile_is_a_difference),
	        cmocka_unit_test(test_each_setting_of_a_link_is_a_difference),
	        cmocka_unit_test(test_each_parameter_alone_decides_the_order),
	        cmocka_unit_test(test_an_earlier_parameter_decides_before_all_later_ones),
	        cmocka_unit_test(test_what_all_cells_have_decides_before_the_cell),
	        cmocka_unit_test(test_the_cell_decides_before_what_it_alone_has),
	        cmocka_unit_test(test_cells_stand_as_in_the_matrix),
	        cmocka_unit_test(test_what_is_not_in_the_matrix_stands_behind),
	        cmocka_unit_test(test_rows_to_be_compared_stand_together),
	};

	return cmocka_run_group_tests_name("parameters", tests, NULL, NULL);
}
