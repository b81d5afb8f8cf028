#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
        {"name", "", true},
        {"CPU", "µs/msg", false},
};
static struct table table;

static int setup(void **state)
{
	(void)state;
	if (table_open(&table, columns, 2, 2))
		return -1;
	strcpy(table.rows[0][0], "longpoll");
	strcpy(table.rows[0][1], "7.5");
	strcpy(table.rows[1][0], "ß");
	strcpy(table.rows[1][1], "12345678");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	table_close(&table);
	return 0;
}

static void assert_written(int (*write)(const struct table *table, FILE *out), const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(write(&table, out), 0);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_columns_are_aligned_by_characters(void **state)
{
	(void)state;
	assert_written(table_write_text, "name           CPU\n"
	                                 "            µs/msg\n"
	                                 "longpoll       7.5\n"
	                                 "ß         12345678\n");
}

static void test_markdown_keeps_names_units_and_alignment(void **state)
{
	(void)state;
	assert_written(table_write_markdown, "| name | CPU<br>µs/msg |\n"
	                                     "| --- | ---: |\n"
	                                     "| longpoll | 7.5 |\n"
	                                     "| ß | 12345678 |\n");
}

static void test_html_has_headers_for_columns_and_rows(void **state)
{
	(void)state;
	strcpy(table.rows[0][1], "<7.5");
	assert_written(table_write_html,
	               "<table>\n<thead>\n<tr><th scope=\"col\" class=\"name\">name</th>"
	               "<th scope=\"col\">CPU<br><small>µs/msg</small></th></tr>\n</thead>\n"
	               "<tbody>\n<tr><th scope=\"row\" class=\"name\">longpoll</th>"
	               "<td>&lt;7.5</td></tr>\n"
	               "<tr><th scope=\"row\" class=\"name\">ß</th><td>12345678</td></tr>\n"
	               "</tbody>\n</table>\n");
}

static void test_rows_that_stand_apart_are_a_body_of_their_own(void **state)
{
	(void)state;
	table.set_off[1] = true;
	assert_written(table_write_html,
	               "<table>\n<thead>\n<tr><th scope=\"col\" class=\"name\">name</th>"
	               "<th scope=\"col\">CPU<br><small>µs/msg</small></th></tr>\n</thead>\n"
	               "<tbody>\n<tr><th scope=\"row\" class=\"name\">longpoll</th>"
	               "<td>7.5</td></tr>\n</tbody>\n<tbody>\n"
	               "<tr><th scope=\"row\" class=\"name\">ß</th><td>12345678</td></tr>\n"
	               "</tbody>\n</table>\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_columns_are_aligned_by_characters),
	        TEST(test_markdown_keeps_names_units_and_alignment),
	        TEST(test_html_has_headers_for_columns_and_rows),
	        TEST(test_rows_that_stand_apart_are_a_body_of_their_own),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
