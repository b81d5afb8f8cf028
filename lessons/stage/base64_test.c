#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* RFC 4648, 10, and the two characters beyond letters and digits. */
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

static void test_the_examples_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		char text[16];

		base64_encode(text, vectors[i].data, strlen(vectors[i].data));
		assert_string_equal(text, vectors[i].text);
		assert_int_equal(strlen(text) + 1, BASE64_ROOM(strlen(vectors[i].data)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_examples_of_the_rfc),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
