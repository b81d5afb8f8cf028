#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../feed.h"
#include "../hub.h"

static const struct client_config config = {.host = "h:1", .topic = "news"};

static void assert_request(const struct client_config *with, uint64_t since, const char *expected)
{
	struct bytes out = {0};

	longpoll_append_request(&out, with, since);
	assert_false(out.failed);
	assert_int_equal(bytes_append(&out, "", 1), 0);
	assert_string_equal((const char *)bytes_data(&out), expected);
	bytes_free(&out);
}

static void test_a_request_says_topic_and_cursor(void **state)
{
	(void)state;
	assert_request(&config, 0,
	               "GET /longpoll?topic=news&since=0 HTTP/1.1\r\nHost: h:1\r\n\r\n");
	assert_request(&config, 42,
	               "GET /longpoll?topic=news&since=42 HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

static void test_a_request_without_cursor_is_not_to_be_held(void **state)
{
	(void)state;
	assert_request(&config, CLIENT_NO_CURSOR,
	               "GET /longpoll?topic=news&hold=0 HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

static void test_batch_1_asks_for_one_message_an_answer(void **state)
{
	struct client_config one = config;

	(void)state;
	one.one_per_response = true;
	assert_request(&one, 42,
	               "GET /longpoll?topic=news&since=42&batch=1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
	assert_request(&one, CLIENT_NO_CURSOR,
	               "GET /longpoll?topic=news&hold=0&batch=1 HTTP/1.1\r\nHost: h:1\r\n\r\n");
}

static void test_the_longest_topic_and_cursor_are_not_cut(void **state)
{
	char topic[TOPIC_NAME_MAX + 1], expected[256];
	struct client_config longest = config;

	(void)state;
	memset(topic, 'n', TOPIC_NAME_MAX);
	topic[TOPIC_NAME_MAX] = '\0';
	longest.topic = topic;
	longest.one_per_response = true;
	snprintf(expected, sizeof expected,
	         "GET /longpoll?topic=%s&since=18446744073709551614&batch=1 HTTP/1.1\r\n"
	         "Host: h:1\r\n\r\n",
	         topic);
	assert_request(&longest, UINT64_MAX - 1, expected);
}

static void test_a_browser_says_more(void **state)
{
	struct client_config browser = config;
	struct bytes lean = {0}, more = {0};

	(void)state;
	browser.headers = HTTP_HEADERS_BROWSER;
	longpoll_append_request(&lean, &config, 1);
	longpoll_append_request(&more, &browser, 1);
	assert_true(bytes_size(&more) > bytes_size(&lean) + 500);
	bytes_free(&lean);
	bytes_free(&more);
}

static void test_out_of_memory_fails_the_buffer(void **state)
{
	struct bytes out = {0};

	(void)state;
	feed_fail_at = 1;
	longpoll_append_request(&out, &config, 1);
	assert_true(out.failed);
	bytes_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_request_says_topic_and_cursor),
	        cmocka_unit_test(test_a_request_without_cursor_is_not_to_be_held),
	        cmocka_unit_test(test_batch_1_asks_for_one_message_an_answer),
	        cmocka_unit_test(test_the_longest_topic_and_cursor_are_not_cut),
	        cmocka_unit_test(test_a_browser_says_more),
	        cmocka_unit_test(test_out_of_memory_fails_the_buffer),
	};

	return cmocka_run_group_tests_name("longpoll/wire", tests, NULL, NULL);
}
