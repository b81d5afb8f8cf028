#include "base64.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "feed.h"

/* RFC 4648 §10, and the two characters beyond letters and digits. */
static const struct {
	const char *data, *text;
} vectors[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
};

static void assert_content(const struct bytes *bytes, const void *data, size_t size)
{
	assert_int_equal(bytes_size(bytes), size);
	if (size > 0)
		assert_memory_equal(bytes_data(bytes), data, size);
}

/* From memory that ends where the text does. */
static int decode(struct bytes *out, const char *text, size_t size)
{
	struct feed_guard guard = feed_guard_open(text, size);
	int err = base64_decode(out, guard.data, guard.size);

	feed_guard_close(&guard);
	return err;
}

static void test_the_examples_of_the_rfc_are_encoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct feed_guard guard = feed_guard_open(vectors[i].data, strlen(vectors[i].data));
		struct bytes out = {0};

		assert_int_equal(base64_append(&out, guard.data, guard.size), 0);
		assert_content(&out, vectors[i].text, strlen(vectors[i].text));
		bytes_free(&out);
		feed_guard_close(&guard);
	}
}

static void test_the_examples_of_the_rfc_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct bytes out = {0};

		assert_int_equal(decode(&out, vectors[i].text, strlen(vectors[i].text)), 0);
		assert_content(&out, vectors[i].data, strlen(vectors[i].data));
		bytes_free(&out);
	}
}

static void test_bytes_of_every_value_and_number_come_back(void **state)
{
	uint8_t data[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		data[i] = (uint8_t)i;
	for (size_t size = 0; size <= sizeof data; size++) {
		struct bytes text = {0}, out = {0};

		assert_int_equal(base64_append(&text, data + sizeof data - size, size), 0);
		assert_int_equal(bytes_size(&text), (size + 2) / 3 * 4);
		assert_int_equal(decode(&out, (const char *)bytes_data(&text), bytes_size(&text)),
		                 0);
		assert_content(&out, data + sizeof data - size, size);
		bytes_free(&text);
		bytes_free(&out);
	}
}

static void test_what_the_buffer_holds_stays_before_what_is_appended(void **state)
{
	struct bytes out = {0};

	(void)state;
	bytes_append_text(&out, "a ");
	assert_int_equal(base64_append(&out, "foo", 3), 0);
	bytes_append_text(&out, " ");
	assert_int_equal(base64_decode(&out, "Zg==", 4), 0);
	assert_content(&out, "a Zm9v f", 8);
	bytes_free(&out);
}

static void assert_refused(const char *text)
{
	struct bytes out = {0};

	bytes_append_text(&out, "kept");
	if (decode(&out, text, strlen(text)) != -EBADMSG)
		fail_msg("'%s' is not refused", text);
	assert_content(&out, "kept", 4);
	bytes_free(&out);
}

static void test_a_text_whose_length_is_no_multiple_of_4_is_refused(void **state)
{
	static const char *const texts[] = {"Z", "Zg", "Zg=", "Zm9vY", "Zm9vYg", "Zm9v="};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_refused(texts[i]);
}

static void test_padding_is_refused_but_at_the_end(void **state)
{
	static const char *const texts[] = {"====", "Z===",     "=g==",     "Zg=g",     "Z=g=",
	                                    "=Zm9", "Zg==Zg==", "Zm8=Zm9v", "Zm9v====", "Zm9vZ==="};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_refused(texts[i]);
}

static bool is_digit(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '+' || c == '/';
}

static void test_a_character_outside_the_alphabet_is_refused_anywhere(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		if (is_digit(c) || c == '=')
			continue;
		for (size_t at = 0; at < 8; at++) {
			char text[] = "Zm9vYmFy";

			text[at] = (char)c;
			assert_refused(text);
		}
	}
}

static void test_white_space_around_the_text_is_refused(void **state)
{
	static const char *const texts[] = {"Zm9v\r\n\r\n", "Zm9v    ",     "    Zm9v", "    ",
	                                    "\n\n\n\n",     "Zg==\n\n\n\n", "Zm9v----"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_refused(texts[i]);
}

static void test_out_of_memory_fails_the_buffer(void **state)
{
	struct bytes out = {0};

	(void)state;
	feed_fail_at = 1;
	assert_int_equal(base64_append(&out, "foo", 3), -ENOMEM);
	assert_true(out.failed);
	bytes_free(&out);
	feed_fail_at = 1;
	assert_int_equal(base64_decode(&out, "Zm9v", 4), -ENOMEM);
	assert_true(out.failed);
	bytes_free(&out);
}

/* The data is never looked at. */
static void test_more_than_the_encoder_can_count_fails_the_buffer(void **state)
{
	struct bytes out = {0};

	(void)state;
	assert_int_equal(base64_append(&out, "", (size_t)INT_MAX / 2 + 1), -ENOMEM);
	assert_true(out.failed);
	bytes_free(&out);
	assert_int_equal(base64_append(&out, "", SIZE_MAX), -ENOMEM);
	assert_true(out.failed);
	bytes_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_examples_of_the_rfc_are_encoded),
	        cmocka_unit_test(test_the_examples_of_the_rfc_are_decoded),
	        cmocka_unit_test(test_bytes_of_every_value_and_number_come_back),
	        cmocka_unit_test(test_what_the_buffer_holds_stays_before_what_is_appended),
	        cmocka_unit_test(test_a_text_whose_length_is_no_multiple_of_4_is_refused),
	        cmocka_unit_test(test_padding_is_refused_but_at_the_end),
	        cmocka_unit_test(test_a_character_outside_the_alphabet_is_refused_anywhere),
	        cmocka_unit_test(test_white_space_around_the_text_is_refused),
	        cmocka_unit_test(test_out_of_memory_fails_the_buffer),
	        cmocka_unit_test(test_more_than_the_encoder_can_count_fails_the_buffer),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
