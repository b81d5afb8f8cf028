#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"
#include "http.h"

static void test_a_request_is_its_line_host_and_the_fields_given(void **state)
{
	static const char expected[] = "GET /polling?topic=t HTTP/1.1\r\nHost: lab:80\r\n"
	                               "Accept: text/event-stream\r\n\r\n";
	struct bytes out = {0};

	(void)state;
	http_request_start(&out, "GET", "/polling?topic=t", "lab:80", HTTP_HEADERS_LEAN);
	http_request_add_field(&out, "Accept", "text/event-stream");
	http_request_end(&out);
	assert_int_equal(bytes_size(&out), sizeof(expected) - 1);
	assert_memory_equal(bytes_data(&out), expected, sizeof(expected) - 1);
	bytes_free(&out);
}

/* As text that ends in a zero, for the browser's set. */
static void append_browser_request(struct bytes *out)
{
	http_request_start(out, "GET", "/polling?topic=bench&since=12345", "10.0.0.1:8080",
	                   HTTP_HEADERS_BROWSER);
	http_request_end(out);
	bytes_append(out, "", 1);
}

static void test_a_browsers_request_has_700_to_900_bytes(void **state)
{
	struct bytes out = {0};

	(void)state;
	append_browser_request(&out);
	assert_in_range(bytes_size(&out) - 1, 700, 900);
	bytes_free(&out);
}

static void test_a_browsers_request_names_each_field_once(void **state)
{
	struct bytes out = {0};
	unsigned fields = 0;
	char *at, *end;

	(void)state;
	append_browser_request(&out);
	at = strstr((char *)out.data, "\r\n");
	for (; strncmp(at, "\r\n\r\n", 4) != 0; at = end, fields++) {
		size_t name_size = strcspn(at + 2, ":\r");
		char name[64];

		assert_int_equal(at[2 + name_size], ':');
		snprintf(name, sizeof(name), "%.*s", (int)name_size + 3, at);
		end = strstr(at + 2, "\r\n");
		assert_non_null(end);
		assert_null(strcasestr(end, name));
	}
	assert_true(fields > 10);
	bytes_free(&out);
}

static void test_kaazings_heads_have_871_bytes_with_the_answer_s(void **state)
{
	static const char *const targets[] = {"/polling?topic=default&since=1",
	                                      "/longpoll?topic=default&since=123456"};
	struct bytes out = {0};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bytes_clear(&out);
		bytes_append_text(&out, "what was there before");
		http_request_start(&out, "GET", targets[i], "10.77.0.1:54321",
		                   HTTP_HEADERS_KAAZING);
		http_request_end(&out);
		assert_int_equal(bytes_size(&out) - strlen("what was there before") +
		                         HTTP_KAAZING_ANSWER_BYTES,
		                 HTTP_KAAZING_BYTES);
	}
	bytes_free(&out);
}

static void test_a_request_without_memory_is_a_failed_buffer(void **state)
{
	long allocations = 0;

	(void)state;
	do {
		struct bytes out = {0};

		feed_fail_at = ++allocations;
		append_browser_request(&out);
		assert_int_equal(out.failed, feed_fail_at == 0);
		bytes_free(&out);
	} while (feed_fail_at == 0);
	assert_true(allocations > 1);
	feed_fail_at = 0;
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_its_line_host_and_the_fields_given),
        cmocka_unit_test(test_a_browsers_request_has_700_to_900_bytes),
        cmocka_unit_test(test_a_browsers_request_names_each_field_once),
        cmocka_unit_test(test_kaazings_heads_have_871_bytes_with_the_answer_s),
        cmocka_unit_test(test_a_request_without_memory_is_a_failed_buffer),
};

int main(void)
{
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
