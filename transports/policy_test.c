#include "policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <cmocka.h>

#include "clock.h"
#include "feed.h"

/* More than are kept in mind, many times over. */
#define CROWD 100000

static const char *const origins[] = {"https://example.org", "http://localhost:8080", NULL};

static struct policy *open_policy(const struct policy_config *config)
{
	struct policy *policy = NULL;

	assert_int_equal(policy_open(&policy, config), 0);
	return policy;
}

static void assert_admitted(const struct policy *policy, const struct policy_request *request)
{
	const char *why = NULL;
	bool owes_token = true;

	assert_int_equal(policy_admit(policy, request, &owes_token, &why), 0);
	assert_false(owes_token);
}

static void assert_refused(const struct policy *policy, const struct policy_request *request,
                           unsigned status)
{
	const char *why = NULL;
	bool owes_token = true;

	assert_int_equal(policy_admit(policy, request, &owes_token, &why), status);
	assert_false(owes_token);
	assert_non_null(why);
	assert_true(*why);
	assert_null(strchr(why, '\n'));
}

static void test_without_rules_everybody_may_enter(void **state)
{
	struct policy *policy = open_policy(&(struct policy_config){.publish_burst = 1});

	(void)state;
	assert_admitted(policy, &(struct policy_request){0});
	assert_admitted(policy, &(struct policy_request){.websocket = true});
	assert_admitted(policy, &(struct policy_request){.origin = "https://anywhere.example",
	                                                 .authorization = "Basic eDp5",
	                                                 .token = "any"});
	policy_close(&policy);
}

static void test_only_the_origins_listed_may_enter(void **state)
{
	static const char *const others[] = {"",
	                                     "null",
	                                     "http://example.org",
	                                     "https://example.org:8443",
	                                     "https://example.org/",
	                                     "https://example.or",
	                                     "https://example.org.evil.example",
	                                     "HTTPS://EXAMPLE.ORG",
	                                     "*"};
	struct policy *policy = open_policy(&(struct policy_config){.origins = origins});

	(void)state;
	for (const char *const *origin = origins; *origin; origin++)
		assert_admitted(policy, &(struct policy_request){.origin = *origin});
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_refused(policy, &(struct policy_request){.origin = others[i]}, 403);
	policy_close(&policy);
}

static void test_a_request_without_an_origin_may_always_enter(void **state)
{
	static const char *const none[] = {NULL};
	struct policy *policy = open_policy(&(struct policy_config){.origins = none});

	(void)state;
	assert_admitted(policy, &(struct policy_request){.origin = NULL});
	assert_refused(policy, &(struct policy_request){.origin = "https://example.org"}, 403);
	policy_close(&policy);
}

static void test_null_is_an_origin_like_any_other(void **state)
{
	static const char *const opaque[] = {"null", NULL};
	struct policy *policy = open_policy(&(struct policy_config){.origins = opaque});

	(void)state;
	assert_admitted(policy, &(struct policy_request){.origin = "null"});
	policy_close(&policy);
}

static void test_a_bearer_token_lets_in(void **state)
{
	static const char *const fields[] = {"Bearer a-secret.1", "bearer a-secret.1",
	                                     "BEARER a-secret.1", "Bearer   a-secret.1"};
	struct policy *policy = open_policy(&(struct policy_config){.token = "a-secret.1"});

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		assert_admitted(policy, &(struct policy_request){.authorization = fields[i]});
		assert_admitted(policy, &(struct policy_request){.authorization = fields[i],
		                                                 .websocket = true});
	}
	policy_close(&policy);
}

static void test_a_token_may_hold_all_that_a_token68_may(void **state)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                            "0123456789-._~+/==";
	struct policy *policy = open_policy(&(struct policy_config){.token = token});
	char field[128] = "Bearer ";

	(void)state;
	strcat(field, token);
	assert_admitted(policy, &(struct policy_request){.authorization = field});
	policy_close(&policy);
}

static void test_another_authorization_is_refused(void **state)
{
	static const char *const fields[] = {"",
	                                     "a-secret",
	                                     "Bearer",
	                                     "Bearer ",
	                                     "Bearer\ta-secret",
	                                     "Bearera-secret",
	                                     "Bearer a-secre",
	                                     "Bearer a-secret1",
	                                     "Bearer A-SECRET",
	                                     "Bearer a-secret=",
	                                     "Bearer =a-secret",
	                                     "Bearer a-secret ",
	                                     "Bearer a-secret a-secret",
	                                     "Bearer a-secret, Bearer a-secret",
	                                     "Bearer token=a-secret",
	                                     "Bearer \"a-secret\"",
	                                     "Basic a-secret"};
	struct policy *policy = open_policy(&(struct policy_config){.token = "a-secret"});

	(void)state;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		assert_refused(policy, &(struct policy_request){.authorization = fields[i]}, 401);
		assert_refused(
		        policy,
		        &(struct policy_request){.authorization = fields[i], .websocket = true},
		        401);
	}
	policy_close(&policy);
}

static void test_no_token_where_one_is_needed_is_refused(void **state)
{
	struct policy *policy = open_policy(&(struct policy_config){.token = "a-secret"});

	(void)state;
	assert_refused(policy, &(struct policy_request){0}, 401);
	policy_close(&policy);
}

static void test_a_websocket_without_a_token_owes_it(void **state)
{
	struct policy *policy = open_policy(&(struct policy_config){.token = "a-secret"});
	bool owes_token = false;
	const char *why;

	(void)state;
	assert_int_equal(policy_admit(policy, &(struct policy_request){.websocket = true},
	                              &owes_token, &why),
	                 0);
	assert_true(owes_token);
	policy_close(&policy);
}

static void test_the_origin_is_looked_at_before_the_token(void **state)
{
	const struct policy_config config = {.origins = origins, .token = "a-secret"};
	struct policy *policy = open_policy(&config);
	struct policy_request request = {.origin = "null", .authorization = "Bearer a-secret"};

	(void)state;
	assert_refused(policy, &request, 403);
	request.authorization = NULL;
	assert_refused(policy, &request, 403);
	request.websocket = true;
	assert_refused(policy, &request, 403);
	policy_close(&policy);
}

static void test_a_token_in_the_url_counts_where_it_is_allowed(void **state)
{
	const struct policy_config config = {.token = "a-secret", .token_in_url = true};
	struct policy *policy = open_policy(&config);

	(void)state;
	assert_admitted(policy, &(struct policy_request){.token = "a-secret"});
	assert_admitted(policy, &(struct policy_request){.token = "a-secret", .websocket = true});
	assert_refused(policy, &(struct policy_request){.token = "another"}, 401);
	assert_refused(policy, &(struct policy_request){.token = "another", .websocket = true},
	               401);
	assert_refused(policy, &(struct policy_request){.token = ""}, 401);
	policy_close(&policy);
}

static void test_a_token_in_the_url_counts_nowhere_else(void **state)
{
	struct policy *policy = open_policy(&(struct policy_config){.token = "a-secret"});

	(void)state;
	assert_refused(policy, &(struct policy_request){.token = "a-secret"}, 401);
	assert_admitted(policy, &(struct policy_request){.token = "another",
	                                                 .authorization = "Bearer a-secret"});
	policy_close(&policy);
}

static void test_no_token_shown_may_be_wrong(void **state)
{
	const struct policy_config config = {.token = "a-secret", .token_in_url = true};
	struct policy *policy = open_policy(&config);

	(void)state;
	assert_refused(
	        policy,
	        &(struct policy_request){.token = "another", .authorization = "Bearer a-secret"},
	        401);
	assert_refused(
	        policy,
	        &(struct policy_request){.token = "a-secret", .authorization = "Bearer another"},
	        401);
	policy_close(&policy);
}

static void test_an_empty_token_opens_nothing(void **state)
{
	const struct policy_config config = {.token = "", .token_in_url = true};
	struct policy *policy = open_policy(&config);

	(void)state;
	assert_refused(policy, &(struct policy_request){.authorization = "Bearer "}, 401);
	assert_refused(policy, &(struct policy_request){.token = ""}, 401);
	assert_false(policy_admit_message(policy, "{\"token\":\"\"}", 12));
	policy_close(&policy);
}

static bool is_token_message(const struct policy *policy, const char *text)
{
	struct feed_guard guard = feed_guard_open(text, strlen(text));
	bool admitted = policy_admit_message(policy, guard.data, guard.size);

	feed_guard_close(&guard);
	return admitted;
}

static void test_the_first_message_may_be_the_token(void **state)
{
	static const char *const right[] = {"{\"token\":\"a secret\"}",
	                                    " { \"token\" : \"a \\u0073ecret\" }\n"};
	static const char *const wrong[] = {"",
	                                    "a secret",
	                                    "\"a secret\"",
	                                    "{}",
	                                    "null",
	                                    "{\"token\":\"a secre\"}",
	                                    "{\"token\":\"a secrets\"}",
	                                    "{\"token\":\"a secret\\u0000\"}",
	                                    "{\"token\":null}",
	                                    "{\"token\":[\"a secret\"]}",
	                                    "{\"Token\":\"a secret\"}",
	                                    "{\"token\":\"a secret\",\"more\":1}",
	                                    "{\"token\":\"x\",\"token\":\"a secret\"}",
	                                    "{\"token\":\"a secret\"} x",
	                                    "{\"token\":\"a secret\"",
	                                    "[{\"token\":\"a secret\"}]",
	                                    "{\"token\":\"\xff\"}"};
	struct policy *policy = open_policy(&(struct policy_config){.token = "a secret"});

	(void)state;
	for (size_t i = 0; i < sizeof right / sizeof *right; i++)
		assert_true(is_token_message(policy, right[i]));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(is_token_message(policy, wrong[i]));
	assert_false(policy_admit_message(policy, NULL, 0));
	policy_close(&policy);
}

static void test_the_configuration_is_copied(void **state)
{
	char origin[] = "https://a.example", token[] = "a-secret";
	const char *list[] = {origin, NULL};
	struct policy_config config = {.origins = list, .token = token};
	struct policy *policy = open_policy(&config);

	(void)state;
	origin[8] = token[0] = 'x';
	list[0] = NULL;
	assert_admitted(policy, &(struct policy_request){.origin = "https://a.example",
	                                                 .authorization = "Bearer a-secret"});
	policy_close(&policy);
}

static struct policy *open_rate(double rate_hz, unsigned burst)
{
	return open_policy(
	        &(struct policy_config){.publish_rate_hz = rate_hz, .publish_burst = burst});
}

static uint64_t publish_from(struct policy *policy, const char *address, uint64_t now_ns)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, address, &ipv4.sin_addr) == 1)
		return policy_publish(policy, (const struct sockaddr *)&ipv4, now_ns);
	assert_int_equal(inet_pton(AF_INET6, address, &ipv6.sin6_addr), 1);
	return policy_publish(policy, (const struct sockaddr *)&ipv6, now_ns);
}

static void test_without_a_rate_there_is_no_limit(void **state)
{
	struct policy *policy = open_rate(0, 1);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(publish_from(policy, "192.0.2.1", 1), 0);
	policy_close(&policy);
}

static void test_a_burst_passes_and_then_one_message_each_gap(void **state)
{
	struct policy *policy = open_rate(1000, 3);
	uint64_t now = 5 * NS_PER_S;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish_from(policy, "192.0.2.1", now), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", now), NS_PER_MS);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(publish_from(policy, "192.0.2.1", now + NS_PER_MS - 1), 1);
		now += NS_PER_MS;
		assert_int_equal(publish_from(policy, "192.0.2.1", now), 0);
		assert_int_equal(publish_from(policy, "192.0.2.1", now), NS_PER_MS);
	}
	policy_close(&policy);
}

static void test_a_bucket_holds_no_more_than_the_burst(void **state)
{
	struct policy *policy = open_rate(1000, 2);
	uint64_t now = 1;

	(void)state;
	assert_int_equal(publish_from(policy, "192.0.2.1", now), 0);
	now += 3600 * NS_PER_S;
	assert_int_equal(publish_from(policy, "192.0.2.1", now), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", now), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", now), NS_PER_MS);
	policy_close(&policy);
}

static void test_asking_in_vain_costs_nothing(void **state)
{
	struct policy *policy = open_rate(1, 1);

	(void)state;
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	for (uint64_t now = 0; now < 1000; now++)
		assert_int_equal(publish_from(policy, "192.0.2.1", now), NS_PER_S - now);
	assert_int_equal(publish_from(policy, "192.0.2.1", NS_PER_S), 0);
	policy_close(&policy);
}

/* Asks all the time: the instant of the last of `messages`. */
static uint64_t busy_until(double rate_hz, unsigned burst, unsigned messages)
{
	struct policy *policy = open_rate(rate_hz, burst);
	uint64_t now = 0, wait;

	for (unsigned i = 0; i < messages; i++) {
		while ((wait = publish_from(policy, "192.0.2.1", now)) > 0)
			now += wait;
	}
	policy_close(&policy);
	return now;
}

static void test_no_rate_loses_fractions_of_a_nanosecond(void **state)
{
	(void)state;
	assert_int_equal(busy_until(0.1, 2, 2 + 1000), 10000 * NS_PER_S);
	assert_int_equal(busy_until(3, 2, 2 + 3000), 1000 * NS_PER_S);
	assert_int_equal(busy_until(7, 2, 2 + 7000), 1000 * NS_PER_S);
	assert_int_equal(busy_until(1e6, 2, 2 + 100000), NS_PER_S / 10);
	assert_int_equal(busy_until(3e6, 2, 2 + 300000), NS_PER_S / 10);
}

static void test_the_largest_times_do_not_overflow(void **state)
{
	const uint64_t latest = UINT64_MAX;
	struct policy *policy = open_rate(0.1, UINT32_MAX);

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(publish_from(policy, "192.0.2.1", latest), 0);
	policy_close(&policy);
	policy = open_rate(0.1, 1);
	assert_int_equal(publish_from(policy, "192.0.2.1", latest), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", latest), 10 * NS_PER_S);
	policy_close(&policy);
	policy = open_rate(1e-300, 1);
	assert_int_equal(publish_from(policy, "192.0.2.1", latest), 0);
	assert_in_range(publish_from(policy, "192.0.2.1", latest), UINT64_MAX / 4, UINT64_MAX);
	policy_close(&policy);
	policy = open_rate(1e300, 1);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	policy_close(&policy);
}

/* Whether a message from one takes what the other has. */
static bool share_a_bucket(const char *one, const char *other)
{
	struct policy *policy = open_rate(1, 1);
	uint64_t wait;

	assert_int_equal(publish_from(policy, one, 0), 0);
	wait = publish_from(policy, other, 0);
	policy_close(&policy);
	return wait > 0;
}

static void test_an_ipv4_client_is_its_whole_address(void **state)
{
	(void)state;
	assert_true(share_a_bucket("192.0.2.1", "192.0.2.1"));
	assert_false(share_a_bucket("192.0.2.1", "192.0.2.2"));
	assert_false(share_a_bucket("192.0.2.1", "193.0.2.1"));
}

static void test_an_ipv4_client_on_an_ipv6_socket_is_the_same_client(void **state)
{
	(void)state;
	assert_true(share_a_bucket("192.0.2.1", "::ffff:192.0.2.1"));
	assert_false(share_a_bucket("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
	assert_false(share_a_bucket("192.0.2.1", "::192.0.2.1"));
}

static void test_an_ipv6_client_is_its_prefix_of_64_bits(void **state)
{
	(void)state;
	assert_true(share_a_bucket("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff"));
	assert_false(share_a_bucket("2001:db8:0:1::1", "2001:db8:0:2::1"));
	assert_false(share_a_bucket("2001:db8:0:1::1", "2002:db8:0:1::1"));
	assert_false(share_a_bucket("::1", "127.0.0.1"));
	assert_true(share_a_bucket("::1", "::2"));
}

static void test_all_other_clients_share_a_bucket(void **state)
{
	struct policy *policy = open_rate(1, 1);
	const struct sockaddr_un local = {.sun_family = AF_UNIX};
	const struct sockaddr unspecified = {.sa_family = AF_UNSPEC};

	(void)state;
	assert_int_equal(policy_publish(policy, NULL, 0), 0);
	assert_true(policy_publish(policy, NULL, 0) > 0);
	assert_true(policy_publish(policy, (const struct sockaddr *)&local, 0) > 0);
	assert_true(policy_publish(policy, &unspecified, 0) > 0);
	assert_int_equal(publish_from(policy, "0.0.0.0", 0), 0);
	assert_int_equal(publish_from(policy, "::", 0), 0);
	policy_close(&policy);
}

static void test_an_address_need_not_be_aligned(void **state)
{
	uint8_t room[1 + sizeof(struct sockaddr_in)];
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct feed_guard guard;
	struct policy *policy = open_rate(1, 1);

	(void)state;
	memcpy(room + 1, &address, sizeof address);
	guard = feed_guard_open(room, sizeof room);
	assert_int_equal(policy_publish(policy, (const void *)(guard.data + 1), 0), 0);
	assert_true(publish_from(policy, "0.0.0.0", 0) > 0);
	feed_guard_close(&guard);
	policy_close(&policy);
}

/* Each of a crowd of clients publishes so many messages now. */
static void publish_from_a_crowd(struct policy *policy, unsigned messages, uint64_t now_ns)
{
	struct sockaddr_in client = {.sin_family = AF_INET};

	for (uint32_t i = 0; i < CROWD; i++) {
		client.sin_addr.s_addr = htonl(UINT32_C(0x0a000000) + i);
		for (unsigned message = 0; message < messages; message++)
			assert_int_equal(
			        policy_publish(policy, (const struct sockaddr *)&client, now_ns),
			        0);
	}
}

static void test_the_emptiest_bucket_is_remembered_in_a_crowd(void **state)
{
	struct policy *policy = open_rate(0.001, 2);

	(void)state;
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	publish_from_a_crowd(policy, 1, 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 1000 * NS_PER_S);
	policy_close(&policy);
}

static void test_the_fullest_bucket_is_forgotten_in_a_crowd(void **state)
{
	struct policy *policy = open_rate(0.001, 2);

	(void)state;
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	publish_from_a_crowd(policy, 2, 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", 0), 0);
	assert_true(publish_from(policy, "192.0.2.1", 0) > 0);
	policy_close(&policy);
}

static void test_a_full_bucket_makes_way_before_any_other(void **state)
{
	struct policy *policy = open_rate(1, 1);

	(void)state;
	publish_from_a_crowd(policy, 1, 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", NS_PER_S), 0);
	assert_int_equal(publish_from(policy, "192.0.2.2", NS_PER_S), 0);
	assert_int_equal(publish_from(policy, "192.0.2.1", NS_PER_S), NS_PER_S);
	assert_int_equal(publish_from(policy, "192.0.2.2", NS_PER_S), NS_PER_S);
	policy_close(&policy);
}

/* Each allocation fails in turn, until so many have succeeded that there is a policy. */
static void test_a_policy_without_memory_is_not_opened(void **state)
{
	const struct policy_config config = {
	        .origins = origins, .token = "t", .publish_rate_hz = 1, .publish_burst = 1};
	struct policy *policy = NULL;
	int err = -ENOMEM, failures = 0;

	(void)state;
	for (; err; failures++) {
		feed_fail_at = failures + 1;
		err = policy_open(&policy, &config);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(feed_fail_at, 0);
		assert_null(policy);
	}
	feed_fail_at = 0;
	assert_int_equal(failures, 5);
	policy_close(&policy);
}

static void test_closing_sets_null_and_null_is_fine(void **state)
{
	struct policy *policy = open_policy(&(struct policy_config){0});

	(void)state;
	policy_close(&policy);
	assert_null(policy);
	policy_close(&policy);
}

static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_rules_everybody_may_enter),
        cmocka_unit_test(test_only_the_origins_listed_may_enter),
        cmocka_unit_test(test_a_request_without_an_origin_may_always_enter),
        cmocka_unit_test(test_null_is_an_origin_like_any_other),
        cmocka_unit_test(test_a_bearer_token_lets_in),
        cmocka_unit_test(test_a_token_may_hold_all_that_a_token68_may),
        cmocka_unit_test(test_another_authorization_is_refused),
        cmocka_unit_test(test_no_token_where_one_is_needed_is_refused),
        cmocka_unit_test(test_a_websocket_without_a_token_owes_it),
        cmocka_unit_test(test_the_origin_is_looked_at_before_the_token),
        cmocka_unit_test(test_a_token_in_the_url_counts_where_it_is_allowed),
        cmocka_unit_test(test_a_token_in_the_url_counts_nowhere_else),
        cmocka_unit_test(test_no_token_shown_may_be_wrong),
        cmocka_unit_test(test_an_empty_token_opens_nothing),
        cmocka_unit_test(test_the_first_message_may_be_the_token),
        cmocka_unit_test(test_the_configuration_is_copied),
        cmocka_unit_test(test_without_a_rate_there_is_no_limit),
        cmocka_unit_test(test_a_burst_passes_and_then_one_message_each_gap),
        cmocka_unit_test(test_a_bucket_holds_no_more_than_the_burst),
        cmocka_unit_test(test_asking_in_vain_costs_nothing),
        cmocka_unit_test(test_no_rate_loses_fractions_of_a_nanosecond),
        cmocka_unit_test(test_the_largest_times_do_not_overflow),
        cmocka_unit_test(test_an_ipv4_client_is_its_whole_address),
        cmocka_unit_test(test_an_ipv4_client_on_an_ipv6_socket_is_the_same_client),
        cmocka_unit_test(test_an_ipv6_client_is_its_prefix_of_64_bits),
        cmocka_unit_test(test_all_other_clients_share_a_bucket),
        cmocka_unit_test(test_an_address_need_not_be_aligned),
        cmocka_unit_test(test_the_emptiest_bucket_is_remembered_in_a_crowd),
        cmocka_unit_test(test_the_fullest_bucket_is_forgotten_in_a_crowd),
        cmocka_unit_test(test_a_full_bucket_makes_way_before_any_other),
        cmocka_unit_test(test_a_policy_without_memory_is_not_opened),
        cmocka_unit_test(test_closing_sets_null_and_null_is_fine),
};

int main(void)
{
	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
