#include "model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../transports/schedule.h"

#define DELAY_S 0.05

static void assert_near(double value, double expected, double bound)
{
	if (!(fabs(value - expected) <= bound))
		fail_msg("%.9g is not within %.3g of %.9g", value, bound, expected);
}

static struct model predict(const char *transport, double delay_s, double rate_hz, bool batch,
                            bool poisson)
{
	return model_predict(&(struct model_input){.transport = transport,
	                                           .delay_s = delay_s,
	                                           .rate_hz = rate_hz,
	                                           .poll_interval_s = 1,
	                                           .batch = batch,
	                                           .poisson = poisson});
}

static void test_polling_waits_half_an_interval(void **state)
{
	(void)state;
	struct model model = predict("polling", DELAY_S, 2, false, true);

	assert_near(model.mean_s, 0.55, 1e-12);
	assert_near(model.max_s, 1.05, 1e-12);
	assert_near(model.messages_per_response, 2, 1e-12);
	assert_near(model.empty_share, 0.135335283, 1e-9);
}

static void test_even_arrivals_tell_nothing_of_empty_polls(void **state)
{
	(void)state;
	struct model model = predict("polling", DELAY_S, 2, false, false);

	assert_near(model.mean_s, 0.55, 1e-12);
	assert_near(model.messages_per_response, 2, 1e-12);
	assert_true(isnan(model.empty_share));
}

/* Worked out by hand to the digits shown. */
static void test_batched_longpoll_at_50_ms(void **state)
{
	(void)state;
	static const struct {
		double rate_hz, mean_ms, mean_bound, messages, messages_bound;
	} rows[] = {
	        {1, 55.0, 0.05, 1.005, 0.0005}, {2, 59.8, 0.05, 1.02, 0.005},
	        {5, 72.6, 0.05, 1.11, 0.005},   {10, 86.6, 0.05, 1.37, 0.005},
	        {20, 96.8, 0.05, 2.14, 0.005},  {50, 99.9, 0.05, 5.0, 0.05},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model model = predict("longpoll", DELAY_S, rows[i].rate_hz, true, true);

		assert_near(model.mean_s * 1e3, rows[i].mean_ms, rows[i].mean_bound);
		assert_near(model.messages_per_response, rows[i].messages, rows[i].messages_bound);
		assert_near(model.max_s, 0.15, 1e-12);
		assert_true(model.empty_share == 0);
	}
}

static void test_longpoll_one_per_response_at_50_ms(void **state)
{
	(void)state;
	static const struct {
		double rate_hz, mean_ms;
	} rows[] = {{2, 62.5}, {5, 100}, {8, 250}, {9, 500}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct model model = predict("longpoll", DELAY_S, rows[i].rate_hz, false, true);

		assert_near(model.mean_s * 1e3, rows[i].mean_ms, 1e-9);
		assert_true(model.messages_per_response == 1);
		assert_true(isinf(model.max_s));
	}
}

static void test_longpoll_one_per_response_has_a_ceiling(void **state)
{
	(void)state;
	assert_true(isinf(predict("longpoll", DELAY_S, 10, false, true).mean_s));
	assert_true(isinf(predict("longpoll", DELAY_S, 11, false, true).mean_s));
}

static void test_longpoll_without_delay_is_immediate(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct model model = predict("longpoll", 0, 1000, i % 2, i / 2);

		assert_true(model.mean_s == 0);
		assert_true(model.max_s == 0);
		assert_true(model.messages_per_response == 1);
	}
}

static void test_longpoll_has_no_mean_for_even_arrivals(void **state)
{
	(void)state;
	struct model batched = predict("longpoll", DELAY_S, 2, true, false);
	struct model single = predict("longpoll", DELAY_S, 2, false, false);

	assert_true(isnan(batched.mean_s));
	assert_true(isnan(batched.messages_per_response));
	assert_near(batched.max_s, 0.15, 1e-12);
	assert_true(isnan(single.mean_s));
	assert_true(isnan(single.max_s));
}

static void test_streams_add_nothing_to_the_delay(void **state)
{
	(void)state;
	const char *const transports[] = {"sse", "websocket"};

	for (int i = 0; i < 4; i++) {
		struct model model = predict(transports[i % 2], DELAY_S, 100, false, i / 2);

		assert_true(model.mean_s == DELAY_S);
		assert_true(model.max_s == DELAY_S);
		assert_true(model.messages_per_response == 1);
		assert_true(isnan(model.empty_share));
		assert_true(predict(transports[i % 2], 0, 100, false, i / 2).mean_s == 0);
	}
}

static void test_nothing_is_predicted_for_an_unknown_transport(void **state)
{
	(void)state;
	struct model model = predict("pigeon", DELAY_S, 1, true, true);

	assert_true(isnan(model.mean_s));
	assert_true(isnan(model.max_s));
	assert_true(isnan(model.messages_per_response));
	assert_true(isnan(model.empty_share));
}

/* What a simulation knows of the protocol: a poll is at the server 2d after an answer left. */
struct simulated {
	double mean_s, max_s, messages_per_response;
};

#define SIMULATED 400000

static struct simulated simulate(double rate_hz, bool batch)
{
	uint64_t random = 1;
	double at = 0, poll_at = 0, answered_at = -1, sum = 0, max = 0, answers = 0;

	for (int i = 0; i < SIMULATED; i++) {
		at -= log(1 - random_unit(&random)) / rate_hz;
		/* A message that came before the last answer left is in it. */
		if (!batch || at > answered_at) {
			answered_at = fmax(at, poll_at);
			poll_at = answered_at + 2 * DELAY_S;
			answers++;
		}
		sum += answered_at + DELAY_S - at;
		max = fmax(max, answered_at + DELAY_S - at);
	}
	return (struct simulated){sum / SIMULATED, max, SIMULATED / answers};
}

static void test_batched_longpoll_simulated(void **state)
{
	(void)state;
	const double rates_hz[] = {1, 2, 5, 10, 20, 50};

	for (size_t i = 0; i < sizeof(rates_hz) / sizeof(rates_hz[0]); i++) {
		struct model model = predict("longpoll", DELAY_S, rates_hz[i], true, true);
		struct simulated found = simulate(rates_hz[i], true);

		assert_near(found.mean_s / model.mean_s, 1, 0.01);
		assert_near(found.messages_per_response / model.messages_per_response, 1, 0.01);
		assert_near(found.max_s / model.max_s, 1, 0.01);
		assert_true(found.max_s <= model.max_s + 1e-9);
	}
}

static void test_longpoll_one_per_response_simulated(void **state)
{
	(void)state;
	const double rates_hz[] = {1, 2, 5};

	for (size_t i = 0; i < sizeof(rates_hz) / sizeof(rates_hz[0]); i++) {
		struct model model = predict("longpoll", DELAY_S, rates_hz[i], false, true);

		assert_near(simulate(rates_hz[i], false).mean_s / model.mean_s, 1, 0.01);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_polling_waits_half_an_interval),
	        cmocka_unit_test(test_even_arrivals_tell_nothing_of_empty_polls),
	        cmocka_unit_test(test_batched_longpoll_at_50_ms),
	        cmocka_unit_test(test_longpoll_one_per_response_at_50_ms),
	        cmocka_unit_test(test_longpoll_one_per_response_has_a_ceiling),
	        cmocka_unit_test(test_longpoll_without_delay_is_immediate),
	        cmocka_unit_test(test_longpoll_has_no_mean_for_even_arrivals),
	        cmocka_unit_test(test_streams_add_nothing_to_the_delay),
	        cmocka_unit_test(test_nothing_is_predicted_for_an_unknown_transport),
	        cmocka_unit_test(test_batched_longpoll_simulated),
	        cmocka_unit_test(test_longpoll_one_per_response_simulated),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
