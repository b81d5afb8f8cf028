#include "site.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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
	struct subscription subscription;
	bool owes_token;
};

/* The same site with other rules. */
static void set_policy(struct site *site, const struct policy_config *config)
{
	policy_close(&site->config.policy);
	assert_int_equal(policy_open(&site->config.policy, config), 0);
}

static int setup(void **state)
{
	static struct site site;

	site = (struct site){0};
	site.config.counters = &site.counters;
	if (hub_open(&site.hub, 4, TOPICS_MAX) ||
	    policy_open(&site.config.policy, &(struct policy_config){0}))
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
	policy_close(&site->config.policy);
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
	assert_null(site->answer.fields[0].name);
	assert_false(site->answer.close);
	assert_string_equal(body(site), expected);
}

/* The value of a field of the answer; NULL where it has none. */
static const char *field(const struct site *site, const char *name)
{
	for (size_t i = 0; i < SITE_FIELDS_MAX && site->answer.fields[i].name; i++)
		if (!strcmp(site->answer.fields[i].name, name))
			return site->answer.fields[i].value;
	return NULL;
}

static size_t count_fields(const struct site *site)
{
	size_t count = 0;

	while (count < SITE_FIELDS_MAX && site->answer.fields[count].name)
		count++;
	return count;
}

/* A line of text that says why, and so many fields besides. */
static void expect_refused_with(struct site *site, unsigned status, size_t fields)
{
	const char *why = body(site);

	assert_int_equal(site->answer.status, status);
	assert_string_equal(site->answer.content_type, "text/plain; charset=utf-8");
	assert_true(strlen(why) > 1);
	assert_ptr_equal(strchr(why, '\n'), why + strlen(why) - 1);
	assert_int_equal(count_fields(site), fields);
}

static void expect_refused(struct site *site, unsigned status)
{
	expect_refused_with(site, status, 0);
	assert_false(site->answer.close);
}

/* Nobody has made a topic. */
static void expect_no_topic(const struct site *site)
{
	assert_null(hub_find(site->hub, "t"));
	assert_null(hub_find(site->hub, TOPIC_DEFAULT));
}

static bool enter(struct site *site, const struct site_request *request, bool websocket)
{
	bytes_free(&site->answer.body);
	site->answer = (struct site_answer){0};
	memset(&site->subscription, 0x55, sizeof site->subscription);
	site->owes_token = false;
	return site_enter(&site->config, request, websocket, &site->subscription, &site->owes_token,
	                  &site->answer);
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
	                                   .content_type = "application/octet-stream",
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
	ask(*state, &(struct site_request){.method = "POST",
	                                   .path = "/publish",
	                                   .content_type = "Application/Octet-Stream"});
	assert_true(newest(*state, TOPIC_DEFAULT)->binary);
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

static void test_another_content_type_is_text(void **state)
{
	ask(*state, &(struct site_request){.method = "POST",
	                                   .path = "/publish",
	                                   .content_type = "application/json",
	                                   .body = "x",
	                                   .body_size = 1});
	expect_published(*state, "{\"id\":1}\n");
	expect_data(newest(*state, TOPIC_DEFAULT), "x");
}

static void test_a_text_that_is_not_utf8_is_refused_and_makes_no_topic(void **state)
{
	struct site *site = *state;

	post(site, NULL, "\xff");
	expect_refused(site, 400);
	expect_no_topic(site);
	assert_int_equal(site->counters.received, 0);
	assert_int_equal(site->counters.published, 0);
	assert_int_equal(site->counters.refused, 1);
	post(site, "t", "x");
	post(site, "t", "\xff");
	expect_refused(site, 400);
	assert_int_equal(newest(site, "t")->id, 1);
}

static void test_a_name_that_no_topic_can_have_is_refused(void **state)
{
	post(*state, "no name", "x");
	expect_refused(*state, 400);
	post(*state, "", "x");
	expect_refused(*state, 400);
	expect_no_topic(*state);
}

static void test_one_topic_too_many_is_refused(void **state)
{
	struct site *site = *state;

	post(site, "a", "x");
	post(site, "b", "x");
	post(site, "c", "x");
	expect_refused(site, 503);
	assert_int_equal(site->counters.refused, 1);
	post(site, "a", "x");
	expect_published(site, "{\"id\":2}\n");
}

static void test_out_of_memory_is_503_and_nothing_is_published(void **state)
{
	struct site *site = *state;

	for (int allocation = 1; allocation <= 4; allocation++) {
		feed_fail_at = allocation; /* the message, three for the topic */
		post(site, "t", "x");
		assert_int_equal(feed_fail_at, 0);
		expect_refused(site, 503);
		expect_no_topic(site);
	}
	post(site, "t", "x");
	expect_published(site, "{\"id\":1}\n");
	feed_fail_at = 1;
	post(site, "t", "x");
	expect_refused(site, 503);
	assert_int_equal(newest(site, "t")->id, 1);
	assert_int_equal(site->counters.published, 1);
}

/* Each number is another client's address. */
static struct sockaddr_in client_number(uint32_t number)
{
	return (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(number)};
}

static void post_from(struct site *site, const struct sockaddr_in *client, const char *topic)
{
	ask(site, &(struct site_request){.method = "POST",
	                                 .path = "/publish",
	                                 .topic = topic,
	                                 .client = (const struct sockaddr *)client,
	                                 .body = "x",
	                                 .body_size = 1});
}

/* Refused for the rest of a gap that began after `before`, in whole seconds, rounded up. */
static void expect_retry_after(struct site *site, uint64_t gap_s, uint64_t before)
{
	uint64_t elapsed_s = (clock_now_ns() - before) / NS_PER_S;
	const char *value = field(site, "Retry-After");

	expect_refused_with(site, 429, 1);
	assert_non_null(value);
	assert_in_range(strtoull(value, NULL, 10), gap_s - elapsed_s, gap_s);
}

static void test_a_client_that_publishes_too_fast_is_told_when_it_may(void **state)
{
	const struct sockaddr_in one = client_number(1), other = client_number(2);
	struct site *site = *state;
	uint64_t before = clock_now_ns();

	set_policy(site, &(struct policy_config){.publish_rate_hz = 1e-6, .publish_burst = 1});
	post_from(site, &one, "a");
	expect_published(site, "{\"id\":1}\n");
	post_from(site, &one, "t");
	expect_retry_after(site, 1000000, before);
	expect_no_topic(site);
	post_from(site, &other, "a");
	expect_published(site, "{\"id\":2}\n");
	assert_int_equal(site->counters.refused, 1);
	assert_int_equal(site->counters.published, 2);
}

static void test_the_longest_wait_can_be_told(void **state)
{
	struct site *site = *state;
	uint64_t before = clock_now_ns();

	set_policy(site, &(struct policy_config){.publish_rate_hz = 1e-300, .publish_burst = 1});
	post(site, "a", "x");
	post(site, "a", "x");
	expect_retry_after(site, UINT64_C(9000000000), before);
}

static void test_what_is_published_over_a_connection_is_limited_too(void **state)
{
	struct site *site = *state;
	uint64_t id = 0, wait_ns = 1;
	struct topic *topic;

	set_policy(site, &(struct policy_config){.publish_rate_hz = 1e-6, .publish_burst = 2});
	assert_int_equal(hub_topic(site->hub, "t", &topic), 0);
	assert_int_equal(site_publish(&site->config, topic, NULL, "x", 1, false, &id, &wait_ns), 0);
	assert_int_equal(id, 1);
	assert_int_equal(wait_ns, 0);
	assert_int_equal(site_publish(&site->config, topic, NULL, "\xff", 1, false, &id, &wait_ns),
	                 -EILSEQ);
	assert_int_equal(site_publish(&site->config, topic, NULL, "x", 1, false, &id, &wait_ns),
	                 -EDQUOT);
	assert_in_range(wait_ns, 1, 1000000 * NS_PER_S);
	assert_int_equal(topic_last(topic), 1);
	assert_int_equal(site->counters.published, 1);
}

static void test_without_memory_for_an_answer_its_body_has_failed(void **state)
{
	struct site *site = *state;

	post(site, NULL, "x");
	feed_fail_at = 2; /* after the message's */
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
		expect_refused(site, 404);
	}
	assert_int_equal(site->counters.refused, sizeof paths / sizeof *paths);
}

static void test_another_method_is_refused_with_those_allowed(void **state)
{
	static const struct {
		const char *method, *path, *allow;
	} cases[] = {
	        {"GET", "/publish", "POST"},     {"PUT", "/publish", "POST"},
	        {"HEAD", "/publish", "POST"},    {"post", "/publish", "POST"},
	        {"POST", "/stats", "GET, HEAD"}, {"DELETE", "/stats", "GET, HEAD"},
	        {"get", "/stats", "GET, HEAD"},  {"POST", "/metrics", "GET, HEAD"},
	        {"", "/metrics", "GET, HEAD"},
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ask_for(site, cases[i].method, cases[i].path);
		expect_refused_with(site, 405, 1);
		assert_string_equal(field(site, "Allow"), cases[i].allow);
	}
	assert_int_equal(site->counters.refused, sizeof cases / sizeof *cases);
}

static void test_head_is_answered_as_get_but_without_the_body(void **state)
{
	static const char *const paths[] = {"/stats", "/metrics", "/nowhere"};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		size_t size;
		unsigned status;

		ask_for(site, "GET", paths[i]);
		assert_false(site->answer.no_body);
		status = site->answer.status;
		size = bytes_size(&site->answer.body);
		ask_for(site, "HEAD", paths[i]);
		assert_true(site->answer.no_body);
		assert_int_equal(site->answer.status, status);
		assert_int_equal(bytes_size(&site->answer.body), size);
	}
}

/* A request that every endpoint would let in: an upgrade, which the others do not look at. */
static const struct site_request good_request = {
        .method = "GET",
        .path = "/any",
        .topic = "t",
        .upgrade = true,
        .websocket_version = "13",
        .websocket_key = "dGhlIHNhbXBsZSBub25jZQ==",
};

static void test_a_subscriber_enters_with_what_it_asks_for(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	post(site, "t", "1");
	post(site, "t", "2");
	request.since = "1";
	request.batch = "1";
	for (int websocket = 0; websocket <= 1; websocket++) {
		assert_true(enter(site, &request, websocket));
		assert_ptr_equal(site->subscription.topic, hub_find(site->hub, "t"));
		assert_int_equal(site->subscription.cursor, 1);
		assert_int_equal(site->subscription.max_messages, 1);
		assert_false(site->subscription.from_now);
		assert_true(site->subscription.hold);
		assert_false(site->owes_token);
		assert_false(site->answer.no_body);
		assert_false(site->answer.close);
	}
	request.hold = "0";
	request.last_event_id = "2";
	assert_true(enter(site, &request, false));
	assert_int_equal(site->subscription.cursor, 2);
	assert_false(site->subscription.hold);
	assert_int_equal(site->counters.refused, 0);
}

static void test_a_subscriber_makes_the_topic(void **state)
{
	struct site *site = *state;

	assert_true(enter(site, &(struct site_request){.method = "GET", .path = "/sse"}, false));
	assert_ptr_equal(site->subscription.topic, hub_find(site->hub, TOPIC_DEFAULT));
	assert_true(enter(site, &good_request, true));
	assert_ptr_equal(site->subscription.topic, hub_find(site->hub, "t"));
}

static void test_head_enters_but_waits_for_nothing(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	request.method = "HEAD";
	assert_true(enter(site, &request, false));
	assert_true(site->answer.no_body);
	assert_false(site->subscription.hold);
}

static void test_an_endpoint_allows_get_and_head_only(void **state)
{
	static const char *const others[] = {"POST", "get", "GETS", "OPTIONS", ""};
	struct site_request request = good_request;
	struct site *site = *state;

	for (size_t i = 0; i < 2 * sizeof others / sizeof *others; i++) {
		request.method = others[i / 2];
		assert_false(enter(site, &request, i % 2));
		expect_refused_with(site, 405, 1);
		assert_string_equal(field(site, "Allow"), "GET, HEAD");
	}
	expect_no_topic(site);
}

static void expect_upgrade_required(struct site *site, const struct site_request *request)
{
	assert_false(enter(site, request, true));
	expect_refused_with(site, 426, 3);
	assert_string_equal(field(site, "Upgrade"), "websocket");
	assert_string_equal(field(site, "Connection"), "Upgrade");
	assert_string_equal(field(site, "Sec-WebSocket-Version"), "13");
	expect_no_topic(site);
}

static void test_a_websocket_endpoint_demands_an_upgrade(void **state)
{
	struct site_request request = good_request;

	request.upgrade = false;
	expect_upgrade_required(*state, &request);
	request.method = "HEAD";
	expect_upgrade_required(*state, &request);
	request.upgrade = true;
	expect_upgrade_required(*state, &request);
	assert_true(((struct site *)*state)->answer.no_body);
}

static void test_a_websocket_endpoint_demands_version_13(void **state)
{
	static const char *const others[] = {NULL, "", "8", "14", "013", "13, 8"};
	struct site_request request = good_request;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		request.websocket_version = others[i];
		expect_upgrade_required(*state, &request);
	}
}

static void test_a_websocket_endpoint_demands_a_key_of_16_bytes(void **state)
{
	static const char *const others[] = {NULL,
	                                     "",
	                                     "dGhlIHNhbXBsZSBub25jZQ",
	                                     "dGhlIHNhbXBsZSBub25jZQ=",
	                                     "dGhlIHNhbXBsZSBub25jZTE=",
	                                     "dGhlIHNhbXBsZSBub25jZQ===",
	                                     "dGhlIHNhbXBsZSBub25j====",
	                                     "dGhlIHNhbXBsZSBub25jZQ== ",
	                                     "dGhlIHNhbXBsZSBub25-ZQ=="};
	struct site_request request = good_request;
	struct site *site = *state;

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		request.websocket_key = others[i];
		assert_false(enter(site, &request, true));
		expect_refused(site, 400);
	}
	expect_no_topic(site);
}

static void test_arguments_that_cannot_be_are_refused(void **state)
{
	static const struct site_request bad[] = {{.since = "x"},
	                                          {.batch = "2"},
	                                          {.hold = "1"},
	                                          {.topic = "no name"},
	                                          {.last_event_id = "-1"}};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct site_request request = bad[i];

		request.method = "GET";
		request.path = "/polling";
		assert_false(enter(site, &request, false));
		expect_refused(site, 400);
	}
	expect_no_topic(site);
}

static void test_a_subscriber_of_one_topic_too_many_is_refused(void **state)
{
	struct site *site = *state;

	post(site, "a", "x");
	post(site, "b", "x");
	assert_false(enter(site, &good_request, true));
	expect_refused(site, 503);
	assert_int_equal(site->counters.refused, 1);
}

static const char *const origins[] = {"https://example.org", NULL};
static const struct policy_config strict = {.origins = origins, .token = "secret"};

/* Takes away what the request was refused for. */
static void mend(struct site_request *request, unsigned status)
{
	switch (status) {
	case 503:
		request->surplus = false;
		return;
	case 403:
		request->origin = origins[0];
		return;
	case 401:
		request->authorization = "Bearer secret";
		return;
	case 405:
		request->method = "GET";
		return;
	case 426:
		request->upgrade = true;
		request->websocket_version = "13";
		return;
	default:
		if (request->websocket_key)
			request->since = NULL;
		request->websocket_key = good_request.websocket_key;
	}
}

static void test_the_first_of_several_faults_is_refused(void **state)
{
	static const unsigned statuses[] = {503, 403, 401, 405, 426, 400, 400};
	struct site_request request = {.method = "POST",
	                               .path = "/websocket",
	                               .topic = "t",
	                               .since = "x",
	                               .origin = "null",
	                               .authorization = "Bearer another",
	                               .surplus = true};
	struct site *site = *state;

	set_policy(site, &strict);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		assert_false(enter(site, &request, true));
		assert_int_equal(site->answer.status, statuses[i]);
		assert_int_equal(site->counters.refused, i + 1);
		expect_no_topic(site);
		mend(&request, statuses[i]);
	}
	assert_true(enter(site, &request, true));
}

static void test_an_origin_that_is_not_allowed_is_refused_everywhere(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	set_policy(site, &(struct policy_config){.origins = origins});
	request.origin = "https://evil.example";
	for (int websocket = 0; websocket <= 1; websocket++) {
		assert_false(enter(site, &request, websocket));
		expect_refused(site, 403);
	}
	ask(site, &(struct site_request){
	                  .method = "POST", .path = "/publish", .topic = "t", .origin = "null"});
	expect_refused(site, 403);
	ask(site, &(struct site_request){.method = "GET", .path = "/stats", .origin = "null"});
	expect_refused(site, 403);
	expect_no_topic(site);
	request.origin = origins[0];
	assert_true(enter(site, &request, false));
}

static void expect_unauthorized(struct site *site)
{
	expect_refused_with(site, 401, 1);
	assert_string_equal(field(site, "WWW-Authenticate"), "Bearer realm=\"pushlab\"");
	expect_no_topic(site);
}

static void test_a_token_that_is_missing_is_asked_for_everywhere(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	set_policy(site, &strict);
	assert_false(enter(site, &request, false));
	expect_unauthorized(site);
	request.upgrade = false;
	assert_false(enter(site, &request, true));
	expect_unauthorized(site);
	request.upgrade = true;
	request.method = "HEAD";
	assert_false(enter(site, &request, true));
	expect_unauthorized(site);
	post(site, "t", "x");
	expect_unauthorized(site);
	ask_for(site, "GET", "/nowhere");
	expect_unauthorized(site);
}

static void test_a_websocket_may_owe_its_token(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;
	struct topic *topic;

	set_policy(site, &strict);
	assert_int_equal(hub_topic(site->hub, "t", &topic), 0);
	assert_true(enter(site, &request, true));
	assert_true(site->owes_token);
	assert_ptr_equal(site->subscription.topic, topic);
	request.authorization = "Bearer secret";
	assert_true(enter(site, &request, true));
	assert_false(site->owes_token);
}

static void test_who_owes_a_token_makes_no_topic(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	set_policy(site, &strict);
	assert_false(enter(site, &request, true));
	expect_unauthorized(site);
	request.topic = NULL;
	assert_false(enter(site, &request, true));
	expect_unauthorized(site);
	request.authorization = "Bearer secret";
	assert_true(enter(site, &request, true));
}

static void test_a_surplus_connection_is_refused_and_closed(void **state)
{
	struct site_request request = good_request;
	struct site *site = *state;

	request.surplus = true;
	for (int websocket = 0; websocket <= 1; websocket++) {
		assert_false(enter(site, &request, websocket));
		expect_refused_with(site, 503, 0);
		assert_true(site->answer.close);
	}
	ask(site, &(struct site_request){.method = "GET", .path = "/nowhere", .surplus = true});
	expect_refused_with(site, 503, 0);
	assert_true(site->answer.close);
	ask(site, &(struct site_request){.method = "HEAD", .path = "/stats", .surplus = true});
	assert_int_equal(site->answer.status, 503);
	assert_true(site->answer.no_body);
	expect_no_topic(site);
	assert_int_equal(site->counters.refused, 4);
}

static void test_a_refusal_replaces_what_the_body_held(void **state)
{
	struct site *site = *state;

	bytes_append_text(&site->answer.body, "half an answer");
	site_refuse(&site->config, &site->answer, 413, "too much");
	expect_refused(site, 413);
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

static const struct CMUnitTest tests[] = {
        SITE_TEST(test_a_text_is_published_on_the_default_topic_with_its_arrival),
        SITE_TEST(test_an_object_with_t_is_published_with_that_t),
        SITE_TEST(test_bytes_are_published_as_a_binary_message),
        SITE_TEST(test_an_empty_content_is_an_empty_message),
        SITE_TEST(test_the_answer_is_the_id_in_the_topic_that_was_named),
        SITE_TEST(test_what_is_published_is_counted),
        SITE_TEST(test_another_content_type_is_text),
        SITE_TEST(test_a_text_that_is_not_utf8_is_refused_and_makes_no_topic),
        SITE_TEST(test_a_name_that_no_topic_can_have_is_refused),
        SITE_TEST(test_one_topic_too_many_is_refused),
        SITE_TEST(test_out_of_memory_is_503_and_nothing_is_published),
        SITE_TEST(test_a_client_that_publishes_too_fast_is_told_when_it_may),
        SITE_TEST(test_the_longest_wait_can_be_told),
        SITE_TEST(test_what_is_published_over_a_connection_is_limited_too),
        SITE_TEST(test_without_memory_for_an_answer_its_body_has_failed),
        SITE_TEST(test_another_path_is_not_found),
        SITE_TEST(test_another_method_is_refused_with_those_allowed),
        SITE_TEST(test_head_is_answered_as_get_but_without_the_body),
        SITE_TEST(test_a_subscriber_enters_with_what_it_asks_for),
        SITE_TEST(test_a_subscriber_makes_the_topic),
        SITE_TEST(test_head_enters_but_waits_for_nothing),
        SITE_TEST(test_an_endpoint_allows_get_and_head_only),
        SITE_TEST(test_a_websocket_endpoint_demands_an_upgrade),
        SITE_TEST(test_a_websocket_endpoint_demands_version_13),
        SITE_TEST(test_a_websocket_endpoint_demands_a_key_of_16_bytes),
        SITE_TEST(test_arguments_that_cannot_be_are_refused),
        SITE_TEST(test_a_subscriber_of_one_topic_too_many_is_refused),
        SITE_TEST(test_the_first_of_several_faults_is_refused),
        SITE_TEST(test_an_origin_that_is_not_allowed_is_refused_everywhere),
        SITE_TEST(test_a_token_that_is_missing_is_asked_for_everywhere),
        SITE_TEST(test_a_websocket_may_owe_its_token),
        SITE_TEST(test_who_owes_a_token_makes_no_topic),
        SITE_TEST(test_a_surplus_connection_is_refused_and_closed),
        SITE_TEST(test_a_refusal_replaces_what_the_body_held),
        SITE_TEST(test_stats_are_json_with_every_counter),
        SITE_TEST(test_metrics_are_prometheus_text_with_every_counter),
        SITE_TEST(test_asking_changes_no_counter),
};

int main(void)
{
	return cmocka_run_group_tests_name("site", tests, NULL, NULL);
}
