#include "publish_log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CAPACITY 1000

/* Two mappings of one memfd, which is closed already. */
struct pair {
	struct publish_log *server, *harness;
};

static int memory_file(void)
{
	int fd = memfd_create("publish_log_test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct pair open_pair(void)
{
	struct pair pair;
	int fd = memory_file();

	assert_int_equal(publish_log_open(&pair.server, fd, CAPACITY), 0);
	assert_int_equal(publish_log_open(&pair.harness, fd, CAPACITY), 0);
	close(fd);
	return pair;
}

static void close_pair(struct pair *pair)
{
	publish_log_close(&pair->server);
	publish_log_close(&pair->harness);
}

static void assert_noted(const struct publish_log *log, uint64_t id, uint64_t scheduled,
                         uint64_t published)
{
	uint64_t a = 0, b = 0;

	assert_int_equal(publish_log_read(log, id, &a, &b), 0);
	assert_true(a == scheduled);
	assert_true(b == published);
}

static void assert_not_noted(const struct publish_log *log, uint64_t id)
{
	uint64_t a = 11, b = 12;

	assert_int_equal(publish_log_read(log, id, &a, &b), -ENOENT);
	assert_true(a == 11 && b == 12);
}

static void test_what_one_mapping_notes_the_other_reads(void **state)
{
	(void)state;
	struct pair pair = open_pair();

	for (uint64_t id = 1; id <= CAPACITY; id++)
		publish_log_note(pair.server, id, UINT64_MAX - id, id << 32);
	for (uint64_t id = 1; id <= CAPACITY; id++)
		assert_noted(pair.harness, id, UINT64_MAX - id, id << 32);
	close_pair(&pair);
}

static void test_nothing_is_read_before_it_is_noted(void **state)
{
	(void)state;
	struct pair pair = open_pair();

	publish_log_note(pair.server, 2, 20, 21);
	assert_not_noted(pair.harness, 1);
	assert_not_noted(pair.harness, 3);
	close_pair(&pair);
}

static void test_ids_outside_the_capacity_are_ignored(void **state)
{
	(void)state;
	const uint64_t outside[] = {0, CAPACITY + 1, UINT64_C(1) << 60, UINT64_MAX};
	struct pair pair = open_pair();

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		publish_log_note(pair.server, outside[i], 1, 2);
		assert_not_noted(pair.harness, outside[i]);
	}
	for (uint64_t id = 1; id <= CAPACITY; id++)
		assert_not_noted(pair.harness, id);
	close_pair(&pair);
}

static void test_a_parent_reads_what_its_child_notes(void **state)
{
	(void)state;
	struct pair pair = open_pair();
	int status = -1;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		for (uint64_t id = 1; id <= CAPACITY; id++)
			publish_log_note(pair.server, id, id, 2 * id);
		_exit(0);
	}
	/* While it is written: an entry is there as a whole or not at all. */
	for (uint64_t id = 1; id <= CAPACITY; id++) {
		uint64_t scheduled = 0, published = 0;

		if (publish_log_read(pair.harness, id, &scheduled, &published) == 0)
			assert_true(scheduled == id && published == 2 * id);
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
	for (uint64_t id = 1; id <= CAPACITY; id++)
		assert_noted(pair.harness, id, id, 2 * id);
	close_pair(&pair);
}

static void test_opening_enlarges_a_file_and_never_shortens_it(void **state)
{
	(void)state;
	struct publish_log *large, *small;
	struct stat before, after;
	int fd = memory_file();

	assert_int_equal(publish_log_open(&large, fd, CAPACITY), 0);
	assert_int_equal(fstat(fd, &before), 0);
	assert_true(before.st_size >= CAPACITY * 16);
	assert_int_equal(publish_log_open(&small, fd, 1), 0);
	assert_int_equal(fstat(fd, &after), 0);
	assert_true(after.st_size == before.st_size);
	publish_log_close(&small);
	publish_log_close(&large);
	close(fd);
}

static void test_a_file_that_cannot_be_mapped_is_an_error(void **state)
{
	(void)state;
	struct publish_log *log = NULL;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(publish_log_open(&log, -1, CAPACITY), -EBADF);
	assert_int_equal(publish_log_open(&log, fd, 1), -EACCES);
	assert_null(log);
	close(fd);
}

static void test_a_capacity_without_a_size_is_refused(void **state)
{
	(void)state;
	struct publish_log *log = NULL;
	int fd = memory_file();

	assert_int_equal(publish_log_open(&log, fd, 0), -EINVAL);
	assert_int_equal(publish_log_open(&log, fd, SIZE_MAX / 16 + 2), -EINVAL);
	assert_null(log);
	close(fd);
}

static void test_closing_sets_null_and_null_is_fine(void **state)
{
	(void)state;
	struct publish_log *log;
	int fd = memory_file();

	assert_int_equal(publish_log_open(&log, fd, 1), 0);
	publish_log_close(&log);
	assert_null(log);
	publish_log_close(&log);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_what_one_mapping_notes_the_other_reads),
	        cmocka_unit_test(test_nothing_is_read_before_it_is_noted),
	        cmocka_unit_test(test_ids_outside_the_capacity_are_ignored),
	        cmocka_unit_test(test_a_parent_reads_what_its_child_notes),
	        cmocka_unit_test(test_opening_enlarges_a_file_and_never_shortens_it),
	        cmocka_unit_test(test_a_file_that_cannot_be_mapped_is_an_error),
	        cmocka_unit_test(test_a_capacity_without_a_size_is_refused),
	        cmocka_unit_test(test_closing_sets_null_and_null_is_fine),
	};

	return cmocka_run_group_tests_name("publish_log", tests, NULL, NULL);
}
