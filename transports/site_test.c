#include "site.h"

#include <jansson.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "clock.h"
#include "feed.h"
#include "subscription.h"

#define TOPICS_MAX 2

struct site {
	struct hub *hub;
	struct counters counters;
	struct server_config config;
	struct site_answer answer;
};

static int setup(void **state)
{
	static struct site site;

	site = (struct site){0};
	site.config.counters = &site.counters;
	if (hub_open(&site.hub, 4, TOPICS_MAX))
		return -1;
	site.config.hub = site.hub;
	*state = &site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	bytes_free(&site->answer.body);
	hub_close(&site->hub);
	return 0;
}

static void ask(struct site *site, const struct site_request *request)
{
	bytes_free(&site->answer.body);
	site->answer = (struct site_answer){0};
	site_answer(&site->config, request, &site->answer);
}

static void ask_for(struct site *site, const char *method, const char *path)
{
	ask(site, &(struct site_request){.method = method, .path = path});
}

static void post(struct site *site, const char *topic, const char *text)
{
	ask(site, &(struct site_request){.method = "POST",
	                                 .path = "/publish",
	                                 .topic = topic,
	                                 .body = text,
	                                 .body_size = strlen(text)});
}

/* The body as text, good until the next answer. */
static const char *body(struct site *site)
{
	assert_int_equal(bytes_append(&site->answer.body, "", 1), 0);
	return (const char *)bytes_data(&site->answer.body);
}

static void expect_published(struct site *site, const char *expected)
{
	assert_int_equal(site->answer.status, 200);
	assert_string_equal(site->answer.content_type, "application/json");
	assert_null(site->answer.allow);
	assert_string_equal(body(site), expected);
}

/* A line of text that says why. */
static void expect_refused(struct site *site, unsigned status, const char *allow)
{
	const char *why = body(site);

	assert_int_equal(site->answer.status, status);
	assert_string_equal(site->answer.content_type, "text/plain; charset=utf-8");
	assert_true(strlen(why) > 1);
	assert_ptr_equal(strchr(why, '\n'), why + strlen(why) - 1);
	if (allow)
		assert_string_equal(site->answer.allow, allow);
	else
		assert_null(site->answer.allow);
}

static const struct message *newest(struct site *site, const char *name)
{
	struct topic *topic;

	assert_int_equal(hub_topic(site->hub, name, &topic), 0);
	assert_true(topic_last(topic) > 0);
	return topic_after(topic, topic_last(topic) - 1);
}

static void expect_data(const struct message *message, const char *data)
{
	json_t *object = json_loadb((const char *)message->data, message->size, 0, NULL);

	assert_string_equal(json_string_value(json_object_get(object, "data")), data);
	json_decref(object);
}

static void test_a_text_is_published_on_the_default_topic_with_its_arrival(void **state)
{
	struct site *site = *state;
	uint64_t before = clock_now_ns();
	const struct message *message;

	post(site, NULL, "hello");
	expect_published(site, "{\"id\":1}\n");
	message = newest(site, TOPIC_DEFAULT);
	expect_data(message, "hello");
	assert_in_range(message->scheduled_ns, before, clock_now_ns());
}

static void test_an_object_with_t_is_published_with_that_t(void **state)
{
	const struct message *message;

	post(*state, NULL, "{\"t\":7,\"data\":\"hello\"}");
	expect_published(*state, "{\"id\":1}\n");
	message = newest(*state, TOPIC_DEFAULT);
	expect_data(message, "hello");
	assert_int_equal(message->scheduled_ns, 7);
}

static void test_bytes_are_published_as_a_binary_message(void **state)
{
	const struct message *message;

	ask(*state, &(struct site_request){.method = "POST",
	                                   .path = "/publish",
	                                   .binary = true,
	                                   .body = "\xff\0\xfe",
	                                   .body_size = 3});
	expect_published(*state, "{\"id\":1}\n");
	message = newest(*state, TOPIC_DEFAULT);
	assert_true(message->binary);
	assert_int_equal(message->size, MESSAGE_BINARY_MIN_BYTES + 3);
	assert_memory_equal(message->data + MESSAGE_BINARY_MIN_BYTES, "\xff\0\xfe", 3);
}

static void test_an_empty_content_is_an_empty_message(void **state)
{
	ask_for(*state, "POST", "/publish");
	expect_published(*state, "{\"id\":1}\n");
	expect_data(newest(*state, TOPIC_DEFAULT), "");
	ask(*state, &(struct site_request){.method = "POST", .path = "/publish", .binary = true});
	expect_published(*state, "{\"id\":2}\n");
}

static void test_the_answer_is_the_id_in_the_topic_that_was_named(void **state)
{
	post(*state, "a", "1");
	expect_published(*state, "{\"id\":1}\n");
	post(*state, "a", "2");
	expect_published(*state, "{\"id\":2}\n");
	post(*state, "b", "3");
	expect_published(*state, "{\"id\":1}\n");
	expect_data(newest(*state, "a"), "2");
	expect_data(newest(*state, "b"), "3");
}

static void test_what_is_published_is_counted(void **state)
{
	struct site *site = *state;

	post(site, NULL, "1");
	post(site, NULL, "2");
	assert_int_equal(site->counters.received, 2);
	assert_int_equal(site->counters.published, 2);
	assert_int_equal(site->counters.refused, 0);
}

static void test_a_text_that_is_not_utf8_is_refused_and_not_published(void **state)
{
	struct site *site = *state;
	struct topic *topic;

	post(site, NULL, "\xff");
	expect_refused(site, 400, NULL);
	assert_int_equal(hub_topic(site->hub, TOPIC_DEFAULT, &topic), 0);
	assert_int_equal(topic_last(topic), 0);
	assert_int_equal(site->counters.received, 0);
	assert_int_equal(site->counters.published, 0);
	assert_int_equal(site->counters.refused, 1);
}

static void test_a_name_that_no_topic_can_have_is_refused(void **state)
{
	post(*state, "no name", "x");
	expect_refused(*state, 400, NULL);
	post(*state, "", "x");
	expect_refused(*state, 400, NULL);
}

static void test_one_topic_too_many_is_refused(void **state)
{
	struct site *site = *state;

	post(site, "a", "x");
	post(site, "b", "x");
	post(site, "c", "x");
	expect_refused(site, 503, NULL);
	assert_int_equal(site->counters.refused, 1);
	post(site, "a", "x");
	expect_published(site, "{\"id\":2}\n");
}

static void test_out_of_memory_is_503_and_nothing_is_published(void **state)
{
	struct site *site = *state;

	feed_fail_at = 1; /* the topic */
	post(site, "t", "x");
	expect_refused(site, 503, NULL);
	post(site, "t", "x");
	expect_published(site, "{\"id\":1}\n");
	feed_fail_at = 1; /* the message */
	post(site, "t", "x");
	expect_refused(site, 503, NULL);
	assert_int_equal(newest(site, "t")->id, 1);
	assert_int_equal(site->counters.published, 1);
}

static void test_without_memory_for_an_answer_its_body_has_failed(void **state)
{
	struct site *site = *state;

	post(site, NULL, "x");
	feed_fail_at = 2;
	post(site, NULL, "x");
	assert_int_equal(feed_fail_at, 0);
	assert_true(site->answer.body.failed);
	feed_fail_at = 1;
	ask_for(site, "GET", "/stats");
	assert_true(site->answer.body.failed);
	feed_fail_at = 1;
	ask_for(site, "GET", "/nowhere");
	assert_true(site->answer.body.failed);
}

static void test_another_path_is_not_found(void **state)
{
	static const char *const paths[] = {"/",           "",       "/publish/", "/publis",
	                                    "/stats.json", "/STATS", "stats",     "/metrics?"};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		ask_for(site, "GET", paths[i]);
		expect_refused(site, 404, NULL);
	}
	assert_int_equal(site->counters.refused, sizeof paths / sizeof *paths);
}

static void test_another_method_is_refused_with_those_allowed(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} cases[] = {
	        {"GET", "/publish", "POST"},  {"PUT", "/publish", "POST"},
	        {"post", "/publish", "POST"}, {"POST", "/stats", "GET"},
	        {"DELETE", "/stats", "GET"},  {"POST", "/metrics", "GET"},
	        {"", "/metrics", "GET"},
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ask_for(site, cases[i].method, cases[i].path);
		expect_refused(site, 405, cases[i].allow);
	}
	assert_int_equal(site->counters.refused, sizeof cases / sizeof *cases);
}

static void test_an_endpoint_allows_get_only(void **state)
{
	static const char *const others[] = {"POST", "HEAD", "get", "GETS", ""};

	(void)state;
	assert_null(site_endpoint_allow("GET"));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_string_equal(site_endpoint_allow(others[i]), "GET");
}

static void test_a_refusal_replaces_what_the_body_held(void **state)
{
	struct site *site = *state;

	bytes_append_text(&site->answer.body, "half an answer");
	site_refuse(&site->config, &site->answer, 413, "too much");
	expect_refused(site, 413, NULL);
	assert_string_equal((const char *)bytes_data(&site->answer.body), "too much\n");
	assert_int_equal(site->counters.refused, 1);
}

/* Every counter has a value of its own, large enough for a narrower type to lose. */
static unsigned set_counters(struct counters *counters)
{
	uint64_t value = UINT64_C(5000000000);
	unsigned count = 2;

	counters->connections_open = ++value;
	counters->subscribers = ++value;
#define SET_COUNTER(name, help) counters->name = ++value, count++;
	COUNTERS(SET_COUNTER)
#undef SET_COUNTER
	return count;
}

static void test_stats_are_json_with_every_counter(void **state)
{
	struct site *site = *state;
	unsigned count = set_counters(&site->counters);
	json_t *object;

	ask_for(site, "GET", "/stats");
	assert_int_equal(site->answer.status, 200);
	assert_string_equal(site->answer.content_type, "application/json");
	object = json_loads(body(site), JSON_REJECT_DUPLICATES, NULL);
	assert_int_equal(json_object_size(object), count);
#define EXPECT_COUNTER(name, help)                                                                 \
	assert_int_equal(json_integer_value(json_object_get(object, #name)), site->counters.name);
	COUNTERS(EXPECT_COUNTER)
	EXPECT_COUNTER(connections_open, "")
	EXPECT_COUNTER(subscribers, "")
#undef EXPECT_COUNTER
	json_decref(object);
}

static void expect_line(const char *line, const char *name, const char *expected)
{
	char pattern[128];
	regex_t regex;

	snprintf(pattern, sizeof pattern, expected, name);
	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, line, 0, NULL, 0))
		fail_msg("'%s' does not match '%s'", line, pattern);
	regfree(&regex);
}

/* The next three lines of *text are the metric of that name, and are taken from it. */
static void expect_metric(char **text, const char *name, const char *type, uint64_t value)
{
	const char *help = strsep(text, "\n"), *kind = strsep(text, "\n"),
	           *sample = strsep(text, "\n");
	char expected[64];

	assert_non_null(*text);
	expect_line(help, name, "^# HELP pushlab_%s [^\\\n]+$");
	snprintf(expected, sizeof expected, "^# TYPE pushlab_%%s %s$", type);
	expect_line(kind, name, expected);
	snprintf(expected, sizeof expected, "^pushlab_%%s %llu$", (unsigned long long)value);
	expect_line(sample, name, expected);
}

static void test_metrics_are_prometheus_text_with_every_counter(void **state)
{
	struct site *site = *state;
	const struct counters *counters = &site->counters;
	char *text;

	set_counters(&site->counters);
	ask_for(site, "GET", "/metrics");
	assert_int_equal(site->answer.status, 200);
	assert_string_equal(site->answer.content_type, "text/plain; version=0.0.4");
	body(site);
	text = (char *)site->answer.body.data;
	expect_metric(&text, "connections_open", "gauge", counters->connections_open);
	expect_metric(&text, "subscribers", "gauge", counters->subscribers);
#define EXPECT_COUNTER(name, help) expect_metric(&text, #name "_total", "counter", counters->name);
	COUNTERS(EXPECT_COUNTER)
#undef EXPECT_COUNTER
	assert_string_equal(text, "");
}

static void test_asking_changes_no_counter(void **state)
{
	struct site *site = *state;
	struct counters before;

	set_counters(&site->counters);
	before = site->counters;
	ask_for(site, "GET", "/stats");
	ask_for(site, "GET", "/metrics");
	assert_memory_equal(&site->counters, &before, sizeof before);
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        SITE_TEST(test_a_text_is_published_on_the_default_topic_with_its_arrival),
	        SITE_TEST(test_an_object_with_t_is_published_with_that_t),
	        SITE_TEST(test_bytes_are_published_as_a_binary_message),
	        SITE_TEST(test_an_empty_content_is_an_empty_message),
	        SITE_TEST(test_the_answer_is_the_id_in_the_topic_that_was_named),
	        SITE_TEST(test_what_is_published_is_counted),
	        SITE_TEST(test_a_text_that_is_not_utf8_is_refused_and_not_published),
	        SITE_TEST(test_a_name_that_no_topic_can_have_is_refused),
	        SITE_TEST(test_one_topic_too_many_is_refused),
	        SITE_TEST(test_out_of_memory_is_503_and_nothing_is_published),
	        SITE_TEST(test_without_memory_for_an_answer_its_body_has_failed),
	        SITE_TEST(test_another_path_is_not_found),
	        SITE_TEST(test_another_method_is_refused_with_those_allowed),
	        SITE_TEST(test_an_endpoint_allows_get_only),
	        SITE_TEST(test_a_refusal_replaces_what_the_body_held),
	        SITE_TEST(test_stats_are_json_with_every_counter),
	        SITE_TEST(test_metrics_are_prometheus_text_with_every_counter),
	        SITE_TEST(test_asking_changes_no_counter),
	};

	return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
