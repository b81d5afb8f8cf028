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

static int show_plainly(void *user)
{
	char *arguments[] = {"lesson", "--plain", NULL};

	stage_open(2, arguments, "A lesson", NULL);
	return show(user);
}

static void test_names_have_lines_of_their_own_where_it_is_narrow(void **state)
{
	const struct show_part parts[] = {{1, "size"}, {0, "text"}, {0, NULL}};

	(void)state;
	captured_run(&captured, show_plainly,
	             &(struct bytes){"2123456789abcdefghijklmnopqrstuvwxyz0123456789", 46, parts});
	assert_string_equal(
	        captured.out,
	        "A lesson\n\n"
	        "server sends, 46 bytes:\n"
	        "     0  32                        2\n"
	        "        size\n"
	        "     1  31 32 33 34 35 36 37 38 … 123456789abcdefghijklmnopqrstuvwxyz0…\n"
	        "        text\n\n");
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
	        cmocka_unit_test(test_names_have_lines_of_their_own_where_it_is_narrow),
	        cmocka_unit_test(test_nothing_is_shown_with_values),
	        cmocka_unit_test(test_lines_have_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
