#include "up.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../transports/feed.h"

#define SUBSCRIBERS   50
#define NUMBER_OFFSET 51 /* in a message: {"id":…,"t":…,"data":"up ", then the digits */
#define TAG_MAX       99999999

static struct up up;
static struct bytes text;

static int close_all(void **state)
{
	(void)state;
	feed_fail_at = 0;
	up_close(&up);
	bytes_free(&text);
	return 0;
}

static struct run_spec spec_of(uint64_t seed, double rate_up_hz)
{
	return (struct run_spec){.seed = seed,
	                         .parameters = {.subscribers = SUBSCRIBERS,
	                                        .arrivals = ARRIVALS_POISSON,
	                                        .rate_up_hz = rate_up_hz,
	                                        .payload_bytes = UP_MESSAGE_MIN_BYTES,
	                                        .warmup_s = 1,
	                                        .main_s = 2}};
}

static void open_up(struct up *opened, uint64_t seed)
{
	struct run_spec spec = spec_of(seed, 100);
	struct run_plan plan = run_plan(&spec);

	assert_int_equal(up_open(opened, &spec, &plan), 0);
	assert_true(opened->count >= 3 * SUBSCRIBERS);
}

/* Nothing but the size of its messages. */
static void open_up_of_size(unsigned payload_bytes)
{
	up = (struct up){.payload_bytes = payload_bytes};
}

static void test_everyone_takes_a_turn_before_anybody_takes_a_second(void **state)
{
	(void)state;
	open_up(&up, 1);
	for (uint64_t round = 0; round < 3; round++) {
		bool had_a_turn[SUBSCRIBERS] = {false};

		for (uint64_t turn = 0; turn < SUBSCRIBERS; turn++) {
			size_t sender = up_sender(&up, round * SUBSCRIBERS + turn);

			assert_true(sender < SUBSCRIBERS);
			assert_false(had_a_turn[sender]);
			had_a_turn[sender] = true;
		}
	}
}

static unsigned turns_in_common(uint64_t seed, uint64_t other_seed)
{
	struct up other;
	unsigned common = 0;

	open_up(&up, seed);
	open_up(&other, other_seed);
	for (uint64_t turn = 0; turn < SUBSCRIBERS; turn++)
		common += up_sender(&up, turn) == up_sender(&other, turn);
	up_close(&other);
	return common;
}

static void test_the_same_seed_gives_the_same_order(void **state)
{
	(void)state;
	assert_int_equal(turns_in_common(1, 1), SUBSCRIBERS);
}

/* Chance leaves one of them in its place on average. */
static void test_another_seed_gives_another_order(void **state)
{
	(void)state;
	assert_in_range(turns_in_common(1, 2), 0, SUBSCRIBERS / 4);
}

static void test_the_order_is_not_that_of_the_numbers(void **state)
{
	unsigned common = 0;

	(void)state;
	open_up(&up, 1);
	for (uint64_t turn = 0; turn < SUBSCRIBERS; turn++)
		common += up_sender(&up, turn) == turn;
	assert_in_range(common, 0, SUBSCRIBERS / 4);
}

static void test_the_instants_are_those_of_the_schedule(void **state)
{
	struct run_spec spec = spec_of(1, 100);
	struct schedule schedule;

	(void)state;
	open_up(&up, 1);
	run_plan_up_schedule(&schedule, &spec, 0);
	for (uint64_t i = 0; i < up.count; i++, schedule_advance(&schedule))
		assert_int_equal(up.scheduled_ns[i], schedule.next_ns);
}

static void test_the_instants_ascend_to_the_end_of_the_run(void **state)
{
	struct run_spec spec = spec_of(1, 100);
	struct run_plan plan = run_plan(&spec);

	(void)state;
	open_up(&up, 1);
	assert_int_equal(up.count, plan.up_messages);
	for (uint64_t i = 1; i < up.count; i++)
		assert_true(up.scheduled_ns[i - 1] < up.scheduled_ns[i]);
	assert_true(up.scheduled_ns[up.count - 1] < plan.warmup_ns + plan.main_ns);
}

static void test_where_no_client_publishes_there_is_no_message(void **state)
{
	struct run_spec spec = spec_of(1, 0);
	struct run_plan plan = run_plan(&spec);

	(void)state;
	assert_int_equal(up_open(&up, &spec, &plan), 0);
	assert_int_equal(up.count, 0);
}

static void test_more_messages_than_the_tag_can_number_are_refused(void **state)
{
	struct run_spec spec = spec_of(1, 100);
	struct run_plan plan = {.up_messages = (uint64_t)TAG_MAX + 2}; /* they begin with 0 */

	(void)state;
	assert_int_equal(up_open(&up, &spec, &plan), -EOVERFLOW);
}

static void test_no_memory_for_the_schedule_is_reported(void **state)
{
	struct run_spec spec = spec_of(1, 100);
	struct run_plan plan = run_plan(&spec);

	(void)state;
	for (long fail_at = 1; fail_at <= 2; fail_at++) {
		feed_fail_at = fail_at;
		assert_int_equal(up_open(&up, &spec, &plan), -ENOMEM);
		assert_int_equal(feed_fail_at, 0);
		up_close(&up);
	}
}

/* What the hub makes of a message of ours; freed by free(). */
static struct message *publish(uint64_t number, uint64_t scheduled_ns)
{
	struct message *message;

	bytes_clear(&text);
	assert_int_equal(up_append(&up, &text, number, scheduled_ns), 0);
	assert_int_equal(message_from_text(&message, bytes_data(&text), bytes_size(&text), 3, 1000),
	                 0);
	return message;
}

static void test_the_hub_makes_a_message_of_exactly_the_payload(void **state)
{
	static const unsigned sizes[] = {UP_MESSAGE_MIN_BYTES, UP_MESSAGE_MIN_BYTES + 1, 100, 1024,
	                                 16384};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct message *message;

		open_up_of_size(sizes[i]);
		message = publish(7, 5);
		assert_int_equal(message->size, sizes[i]);
		free(message);
	}
}

static void test_a_message_tells_the_instant_for_which_it_was_scheduled(void **state)
{
	struct message *message;

	(void)state;
	open_up_of_size(100);
	message = publish(7, UINT64_C(123456789012345));
	assert_int_equal(message->scheduled_ns, UINT64_C(123456789012345));
	free(message);
}

static void test_what_is_appended_stands_behind_what_is_there(void **state)
{
	(void)state;
	open_up_of_size(UP_MESSAGE_MIN_BYTES);
	bytes_append_text(&text, "x");
	assert_int_equal(up_append(&up, &text, 1, 2), 0);
	assert_int_equal(bytes_size(&text), strlen("x{\"t\":2,\"data\":\"up 00000001 \"}"));
	assert_memory_equal(bytes_data(&text), "x{\"t\":2,\"data\":\"up 00000001 \"}",
	                    bytes_size(&text));
}

static void test_no_memory_for_a_message_is_reported(void **state)
{
	(void)state;
	open_up_of_size(16384);
	for (long fail_at = 1; fail_at <= 2; fail_at++) {
		feed_fail_at = fail_at;
		assert_int_equal(up_append(&up, &text, 1, 2), -ENOMEM);
		assert_int_equal(feed_fail_at, 0);
		bytes_free(&text);
	}
}

static void test_a_delivered_message_is_known_again_by_its_number(void **state)
{
	static const uint64_t numbers[] = {0, 1, 9, 10, 12345678, TAG_MAX};

	(void)state;
	open_up_of_size(UP_MESSAGE_MIN_BYTES);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct message *message = publish(numbers[i], 5);
		uint64_t number = UINT64_MAX;

		assert_true(up_read(message->data, message->size, &number));
		assert_int_equal(number, numbers[i]);
		free(message);
	}
}

/* Whether the smallest message is still known with that byte in it, and cut to that size. */
static bool reads_with(size_t offset, char byte, size_t size)
{
	struct message *message;
	struct feed_guard guard;
	uint64_t number;
	bool known;

	open_up_of_size(UP_MESSAGE_MIN_BYTES);
	message = publish(12345678, 5);
	message->data[offset] = (uint8_t)byte;
	guard = feed_guard_open(message->data, size);
	known = up_read(guard.data, guard.size, &number);
	feed_guard_close(&guard);
	free(message);
	return known;
}

static void test_a_message_that_is_too_short_is_none_of_ours(void **state)
{
	(void)state;
	assert_true(reads_with(0, '{', UP_MESSAGE_MIN_BYTES));
	for (size_t size = 0; size < UP_MESSAGE_MIN_BYTES; size++)
		assert_false(reads_with(0, '{', size));
}

static void test_a_message_with_another_tag_is_none_of_ours(void **state)
{
	static const size_t offsets[] = {NUMBER_OFFSET - 3, NUMBER_OFFSET - 2, NUMBER_OFFSET - 1,
	                                 NUMBER_OFFSET + 8};

	(void)state;
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
		assert_false(reads_with(offsets[i], 'x', UP_MESSAGE_MIN_BYTES));
}

static void test_a_number_with_a_non_digit_is_none_of_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8; i++) {
		assert_true(reads_with(NUMBER_OFFSET + i, '0', UP_MESSAGE_MIN_BYTES));
		assert_true(reads_with(NUMBER_OFFSET + i, '9', UP_MESSAGE_MIN_BYTES));
		assert_false(reads_with(NUMBER_OFFSET + i, '0' - 1, UP_MESSAGE_MIN_BYTES));
		assert_false(reads_with(NUMBER_OFFSET + i, '9' + 1, UP_MESSAGE_MIN_BYTES));
		assert_false(reads_with(NUMBER_OFFSET + i, ' ', UP_MESSAGE_MIN_BYTES));
	}
}

static void test_what_the_server_publishes_is_none_of_ours(void **state)
{
	struct message *message = message_filler(MESSAGE_JSON, 100, 3, 5);
	uint64_t number;

	(void)state;
	assert_non_null(message);
	assert_false(up_read(message->data, message->size, &number));
	free(message);
}

#define TEST(name) cmocka_unit_test_teardown(name, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_everyone_takes_a_turn_before_anybody_takes_a_second),
	        TEST(test_the_same_seed_gives_the_same_order),
	        TEST(test_another_seed_gives_another_order),
	        TEST(test_the_order_is_not_that_of_the_numbers),
	        TEST(test_the_instants_are_those_of_the_schedule),
	        TEST(test_the_instants_ascend_to_the_end_of_the_run),
	        TEST(test_where_no_client_publishes_there_is_no_message),
	        TEST(test_more_messages_than_the_tag_can_number_are_refused),
	        TEST(test_no_memory_for_the_schedule_is_reported),
	        TEST(test_the_hub_makes_a_message_of_exactly_the_payload),
	        TEST(test_a_message_tells_the_instant_for_which_it_was_scheduled),
	        TEST(test_what_is_appended_stands_behind_what_is_there),
	        TEST(test_no_memory_for_a_message_is_reported),
	        TEST(test_a_delivered_message_is_known_again_by_its_number),
	        TEST(test_a_message_that_is_too_short_is_none_of_ours),
	        TEST(test_a_message_with_another_tag_is_none_of_ours),
	        TEST(test_a_number_with_a_non_digit_is_none_of_ours),
	        TEST(test_what_the_server_publishes_is_none_of_ours),
	};

	return cmocka_run_group_tests_name("up", tests, NULL, NULL);
}
