#include "show_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "captured.h"

static const struct show_name names[] = {
        {"id: ", "the id"}, {"i", "not the id"}, {"\n", "the end"}, {NULL, NULL}};

static struct captured captured;

static int show(void *text)
{
	show_lines("server sends", text, names);
	return 0;
}

static void test_each_line_has_the_first_name_that_fits(void **state)
{
	char text[] = "id: 1\nidle\ndata: Hello\n\n";

	(void)state;
	captured_run(&captured, show, text);
	assert_string_equal(
	        captured.out,
	        "server sends, 24 bytes:\n"
	        "     0  69 64 3a 20 31 0a                     id: 1.        the id\n"
	        "     6  69 64 6c 65 0a                        idle.         not the id\n"
	        "    11  64 61 74 61 3a 20 48 65 6c 6c 6f 0a   data: Hello.  another line\n"
	        "    23  0a                                    .             the end\n\n");
}

static void test_a_line_may_lack_its_end(void **state)
{
	char text[] = "\nid: 1";

	(void)state;
	captured_run(&captured, show, text);
	assert_string_equal(captured.out, "server sends, 6 bytes:\n"
	                                  "     0  0a               .      the end\n"
	                                  "     1  69 64 3a 20 31   id: 1  the id\n\n");
}

static void test_many_lines_end_with_the_rest(void **state)
{
	char text[41];

	(void)state;
	memset(text, '\n', 40);
	text[40] = '\0';
	captured_run(&captured, show, text);
	assert_non_null(
	        strstr(captured.out, "    30  0a                           .          the end\n"));
	assert_non_null(
	        strstr(captured.out, "    31  0a 0a 0a 0a 0a 0a 0a 0a 0a   .........  the rest\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_line_has_the_first_name_that_fits),
	        cmocka_unit_test(test_a_line_may_lack_its_end),
	        cmocka_unit_test(test_many_lines_end_with_the_rest),
	};

	return cmocka_run_group_tests_name("show_lines", tests, NULL, NULL);
}
