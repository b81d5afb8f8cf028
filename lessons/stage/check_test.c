#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "captured.h"

static struct captured captured;

/* Cases of a learner's. */

static void passes(void)
{
	check_number("the size", 1, 1, NULL);
	check_text("the text", "a", "a", NULL);
	check_bytes("the bytes", "a", 1, "a", 1, NULL);
	check_that(true, "it holds", NULL);
	puts("what the learner prints");
}

static void has_another_number(void)
{
	check_number("the size", 45, 90, "the body has its size in the head");
}

static void does_not_hold(void)
{
	check_that(false, "the pong comes first", NULL);
}

static void has_another_text(void)
{
	check_text("the status line", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 \"OK\"\n", "see above");
}

static void has_no_text(void)
{
	check_text("the key", "abc", NULL, NULL);
}

static void has_another_long_text(void)
{
	char a[101], b[101];

	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	a[100] = b[99] = b[100] = '\0';
	check_text("the text", a, b, NULL);
}

static void has_other_bytes(void)
{
	check_bytes("the frame", "\x81\x05Hello", 7, "\x81\x85Hello", 7, "a server never masks");
}

static void has_fewer_bytes(void)
{
	check_bytes("the body", "0123456789abcdefghij", 20, "0123456789abcdefgh", 9 * 2, NULL);
}

static void has_no_bytes(void)
{
	check_bytes("the body", "ab", 2, NULL, 0, NULL);
}

static void crashes(void)
{
	raise(SIGSEGV);
}

static void exits(void)
{
	exit(3);
}

static void exits_with_0(void)
{
	exit(0);
}

static void hangs(void)
{
	for (;;)
		pause();
}

static int run(void *user)
{
	char *arguments[] = {"check", NULL};

	return check_main(1, arguments, user);
}

static int run_all(void *user)
{
	char *arguments[] = {"check", "--all", NULL};

	return check_main(2, arguments, user);
}

static int run_json(void *user)
{
	char *arguments[] = {"check", "--json", "--all", NULL};

	return check_main(3, arguments, user);
}

static int run_wrongly(void *user)
{
	char *arguments[] = {"check", "--al", NULL};

	return check_main(2, arguments, user);
}

/* A check of one case, which fails, says `expected` about it. */
static void assert_said(void (*run_case)(void), const char *expected)
{
	static const char head[] = "FAIL 1 a case\n";
	struct check cases[] = {{"a case", run_case}, {NULL, NULL}};

	captured_run(&captured, run, cases);
	assert_int_equal(captured.status, 1);
	assert_memory_equal(captured.out, head, sizeof(head) - 1);
	assert_string_equal(captured.out + sizeof(head) - 1, expected);
}

static void test_cases_that_pass_are_listed(void **state)
{
	struct check cases[] = {{"one", passes}, {"two", passes}, {NULL, NULL}};

	(void)state;
	captured_run(&captured, run, cases);
	assert_string_equal(captured.out, "ok 1 one\nok 2 two\n");
	assert_string_equal(captured.err, "what the learner prints\nwhat the learner prints\n");
	assert_int_equal(captured.status, 0);
}

static struct check mixed[] = {
        {"a \"case\"", passes}, {"two", does_not_hold}, {"three", passes}, {NULL, NULL}};

static void test_the_first_failure_ends_it(void **state)
{
	(void)state;
	captured_run(&captured, run, mixed);
	assert_string_equal(captured.out, "ok 1 a \"case\"\n"
	                                  "FAIL 2 two\n"
	                                  "  expected: the pong comes first\n"
	                                  "  got:      that is not so\n");
	assert_int_equal(captured.status, 1);
}

static void test_all_are_run_where_that_is_asked(void **state)
{
	(void)state;
	captured_run(&captured, run_all, mixed);
	assert_non_null(strstr(captured.out, "\nok 3 three\n"));
	assert_int_equal(captured.status, 1);
}

static void test_a_case_is_a_json_object(void **state)
{
	(void)state;
	captured_run(&captured, run_json, mixed);
	assert_string_equal(captured.out,
	                    "{\"number\":1,\"name\":\"a \\\"case\\\"\",\"ok\":true}\n"
	                    "{\"number\":2,\"name\":\"two\",\"ok\":false,\"message\":"
	                    "\"expected: the pong comes first\\ngot:      that is not so\\n\"}\n"
	                    "{\"number\":3,\"name\":\"three\",\"ok\":true}\n");
}

static void test_other_options_are_refused(void **state)
{
	(void)state;
	captured_run(&captured, run_wrongly, mixed);
	assert_int_equal(captured.status, 2);
	assert_string_equal(captured.out, "");
	assert_non_null(strstr(captured.err, ": --al is no option; "));
}

static void test_numbers_are_shown(void **state)
{
	(void)state;
	assert_said(has_another_number, "  where:    the size\n"
	                                "  expected: 45\n"
	                                "  got:      90\n"
	                                "  help:     the body has its size in the head\n");
}

static void test_texts_are_shown(void **state)
{
	(void)state;
	assert_said(has_another_text, "  where:    the status line\n"
	                              "  expected: \"HTTP/1.1 200 OK\\r\\n\"\n"
	                              "  got:      \"HTTP/1.1 200 \\\"OK\\\"\\n\"\n"
	                              "  help:     see above\n");
	assert_said(has_no_text, "  where:    the key\n"
	                         "  expected: \"abc\"\n"
	                         "  got:      nothing (NULL)\n");
	assert_said(has_another_long_text, "  where:    the text, first different at byte 99\n"
	                                   "  expected: …\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n"
	                                   "  got:      …\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\n");
}

static void needs_wide_lines(void)
{
	check_number("the size of the second of two messages", 45, 90,
	             "the first message ends where its body does");
}

static void has_quoted_help(void)
{
	check_number("the size", 1, 2, "see the line \"Content-Length: 5\" of the head");
}

static void test_prose_is_wrapped_to_a_terminal(void **state)
{
	struct check cases[] = {
	        {"a case", needs_wide_lines}, {"two", has_quoted_help}, {NULL, NULL}};

	(void)state;
	captured_run_on_terminal(&captured, 40, run_all, cases);
	assert_string_equal(captured.out, "FAIL 1 a case\n"
	                                  "  where:    the size of the second of\n"
	                                  "            two messages\n"
	                                  "  expected: 45\n"
	                                  "  got:      90\n"
	                                  "  help:     the first message ends where\n"
	                                  "            its body does\n"
	                                  "FAIL 2 two\n"
	                                  "  where:    the size\n"
	                                  "  expected: 1\n"
	                                  "  got:      2\n"
	                                  "  help:     see the line\n"
	                                  "            \"Content-Length: 5\" of the\n"
	                                  "            head\n");
}

static void test_bytes_and_texts_are_not_wrapped(void **state)
{
	struct check cases[] = {
	        {"a case", has_another_text}, {"bytes", has_other_bytes}, {NULL, NULL}};

	(void)state;
	captured_run_on_terminal(&captured, 40, run_all, cases);
	assert_non_null(strstr(captured.out, "  got:      \"HTTP/1.1 200 \\\"OK\\\"\\n\"\n"));
	assert_non_null(strstr(captured.out, "  got:      7 bytes: 81 85 48 65 6c 6c 6f  ..Hello\n"
	                                     "                        ^\n"));
}

static void test_a_caret_is_under_the_first_difference(void **state)
{
	(void)state;
	assert_said(has_other_bytes, "  where:    the frame, first different at byte 1\n"
	                             "  expected: 7 bytes: 81 05 48 65 6c 6c 6f  ..Hello\n"
	                             "  got:      7 bytes: 81 85 48 65 6c 6c 6f  ..Hello\n"
	                             "                        ^\n"
	                             "  help:     a server never masks\n");
	assert_said(has_fewer_bytes,
	            "  where:    the body, first different at byte 18\n"
	            "  expected: 20 bytes, from byte 8: 38 39 61 62 63 64 65 66 67 68 69 6a"
	            "  89abcdefghij\n"
	            "  got:      18 bytes, from byte 8: 38 39 61 62 63 64 65 66 67 68      "
	            "  89abcdefgh\n"
	            "                                                                 ^\n");
	assert_said(has_no_bytes, "  where:    the body, first different at byte 0\n"
	                          "  expected: 2 bytes: 61 62"
	                          "  ab\n"
	                          "  got:      0 bytes:\n"
	                          "                     ^\n");
}

static void test_how_a_case_ended_is_said(void **state)
{
	(void)state;
	assert_said(exits, "  ended with exit status 3, before the case was over\n");
	assert_said(exits_with_0, "  ended with exit status 0, before the case was over\n");
	assert_said(hangs, "  took longer than 5 s\n");
	signal(SIGSEGV, SIG_DFL); /* cmocka and sanitizers have handlers of theirs */
	assert_said(crashes, "  crashed: signal 11 (Segmentation fault)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cases_that_pass_are_listed),
	        cmocka_unit_test(test_the_first_failure_ends_it),
	        cmocka_unit_test(test_all_are_run_where_that_is_asked),
	        cmocka_unit_test(test_a_case_is_a_json_object),
	        cmocka_unit_test(test_other_options_are_refused),
	        cmocka_unit_test(test_numbers_are_shown),
	        cmocka_unit_test(test_texts_are_shown),
	        cmocka_unit_test(test_prose_is_wrapped_to_a_terminal),
	        cmocka_unit_test(test_bytes_and_texts_are_not_wrapped),
	        cmocka_unit_test(test_a_caret_is_under_the_first_difference),
	        cmocka_unit_test(test_how_a_case_ended_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
