#include "message.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base64.h"
#include "feed.h"

#define ARRIVAL 1234567890123456

static const enum message_format formats[] = {MESSAGE_JSON, MESSAGE_LEAN, MESSAGE_BINARY};

#define FOR_EACH_FORMAT(format)                                                                    \
	for (const enum message_format *format = formats;                                          \
	     format < formats + sizeof formats / sizeof *formats; format++)

static struct message *filler(enum message_format format, size_t size, uint64_t id, uint64_t t)
{
	struct message *message = message_filler(format, size, id, t);

	assert_non_null(message);
	assert_int_equal(message->size, size);
	assert_int_equal(message->id, id);
	assert_true(message->scheduled_ns == t);
	assert_int_equal(message->binary, format == MESSAGE_BINARY);
	return message;
}

static struct message *from_text(const void *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);
	struct message *message = NULL;

	assert_int_equal(message_from_text(&message, guard.data, guard.size, 42, ARRIVAL), 0);
	feed_guard_close(&guard);
	assert_int_equal(message->id, 42);
	assert_false(message->binary);
	return message;
}

/* From memory that ends where the message does. */
static int read_guarded(enum message_format format, const void *data, size_t size, uint64_t *id,
                        uint64_t *t)
{
	struct feed_guard guard = feed_guard_open(data, size);
	int err = message_read(format, guard.data, guard.size, id, t);

	feed_guard_close(&guard);
	return err;
}

static void assert_read(enum message_format format, const struct message *message)
{
	uint64_t id = 0, t = 1;

	assert_int_equal(read_guarded(format, message->data, message->size, &id, &t), 0);
	assert_true(id == message->id);
	assert_true(t == (format == MESSAGE_LEAN ? 0 : message->scheduled_ns));
}

/* One object of id, t and data on one line, and what its fields say. */
static void assert_json(const struct message *message, uint64_t t, const void *data, size_t size)
{
	json_t *object = json_loadb((const char *)message->data, message->size,
	                            JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	const json_t *text = json_object_get(object, "data");

	assert_int_equal(json_object_size(object), 3);
	assert_true((uint64_t)json_integer_value(json_object_get(object, "id")) == message->id);
	assert_true((uint64_t)json_integer_value(json_object_get(object, "t")) == t);
	assert_true(message->scheduled_ns == t);
	assert_true(json_is_string(text));
	assert_int_equal(json_string_length(text), size);
	assert_memory_equal(json_string_value(text), data, size);
	for (size_t i = 0; i < message->size; i++)
		assert_true(message->data[i] >= ' ');
	json_decref(object);
	assert_read(MESSAGE_JSON, message);
}

static void test_a_filler_has_exactly_the_size_asked_for_and_is_read_back(void **state)
{
	(void)state;
	FOR_EACH_FORMAT(format)
	{
		size_t least = message_min_bytes(*format);

		for (size_t size = least; size <= least + 100; size++) {
			struct message *message = filler(*format, size, 7, ARRIVAL);

			assert_read(*format, message);
			free(message);
		}
	}
}

static void test_a_filler_may_have_any_id_of_10_digits_and_t_of_18(void **state)
{
	static const uint64_t ids[] = {1, 9, 10, UINT64_C(9999999999)},
	                      instants[] = {0, 9, 10, UINT64_C(999999999999999999)};

	(void)state;
	FOR_EACH_FORMAT(format)
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct message *message = filler(*format, 60, ids[i], instants[i]);

		assert_read(*format, message);
		free(message);
	}
}

static void test_a_json_filler_is_json_of_any_size(void **state)
{
	(void)state;
	for (size_t size = MESSAGE_JSON_MIN_BYTES; size < 200; size++) {
		struct message *message = filler(MESSAGE_JSON, size, 9999999999, ARRIVAL);

		assert_json(message, ARRIVAL, message->data + 48, size - MESSAGE_JSON_MIN_BYTES);
		free(message);
	}
}

static void assert_filler(enum message_format format, const void *expected, size_t size)
{
	struct message *message = filler(format, size, 42, ARRIVAL);

	assert_memory_equal(message->data, expected, size);
	free(message);
}

static void test_the_fixed_fields_stand_where_the_contract_says(void **state)
{
	static const char json[] =
	        "{\"id\":        42,\"t\":  1234567890123456,\"data\":\"predict\"}",
	                  empty[] = "{\"id\":        42,\"t\":  1234567890123456,\"data\":\"\"}",
	                  lean[] = "        42predict",
	                  binary[] = "\0\0\0\0\0\0\0\x2a\0\x04\x62\xd5\x3c\x8a\xba\xc0predict";

	(void)state;
	assert_filler(MESSAGE_JSON, json, sizeof json - 1);
	assert_filler(MESSAGE_JSON, empty, MESSAGE_JSON_MIN_BYTES);
	assert_int_equal(sizeof empty - 1, MESSAGE_JSON_MIN_BYTES);
	assert_filler(MESSAGE_LEAN, lean, sizeof lean - 1);
	assert_filler(MESSAGE_LEAN, lean, MESSAGE_LEAN_MIN_BYTES);
	assert_filler(MESSAGE_BINARY, binary, sizeof binary - 1);
	assert_filler(MESSAGE_BINARY, binary, MESSAGE_BINARY_MIN_BYTES);
}

static void test_filler_is_printable(void **state)
{
	(void)state;
	FOR_EACH_FORMAT(format)
	{
		struct message *message = filler(*format, 300, 1, ARRIVAL);
		size_t i = *format == MESSAGE_BINARY ? MESSAGE_BINARY_MIN_BYTES : 0;

		for (; i < message->size; i++)
			assert_true(message->data[i] >= ' ' && message->data[i] <= '~');
		free(message);
	}
}

static void test_format_names_are_read_back_and_others_refused(void **state)
{
	static const char *const names[] = {"json", "lean", "binary"}, *const others[] = {
	                                                                       "", "JSON", "json ",
	                                                                       "lea", "text"};
	enum message_format format;

	(void)state;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		assert_string_equal(message_format_name(formats[i]), names[i]);
		assert_int_equal(message_format_parse(names[i], &format), 0);
		assert_int_equal(format, formats[i]);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_int_equal(message_format_parse(others[i], &format), -EINVAL);
}

static void assert_wrapped(const void *text, size_t size)
{
	struct message *message = from_text(text, size);

	assert_json(message, ARRIVAL, text, size);
	free(message);
}

static void test_any_text_becomes_the_data_of_a_json_message(void **state)
{
	static const char *const texts[] = {
	        "hello", "say \"hi\"",     "back\\slash",  "a\r\n\tb",         "{\"a\":1}", "[1,2]",
	        "null",  "\xc3\xa9",       "\xe2\x80\xa8", "\xf0\x9f\x90\x98", "\\u0041",   "\"",
	        "\\",    "{\"t\":1,\"d\"", "\xef\xbf\xbf", "</script>"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_wrapped(texts[i], strlen(texts[i]));
}

static void test_every_ascii_character_may_be_in_a_text(void **state)
{
	(void)state;
	for (int c = 0; c < 128; c++) {
		const char text[] = {'a', (char)c, 'b', (char)c};

		assert_wrapped(text, sizeof text);
	}
}

static void test_an_empty_text_is_a_message(void **state)
{
	struct message *message = NULL;

	(void)state;
	assert_wrapped("", 0);
	assert_int_equal(message_from_text(&message, NULL, 0, 42, ARRIVAL), 0);
	assert_int_equal(message->size, MESSAGE_JSON_MIN_BYTES);
	free(message);
}

/* RFC 3629: lone continuations, overlong forms, surrogates, beyond U+10FFFF, cut short. */
static void test_a_text_that_is_not_utf8_is_refused(void **state)
{
	static const char *const texts[] = {"\x80",
	                                    "\xff",
	                                    "\xc0\x80",
	                                    "\xc1\xbf",
	                                    "\xe0\x80\x80",
	                                    "\xed\xa0\x80",
	                                    "\xed\xbf\xbf",
	                                    "\xf0\x80\x80\x80",
	                                    "\xc3",
	                                    "\xe2\x82",
	                                    "\xf4\x90\x80\x80",
	                                    "\xf0\x9f\x90",
	                                    "\xc3\x28",
	                                    "\xf5\x80\x80\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int behind = 0; behind < 2; behind++) {
			struct message *message = NULL;
			char text[16];
			int size =
			        snprintf(text, sizeof text, "a%s%s", texts[i], behind ? "b" : "");
			struct feed_guard guard = feed_guard_open(text, (size_t)size);

			assert_int_equal(
			        message_from_text(&message, guard.data, guard.size, 1, ARRIVAL),
			        -EILSEQ);
			assert_null(message);
			feed_guard_close(&guard);
		}
}

static void assert_published(const char *text, uint64_t t, const char *data)
{
	struct message *message = from_text(text, strlen(text));

	assert_json(message, t, data, strlen(data));
	free(message);
}

static void test_a_published_object_keeps_its_t_and_data(void **state)
{
	(void)state;
	assert_published("{\"t\":7,\"data\":\"x\"}", 7, "x");
	assert_published(" { \"data\" : \"\" , \"t\" : 0 } \n", 0, "");
	assert_published("{\"t\":999999999999999999,\"data\":\"x\"}", UINT64_C(999999999999999999),
	                 "x");
	assert_published("{\"t\":7,\"data\":\"\\u0041\\n\\\"\\ud83d\\udc18\"}", 7,
	                 "A\n\"\xf0\x9f\x90\x98");
}

static void assert_is_only_text(const char *text)
{
	assert_published(text, ARRIVAL, text);
}

static void test_a_t_out_of_range_makes_an_object_any_other_text(void **state)
{
	(void)state;
	assert_is_only_text("{\"t\":-1,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":1000000000000000000,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":9223372036854775807,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":18446744073709551616,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":7.0,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":\"7\",\"data\":\"x\"}");
	assert_is_only_text("{\"t\":null,\"data\":\"x\"}");
}

static void test_an_object_of_another_shape_is_any_other_text(void **state)
{
	(void)state;
	assert_is_only_text("{}");
	assert_is_only_text("{\"t\":7}");
	assert_is_only_text("{\"data\":\"x\"}");
	assert_is_only_text("{\"t\":7,\"data\":1}");
	assert_is_only_text("{\"t\":7,\"data\":{}}");
	assert_is_only_text("{\"id\":1,\"t\":7,\"data\":\"x\"}");
	assert_is_only_text("{\"t\":7,\"data\":\"x\",\"data\":\"y\"}");
	assert_is_only_text("[{\"t\":7,\"data\":\"x\"}]");
	assert_is_only_text("{\"t\":7,\"data\":\"x\"}{}");
	assert_is_only_text("{\"t\":7,\"data\":\"\\ud800\"}");
}

static void test_bytes_become_a_binary_message(void **state)
{
	static const uint8_t data[] = {0, 0xff, 'x'};
	struct message *message = NULL;

	(void)state;
	assert_int_equal(message_from_bytes(&message, data, sizeof data, 5, ARRIVAL), 0);
	assert_true(message->binary);
	assert_int_equal(message->size, MESSAGE_BINARY_MIN_BYTES + sizeof data);
	assert_memory_equal(message->data + MESSAGE_BINARY_MIN_BYTES, data, sizeof data);
	assert_int_equal(message->id, 5);
	assert_read(MESSAGE_BINARY, message);
	free(message);
}

static void test_no_bytes_are_a_binary_message_too(void **state)
{
	struct message *message = NULL;

	(void)state;
	assert_int_equal(message_from_bytes(&message, NULL, 0, 5, ARRIVAL), 0);
	assert_int_equal(message->size, MESSAGE_BINARY_MIN_BYTES);
	assert_read(MESSAGE_BINARY, message);
	free(message);
}

static void test_text_transports_carry_text_as_it_is_and_binary_as_base64(void **state)
{
	(void)state;
	FOR_EACH_FORMAT(format)
	{
		struct message *message = filler(*format, 61, 5, ARRIVAL);
		struct bytes out = {0}, expected = {0};

		message_append_text(&out, message);
		if (message->binary)
			base64_append(&expected, message->data, message->size);
		else
			bytes_append(&expected, message->data, message->size);
		assert_int_equal(bytes_size(&out), bytes_size(&expected));
		assert_memory_equal(bytes_data(&out), bytes_data(&expected), bytes_size(&out));
		bytes_free(&out);
		bytes_free(&expected);
		free(message);
	}
}

static void test_a_message_cut_short_is_refused(void **state)
{
	uint64_t id, t;

	(void)state;
	FOR_EACH_FORMAT(format)
	{
		struct message *message = filler(*format, 60, 5, ARRIVAL);

		for (size_t size = 0; size < message_min_bytes(*format); size++)
			assert_int_equal(read_guarded(*format, message->data, size, &id, &t),
			                 -EBADMSG);
		free(message);
	}
}

static void test_any_other_character_before_the_data_is_refused(void **state)
{
	static const struct {
		enum message_format format;
		size_t head;
	} cases[] = {{MESSAGE_JSON, 48}, {MESSAGE_LEAN, 10}};
	uint64_t id, t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t at = 0; at < cases[i].head; at++) {
			struct message *message = filler(cases[i].format, 60, 5, ARRIVAL);

			message->data[at] = '/'; /* the one before 0 */
			assert_int_equal(read_guarded(cases[i].format, message->data, 60, &id, &t),
			                 -EBADMSG);
			message->data[at] = ':'; /* the one behind 9 */
			if (cases[i].format == MESSAGE_LEAN)
				assert_int_equal(
				        read_guarded(MESSAGE_LEAN, message->data, 60, &id, &t),
				        -EBADMSG);
			free(message);
		}
}

static void test_a_number_is_padded_with_spaces_on_the_left_only(void **state)
{
	static const char *const bad[] = {"          ", "1         ", "       1 2",  "        -1",
	                                  "        +1", "         x", "\t        1", "       1.0"};
	uint64_t id, t;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(read_guarded(MESSAGE_LEAN, bad[i], 10, &id, &t), -EBADMSG);
	assert_int_equal(read_guarded(MESSAGE_LEAN, "0000000012", 10, &id, &t), 0);
	assert_int_equal(id, 12);
}

static void test_without_memory_there_is_no_message(void **state)
{
	struct message *message = NULL;

	(void)state;
	FOR_EACH_FORMAT(format)
	{
		feed_fail_at = 1;
		assert_null(message_filler(*format, 60, 1, ARRIVAL));
	}
	feed_fail_at = 1;
	assert_int_equal(message_from_text(&message, "x", 1, 1, ARRIVAL), -ENOMEM);
	assert_null(message);
	feed_fail_at = 1;
	assert_int_equal(message_from_text(&message, "{\"t\":7,\"data\":\"x\"}", 18, 1, ARRIVAL),
	                 -ENOMEM);
	assert_null(message);
	feed_fail_at = 1;
	assert_int_equal(message_from_bytes(&message, "x", 1, 1, ARRIVAL), -ENOMEM);
	assert_null(message);
}

static void test_without_memory_appending_fails_the_buffer(void **state)
{
	(void)state;
	FOR_EACH_FORMAT(format)
	{
		struct message *message = filler(*format, 60, 1, ARRIVAL);
		struct bytes out = {0};

		feed_fail_at = 1;
		message_append_text(&out, message);
		assert_true(out.failed);
		bytes_free(&out);
		free(message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_filler_has_exactly_the_size_asked_for_and_is_read_back),
	        cmocka_unit_test(test_a_filler_may_have_any_id_of_10_digits_and_t_of_18),
	        cmocka_unit_test(test_a_json_filler_is_json_of_any_size),
	        cmocka_unit_test(test_the_fixed_fields_stand_where_the_contract_says),
	        cmocka_unit_test(test_filler_is_printable),
	        cmocka_unit_test(test_format_names_are_read_back_and_others_refused),
	        cmocka_unit_test(test_any_text_becomes_the_data_of_a_json_message),
	        cmocka_unit_test(test_every_ascii_character_may_be_in_a_text),
	        cmocka_unit_test(test_an_empty_text_is_a_message),
	        cmocka_unit_test(test_a_text_that_is_not_utf8_is_refused),
	        cmocka_unit_test(test_a_published_object_keeps_its_t_and_data),
	        cmocka_unit_test(test_a_t_out_of_range_makes_an_object_any_other_text),
	        cmocka_unit_test(test_an_object_of_another_shape_is_any_other_text),
	        cmocka_unit_test(test_bytes_become_a_binary_message),
	        cmocka_unit_test(test_no_bytes_are_a_binary_message_too),
	        cmocka_unit_test(test_text_transports_carry_text_as_it_is_and_binary_as_base64),
	        cmocka_unit_test(test_a_message_cut_short_is_refused),
	        cmocka_unit_test(test_any_other_character_before_the_data_is_refused),
	        cmocka_unit_test(test_a_number_is_padded_with_spaces_on_the_left_only),
	        cmocka_unit_test(test_without_memory_there_is_no_message),
	        cmocka_unit_test(test_without_memory_appending_fails_the_buffer),
	};

	return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
