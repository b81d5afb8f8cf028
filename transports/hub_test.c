#include "hub.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"

static struct hub *open_hub(size_t log_messages, size_t topics_max)
{
	struct hub *hub = NULL;

	assert_int_equal(hub_open(&hub, log_messages, topics_max), 0);
	return hub;
}

static struct topic *open_topic(struct hub *hub, const char *name)
{
	struct topic *topic = NULL;

	assert_int_equal(hub_topic(hub, name, &topic), 0);
	return topic;
}

static void append(struct topic *topic, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct message *message = message_filler(MESSAGE_LEAN, MESSAGE_LEAN_MIN_BYTES,
		                                         topic_last(topic) + 1, 0);

		assert_non_null(message);
		topic_append(topic, message);
	}
}

static void test_a_name_gives_the_same_topic_again(void **state)
{
	struct hub *hub = open_hub(4, 4);
	struct topic *a = open_topic(hub, "a"), *b = open_topic(hub, "b");

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(open_topic(hub, "a"), a);
	assert_ptr_equal(open_topic(hub, "b"), b);
	assert_string_equal(topic_name(a), "a");
	assert_string_equal(topic_name(b), "b");
	hub_close(&hub);
}

static bool is_allowed(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

static void test_looking_for_a_topic_makes_none(void **state)
{
	struct hub *hub = open_hub(1, 1);
	struct topic *topic;

	(void)state;
	assert_null(hub_find(hub, "a"));
	assert_null(hub_find(hub, "no such name"));
	topic = open_topic(hub, "b");
	assert_null(hub_find(hub, "a"));
	assert_ptr_equal(hub_find(hub, "b"), topic);
	hub_close(&hub);
}

static void test_a_name_has_only_the_allowed_characters(void **state)
{
	struct hub *hub = open_hub(1, 256);

	(void)state;
	for (int c = 1; c < 256; c++) {
		char name[] = {'n', (char)c, 'n', '\0'};
		struct topic *topic;
		int err = hub_topic(hub, name, &topic);

		if (err != (is_allowed(c) ? 0 : -EINVAL))
			fail_msg("%d for character %d", err, c);
	}
	hub_close(&hub);
}

static void test_a_name_has_1_to_64_characters(void **state)
{
	struct hub *hub = open_hub(1, 4);
	char name[TOPIC_NAME_MAX + 2];
	struct topic *topic = NULL;

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[TOPIC_NAME_MAX + 1] = '\0';
	assert_int_equal(hub_topic(hub, name, &topic), -EINVAL);
	assert_int_equal(hub_topic(hub, "", &topic), -EINVAL);
	assert_null(topic);
	name[TOPIC_NAME_MAX] = '\0';
	assert_string_equal(topic_name(open_topic(hub, name)), name);
	assert_string_equal(topic_name(open_topic(hub, "n")), "n");
	hub_close(&hub);
}

static void test_there_are_topics_max_topics_and_refused_names_are_none(void **state)
{
	struct hub *hub = open_hub(1, 2);
	struct topic *first, *topic = NULL;

	(void)state;
	assert_int_equal(hub_topic(hub, "no such name", &topic), -EINVAL);
	first = open_topic(hub, "first");
	open_topic(hub, "second");
	assert_int_equal(hub_topic(hub, "third", &topic), -ENOSPC);
	assert_null(topic);
	assert_ptr_equal(open_topic(hub, "first"), first);
	hub_close(&hub);
}

/* What the log should say of a cursor, counted id by id. */
static void assert_after(const struct topic *topic, uint64_t capacity, uint64_t cursor)
{
	uint64_t last = topic_last(topic), first = 0, gone = 0;
	const struct message *message = topic_after(topic, cursor);

	for (uint64_t id = 1; id <= last; id++) {
		if (id <= cursor)
			continue;
		if (id + capacity <= last) {
			gone++;
			continue;
		}
		if (!first)
			first = id;
	}
	if ((message ? message->id : 0) != first || topic_missed(topic, cursor) != gone)
		fail_msg("capacity %d, last %d, cursor %lld", (int)capacity, (int)last,
		         (long long)cursor);
}

static void test_a_cursor_anywhere_finds_what_the_log_keeps_and_lacks(void **state)
{
	(void)state;
	for (uint64_t capacity = 1; capacity <= 5; capacity++) {
		struct hub *hub = open_hub(capacity, 1);
		struct topic *topic = open_topic(hub, "t");

		for (uint64_t last = 0; last <= 16; last++, append(topic, 1)) {
			for (uint64_t cursor = 0; cursor <= last + 2; cursor++)
				assert_after(topic, capacity, cursor);
			assert_after(topic, capacity, UINT64_MAX - 1);
			assert_after(topic, capacity, UINT64_MAX);
		}
		hub_close(&hub);
	}
}

static void test_ids_count_up_from_1_in_each_topic(void **state)
{
	struct hub *hub = open_hub(8, 2);
	struct topic *a = open_topic(hub, "a"), *b = open_topic(hub, "b");

	(void)state;
	assert_int_equal(topic_last(a), 0);
	append(a, 3);
	append(b, 1);
	assert_int_equal(topic_last(a), 3);
	assert_int_equal(topic_last(b), 1);
	assert_int_equal(topic_after(b, 0)->id, 1);
	hub_close(&hub);
}

static void test_following_the_cursor_reads_every_kept_message_in_order(void **state)
{
	struct hub *hub = open_hub(4, 1);
	struct topic *topic = open_topic(hub, "t");
	const struct message *message;
	uint64_t cursor = 0, expected = 7;

	(void)state;
	append(topic, 10);
	while ((message = topic_after(topic, cursor))) {
		assert_int_equal(message->id, expected++);
		cursor = message->id;
	}
	assert_int_equal(cursor, 10);
	hub_close(&hub);
}

/* A subscriber that writes its name where all can see it whenever it is woken. */
struct watcher {
	struct subscriber subscriber;
	char name;
	bool leaves; /* once it is woken */
};

static char woken[64];

static void on_wake(struct subscriber *subscriber)
{
	const struct watcher *watcher = (const struct watcher *)subscriber;
	size_t length = strlen(woken);

	assert_true(length + 1 < sizeof woken);
	woken[length] = watcher->name;
	woken[length + 1] = '\0';
	assert_int_equal(topic_after(subscriber->topic, subscriber->cursor)->id,
	                 topic_last(subscriber->topic));
	subscriber->cursor = topic_last(subscriber->topic);
	if (watcher->leaves)
		topic_unsubscribe(subscriber);
}

/* Watchers named a, b, c, ..., subscribed in that order; those named in `leavers` leave. */
static void subscribe(struct topic *topic, struct watcher *watchers, int count, const char *leavers)
{
	woken[0] = '\0';
	for (int i = 0; i < count; i++) {
		char name = (char)('a' + i);

		watchers[i] = (struct watcher){.name = name, .leaves = strchr(leavers, name)};
		watchers[i].subscriber.wake = on_wake;
		watchers[i].subscriber.cursor = topic_last(topic);
		topic_subscribe(topic, &watchers[i].subscriber);
	}
}

static void unsubscribe(struct watcher *watchers, int count)
{
	for (int i = 0; i < count; i++)
		topic_unsubscribe(&watchers[i].subscriber);
}

static void test_each_message_wakes_all_in_the_order_in_which_they_subscribed(void **state)
{
	struct hub *hub = open_hub(1, 1);
	struct topic *topic = open_topic(hub, "t");
	struct watcher watchers[3];

	(void)state;
	subscribe(topic, watchers, 3, "");
	append(topic, 2);
	assert_string_equal(woken, "abcabc");
	unsubscribe(watchers, 3);
	hub_close(&hub);
}

static void test_a_message_wakes_the_subscribers_of_its_topic_only(void **state)
{
	struct hub *hub = open_hub(1, 2);
	struct topic *topic = open_topic(hub, "t"), *other = open_topic(hub, "other");
	struct watcher watchers[2];

	(void)state;
	subscribe(topic, watchers, 2, "");
	append(other, 1);
	assert_string_equal(woken, "");
	unsubscribe(watchers, 2);
	hub_close(&hub);
}

static void
test_whoever_unsubscribes_inside_wake_is_not_woken_again_and_the_others_are(void **state)
{
	static const struct {
		const char *leavers, *expected;
	} cases[] = {{"a", "abcdbcd"}, {"b", "abcdacd"}, {"d", "abcdabc"},
	             {"bc", "abcdad"}, {"ad", "abcdbc"}, {"abcd", "abcd"}};
	struct hub *hub = open_hub(2, 1);
	struct topic *topic = open_topic(hub, "t");
	struct watcher watchers[4];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		subscribe(topic, watchers, 4, cases[i].leavers);
		append(topic, 2);
		assert_string_equal(woken, cases[i].expected);
		unsubscribe(watchers, 4);
	}
	hub_close(&hub);
}

static void test_unsubscribing_twice_or_never_having_subscribed_does_nothing(void **state)
{
	struct hub *hub = open_hub(1, 1);
	struct topic *topic = open_topic(hub, "t");
	struct watcher watchers[2], stranger = {.name = 's'};

	(void)state;
	subscribe(topic, watchers, 2, "");
	topic_unsubscribe(&stranger.subscriber);
	topic_unsubscribe(&watchers[0].subscriber);
	topic_unsubscribe(&watchers[0].subscriber);
	assert_null(watchers[0].subscriber.topic);
	append(topic, 1);
	assert_string_equal(woken, "b");
	unsubscribe(watchers, 2);
	hub_close(&hub);
}

static void test_whoever_subscribes_again_is_woken_last(void **state)
{
	struct hub *hub = open_hub(1, 1);
	struct topic *topic = open_topic(hub, "t");
	struct watcher watchers[3];

	(void)state;
	subscribe(topic, watchers, 3, "");
	topic_unsubscribe(&watchers[0].subscriber);
	topic_subscribe(topic, &watchers[0].subscriber);
	append(topic, 1);
	assert_string_equal(woken, "bca");
	unsubscribe(watchers, 3);
	hub_close(&hub);
}

static void take_nothing(struct subscriber *subscriber)
{
	(void)subscriber;
}

static void test_a_queue_is_what_came_since_subscribing_and_is_lacked(void **state)
{
	struct hub *hub = open_hub(2, 1);
	struct topic *topic = open_topic(hub, "t");
	/* What it lacks from before is no queue. */
	struct subscriber subscriber = {.wake = take_nothing, .cursor = 1};

	(void)state;
	append(topic, 5);
	topic_subscribe(topic, &subscriber);
	assert_int_equal(subscriber.joined, 5);
	assert_int_equal(subscriber_queue(&subscriber), 0);
	append(topic, 3); /* more than the log keeps */
	assert_int_equal(subscriber_queue(&subscriber), 3);
	subscriber.cursor = 4;
	assert_int_equal(subscriber_queue(&subscriber), 3);
	subscriber.cursor = 7;
	assert_int_equal(subscriber_queue(&subscriber), 1);
	subscriber.cursor = 8;
	assert_int_equal(subscriber_queue(&subscriber), 0);
	topic_unsubscribe(&subscriber);
	hub_close(&hub);
}

static void test_subscribing_again_begins_a_new_queue(void **state)
{
	struct hub *hub = open_hub(4, 1);
	struct topic *topic = open_topic(hub, "t");
	struct subscriber subscriber = {.wake = take_nothing};

	(void)state;
	topic_subscribe(topic, &subscriber);
	assert_int_equal(subscriber.joined, 0);
	append(topic, 3);
	assert_int_equal(subscriber_queue(&subscriber), 3);
	topic_unsubscribe(&subscriber);
	topic_subscribe(topic, &subscriber);
	assert_int_equal(subscriber.joined, 3);
	assert_int_equal(subscriber_queue(&subscriber), 0);
	topic_unsubscribe(&subscriber);
	hub_close(&hub);
}

static void test_a_hub_without_memory_is_not_opened(void **state)
{
	struct hub *hub = NULL;

	(void)state;
	feed_fail_at = 1;
	assert_int_equal(hub_open(&hub, 1, 1), -ENOMEM);
	assert_null(hub);
}

/* Each allocation fails in turn, until so many have succeeded that there is a topic. */
static void test_a_topic_without_memory_is_not_made_but_later_may_be(void **state)
{
	struct hub *hub = open_hub(2, 1);
	struct topic *topic = NULL;
	int err = -ENOMEM, failures = 0;

	(void)state;
	for (; err; failures++) {
		feed_fail_at = failures + 1;
		err = hub_topic(hub, "t", &topic);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(feed_fail_at, 0);
		assert_null(topic);
	}
	feed_fail_at = 0;
	assert_int_equal(failures, 3);
	append(topic, 3);
	assert_int_equal(topic_missed(topic, 0), 1);
	hub_close(&hub);
}

static void test_closing_sets_null_and_null_is_fine(void **state)
{
	struct hub *hub = open_hub(2, 1);

	(void)state;
	append(open_topic(hub, "t"), 3);
	hub_close(&hub);
	assert_null(hub);
	hub_close(&hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_name_gives_the_same_topic_again),
	        cmocka_unit_test(test_looking_for_a_topic_makes_none),
	        cmocka_unit_test(test_a_name_has_only_the_allowed_characters),
	        cmocka_unit_test(test_a_name_has_1_to_64_characters),
	        cmocka_unit_test(test_there_are_topics_max_topics_and_refused_names_are_none),
	        cmocka_unit_test(test_a_cursor_anywhere_finds_what_the_log_keeps_and_lacks),
	        cmocka_unit_test(test_ids_count_up_from_1_in_each_topic),
	        cmocka_unit_test(test_following_the_cursor_reads_every_kept_message_in_order),
	        cmocka_unit_test(test_each_message_wakes_all_in_the_order_in_which_they_subscribed),
	        cmocka_unit_test(test_a_message_wakes_the_subscribers_of_its_topic_only),
	        cmocka_unit_test(
	                test_whoever_unsubscribes_inside_wake_is_not_woken_again_and_the_others_are),
	        cmocka_unit_test(test_unsubscribing_twice_or_never_having_subscribed_does_nothing),
	        cmocka_unit_test(test_whoever_subscribes_again_is_woken_last),
	        cmocka_unit_test(test_a_queue_is_what_came_since_subscribing_and_is_lacked),
	        cmocka_unit_test(test_subscribing_again_begins_a_new_queue),
	        cmocka_unit_test(test_a_hub_without_memory_is_not_opened),
	        cmocka_unit_test(test_a_topic_without_memory_is_not_made_but_later_may_be),
	        cmocka_unit_test(test_closing_sets_null_and_null_is_fine),
	};

	return cmocka_run_group_tests_name("hub", tests, NULL, NULL);
}
