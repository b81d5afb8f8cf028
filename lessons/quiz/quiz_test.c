#include "quiz.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDED(answer) "<details><summary>Answer</summary>\n\n" answer "\n\n</details>\n"

static const char frames[] =
        "# Quiz\n\nAnswer before you unfold.\n\n"
        "## Q1. Which may stand between two fragments?\n"
        "<!-- quiz id=frag-between kind=multiple -->\n\n"
        "Think of this:\n\n```text\n## no heading\n- [ ] A. no option\n```\n\n"
        "> **Hint:** control frames are\n> never fragmented.\n\n"
        "- [ ] A. a ping\n- [ ] B. another\n  text message\n- [ ] C. a close\n\n" FOLDED(
                "**Answer:** A, C\n\n- A: they may be\n  interleaved.\n- B: it must wait.\n"
                "- C: at any time.\n\nSee RFC 6455.\n\n- 5.4\n- 5.5") "\n## Q2. How many bytes?\n<!-- quiz id=hello kind=number verify=hello.bytes "
                                                                      "-->\n\n" FOLDED(
                                                                              "**Answer:** 7 ± 0 bytes\n\n2 + 5.") "\n"
                                                                                                                   "## 3. How long?\n<!-- quiz id=mean kind=measured metric=poll.mean_ms within=20% "
                                                                                                                   "unit=\"ms of a day\"\n  fixed -->\n" FOLDED(
                                                                                                                           "**Answer:** measured, about T/2 + d");

static struct quiz parse(const char *text)
{
	struct quiz quiz;
	struct quiz_fault fault;
	int err = quiz_parse(&quiz, text, &fault);

	if (err)
		print_error("line %u: %s\n", fault.line, fault.what);
	assert_int_equal(err, 0);
	return quiz;
}

static void test_a_question_has_all_its_parts(void **state)
{
	struct quiz quiz = parse(frames);
	const struct quiz_question *question = &quiz.questions[0];

	(void)state;
	assert_int_equal(quiz.count, 3);
	assert_int_equal(question->line, 5);
	assert_string_equal(question->id, "frag-between");
	assert_int_equal(question->kind, QUIZ_MULTIPLE);
	assert_string_equal(question->title, "Which may stand between two fragments?");
	assert_string_equal(question->hint, "control frames are never fragmented.");
	assert_int_equal(question->option_count, 3);
	assert_string_equal(question->options[1].text, "another text message");
	assert_string_equal(question->options[0].why, "they may be interleaved.");
	assert_string_equal(question->letters, "AC");
	assert_string_equal(question->why, "See RFC 6455.\n\n- 5.4\n- 5.5");
	assert_false(question->fixed);
	quiz_free(&quiz);
}

static void test_code_blocks_are_text(void **state)
{
	struct quiz quiz = parse(frames);

	(void)state;
	assert_string_equal(quiz.questions[0].text,
	                    "Think of this:\n\n```text\n## no heading\n- [ ] A. no option\n```");
	quiz_free(&quiz);
}

static void test_numbers_have_a_tolerance_and_a_unit(void **state)
{
	struct quiz quiz = parse(frames);
	const struct quiz_question *question = quiz_find(&quiz, "hello");

	(void)state;
	assert_non_null(question);
	assert_true(question->number == 7);
	assert_int_equal(question->within.kind, WITHIN_AMOUNT);
	assert_true(question->within.size == 0);
	assert_string_equal(question->unit, "bytes");
	assert_string_equal(question->verify, "hello.bytes");
	assert_string_equal(question->why, "2 + 5.");
	quiz_free(&quiz);
}

static void test_attributes_may_be_quoted_and_go_on_in_the_next_line(void **state)
{
	struct quiz quiz = parse(frames);
	const struct quiz_question *question = quiz_find(&quiz, "mean");

	(void)state;
	assert_non_null(question);
	assert_string_equal(question->title, "How long?");
	assert_string_equal(question->unit, "ms of a day");
	assert_string_equal(question->metric, "poll.mean_ms");
	assert_int_equal(question->within.kind, WITHIN_PERCENT);
	assert_true(question->within.size == 20);
	assert_true(question->fixed);
	assert_null(question->letters);
	assert_null(quiz_find(&quiz, "none"));
	quiz_free(&quiz);
}

#define HEAD(attributes) "## Q1. What?\n<!-- quiz " attributes " -->\n\n"
#define AB               "- [ ] A. one\n- [ ] B. two\n\n"
#define WHY              "\n\n- A: yes\n- B: no"

static const struct {
	const char *text;
	unsigned line;
	const char *what;
} cases[] = {
        {"nothing\n", 0, "no question"},
        {"## Q1. What?\n\ntext\n", 1, "no <!-- quiz"},
        {HEAD("kind=text"), 2, "no id="},
        {HEAD("id=A kind=text"), 2, "an id is of a-z"},
        {HEAD("id=a kind=essay"), 2, "kind=essay is none of single"},
        {HEAD("id=a kind=text colour=red"), 2, "'colour' is none of id, kind"},
        {HEAD("id=a within=near"), 2, "within=near"},
        {HEAD("id=a unit=\"ms"), 2, "neither KEY=VALUE"},
        {"## Q1. What?\n<!-- quiz id=a\n", 3, "<!-- has no -->"},
        {HEAD("id=a kind=text"), 1, "no **Answer:**"},
        {HEAD("id=a kind=text") "<details>\n**Answer:** x\n", 1, "no </details>"},
        {HEAD("id=a kind=text") "```\n", 5, "a code block has no end"},
        {HEAD("id=a kind=text") AB FOLDED("**Answer:** x"), 1, "kind=text has no options"},
        {HEAD("id=a kind=number") FOLDED("**Answer:** many"), 1, "'many' is no number"},
        {HEAD("id=a kind=measured") FOLDED("**Answer:** measured"), 1, "needs metric=KEY"},
        {HEAD("id=a kind=text verify=k") FOLDED("**Answer:** x"), 1, "verify= is for"},
        {HEAD("id=a kind=single") FOLDED("**Answer:** A"), 1, "needs two options"},
        {HEAD("id=a kind=single") AB FOLDED("**Answer:** A\n\n- A: yes"), 1,
         "option B has no reason"},
        {HEAD("id=a kind=single") AB FOLDED("**Answer:** A, B" WHY), 1, "too few or too"},
        {HEAD("id=a kind=order") AB FOLDED("**Answer:** A"), 1, "too few or too"},
        {HEAD("id=a kind=single") AB FOLDED("**Answer:** C" WHY), 1, "letters of its"},
        {HEAD("id=a kind=single") AB FOLDED("**Answer:** A\n\n- C: no"), 11, "no option"},
        {HEAD("id=a kind=single") "- [x] A. one\n", 4, "boxes stay unticked"},
        {HEAD("id=a kind=single") "- [ ] B. one\n", 4, "here option A should be"},
        {HEAD("id=a kind=text") HEAD("id=b kind=text"), 1, "no **Answer:**"},
        {HEAD("id=a kind=text") FOLDED("**Answer:** x") HEAD("id=a kind=text"), 10,
         "id=a is taken"},
        {HEAD("id=a kind=text") "<!-- quiz id=b -->\n", 4, "a second <!-- quiz"},
};

static void test_faults_name_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct quiz quiz;
		struct quiz_fault fault;

		assert_int_equal(quiz_parse(&quiz, cases[i].text, &fault), -EINVAL);
		if (!strstr(fault.what, cases[i].what) || fault.line != cases[i].line)
			fail_msg("case %zu: line %u: %s", i, fault.line, fault.what);
		quiz_free(&quiz);
	}
}

static uint64_t hash_of(const char *text)
{
	struct quiz quiz = parse(text);
	uint64_t hash = quiz.questions[0].hash;

	quiz_free(&quiz);
	return hash;
}

static void test_the_hash_is_of_question_and_answer(void **state)
{
	const uint64_t hash = hash_of(HEAD("id=a kind=single") AB FOLDED("**Answer:** A" WHY));

	(void)state;
	assert_true(hash == hash_of(HEAD("kind=single id=a") "> **Hint:** guess\n\n" AB FOLDED(
	                            "**Answer:** A" WHY " at all")));
	assert_true(hash != hash_of(HEAD("id=a kind=single") AB FOLDED("**Answer:** B" WHY)));
	assert_true(hash !=
	            hash_of(HEAD("id=a kind=single") "text\n" AB FOLDED("**Answer:** A" WHY)));
	assert_true(hash != hash_of(HEAD("id=a kind=multiple") AB FOLDED("**Answer:** A" WHY)));
}

static void test_shuffling_moves_letters_and_loses_none(void **state)
{
	struct quiz quiz = parse(frames);
	struct quiz_question *question = &quiz.questions[0];
	bool moved = false;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		char order[QUIZ_OPTIONS_MAX + 1] = "", again[QUIZ_OPTIONS_MAX + 1] = "";

		quiz_shuffle(question, seed, order);
		quiz_shuffle(question, seed, again);
		assert_string_equal(order, again);
		assert_int_equal(strlen(order), 3);
		assert_true(strchr(order, 'A') && strchr(order, 'B') && strchr(order, 'C'));
		moved = moved || strcmp(order, "ABC") != 0;
		question->fixed = true;
		quiz_shuffle(question, seed, order);
		question->fixed = false;
		assert_string_equal(order, "ABC");
	}
	assert_true(moved);
	quiz_free(&quiz);
}

static void test_a_file_is_read_to_its_end(void **state)
{
	char path[] = "/tmp/quiz_test.XXXXXX";
	struct quiz quiz;
	struct quiz_fault fault;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, frames, sizeof frames - 1), sizeof frames - 1);
	close(fd);
	assert_int_equal(quiz_read(&quiz, path, &fault), 0);
	assert_int_equal(quiz.count, 3);
	quiz_free(&quiz);
	unlink(path);
	assert_int_equal(quiz_read(&quiz, path, &fault), -ENOENT);
	assert_string_equal(fault.what, "No such file or directory");
	quiz_free(&quiz);
}

/* Cut anywhere, a file is a fault or a shorter quiz, never a crash. */
static void test_every_beginning_of_a_file_is_read_or_refused(void **state)
{
	char text[sizeof frames];

	(void)state;
	for (size_t size = 0; size < sizeof frames; size++) {
		struct quiz quiz;
		struct quiz_fault fault;
		int err;

		memcpy(text, frames, size);
		text[size] = '\0';
		err = quiz_parse(&quiz, text, &fault);
		assert_true(err == 0 || (err == -EINVAL && *fault.what));
		quiz_free(&quiz);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_question_has_all_its_parts),
	        cmocka_unit_test(test_code_blocks_are_text),
	        cmocka_unit_test(test_numbers_have_a_tolerance_and_a_unit),
	        cmocka_unit_test(test_attributes_may_be_quoted_and_go_on_in_the_next_line),
	        cmocka_unit_test(test_faults_name_their_line),
	        cmocka_unit_test(test_the_hash_is_of_question_and_answer),
	        cmocka_unit_test(test_shuffling_moves_letters_and_loses_none),
	        cmocka_unit_test(test_a_file_is_read_to_its_end),
	        cmocka_unit_test(test_every_beginning_of_a_file_is_read_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
