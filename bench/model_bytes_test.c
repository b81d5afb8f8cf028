#include "model_bytes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../transports/schedule.h"

static void assert_near(double value, double expected, double bound)
{
	if (!(fabs(value - expected) <= bound))
		fail_msg("%.9g is not within %.3g of %.9g", value, bound, expected);
}

/* Ids of two digits: 10 messages before the main phase and 40 in it. */
static struct run_parameters run_of(const char *transport)
{
	struct run_parameters run = {.subscribers = 10,
	                             .rate_hz = 10,
	                             .arrivals = ARRIVALS_EVEN,
	                             .payload_bytes = 20,
	                             .format = MESSAGE_LEAN,
	                             .batch = true,
	                             .warmup_s = 1,
	                             .main_s = 4};

	snprintf(run.transport, sizeof(run.transport), "%s", transport);
	strcpy(run.stack, "epoll");
	return run;
}

static struct run_parameters poisson_run(const char *transport, double rate_hz, double delay_ms)
{
	struct run_parameters run = run_of(transport);

	run.arrivals = ARRIVALS_POISSON;
	run.rate_hz = rate_hz;
	run.link.delay_ms = delay_ms;
	return run;
}

static void assert_message(const struct run_parameters *run, double framing, double wire)
{
	struct model_bytes model = model_bytes_predict(run);

	assert_near(model.framing_per_message, framing, 1e-9);
	assert_near(model.wire_per_message, wire, 1e-9);
	assert_true(isnan(model.wire_per_idle_minute));
}

/* 20 + 2; two packets' headers: the segment's, its ACK's. */
static void test_a_websocket_message_of_20_bytes_is_154_on_the_wire(void **state)
{
	struct run_parameters run = run_of("websocket");

	(void)state;
	assert_message(&run, 2, 154);
	run.headers = HTTP_HEADERS_KAAZING;
	assert_message(&run, 2, 154);
}

static void test_a_websocket_header_grows_with_the_message(void **state)
{
	static const struct {
		unsigned payload;
		double header;
	} rows[] = {{125, 2}, {126, 4}, {65535, 4}, {65536, 10}};
	struct run_parameters run = run_of("websocket");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		run.payload_bytes = rows[i].payload;
		assert_near(model_bytes_predict(&run).framing_per_message, rows[i].header, 1e-9);
	}
}

/* "id: 42\n", "data: ", "\n\n": 7 + 6 + 2. */
static void test_an_sse_event_has_its_id(void **state)
{
	struct run_parameters run = run_of("sse");

	(void)state;
	assert_message(&run, 15, 20 + 15 + 2 * 66);
}

/* Ids 1 to 100: 9 of one digit, 90 of two, one of three. */
static void test_digits_of_ids_are_a_mean(void **state)
{
	struct run_parameters run = run_of("sse");

	(void)state;
	run.rate_hz = 100;
	run.warmup_s = 0;
	run.main_s = 1;
	assert_near(model_bytes_predict(&run).framing_per_message, 13 + 1.92, 1e-9);
}

/* 100 bytes are 136 characters. */
static void test_base64_is_framing(void **state)
{
	struct run_parameters run = run_of("sse");

	(void)state;
	run.payload_bytes = 100;
	run.format = MESSAGE_BINARY;
	assert_near(model_bytes_predict(&run).framing_per_message, 15 + 36, 1e-9);
	strcpy(run.transport, "websocket");
	assert_near(model_bytes_predict(&run).framing_per_message, 2, 1e-9);
}

static void test_the_floor_has_a_length(void **state)
{
	struct run_parameters run = run_of("floor");

	(void)state;
	assert_message(&run, 4, 20 + 4 + 2 * 66);
}

/* 4100 bytes: three segments, and two ACKs, of the second and of the last. */
static void test_a_large_message_is_many_segments(void **state)
{
	struct run_parameters run = run_of("websocket");

	(void)state;
	run.payload_bytes = 4096;
	assert_message(&run, 4, 4096 + 4 + 5 * 66);
}

/* "GET /longpoll?topic=default&since=42 HTTP/1.1\r\nHost: 10.77.0.1:50000\r\n\r\n" is 72, the
 * answer's head 100; with the line's end 173. Three packets: request, its ACK, answer. */
static void test_a_long_poll_is_an_exchange(void **state)
{
	struct run_parameters run = run_of("longpoll");

	(void)state;
	assert_message(&run, 173, 20 + 173 + 3 * 66);
}

/* The article's 871 and 20 are 891. */
static void test_the_headers_of_2010_make_1089_of_20_bytes(void **state)
{
	struct run_parameters run = run_of("longpoll");

	(void)state;
	run.headers = HTTP_HEADERS_KAAZING;
	assert_message(&run, 871, 891 + 3 * 66);
}

/* Every 25 ms an answer is due, so that no ACK of the request is alone. */
static void test_an_answer_within_40_ms_acknowledges_its_request(void **state)
{
	struct run_parameters run = run_of("longpoll");

	(void)state;
	run.rate_hz = 40;
	run.main_s = 1;
	assert_near(model_bytes_predict(&run).wire_per_message, 20 + 173 + 2 * 66, 1e-9);
}

/* "GET /polling?topic=default&since=42 HTTP/1.1" is 71 with the rest, the head 100 or, of an empty
 * answer, 52; the answer's ACK is alone. */
static void test_the_messages_of_a_poll_share_it(void **state)
{
	struct run_parameters run = run_of("polling");

	(void)state;
	run.poll_interval_ms = 200;
	assert_message(&run, (171 + 2) / 2.0, 20 + (171 + 2 + 3 * 66) / 2.0);
	run.poll_interval_ms = 50;
	assert_message(&run, 171 + 1 + 71 + 52, 20 + 171 + 1 + 71 + 52 + 2 * 3 * 66);
}

/* 2d + 30 ms after the poll before. */
static void test_a_poll_that_follows_soon_acknowledges_the_answer(void **state)
{
	struct run_parameters run = run_of("polling");

	(void)state;
	run.rate_hz = 12.5;
	run.warmup_s = 1.6;
	run.main_s = 1.6;
	run.poll_interval_ms = 80;
	run.link.delay_ms = 25;
	assert_message(&run, 172, 20 + 172 + 2 * 66);
}

#define SIMULATED 200000

/* Messages of 100 bytes, ids of 3 digits. */
struct simulated {
	double messages, bytes; /* these on the wire */
};

/* How many, the first at *next_s, which is then the next one's. */
static unsigned arrivals_until(double end_s, double rate_hz, double *next_s, uint64_t *random)
{
	unsigned count = 0;

	for (; *next_s <= end_s; count++)
		*next_s -= log(1 - random_unit(random)) / rate_hz;
	return count;
}

/* A long-poll is at the server 2d after the answer before. Its ACK is alone unless both it and the
 * one before were answered within 40 ms. */
static struct simulated simulate_longpoll(double rate_hz, double delay_s)
{
	struct simulated found = {0};
	uint64_t random = 1;
	double next_s = 0, asked_s = 0;
	bool was_quick = true;

	while (found.messages < SIMULATED) {
		double answered_s = fmax(asked_s, next_s);
		unsigned messages = arrivals_until(answered_s, rate_hz, &next_s, &random);
		bool quick = answered_s - asked_s <= 0.04;

		found.messages += messages;
		found.bytes += 73 + (messages < 10 ? 101 : 102) + messages * 101;
		found.bytes += 66 * (quick && was_quick ? 2 : 3);
		was_quick = quick;
		asked_s = answered_s + 2 * delay_s;
	}
	return found;
}

static void test_longpoll_simulated(void **state)
{
	static const double rates_hz[] = {5, 10, 20, 50}, delays_ms[] = {0, 5, 25, 50};

	(void)state;
	for (size_t i = 0; i < 16; i++) {
		double rate_hz = rates_hz[i / 4], delay_ms = delays_ms[i % 4];
		struct run_parameters run = poisson_run("longpoll", rate_hz, delay_ms);
		struct simulated found = simulate_longpoll(rate_hz, delay_ms / 1e3);

		run.payload_bytes = 100;
		run.warmup_s = 100 / rate_hz;
		run.main_s = 800 / rate_hz;
		assert_near(found.bytes / found.messages /
		                    model_bytes_predict(&run).wire_per_message,
		            1, 0.01);
	}
}

/* A queue half the time empty: w is 0.5, p 1 - 0.5 e^-0.4 = 0.66484, and 1 - p² = 0.55799. */
static void test_one_per_response_finds_messages_waiting_more_often(void **state)
{
	struct run_parameters run = poisson_run("longpoll", 10, 25);

	(void)state;
	run.batch = false;
	assert_near(model_bytes_predict(&run).framing_per_message, 173 + 8, 1e-9);
	assert_near(model_bytes_predict(&run).wire_per_message, 20 + 181 + 2.55799 * 66, 0.001);
}

/* Every second; answers of more than one segment come, and each is acknowledged. */
static struct simulated simulate_polling(double rate_hz)
{
	struct simulated found = {0};
	uint64_t random = 1;
	double next_s = 0;

	for (unsigned asked_s = 1; found.messages < SIMULATED; asked_s++) {
		unsigned messages = arrivals_until(asked_s, rate_hz, &next_s, &random);
		double answer, digits;

		digits = 1 + floor(log10(fmax(messages, 1) * 101));
		answer = messages > 0 ? 98 + digits + messages * 101 : 52;
		found.messages += messages;
		found.bytes += 72 + answer + 66 * (1 + 2 * ceil(answer / 1448));
	}
	return found;
}

static void test_polling_simulated(void **state)
{
	static const double rates_hz[] = {0.5, 2, 14, 40};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct run_parameters run = poisson_run("polling", rates_hz[i], 0);
		struct simulated found = simulate_polling(rates_hz[i]);

		run.payload_bytes = 100;
		run.poll_interval_ms = 1000;
		run.warmup_s = 100 / rates_hz[i];
		run.main_s = 800 / rates_hz[i];
		assert_near(found.bytes / found.messages /
		                    model_bytes_predict(&run).wire_per_message,
		            1, 0.01);
	}
}

static double idle_bytes(const char *transport, double warmup_s)
{
	struct run_parameters run = run_of(transport);
	struct model_bytes model;

	run.rate_hz = 0;
	run.poll_interval_ms = 1000;
	run.warmup_s = warmup_s;
	run.main_s = 60;
	model = model_bytes_predict(&run);
	assert_true(isnan(model.wire_per_message));
	assert_true(isnan(model.framing_per_message));
	return model.wire_per_idle_minute;
}

/* Twice in 60 s, from the 25th. */
static void test_an_idle_minute_has_heartbeats(void **state)
{
	(void)state;
	assert_near(idle_bytes("sse", 1), 2 * (3 + 2 * 66), 1e-9);
	assert_near(idle_bytes("websocket", 1), 2 * (2 + 6 + 3 * 66) + 66, 1e-9);
	assert_near(idle_bytes("longpoll", 1), 2 * (71 + 52 + 3 * 66) + 66, 1e-9);
	assert_near(idle_bytes("floor", 1), 0, 1e-9);
}

/* At 50, 75 and 100 s: the first, at 25 s, was before. */
static void test_only_the_first_heartbeat_costs_an_ack_more(void **state)
{
	(void)state;
	assert_near(idle_bytes("websocket", 41), 3 * (2 + 6 + 3 * 66), 1e-9);
}

static void test_an_idle_minute_of_polling_is_all_polls(void **state)
{
	(void)state;
	assert_near(idle_bytes("polling", 1), 60 * (70 + 52 + 3 * 66), 1e-9);
}

static void no_transport(struct run_parameters *run)
{
	strcpy(run->transport, "pigeon");
}

static void jitter(struct run_parameters *run)
{
	run->link.jitter_ms = 1;
}

static void loss(struct run_parameters *run)
{
	run->link.loss = 0.01;
}

static void rate(struct run_parameters *run)
{
	run->link.rate_mbit = 10;
}

static void up(struct run_parameters *run)
{
	run->rate_up_hz = 1;
}

static void cuts(struct run_parameters *run)
{
	run->cuts = 1;
}

static void far(struct run_parameters *run)
{
	run->link.delay_ms = run->poll_interval_ms / 2;
}

static void large_answers(struct run_parameters *run)
{
	run->payload_bytes = 1 << 19;
}

static void test_where_no_form_holds_nothing_is_predicted(void **state)
{
	static void (*const changes[])(struct run_parameters *) = {
	        no_transport, jitter, loss, rate, up, cuts, far, large_answers};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct run_parameters run = run_of("polling");

		run.poll_interval_ms = 200;
		assert_false(isnan(model_bytes_predict(&run).wire_per_message));
		changes[i](&run);
		assert_true(isnan(model_bytes_predict(&run).wire_per_message));
		assert_true(isnan(model_bytes_predict(&run).framing_per_message));
		run.rate_hz = 0;
		if (changes[i] != large_answers)
			assert_true(isnan(model_bytes_predict(&run).wire_per_idle_minute));
	}
}

static void test_even_arrivals_with_a_delay_tell_nothing_of_longpoll(void **state)
{
	struct run_parameters run = run_of("longpoll");

	(void)state;
	run.link.delay_ms = 5;
	assert_true(isnan(model_bytes_predict(&run).wire_per_message));
}

/* It is below the framing. */
static void test_tls_leaves_framing_as_it_is(void **state)
{
	struct run_parameters run = run_of("websocket");

	(void)state;
	run.tls = true;
	assert_near(model_bytes_predict(&run).framing_per_message, 2, 1e-9);
	assert_true(isnan(model_bytes_predict(&run).wire_per_message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_websocket_message_of_20_bytes_is_154_on_the_wire),
	        cmocka_unit_test(test_a_websocket_header_grows_with_the_message),
	        cmocka_unit_test(test_an_sse_event_has_its_id),
	        cmocka_unit_test(test_digits_of_ids_are_a_mean),
	        cmocka_unit_test(test_base64_is_framing),
	        cmocka_unit_test(test_the_floor_has_a_length),
	        cmocka_unit_test(test_a_large_message_is_many_segments),
	        cmocka_unit_test(test_a_long_poll_is_an_exchange),
	        cmocka_unit_test(test_the_headers_of_2010_make_1089_of_20_bytes),
	        cmocka_unit_test(test_an_answer_within_40_ms_acknowledges_its_request),
	        cmocka_unit_test(test_the_messages_of_a_poll_share_it),
	        cmocka_unit_test(test_a_poll_that_follows_soon_acknowledges_the_answer),
	        cmocka_unit_test(test_longpoll_simulated),
	        cmocka_unit_test(test_one_per_response_finds_messages_waiting_more_often),
	        cmocka_unit_test(test_polling_simulated),
	        cmocka_unit_test(test_an_idle_minute_has_heartbeats),
	        cmocka_unit_test(test_only_the_first_heartbeat_costs_an_ack_more),
	        cmocka_unit_test(test_an_idle_minute_of_polling_is_all_polls),
	        cmocka_unit_test(test_where_no_form_holds_nothing_is_predicted),
	        cmocka_unit_test(test_even_arrivals_with_a_delay_tell_nothing_of_longpoll),
	        cmocka_unit_test(test_tls_leaves_framing_as_it_is),
	};

	return cmocka_run_group_tests_name("model_bytes", tests, NULL, NULL);
}
