#include "subscription.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"

#define TOPICS_MAX 3

/* A hub with the topics TOPIC_DEFAULT (4 messages) and "news" (1 message). */
static int setup(void **state)
{
	struct hub *hub;

	if (hub_open(&hub, 8, TOPICS_MAX))
		return -1;
	*state = hub;
	for (uint64_t id = 1; id <= 5; id++) {
		struct topic *topic;

		if (hub_topic(hub, id <= 4 ? TOPIC_DEFAULT : "news", &topic))
			return -1;
		topic_append(topic, message_filler(MESSAGE_LEAN, MESSAGE_LEAN_MIN_BYTES,
		                                   topic_last(topic) + 1, 0));
	}
	return 0;
}

static int teardown(void **state)
{
	hub_close((struct hub **)state);
	return 0;
}

static struct subscription accepted(struct hub *hub,
                                    const struct subscription_parameters *parameters)
{
	struct subscription subscription;
	const char *why = NULL;

	memset(&subscription, 0x55, sizeof subscription);
	assert_int_equal(subscription_read(&subscription, hub, parameters, &why), 0);
	assert_null(why);
	return subscription;
}

static void assert_refused(struct hub *hub, const struct subscription_parameters *parameters,
                           unsigned status)
{
	struct subscription subscription;
	const char *why = NULL;

	assert_int_equal(subscription_read(&subscription, hub, parameters, &why), status);
	assert_non_null(why);
	assert_true(*why);
	assert_null(strpbrk(why, "\r\n"));
}

static void test_without_parameters_it_is_the_default_topic_from_now_on(void **state)
{
	struct subscription subscription =
	        accepted(*state, &(struct subscription_parameters){.topic = NULL});

	assert_string_equal(topic_name(subscription.topic), TOPIC_DEFAULT);
	assert_int_equal(subscription.cursor, 4);
	assert_true(subscription.from_now);
	assert_int_equal(subscription.max_messages, UINT_MAX);
}

static void test_the_named_topic_is_taken(void **state)
{
	struct subscription subscription =
	        accepted(*state, &(struct subscription_parameters){.topic = "news"});

	assert_string_equal(topic_name(subscription.topic), "news");
	assert_int_equal(subscription.cursor, 1);
}

static void test_a_topic_that_does_not_exist_is_made(void **state)
{
	struct subscription subscription =
	        accepted(*state, &(struct subscription_parameters){.topic = "new", .since = "0"});

	assert_string_equal(topic_name(subscription.topic), "new");
	assert_int_equal(subscription.cursor, 0);
	assert_false(subscription.from_now);
}

static void test_since_is_the_cursor(void **state)
{
	static const struct {
		const char *since;
		uint64_t cursor;
	} cases[] = {{"0", 0}, {"1", 1}, {"4", 4}, {"0003", 3}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct subscription subscription = accepted(
		        *state, &(struct subscription_parameters){.since = cases[i].since});

		assert_int_equal(subscription.cursor, cases[i].cursor);
		assert_false(subscription.from_now);
	}
}

static void test_a_cursor_from_the_future_means_from_now_on(void **state)
{
	static const char *const future[] = {"5", "4000000000000", "18446744073709551615"};

	for (size_t i = 0; i < sizeof future / sizeof *future; i++) {
		struct subscription subscription =
		        accepted(*state, &(struct subscription_parameters){.since = future[i]});

		assert_int_equal(subscription.cursor, 4);
		assert_true(subscription.from_now);
	}
}

static void test_last_event_id_wins_over_since(void **state)
{
	const struct subscription_parameters both = {.since = "1", .last_event_id = "3"},
	                                     good = {.since = "x", .last_event_id = "3"},
	                                     bad = {.since = "1", .last_event_id = "x"};

	assert_int_equal(accepted(*state, &both).cursor, 3);
	assert_int_equal(accepted(*state, &good).cursor, 3);
	assert_refused(*state, &bad, 400);
}

static void test_a_cursor_is_a_64_bit_number_in_decimal_digits(void **state)
{
	static const char *const bad[] = {"",
	                                  " ",
	                                  "x",
	                                  "-1",
	                                  "+1",
	                                  "1 1",
	                                  "1.0",
	                                  "1e3",
	                                  "0x1",
	                                  "1\n",
	                                  "\xb2",
	                                  "18446744073709551616",
	                                  "99999999999999999999999999"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_refused(*state, &(struct subscription_parameters){.since = bad[i]}, 400);
		assert_refused(*state, &(struct subscription_parameters){.last_event_id = bad[i]},
		               400);
	}
}

static void test_blanks_around_a_field_are_no_part_of_it(void **state)
{
	assert_int_equal(
	        accepted(*state, &(struct subscription_parameters){.last_event_id = " 2\t"}).cursor,
	        2);
	assert_refused(*state, &(struct subscription_parameters){.since = " 2"}, 400);
	assert_refused(*state, &(struct subscription_parameters){.since = "2 "}, 400);
}

static void test_batch_1_asks_for_one_message_an_answer(void **state)
{
	struct subscription subscription =
	        accepted(*state, &(struct subscription_parameters){.batch = "1", .since = "2"});

	assert_int_equal(subscription.max_messages, 1);
	assert_int_equal(subscription.cursor, 2);
}

static void test_batch_can_only_be_1(void **state)
{
	static const char *const bad[] = {"", "0", "2", "11", "1 ", "true"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_refused(*state, &(struct subscription_parameters){.batch = bad[i]}, 400);
}

static void test_hold_0_asks_for_an_answer_at_once(void **state)
{
	assert_true(accepted(*state, &(struct subscription_parameters){.since = "2"}).hold);
	assert_false(accepted(*state, &(struct subscription_parameters){.hold = "0"}).hold);
	assert_refused(*state, &(struct subscription_parameters){.hold = "1"}, 400);
	assert_refused(*state, &(struct subscription_parameters){.hold = ""}, 400);
}

static void test_a_name_that_no_topic_can_have_is_refused(void **state)
{
	static const char *const bad[] = {"", "a b", "a/b", "\xc3\xa9", "a\n"};
	char name[TOPIC_NAME_MAX + 2] = {0};

	memset(name, 'n', sizeof name - 1);
	assert_refused(*state, &(struct subscription_parameters){.topic = name}, 400);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_refused(*state, &(struct subscription_parameters){.topic = bad[i]}, 400);
}

static void test_one_topic_too_many_is_refused_and_the_others_are_served(void **state)
{
	accepted(*state, &(struct subscription_parameters){.topic = "third"});
	assert_refused(*state, &(struct subscription_parameters){.topic = "fourth"}, 503);
	accepted(*state, &(struct subscription_parameters){.topic = "third"});
	accepted(*state, &(struct subscription_parameters){.topic = "news"});
}

static void test_a_request_that_is_refused_makes_no_topic(void **state)
{
	assert_refused(*state, &(struct subscription_parameters){.topic = "a", .since = "x"}, 400);
	assert_refused(*state, &(struct subscription_parameters){.topic = "b", .batch = "x"}, 400);
	accepted(*state, &(struct subscription_parameters){.topic = "third"});
}

static void test_out_of_memory_is_503_and_later_the_topic_is_made(void **state)
{
	const struct subscription_parameters parameters = {.topic = "new"};
	struct subscription subscription;
	const char *why = NULL;
	unsigned status = 503;
	int failures = 0;

	for (; status; failures++) {
		feed_fail_at = failures + 1;
		status = subscription_read(&subscription, *state, &parameters, &why);
		if (!status)
			break;
		assert_int_equal(feed_fail_at, 0);
		assert_int_equal(status, 503);
		assert_string_equal(why, "out of memory");
	}
	feed_fail_at = 0;
	assert_true(failures > 0);
	assert_string_equal(topic_name(subscription.topic), "new");
}

static void test_a_topic_to_publish_to_is_chosen_in_the_same_way(void **state)
{
	struct topic *topic;
	const char *why = NULL;

	assert_int_equal(subscription_topic(*state, NULL, &topic, &why), 0);
	assert_string_equal(topic_name(topic), TOPIC_DEFAULT);
	assert_int_equal(subscription_topic(*state, "news", &topic, &why), 0);
	assert_string_equal(topic_name(topic), "news");
	assert_null(why);
	assert_int_equal(subscription_topic(*state, "no name", &topic, &why), 400);
	assert_non_null(why);
}

#define HUB_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        HUB_TEST(test_without_parameters_it_is_the_default_topic_from_now_on),
	        HUB_TEST(test_the_named_topic_is_taken),
	        HUB_TEST(test_a_topic_that_does_not_exist_is_made),
	        HUB_TEST(test_since_is_the_cursor),
	        HUB_TEST(test_a_cursor_from_the_future_means_from_now_on),
	        HUB_TEST(test_last_event_id_wins_over_since),
	        HUB_TEST(test_a_cursor_is_a_64_bit_number_in_decimal_digits),
	        HUB_TEST(test_blanks_around_a_field_are_no_part_of_it),
	        HUB_TEST(test_batch_1_asks_for_one_message_an_answer),
	        HUB_TEST(test_batch_can_only_be_1),
	        HUB_TEST(test_hold_0_asks_for_an_answer_at_once),
	        HUB_TEST(test_a_name_that_no_topic_can_have_is_refused),
	        HUB_TEST(test_one_topic_too_many_is_refused_and_the_others_are_served),
	        HUB_TEST(test_a_request_that_is_refused_makes_no_topic),
	        HUB_TEST(test_out_of_memory_is_503_and_later_the_topic_is_made),
	        HUB_TEST(test_a_topic_to_publish_to_is_chosen_in_the_same_way),
	};

	return cmocka_run_group_tests_name("subscription", tests, NULL, NULL);
}
