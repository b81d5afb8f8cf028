#include "expression.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ROWS 3

static struct summary_row rows[ROWS];
static const struct summary summary = {.rows = rows, .count = ROWS};
static double result;
static const char *why;

static void set(size_t i, const char *transport, double rate_hz, double mean_ms)
{
	rows[i] = (struct summary_row){.runs = 1};
	strcpy(rows[i].parameters.transport, transport);
	strcpy(rows[i].parameters.stack, "epoll");
	rows[i].parameters.rate_hz = rate_hz;
	rows[i].values[LATENCY_MEAN_MS] = mean_ms;
	rows[i].values[LATENCY_P99_MS] = NAN;
}

static int setup(void **state)
{
	(void)state;
	set(0, "longpoll", 1, 26);
	set(1, "longpoll", 50, 49.5);
	set(2, "sse", 1, 25);
	return 0;
}

static void assert_value(const char *text, double expected)
{
	if (expression_evaluate(text, &summary, &result, &why))
		fail_msg("%s: %s", text, why);
	assert_true(fabs(result - expected) < 1e-9);
}

static void assert_unknown(const char *text)
{
	if (expression_evaluate(text, &summary, &result, &why))
		fail_msg("%s: %s", text, why);
	assert_true(isnan(result));
}

/* With a summary and without one. */
static void assert_refused(const char *text, const char *expected)
{
	assert_int_equal(expression_evaluate(text, &summary, &result, &why), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(expression_evaluate(text, NULL, &result, &why), -EINVAL);
	assert_string_equal(why, expected);
}

static void test_products_go_before_sums_and_parentheses_before_both(void **state)
{
	(void)state;
	assert_value("2", 2);
	assert_value("1 + 2 * 3", 7);
	assert_value("( 1 + 2 ) * 3", 9);
	assert_value("10 - 4 - 3", 3);
	assert_value("12 / 2 / 3", 2);
	assert_value("2 * ( 8 - ( 1 + 2 ) )", 10);
}

static void test_a_value_is_that_of_the_first_row_that_fits(void **state)
{
	(void)state;
	assert_value("longpoll/epoll:-:latency_mean_ms", 26);
	assert_value("longpoll/epoll:rate_hz=50:latency_mean_ms", 49.5);
	assert_value("longpoll/epoll:stack=epoll&rate_hz=50:latency_mean_ms / "
	             "sse/epoll:-:latency_mean_ms",
	             1.98);
}

static void test_what_was_not_measured_is_not_known(void **state)
{
	(void)state;
	assert_unknown("sse/mhd:-:latency_mean_ms");
	assert_unknown("sse/epoll:rate_hz=2:latency_mean_ms");
	assert_unknown("1 + sse/epoll:-:latency_p99_ms");
}

static void test_what_is_no_expression_is_refused_with_a_reason(void **state)
{
	(void)state;
	assert_refused("1 2", "there is no operator (+ - * /) between two of its words");
	assert_refused("( 1 + 2", "a parenthesis is not closed");
	assert_refused("", "a value is not TRANSPORT/STACK:CONDITIONS:COLUMN");
	assert_refused("1 +", "a value is not TRANSPORT/STACK:CONDITIONS:COLUMN");
	assert_refused("sse/epoll", "a value is not TRANSPORT/STACK:CONDITIONS:COLUMN");
	assert_refused("sse/epoll:-:latency", "a value names no column of summary.csv");
	assert_refused("sse/epoll:rate=1:latency_mean_ms",
	               "a condition names no column of summary.csv");
	assert_refused("sse/epoll:rate_hz:latency_mean_ms", "a condition is not COLUMN=VALUE");
	assert_refused("( ( ( ( ( ( ( ( ( ( 1 ) ) ) ) ) ) ) ) ) )", "too many parentheses");
}

static void test_a_word_that_is_too_long_is_refused(void **state)
{
	char text[EXPRESSION_WORD_MAX + 1];

	(void)state;
	memset(text, '1', EXPRESSION_WORD_MAX);
	text[EXPRESSION_WORD_MAX] = '\0';
	assert_refused(text, "a word is too long");
	text[EXPRESSION_WORD_MAX - 1] = '\0';
	assert_int_equal(expression_evaluate(text, NULL, &result, &why), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(test_products_go_before_sums_and_parentheses_before_both,
	                               setup),
	        cmocka_unit_test_setup(test_a_value_is_that_of_the_first_row_that_fits, setup),
	        cmocka_unit_test_setup(test_what_was_not_measured_is_not_known, setup),
	        cmocka_unit_test_setup(test_what_is_no_expression_is_refused_with_a_reason, setup),
	        cmocka_unit_test_setup(test_a_word_that_is_too_long_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
