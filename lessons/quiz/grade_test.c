#include "grade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "quantity.h"

static struct quiz_question choice(enum quiz_kind kind, char *letters)
{
	return (struct quiz_question){
	        .kind = kind,
	        .letters = letters,
	        .answer = letters,
	        .options = {{.letter = 'A'}, {.letter = 'B'}, {.letter = 'C'}},
	        .option_count = 3,
	};
}

static void expect(const struct quiz_question *question, const char *said, enum grade expected)
{
	enum grade got = grade_answer(question, said, NULL);

	if (got != expected)
		fail_msg("'%s': %d, expected %d", said, got, expected);
}

static void test_single(void **state)
{
	const struct quiz_question question = choice(QUIZ_SINGLE, "B");

	(void)state;
	expect(&question, "B", GRADE_RIGHT);
	expect(&question, " b ", GRADE_RIGHT);
	expect(&question, "A", GRADE_WRONG);
	expect(&question, "D", GRADE_UNREADABLE);
	expect(&question, "A, B", GRADE_UNREADABLE);
	expect(&question, "", GRADE_UNREADABLE);
	expect(&question, "the second", GRADE_UNREADABLE);
}

static void test_multiple(void **state)
{
	const struct quiz_question question = choice(QUIZ_MULTIPLE, "AC");

	(void)state;
	expect(&question, "A, C", GRADE_RIGHT);
	expect(&question, "ca", GRADE_RIGHT);
	expect(&question, "A", GRADE_WRONG);
	expect(&question, "A B C", GRADE_WRONG);
	expect(&question, "A, A", GRADE_UNREADABLE);
	expect(&question, "A and C", GRADE_UNREADABLE);
}

static void test_order(void **state)
{
	const struct quiz_question question = choice(QUIZ_ORDER, "CAB");

	(void)state;
	expect(&question, "C, A, B", GRADE_RIGHT);
	expect(&question, "cab", GRADE_RIGHT);
	expect(&question, "ABC", GRADE_WRONG);
	expect(&question, "C, A", GRADE_UNREADABLE);
}

static void test_text(void **state)
{
	const struct quiz_question question = {
	        .kind = QUIZ_TEXT,
	        .answer = "101 | 101 Switching  Protocols|Content-Length",
	};

	(void)state;
	expect(&question, "101", GRADE_RIGHT);
	expect(&question, "  101 switching   PROTOCOLS ", GRADE_RIGHT);
	expect(&question, "content-length", GRADE_RIGHT);
	expect(&question, "101Switching Protocols", GRADE_WRONG);
	expect(&question, "10", GRADE_WRONG);
	expect(&question, "1011", GRADE_WRONG);
	expect(&question, "101 switching", GRADE_WRONG);
	expect(&question, "  ", GRADE_UNREADABLE);
}

static void test_number(void **state)
{
	const struct quiz_question question = {
	        .kind = QUIZ_NUMBER, .number = 1019, .within = {WITHIN_AMOUNT, 0}, .unit = "bytes"};

	(void)state;
	expect(&question, "1019", GRADE_RIGHT);
	expect(&question, "1,019 bytes", GRADE_RIGHT);
	expect(&question, " 1019.0 B ", GRADE_RIGHT);
	expect(&question, "0x3fb", GRADE_RIGHT);
	expect(&question, "1018", GRADE_WRONG);
	expect(&question, "-1019", GRADE_WRONG);
	expect(&question, "1019 ms", GRADE_UNREADABLE);
	expect(&question, "about 1000", GRADE_UNREADABLE);
	expect(&question, "", GRADE_UNREADABLE);
}

static void test_an_option_may_be_said_in_its_words(void **state)
{
	struct quiz_question question = choice(QUIZ_SINGLE, "B");

	(void)state;
	question.options[0].text = "HTTP";
	question.options[1].text = "`Sec-WebSocket-Key`: the key.";
	question.options[2].text = "c";
	assert_int_equal(grade_option_said(&question, " http "), 'A');
	assert_int_equal(grade_option_said(&question, "sec-websocket-key:  the key"), 'B');
	assert_int_equal(grade_option_said(&question, "HTT"), 0);
	assert_int_equal(grade_option_said(&question, "c"), 0);
	assert_int_equal(grade_option_said(&question, ""), 0);
	question.options[1].text = "http";
	assert_int_equal(grade_option_said(&question, "HTTP"), 0);
}

static void test_seconds_become_milliseconds(void **state)
{
	struct quiz_question question = {
	        .kind = QUIZ_NUMBER, .number = 40, .within = {WITHIN_PERCENT, 10}, .unit = "ms"};

	(void)state;
	expect(&question, "44 ms", GRADE_RIGHT);
	expect(&question, "45ms", GRADE_WRONG);
	expect(&question, "40 milliseconds", GRADE_RIGHT);
	expect(&question, "0.04 s", GRADE_RIGHT);
	expect(&question, "0.04 Seconds", GRADE_RIGHT);
	expect(&question, "40 s", GRADE_WRONG);
	expect(&question, "40 sheep", GRADE_UNREADABLE);
	question.unit = "s";
	expect(&question, "40000 ms", GRADE_RIGHT);
	expect(&question, "40 seconds", GRADE_RIGHT);
	expect(&question, "40 ms", GRADE_WRONG);
}

static void test_only_times_are_converted(void **state)
{
	const struct quiz_question question = {.kind = QUIZ_NUMBER, .number = 40, .unit = "bytes"};

	(void)state;
	expect(&question, "40 s", GRADE_UNREADABLE);
	expect(&question, "0.04 ms", GRADE_UNREADABLE);
}

static void test_measured(void **state)
{
	const struct quiz_question question = {
	        .kind = QUIZ_MEASURED, .within = {WITHIN_PERCENT, 10}, .unit = "ms"};
	const double measured = 200;

	(void)state;
	assert_int_equal(grade_answer(&question, "180", &measured), GRADE_RIGHT);
	assert_int_equal(grade_answer(&question, "220 ms", &measured), GRADE_RIGHT);
	assert_int_equal(grade_answer(&question, "179", &measured), GRADE_WRONG);
	assert_int_equal(grade_answer(&question, "soon", &measured), GRADE_UNREADABLE);
	assert_int_equal(grade_answer(&question, "200", NULL), GRADE_WRONG);
	assert_int_equal(grade_answer(&question, "soon", NULL), GRADE_UNREADABLE);
}

static void test_a_measured_value_goes_before_the_answer(void **state)
{
	const struct quiz_question question = {.kind = QUIZ_NUMBER, .number = 7};
	const double measured = 11;

	(void)state;
	assert_int_equal(grade_answer(&question, "11", &measured), GRADE_RIGHT);
	assert_int_equal(grade_answer(&question, "7", &measured), GRADE_WRONG);
}

static bool within(const char *text, double said, double right)
{
	struct quiz_within within;

	assert_true(quantity_within(text, &within));
	return quantity_near(said, right, within);
}

static void test_within(void **state)
{
	struct quiz_within bad;

	(void)state;
	assert_true(within("10%", 1.1, 1));
	assert_false(within("10%", 1.11, 1));
	assert_true(within("0.15", 0.85, 1));
	assert_false(within("0.15", 0.8, 1));
	assert_true(within("x2", 50, 100));
	assert_true(within("×2", 200, 100));
	assert_false(within("x2", 201, 100));
	assert_false(within("x2", 0, 0));
	assert_false(quantity_within("x", &bad));
	assert_false(quantity_within("x0.5", &bad));
	assert_false(quantity_within("-1", &bad));
	assert_false(quantity_within("10 percent", &bad));
}

static void test_answer_lines(void **state)
{
	struct quiz_within within;
	const char *unit;
	double number;

	(void)state;
	assert_true(quantity_answer("7 ± 0 bytes", &number, &within, &unit));
	assert_true(number == 7 && within.size == 0);
	assert_string_equal(unit, "bytes");
	assert_true(quantity_answer("1.41 +- 5% round trips", &number, &within, &unit));
	assert_true(number == 1.41 && within.kind == WITHIN_PERCENT && within.size == 5);
	assert_string_equal(unit, "round trips");
	assert_true(quantity_answer("11,700", &number, &within, &unit));
	assert_true(number == 11700 && !*unit);
	assert_true(quantity_answer("0,5 R", &number, &within, &unit));
	assert_true(number == 0.5);
	assert_false(quantity_answer("7 ± some", &number, &within, &unit));
	assert_false(quantity_answer("seven", &number, &within, &unit));
}

static void test_what_is_expected_is_said(void **state)
{
	char text[80];
	struct quiz_question question = choice(QUIZ_SINGLE, "A");

	(void)state;
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "a letter from A to C");
	question.kind = QUIZ_ORDER;
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "all letters from A to C, the first one first, such as C, A, B");
	question.kind = QUIZ_NUMBER;
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "a number");
	question.unit = "ms";
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "a number in ms");
	question.unit = "bytes";
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "a number in bytes");
	question.unit = "frames";
	grade_expects(&question, text, sizeof text);
	assert_string_equal(text, "a number of frames, such as 3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_single),
	        cmocka_unit_test(test_multiple),
	        cmocka_unit_test(test_order),
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_number),
	        cmocka_unit_test(test_an_option_may_be_said_in_its_words),
	        cmocka_unit_test(test_seconds_become_milliseconds),
	        cmocka_unit_test(test_only_times_are_converted),
	        cmocka_unit_test(test_measured),
	        cmocka_unit_test(test_a_measured_value_goes_before_the_answer),
	        cmocka_unit_test(test_within),
	        cmocka_unit_test(test_answer_lines),
	        cmocka_unit_test(test_what_is_expected_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
