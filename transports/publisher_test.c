#include "publisher.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "feed.h"

#define CAPACITY 4096
/* What the kernel is given to report a timer: it matters only to a test that fails. */
#define PATIENCE_MS 10000

/* Poisson arrivals at 1000 Hz; tests change what they are about before they open it. */
struct press {
	struct hub *hub;
	struct counters counters;
	struct publish_log *log;
	struct publisher_config config;
	struct publisher publisher;
};

static int setup(void **state)
{
	static struct press press;
	int fd = memfd_create("publisher_test", MFD_CLOEXEC);

	press = (struct press){.publisher.fd = -1};
	press.config = (struct publisher_config){.arrivals = ARRIVALS_POISSON,
	                                         .rate_hz = 1000,
	                                         .seed = 3,
	                                         .format = MESSAGE_LEAN,
	                                         .payload_bytes = 20,
	                                         .counters = &press.counters};
	*state = &press;
	if (fd < 0 || publish_log_open(&press.log, fd, CAPACITY) ||
	    hub_open(&press.hub, CAPACITY, 1) || hub_topic(press.hub, "t", &press.config.topic))
		return -1;
	press.config.log = press.log;
	return close(fd);
}

static int teardown(void **state)
{
	struct press *press = *state;

	publisher_close(&press->publisher);
	publish_log_close(&press->log);
	hub_close(&press->hub);
	return 0;
}

static void start(struct press *press, uint64_t start_ns)
{
	assert_int_equal(publisher_open(&press->publisher, &press->config), 0);
	publisher_start(&press->publisher, start_ns);
}

static bool is_readable(const struct press *press, int timeout_ms)
{
	struct pollfd fd = {.fd = press->publisher.fd, .events = POLLIN};

	return poll(&fd, 1, timeout_ms) == 1;
}

/* As a server's loop would. */
static void publish(struct press *press)
{
	assert_true(is_readable(press, PATIENCE_MS));
	publisher_publish(&press->publisher);
}

static uint64_t published(const struct press *press)
{
	return topic_last(press->config.topic);
}

/* How many instants of the schedule are not after now_ns. */
static uint64_t due(const struct press *press, uint64_t start_ns, uint64_t now_ns)
{
	struct schedule schedule;

	schedule_start(&schedule, press->config.arrivals, press->config.rate_hz, press->config.seed,
	               start_ns);
	while (schedule.next_ns <= now_ns)
		schedule_advance(&schedule);
	return schedule.next_id - 1;
}

static void assert_follows_schedule(const struct press *press, uint64_t start_ns)
{
	struct schedule schedule;

	schedule_start(&schedule, press->config.arrivals, press->config.rate_hz, press->config.seed,
	               start_ns);
	for (uint64_t id = 1; id <= published(press); id++, schedule_advance(&schedule)) {
		const struct message *message = topic_after(press->config.topic, id - 1);

		assert_int_equal(message->id, schedule.next_id);
		assert_int_equal(message->scheduled_ns, schedule.next_ns);
	}
}

static void test_all_that_is_due_is_published_at_once_and_no_more(void **state)
{
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns() - 300 * NS_PER_MS, before, least;

	start(press, start_ns);
	before = clock_now_ns();
	publish(press);
	least = due(press, start_ns, before);
	assert_true(least > 100);
	assert_in_range(published(press), least, due(press, start_ns, clock_now_ns()));
}

static void test_ids_and_instants_are_those_of_the_schedule(void **state)
{
	static const enum arrivals arrivals[] = {ARRIVALS_EVEN, ARRIVALS_POISSON};
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns() - 300 * NS_PER_MS;

	for (size_t i = 0; i < 2; i++) {
		press->config.arrivals = arrivals[i];
		hub_close(&press->hub);
		assert_int_equal(hub_open(&press->hub, CAPACITY, 1), 0);
		assert_int_equal(hub_topic(press->hub, "t", &press->config.topic), 0);
		start(press, start_ns);
		publish(press);
		assert_true(published(press) > 0);
		assert_follows_schedule(press, start_ns);
		publisher_close(&press->publisher);
	}
}

/* It begins late and goes on in time. */
static void test_a_late_publisher_moves_nothing_and_none_is_published_before_it_is_due(void **state)
{
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns() - 10 * NS_PER_MS, scheduled_ns, published_ns;

	press->config.messages_max = 40;
	start(press, start_ns);
	while (published(press) < 40)
		publish(press);
	assert_follows_schedule(press, start_ns);
	for (uint64_t id = 1; id <= 40; id++) {
		assert_int_equal(publish_log_read(press->log, id, &scheduled_ns, &published_ns), 0);
		assert_true(published_ns >= scheduled_ns);
	}
}

static void test_messages_max_ends_it(void **state)
{
	struct press *press = *state;

	press->config.messages_max = 5;
	start(press, clock_now_ns() - 300 * NS_PER_MS);
	publish(press);
	assert_int_equal(published(press), 5);
	assert_false(is_readable(press, 0));
	publisher_publish(&press->publisher);
	assert_int_equal(published(press), 5);
}

static void test_the_log_has_when_each_message_was_due_and_when_it_was_published(void **state)
{
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns() - 300 * NS_PER_MS, before, scheduled_ns, published_ns;
	uint64_t last;

	start(press, start_ns);
	before = clock_now_ns();
	publish(press);
	last = before;
	for (uint64_t id = 1; id <= published(press); id++) {
		const struct message *message = topic_after(press->config.topic, id - 1);

		assert_int_equal(publish_log_read(press->log, id, &scheduled_ns, &published_ns), 0);
		assert_int_equal(scheduled_ns, message->scheduled_ns);
		assert_in_range(published_ns, last, clock_now_ns());
		last = published_ns;
	}
	assert_int_equal(
	        publish_log_read(press->log, published(press) + 1, &scheduled_ns, &published_ns),
	        -ENOENT);
}

static void test_without_a_log_it_publishes_all_the_same(void **state)
{
	struct press *press = *state;

	press->config.log = NULL;
	press->config.messages_max = 3;
	start(press, clock_now_ns() - 300 * NS_PER_MS);
	publish(press);
	assert_int_equal(published(press), 3);
}

static void test_messages_have_the_format_and_size_asked_for_and_are_counted(void **state)
{
	static const enum message_format formats[] = {MESSAGE_JSON, MESSAGE_LEAN, MESSAGE_BINARY};
	struct press *press = *state;
	uint64_t id, scheduled_ns;

	press->config.messages_max = 1;
	press->config.payload_bytes = 70;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const struct message *message;

		press->config.format = formats[i];
		start(press, clock_now_ns() - 300 * NS_PER_MS);
		publish(press);
		publisher_close(&press->publisher);
		message = topic_after(press->config.topic, i);
		assert_non_null(message);
		assert_int_equal(message->size, 70);
		assert_int_equal(message_read(formats[i], message->data, 70, &id, &scheduled_ns),
		                 0);
		assert_int_equal(id, i + 1);
		assert_int_equal(press->counters.published, i + 1);
	}
}

static void test_nothing_is_published_before_the_start(void **state)
{
	struct press *press = *state;

	assert_int_equal(publisher_open(&press->publisher, &press->config), 0);
	assert_false(is_readable(press, 0));
	publisher_publish(&press->publisher);
	assert_int_equal(published(press), 0);
	publisher_start(&press->publisher, clock_now_ns() + 3600 * NS_PER_S);
	assert_false(is_readable(press, 0));
	publisher_publish(&press->publisher);
	assert_int_equal(published(press), 0);
}

static void test_the_first_message_comes_one_gap_after_the_start(void **state)
{
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns();

	press->config.arrivals = ARRIVALS_EVEN;
	press->config.rate_hz = 200;
	start(press, start_ns);
	while (!published(press))
		publish(press);
	assert_true(clock_now_ns() >= start_ns + 5 * NS_PER_MS);
	assert_int_equal(topic_after(press->config.topic, 0)->scheduled_ns,
	                 start_ns + 5 * NS_PER_MS);
}

static void test_a_message_without_memory_is_lost_and_the_schedule_goes_on(void **state)
{
	struct press *press = *state;
	uint64_t start_ns = clock_now_ns() - 300 * NS_PER_MS;
	struct schedule schedule;

	press->config.messages_max = 3;
	start(press, start_ns);
	feed_fail_at = 1;
	publish(press);
	assert_int_equal(published(press), 2);
	assert_int_equal(press->counters.published, 2);
	schedule_start(&schedule, ARRIVALS_POISSON, 1000, 3, start_ns);
	for (uint64_t id = 1; id <= 2; id++) {
		schedule_advance(&schedule);
		assert_int_equal(topic_after(press->config.topic, id - 1)->scheduled_ns,
		                 schedule.next_ns);
	}
}

static void test_without_a_descriptor_it_is_not_opened(void **state)
{
	struct press *press = *state;
	struct rlimit limit, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){0, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(publisher_open(&press->publisher, &press->config), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(press->publisher.fd, -1);
}

static void test_closing_twice_is_fine(void **state)
{
	struct press *press = *state;

	assert_int_equal(publisher_open(&press->publisher, &press->config), 0);
	publisher_close(&press->publisher);
	assert_int_equal(press->publisher.fd, -1);
	publisher_close(&press->publisher);
}

#define PRESS_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        PRESS_TEST(test_all_that_is_due_is_published_at_once_and_no_more),
	        PRESS_TEST(test_ids_and_instants_are_those_of_the_schedule),
	        PRESS_TEST(
	                test_a_late_publisher_moves_nothing_and_none_is_published_before_it_is_due),
	        PRESS_TEST(test_messages_max_ends_it),
	        PRESS_TEST(test_the_log_has_when_each_message_was_due_and_when_it_was_published),
	        PRESS_TEST(test_without_a_log_it_publishes_all_the_same),
	        PRESS_TEST(test_messages_have_the_format_and_size_asked_for_and_are_counted),
	        PRESS_TEST(test_nothing_is_published_before_the_start),
	        PRESS_TEST(test_the_first_message_comes_one_gap_after_the_start),
	        PRESS_TEST(test_a_message_without_memory_is_lost_and_the_schedule_goes_on),
	        PRESS_TEST(test_without_a_descriptor_it_is_not_opened),
	        PRESS_TEST(test_closing_twice_is_fine),
	};

	return cmocka_run_group_tests_name("publisher", tests, NULL, NULL);
}
