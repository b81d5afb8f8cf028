#include "deliveries.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "../transports/clock.h"

#define START_NS    (100 * NS_PER_S)
#define MAIN_NS     (START_NS + NS_PER_S) /* one second of warm-up */
#define SUBSCRIBERS 2

/* Six messages, four of them in the main phase of two seconds; the server notes them in a log. */
struct fixture {
	struct deliveries deliveries;
	struct run_result result;
	struct publish_log *log;
	int log_fd;
};

static const struct run_plan plan = {
        .warmup_ns = NS_PER_S,
        .main_ns = 2 * NS_PER_S,
        .messages = 6,
        .messages_main = 4,
};

static struct fixture fixture;
static struct latencies latencies; /* too large for the stack */

static int open_all(void **state)
{
	(void)state;
	fixture = (struct fixture){.log_fd = memfd_create("log", MFD_CLOEXEC)};
	if (fixture.log_fd < 0 ||
	    publish_log_open(&fixture.log, fixture.log_fd, run_plan_ids(&plan)) ||
	    deliveries_open(&fixture.deliveries, &plan, SUBSCRIBERS, fixture.log, &fixture.result))
		return -1;
	deliveries_start(&fixture.deliveries, START_NS);
	latencies.count = 0;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	deliveries_close(&fixture.deliveries);
	publish_log_close(&fixture.log);
	return close(fixture.log_fd);
}

static int note(size_t subscriber, uint64_t id, uint64_t scheduled_ns, uint64_t now_ns)
{
	const struct delivery delivery = {
	        .subscriber = subscriber, .id = id, .scheduled_ns = scheduled_ns, .now_ns = now_ns};

	return deliveries_note(&fixture.deliveries, &delivery);
}

static int note_from(enum delivery_origin origin, size_t subscriber, uint64_t id)
{
	const struct delivery delivery = {.subscriber = subscriber,
	                                  .id = id,
	                                  .scheduled_ns = MAIN_NS,
	                                  .origin = origin,
	                                  .now_ns = MAIN_NS + 7};

	return deliveries_note(&fixture.deliveries, &delivery);
}

static void test_a_delivery_counts_in_the_phase_of_its_instant(void **state)
{
	(void)state;
	assert_int_equal(note(0, 1, MAIN_NS - 1, MAIN_NS + 5), 0);
	assert_int_equal(fixture.result.delivered, 0);
	assert_int_equal(note(0, 2, MAIN_NS, MAIN_NS + 5), 0);
	assert_int_equal(note(0, 3, MAIN_NS + plan.main_ns - 1, MAIN_NS + plan.main_ns + 9), 0);
	assert_int_equal(fixture.result.delivered, 2);
	assert_int_equal(note(0, 4, MAIN_NS + plan.main_ns, MAIN_NS + plan.main_ns + 9), 0);
	assert_int_equal(fixture.result.delivered, 2);
	assert_int_equal(fixture.result.latency.count, 2);
	assert_int_equal(fixture.result.latency.min_ns, 5);
	assert_int_equal(fixture.result.latency.max_ns, 10);
}

static void test_what_was_delivered_twice_counts_once(void **state)
{
	(void)state;
	assert_int_equal(note(1, 3, MAIN_NS, MAIN_NS + 1), 0);
	assert_int_equal(note(1, 3, MAIN_NS, MAIN_NS + 9), 0);
	assert_int_equal(fixture.result.delivered, 1);
	assert_int_equal(fixture.result.duplicates, 1);
	assert_int_equal(fixture.result.latency.count, 1);
	assert_int_equal(note(0, 3, MAIN_NS, MAIN_NS + 9), 0); /* another subscriber's */
	assert_int_equal(fixture.result.duplicates, 1);
}

static void test_an_id_below_one_that_came_before_is_out_of_order(void **state)
{
	(void)state;
	note(0, 4, MAIN_NS + 1, MAIN_NS + 2);
	note(0, 3, MAIN_NS, MAIN_NS + 3);
	note(0, 5, MAIN_NS + 4, MAIN_NS + 5);
	note(1, 3, MAIN_NS, MAIN_NS + 6);
	assert_int_equal(fixture.result.reordered, 1);
	assert_int_equal(fixture.result.delivered, 4);
}

static void test_an_id_that_was_never_published_is_refused(void **state)
{
	(void)state;
	assert_int_equal(note(0, 0, MAIN_NS, MAIN_NS), -ERANGE);
	assert_int_equal(note(0, 7, MAIN_NS, MAIN_NS), -ERANGE);
	assert_int_equal(fixture.result.delivered, 0);
}

static void test_the_log_knows_when_a_message_was_published(void **state)
{
	(void)state;
	publish_log_note(fixture.log, 3, MAIN_NS, MAIN_NS + 40);
	note(0, 3, MAIN_NS, MAIN_NS + 100);
	assert_int_equal(fixture.result.latency.max_ns, 100);
	assert_int_equal(fixture.result.unscheduled.max_ns, 60);
}

static void test_the_log_knows_an_instant_that_a_message_does_not_say(void **state)
{
	(void)state;
	assert_int_equal(note(0, 3, 0, MAIN_NS + 100), -ERANGE); /* it is not in the log either */
	publish_log_note(fixture.log, 3, MAIN_NS + 10, MAIN_NS + 40);
	assert_int_equal(note(0, 3, 0, MAIN_NS + 100), 0);
	assert_int_equal(fixture.result.latency.max_ns, 90);
}

static void test_only_what_comes_back_to_its_sender_is_a_round_trip(void **state)
{
	(void)state;
	assert_int_equal(note_from(FROM_OTHER_CLIENT, 0, 3), 0);
	assert_int_equal(fixture.result.round_trip.count, 0);
	assert_int_equal(note_from(FROM_ITSELF, 1, 3), 0);
	assert_int_equal(fixture.result.round_trip.count, 1);
	assert_int_equal(fixture.result.round_trip.max_ns, 7);
	assert_int_equal(fixture.result.latency.count, 0);
	assert_int_equal(fixture.result.delivered, 2);
}

static void test_lateness_is_of_the_server_s_own_messages_of_the_main_phase(void **state)
{
	struct hist late = {0};

	(void)state;
	publish_log_note(fixture.log, 1, MAIN_NS - 1, MAIN_NS + 999);
	publish_log_note(fixture.log, 3, MAIN_NS, MAIN_NS + 20);
	publish_log_note(fixture.log, 4, MAIN_NS, MAIN_NS + 50);
	note_from(FROM_OTHER_CLIENT, 0, 4);
	deliveries_add_lateness(&fixture.deliveries, &late);
	assert_int_equal(late.count, 1);
	assert_int_equal(late.max_ns, 20);
}

static void test_complete_is_when_everybody_has_all_of_the_main_phase(void **state)
{
	(void)state;
	assert_int_equal(fixture.result.published, 4);
	assert_int_equal(fixture.result.expected, 4 * SUBSCRIBERS);
	for (uint64_t id = 3; id <= 6; id++)
		for (size_t i = 0; i < SUBSCRIBERS; i++) {
			assert_false(deliveries_complete(&fixture.deliveries, 0));
			note(i, id, MAIN_NS + id, MAIN_NS + id + 1);
		}
	assert_true(deliveries_complete(&fixture.deliveries, 0));
}

static void test_who_is_absent_is_not_waited_for(void **state)
{
	(void)state;
	for (uint64_t id = 3; id <= 6; id++) {
		assert_false(deliveries_complete(&fixture.deliveries, 1));
		note(0, id, MAIN_NS + id, MAIN_NS + id + 1);
	}
	assert_true(deliveries_complete(&fixture.deliveries, 1));
	assert_false(deliveries_complete(&fixture.deliveries, 0));
}

static void test_latencies_are_kept_one_by_one_when_asked(void **state)
{
	(void)state;
	note(0, 3, MAIN_NS, MAIN_NS + 5);
	fixture.deliveries.latencies = &latencies;
	note(1, 3, MAIN_NS, MAIN_NS + 70);
	note(0, 4, MAIN_NS, MAIN_NS + 6);
	assert_int_equal(latencies.count, 2);
	assert_int_equal(latencies.ns[0], 70);
	assert_int_equal(latencies.ns[1], 6);
}

/* Whatever is not in the histogram: of the warm-up, for the second time, of a client. */
static void test_latencies_are_those_of_the_histogram(void **state)
{
	(void)state;
	fixture.deliveries.latencies = &latencies;
	note(0, 1, MAIN_NS - 1, MAIN_NS + 5);
	note(0, 3, MAIN_NS, MAIN_NS + 8);
	note(0, 3, MAIN_NS, MAIN_NS + 9);
	note_from(FROM_ITSELF, 0, 4);
	note_from(FROM_OTHER_CLIENT, 1, 4);
	assert_int_equal(fixture.result.latency.count, 1);
	assert_int_equal(latencies.count, 1);
	assert_int_equal(latencies.ns[0], 8);
}

/* The histogram goes on. */
static void test_latencies_stop_where_their_room_ends(void **state)
{
	struct {
		struct latencies latencies;
		uint64_t after;
	} *room = calloc(1, sizeof *room);

	(void)state;
	assert_non_null(room);
	room->latencies.count = EVIDENCE_LATENCIES_MAX - 1;
	fixture.deliveries.latencies = &room->latencies;
	for (uint64_t id = 3; id <= 6; id++)
		note(0, id, MAIN_NS, MAIN_NS + id);
	assert_int_equal(room->latencies.count, EVIDENCE_LATENCIES_MAX);
	assert_int_equal(room->latencies.ns[EVIDENCE_LATENCIES_MAX - 1], 3);
	assert_int_equal(room->after, 0);
	assert_int_equal(fixture.result.latency.count, 4);
	free(room);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_delivery_counts_in_the_phase_of_its_instant),
	        TEST(test_what_was_delivered_twice_counts_once),
	        TEST(test_an_id_below_one_that_came_before_is_out_of_order),
	        TEST(test_an_id_that_was_never_published_is_refused),
	        TEST(test_the_log_knows_when_a_message_was_published),
	        TEST(test_the_log_knows_an_instant_that_a_message_does_not_say),
	        TEST(test_only_what_comes_back_to_its_sender_is_a_round_trip),
	        TEST(test_lateness_is_of_the_server_s_own_messages_of_the_main_phase),
	        TEST(test_complete_is_when_everybody_has_all_of_the_main_phase),
	        TEST(test_who_is_absent_is_not_waited_for),
	        TEST(test_latencies_are_kept_one_by_one_when_asked),
	        TEST(test_latencies_are_those_of_the_histogram),
	        TEST(test_latencies_stop_where_their_room_ends),
	};

	return cmocka_run_group_tests_name("deliveries", tests, NULL, NULL);
}
