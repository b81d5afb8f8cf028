#include "wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_wrapped(const char *text, size_t width, const char *expected)
{
	char *got = NULL;
	size_t size;
	FILE *file = open_memstream(&got, &size);

	assert_non_null(file);
	wrap_print(file, text, width);
	fclose(file);
	assert_string_equal(got, expected);
	free(got);
}

static void test_lines_are_broken_between_words(void **state)
{
	(void)state;
	assert_wrapped("one two three", 8, "one two\nthree\n");
	assert_wrapped("one two three", 7, "one two\nthree\n");
	assert_wrapped("one two three", 6, "one\ntwo\nthree\n");
	assert_wrapped("one two three ", 20, "one two three\n");
}

static void test_a_long_word_is_not_broken(void **state)
{
	(void)state;
	assert_wrapped("a loooooong word", 6, "a\nloooooong\nword\n");
	assert_wrapped("loooooong", 3, "loooooong\n");
}

static void test_lines_of_the_text_stay_apart_and_indented(void **state)
{
	(void)state;
	assert_wrapped("a:\n  b c d\n\ne\n", 5, "a:\n  b c\n  d\n\ne\n");
	assert_wrapped("  x", 1, "  x\n");
	assert_wrapped("", 10, "");
}

static void test_lines_hang_from_a_label(void **state)
{
	char *got = NULL;
	size_t size;
	FILE *file = open_memstream(&got, &size);

	(void)state;
	assert_non_null(file);
	wrap_hanging(file, "…: ", "one two three", 9);
	fclose(file);
	assert_string_equal(got, "…: one\n   two\n   three\n");
	free(got);
}

static void test_characters_count_not_bytes(void **state)
{
	(void)state;
	assert_wrapped("é… é…", 5, "é… é…\n");
	assert_int_equal(wrap_columns("é…x", strlen("é…x")), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines_are_broken_between_words),
	        cmocka_unit_test(test_a_long_word_is_not_broken),
	        cmocka_unit_test(test_lines_of_the_text_stay_apart_and_indented),
	        cmocka_unit_test(test_lines_hang_from_a_label),
	        cmocka_unit_test(test_characters_count_not_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
