#include "learn_say.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int kept = -1;
static FILE *file;

/* From here on stdout is a file. */
static void catch_output(void)
{
	fflush(stdout);
	kept = dup(STDOUT_FILENO);
	file = tmpfile();
	assert_non_null(file);
	dup2(fileno(file), STDOUT_FILENO);
}

static void assert_printed(const char *expected)
{
	char text[1000];
	size_t size;

	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	size = fread(text, 1, sizeof text - 1, file);
	text[size] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static void test_paragraphs_are_wrapped(void **state)
{
	(void)state;
	say_open(20);
	catch_output();
	say("one two three %s five", "four");
	say("  six seven eight nine");
	assert_printed("one two three four\nfive\n  six seven eight\n  nine\n");
}

static void test_markdown_lines_are_joined(void **state)
{
	(void)state;
	say_open(40);
	catch_output();
	say_markdown("one\ntwo\nthree\n\nfour\n- a\n- b\n  c\n1. d\n117\nbytes", 2);
	assert_printed("  one two three\n\n  four\n  - a\n  - b\n    c\n  1. d 117 bytes\n");
}

static void test_code_is_as_it_was(void **state)
{
	(void)state;
	say_open(20);
	catch_output();
	say_markdown("see\n```text\n81 05   48 65 6c 6c 6f 20 20\n\n# no heading\n```\nthere", 0);
	assert_printed("see\n81 05   48 65 6c 6c 6f 20 20\n\n# no heading\nthere\n");
}

static void test_headings_stand_alone(void **state)
{
	(void)state;
	say_open(40);
	catch_output();
	say_markdown("## 1. Where\nLook.\n## 2. What\n", 0);
	assert_printed("## 1. Where\nLook.\n## 2. What\n");
}

static void test_json(void **state)
{
	(void)state;
	catch_output();
	say_json("a \"b\" \\ \n ±");
	say_json(NULL);
	say_json("");
	assert_printed("\"a \\\"b\\\" \\\\ \\u000a ±\"null\"\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_paragraphs_are_wrapped),
	        cmocka_unit_test(test_markdown_lines_are_joined),
	        cmocka_unit_test(test_code_is_as_it_was),
	        cmocka_unit_test(test_headings_stand_alone),
	        cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
