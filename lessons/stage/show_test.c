#include "show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "captured.h"
#include "stage.h"

static struct captured captured;

struct bytes {
	const char *data;
	size_t size;
	const struct show_part *parts;
};

static int show(void *user)
{
	const struct bytes *bytes = user;

	show_bytes("server sends", bytes->data, bytes->size, bytes->parts);
	return 0;
}

static void assert_shown(const char *data, size_t size, const struct show_part *parts,
                         const char *expected)
{
	captured_run(&captured, show, &(struct bytes){data, size, parts});
	assert_string_equal(captured.out, expected);
	assert_int_equal(captured.status, 0);
}

static void test_each_part_has_a_line(void **state)
{
	(void)state;
	assert_shown("\x81\x05Hello", 7,
	             (struct show_part[]){{1, "FIN and text"}, {1, "size"}, {0, "text"}, {0, NULL}},
	             "server sends, 7 bytes:\n"
	             "     0  81               .      FIN and text\n"
	             "     1  05               .      size\n"
	             "     2  48 65 6c 6c 6f   Hello  text\n\n");
}

static void test_what_has_no_name_is_shown_too(void **state)
{
	(void)state;
	assert_shown("ab", 2, (struct show_part[]){{1, "a"}, {0, NULL}},
	             "server sends, 2 bytes:\n"
	             "     0  61   a  a\n"
	             "     1  62   b  the rest\n\n");
	assert_shown("a", 1, (struct show_part[]){{5, "more than there is"}, {1, "b"}, {0, NULL}},
	             "server sends, 1 byte:\n"
	             "     0  61   a  more than there is\n\n");
	assert_shown("0123456789abcdefg", 17, NULL,
	             "server sends, 17 bytes:\n"
	             "     0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66   0123456789abcdef\n"
	             "    16  67                                                g\n\n");
	assert_shown("", 0, NULL, "server sends, 0 bytes:\n\n");
}

static void test_long_parts_are_cut(void **state)
{
	(void)state;
	assert_shown("0123456789abcdefghijklmnopqrstuvwxyz012345678", 45,
	             (struct show_part[]){{42, "long"}, {3, "short"}, {0, NULL}},
	             "server sends, 45 bytes:\n"
	             "     0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 … "
	             "0123456789abcdefghijklmnopqrstuvwxyz0123…  long\n"
	             "    42  36 37 38                                          "
	             "678                                        short\n\n");
}

/* On a terminal of so many columns. */
static void assert_fits(unsigned short width, const char *data, const struct show_part *parts,
                        const char *expected)
{
	captured_run_on_terminal(&captured, width, show,
	                         &(struct bytes){data, strlen(data), parts});
	assert_string_equal(captured.out, expected);
}

static const struct show_part line_and_name[] = {
        {22, "a line"}, {1, "its end, and a name"}, {0, NULL}};
static const char line[] = "0123456789abcdefghijkl\n";

static void test_what_fits_is_shown_as_without_a_terminal(void **state)
{
	(void)state;
	assert_fits(101, line, line_and_name,
	            "server sends, 23 bytes:\n"
	            "     0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66 … "
	            "0123456789abcdefghijkl  a line\n"
	            "    22  0a                                                "
	            ".                       its end, and a name\n\n");
	assert_fits(101, "0123456789abcdefg", NULL,
	            "server sends, 17 bytes:\n"
	            "     0  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66   "
	            "0123456789abcdef\n"
	            "    16  67                                                g\n\n");
}

static void test_hex_is_cut_first(void **state)
{
	static const char expected[] = "server sends, 23 bytes:\n"
	                               "     0  30 31 32 33 34 35 36 37 … "
	                               "0123456789abcdefghijkl  a line\n"
	                               "    22  0a                        "
	                               ".                       its end, and a name\n\n";

	(void)state;
	assert_fits(100, line, line_and_name, expected);
	assert_fits(77, line, line_and_name, expected);
}

static void test_names_have_lines_of_their_own_where_it_is_narrow(void **state)
{
	(void)state;
	assert_fits(76, line, line_and_name,
	            "server sends, 23 bytes:\n"
	            "     0  30 31 32 33 34 35 36 37 … 0123456789abcdefghijkl\n"
	            "        a line\n"
	            "    22  0a                        .\n"
	            "        its end, and a name\n\n");
}

static const struct show_part size_and_text[] = {{1, "size"}, {0, "text"}, {0, NULL}};
static const char sized[] = "2123456789abcdefghijklmnopqrstuvwxyz0123456789";

static void test_text_that_is_cut_anyhow_makes_room_for_names(void **state)
{
	(void)state;
	assert_fits(50, sized, size_and_text,
	            "server sends, 46 bytes:\n"
	            "     0  32                        2           size\n"
	            "     1  31 32 33 34 35 36 37 38 … 123456789…  text\n\n");
}

static void test_all_text_is_cut_where_nothing_else_does(void **state)
{
	(void)state;
	assert_fits(44, line, line_and_name,
	            "server sends, 23 bytes:\n"
	            "     0  30 31 32 33 34 35 36 37 … 012345678…\n"
	            "        a line\n"
	            "    22  0a                        .\n"
	            "        its end, and a name\n\n");
}

static void test_a_name_is_wrapped(void **state)
{
	(void)state;
	assert_fits(40, "a", (struct show_part[]){{1, "a name that is far too long"}, {0, NULL}},
	            "server sends, 1 byte:\n"
	            "     0  61   a\n"
	            "        a name that is far too long\n\n");
	assert_fits(30, "a", (struct show_part[]){{1, "a name that is far too long"}, {0, NULL}},
	            "server sends, 1 byte:\n"
	            "     0  61   a\n"
	            "        a name that is far too\n"
	            "        long\n\n");
}

static int show_plainly(void *user)
{
	char *arguments[] = {"lesson", "--plain", NULL};

	stage_open(2, arguments, "A lesson", NULL);
	return show(user);
}

static void test_plain_is_as_on_a_terminal_of_72_columns(void **state)
{
	(void)state;
	captured_run(&captured, show_plainly, &(struct bytes){sized, strlen(sized), size_and_text});
	assert_string_equal(captured.out, "A lesson\n\n"
	                                  "server sends, 46 bytes:\n"
	                                  "     0  32                        "
	                                  "2                                 size\n"
	                                  "     1  31 32 33 34 35 36 37 38 … "
	                                  "123456789abcdefghijklmnopqrstuv…  text\n\n");
}

static int show_silently(void *user)
{
	char *arguments[] = {"lesson", "--values", NULL};

	stage_open(2, arguments, "A lesson", NULL);
	return show(user);
}

static void test_nothing_is_shown_with_values(void **state)
{
	(void)state;
	captured_run(&captured, show_silently, &(struct bytes){"a", 1, NULL});
	assert_string_equal(captured.out, "");
}

static void test_lines_have_sizes(void **state)
{
	(void)state;
	assert_int_equal(show_line("a\r\nb"), 3);
	assert_int_equal(show_line("ab"), 2);
	assert_int_equal(show_line(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_part_has_a_line),
	        cmocka_unit_test(test_what_has_no_name_is_shown_too),
	        cmocka_unit_test(test_long_parts_are_cut),
	        cmocka_unit_test(test_what_fits_is_shown_as_without_a_terminal),
	        cmocka_unit_test(test_hex_is_cut_first),
	        cmocka_unit_test(test_names_have_lines_of_their_own_where_it_is_narrow),
	        cmocka_unit_test(test_text_that_is_cut_anyhow_makes_room_for_names),
	        cmocka_unit_test(test_all_text_is_cut_where_nothing_else_does),
	        cmocka_unit_test(test_a_name_is_wrapped),
	        cmocka_unit_test(test_plain_is_as_on_a_terminal_of_72_columns),
	        cmocka_unit_test(test_nothing_is_shown_with_values),
	        cmocka_unit_test(test_lines_have_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
