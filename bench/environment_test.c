#include "environment.h"

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/pushlab-environment-XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/environment.json", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void put(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_every_part_is_there(void **state)
{
	static const char *const parts[] = {"date_utc",     "command",    "lab_mode",
	                                    "cpu",          "kernel",     "congestion_control",
	                                    "memory_bytes", "libraries",  "descriptor_limit",
	                                    "compiler",     "git_commit", NULL};
	json_t *json;

	(void)state;
	assert_int_equal(environment_write(dir, "loopback"), 0);
	json = json_load_file(path, 0, NULL);
	assert_non_null(json);
	for (size_t i = 0; parts[i]; i++) {
		if (!json_object_get(json, parts[i]))
			fail_msg("%s is missing", parts[i]);
	}
	json_decref(json);
}

static void test_what_every_machine_tells_is_told(void **state)
{
	json_t *json;
	const char *lab_mode, *library, *release;
	int count;

	(void)state;
	assert_int_equal(environment_write(dir, "link"), 0);
	json = json_load_file(path, 0, NULL);
	assert_int_equal(json_unpack(json, "{s:s s:{s:i} s:{s:s} s:{s:s}}", "lab_mode", &lab_mode,
	                             "cpu", "count", &count, "libraries", "jansson", &library,
	                             "kernel", "release", &release),
	                 0);
	assert_string_equal(lab_mode, "link");
	assert_true(count > 0);
	assert_string_equal(library, jansson_version_str());
	json_decref(json);
}

static void test_the_command_is_the_one_that_runs(void **state)
{
	char command[4096];

	(void)state;
	assert_int_equal(environment_write(dir, "loopback"), 0);
	assert_int_equal(environment_command(dir, command, sizeof(command)), 0);
	assert_non_null(strstr(command, program_invocation_short_name));
}

static void test_the_caption_says_machine_kernel_lab_and_day(void **state)
{
	char caption[256];

	(void)state;
	put("{\"cpu\":{\"model\":\"Test 3000\",\"count\":2,\"virtual\":true},"
	    "\"kernel\":{\"release\":\"6.18.44-abc\"},\"lab_mode\":\"loopback\","
	    "\"date_utc\":\"2026-11-23T10:11:12Z\"}");
	assert_int_equal(environment_caption(dir, caption, sizeof(caption)), 0);
	assert_string_equal(caption, "2 × Test 3000 (virtual), Linux 6.18, loopback, 2026-11-23");
}

static void test_a_caption_can_do_without_what_was_not_told(void **state)
{
	char caption[256];

	(void)state;
	put("{\"cpu\":{\"model\":null,\"count\":4,\"virtual\":null},"
	    "\"kernel\":{\"release\":\"7.0\"},\"lab_mode\":\"link\",\"date_utc\":\"2027-01-02\"}");
	assert_int_equal(environment_caption(dir, caption, sizeof(caption)), 0);
	assert_string_equal(caption, "4 × CPU of unknown model, Linux 7.0, link, 2027-01-02");
}

static void test_a_file_that_is_missing_or_broken_is_reported(void **state)
{
	char caption[256];

	(void)state;
	assert_int_equal(environment_caption(dir, caption, sizeof(caption)), -ENOENT);
	put("{\"cpu\":");
	assert_int_equal(environment_caption(dir, caption, sizeof(caption)), -EBADMSG);
	assert_int_equal(environment_command(dir, caption, sizeof(caption)), -EBADMSG);
}

static void test_what_was_written_can_be_read(void **state)
{
	int status = -1;
	json_t *json;

	(void)state;
	assert_null(environment_read(dir, &status));
	assert_int_equal(status, -ENOENT);
	assert_int_equal(environment_write(dir, "link"), 0);
	json = environment_read(dir, &status);
	assert_int_equal(status, 0);
	assert_string_equal(json_string_value(json_object_get(json, "lab_mode")), "link");
	json_decref(json);
}

static void test_another_environment_has_another_hash(void **state)
{
	char one[ENVIRONMENT_HASH_SIZE], same[ENVIRONMENT_HASH_SIZE], other[ENVIRONMENT_HASH_SIZE];

	(void)state;
	put("{\"cpu\":{\"count\":2},\"lab_mode\":\"loopback\"}");
	assert_int_equal(environment_hash(dir, one), 0);
	put("{\"lab_mode\": \"loopback\", \"cpu\": {\"count\": 2}}");
	assert_int_equal(environment_hash(dir, same), 0);
	put("{\"cpu\":{\"count\":4},\"lab_mode\":\"loopback\"}");
	assert_int_equal(environment_hash(dir, other), 0);
	assert_int_equal(strspn(one, "0123456789abcdef"), ENVIRONMENT_HASH_SIZE - 1);
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
}

static void test_a_directory_that_is_not_there_is_reported(void **state)
{
	(void)state;
	assert_int_equal(environment_write("/no/such/directory", "loopback"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_every_part_is_there),
	        TEST(test_what_every_machine_tells_is_told),
	        TEST(test_the_command_is_the_one_that_runs),
	        TEST(test_the_caption_says_machine_kernel_lab_and_day),
	        TEST(test_a_caption_can_do_without_what_was_not_told),
	        TEST(test_a_file_that_is_missing_or_broken_is_reported),
	        TEST(test_what_was_written_can_be_read),
	        TEST(test_another_environment_has_another_hash),
	        TEST(test_a_directory_that_is_not_there_is_reported),
	};

	return cmocka_run_group_tests_name("environment", tests, NULL, NULL);
}
