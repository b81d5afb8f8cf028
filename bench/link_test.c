#include "link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../transports/clock.h"

#define NOW_NS  (1000 * NS_PER_S)
#define SEED    7
#define PACKETS 100000
#define FULL    1500 /* bytes of a packet; 1514 with its Ethernet header */

static struct link under_test;

static void open_link(struct link_settings settings)
{
	link_open(&under_test, &settings, SEED);
}

static int close_link(void **state)
{
	(void)state;
	link_close(&under_test);
	return 0;
}

static void put(uint64_t now_ns, size_t size)
{
	static const uint8_t packet[FULL];

	assert_int_equal(link_put(&under_test, now_ns, packet, size), 0);
}

/* When the next one leaves; it is gone then. */
static uint64_t next_departure(void)
{
	const struct link_packet *first = link_first(&under_test);
	uint64_t depart_ns;

	assert_non_null(first);
	depart_ns = first->depart_ns;
	link_remove_first(&under_test);
	return depart_ns;
}

static void test_a_packet_leaves_after_the_delay_as_it_came(void **state)
{
	const struct link_packet *first;

	(void)state;
	open_link((struct link_settings){.delay_ms = 12.5});
	assert_null(link_first(&under_test));
	assert_int_equal(link_put(&under_test, NOW_NS, "packet", 6), 0);
	first = link_first(&under_test);
	assert_int_equal(first->depart_ns, NOW_NS + 12500000);
	assert_int_equal(first->size, 6);
	assert_memory_equal(first->data, "packet", 6);
	link_remove_first(&under_test);
	assert_null(link_first(&under_test));
}

static void test_jitter_is_within_its_bounds_and_keeps_the_order(void **state)
{
	uint64_t last_ns = 0, least = UINT64_MAX, most = 0;

	(void)state;
	open_link((struct link_settings){.delay_ms = 10, .jitter_ms = 5});
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t now_ns = NOW_NS + i * NS_PER_S, depart_ns;

		put(now_ns, 100);
		depart_ns = next_departure();
		least = depart_ns - now_ns < least ? depart_ns - now_ns : least;
		most = depart_ns - now_ns > most ? depart_ns - now_ns : most;
	}
	assert_in_range(least, 10 * NS_PER_MS, 10 * NS_PER_MS + NS_PER_MS / 10);
	assert_in_range(most, 15 * NS_PER_MS - NS_PER_MS / 10, 15 * NS_PER_MS);
	for (unsigned i = 0; i < 1000; i++)
		put(NOW_NS + 1000 * NS_PER_S + i, 100);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t depart_ns = next_departure();

		assert_true(depart_ns >= last_ns);
		last_ns = depart_ns;
	}
}

/* How often a lost packet follows one that is not. */
static unsigned count_bursts(void)
{
	unsigned bursts = 0;
	uint64_t lost = 0;
	bool before = false;

	for (unsigned i = 0; i < PACKETS; i++) {
		bool is_lost;

		put(NOW_NS, 100);
		is_lost = under_test.counts.lost > lost;
		lost = under_test.counts.lost;
		bursts += is_lost && !before;
		before = is_lost;
	}
	return bursts;
}

static void test_the_share_that_is_lost_is_the_one_asked_for(void **state)
{
	unsigned bursts;

	(void)state;
	open_link((struct link_settings){.loss = 0.1});
	bursts = count_bursts();
	assert_int_equal(under_test.counts.packets, PACKETS);
	assert_in_range(under_test.counts.lost, PACKETS / 10 - 500, PACKETS / 10 + 500);
	/* Independent: a loss follows another one in ten. */
	assert_in_range(bursts * 100 / under_test.counts.lost, 88, 92);
}

static void test_bursts_have_the_length_and_the_share_asked_for(void **state)
{
	unsigned bursts;

	(void)state;
	open_link((struct link_settings){.loss = 0.1, .loss_burst = 5});
	bursts = count_bursts();
	assert_in_range(under_test.counts.lost, PACKETS * 0.09, PACKETS * 0.11);
	assert_in_range(under_test.counts.lost * 10 / bursts, 45, 55);
}

static void test_the_line_sends_one_after_the_other(void **state)
{
	(void)state;
	open_link((struct link_settings){.delay_ms = 1, .rate_mbit = 1.514 * 8, .queue = 10});
	put(NOW_NS, FULL);
	put(NOW_NS, FULL);
	put(NOW_NS + 10 * NS_PER_MS, FULL);
	assert_in_range(next_departure(), NOW_NS + 2 * NS_PER_MS - 9, NOW_NS + 2 * NS_PER_MS + 9);
	assert_in_range(next_departure(), NOW_NS + 3 * NS_PER_MS - 9, NOW_NS + 3 * NS_PER_MS + 9);
	assert_in_range(next_departure(), NOW_NS + 12 * NS_PER_MS - 9, NOW_NS + 12 * NS_PER_MS + 9);
}

static void test_what_the_queue_does_not_hold_is_dropped(void **state)
{
	(void)state;
	open_link((struct link_settings){.rate_mbit = 1, .queue = 10});
	for (unsigned i = 0; i < 100; i++)
		put(NOW_NS, FULL);
	assert_int_equal(under_test.counts.dropped, 89); /* one on the line, ten behind it */
	put(NOW_NS + NS_PER_S, FULL);
	assert_int_equal(under_test.counts.dropped, 89);
	assert_int_equal(under_test.counts.lost, 0);
}

static void test_without_a_rate_nothing_waits(void **state)
{
	(void)state;
	open_link((struct link_settings){.delay_ms = 1, .queue = 1});
	for (unsigned i = 0; i < 1000; i++)
		put(NOW_NS, FULL);
	assert_int_equal(under_test.counts.dropped, 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(next_departure(), NOW_NS + NS_PER_MS);
}

static void test_bytes_are_those_of_frames(void **state)
{
	(void)state;
	open_link((struct link_settings){.loss = 0.5});
	put(NOW_NS, 52);
	put(NOW_NS, 1500);
	assert_int_equal(under_test.counts.bytes, 66 + 1514);
}

static void test_the_same_seed_loses_the_same(void **state)
{
	uint64_t lost[2];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		open_link((struct link_settings){.loss = 0.3, .jitter_ms = 1});
		for (unsigned j = 0; j < 1000; j++)
			put(NOW_NS, 100);
		lost[i] = under_test.counts.lost;
		link_close(&under_test);
	}
	assert_int_equal(lost[0], lost[1]);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_link)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_a_packet_leaves_after_the_delay_as_it_came),
	        TEST(test_jitter_is_within_its_bounds_and_keeps_the_order),
	        TEST(test_the_share_that_is_lost_is_the_one_asked_for),
	        TEST(test_bursts_have_the_length_and_the_share_asked_for),
	        TEST(test_the_line_sends_one_after_the_other),
	        TEST(test_what_the_queue_does_not_hold_is_dropped),
	        TEST(test_without_a_rate_nothing_waits),
	        TEST(test_bytes_are_those_of_frames),
	        TEST(test_the_same_seed_loses_the_same),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
