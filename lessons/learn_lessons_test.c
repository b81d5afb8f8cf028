#include "learn_lessons.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "learn_near.h"

static char root[] = "/tmp/lessons_test.XXXXXX";
static const char *const folders[] = {"10-differences", "02-polling", "01-request",
                                      "quiz",           "stage",      "3"};

static void page_path(char *path, size_t size, const char *folder)
{
	snprintf(path, size, "%s/%s/README.md", root, folder);
}

static int make_folders(void **state)
{
	char path[200];
	FILE *file;

	(void)state;
	if (!mkdtemp(root))
		return -1;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", root, folders[i]);
		if (mkdir(path, 0700))
			return -1;
	}
	page_path(path, sizeof path, "01-request");
	file = fopen(path, "we");
	if (!file)
		return -1;
	fputs("# Lesson 1: one request, byte by byte\n\nAbout 25 minutes. It has 3 parts.\n", file);
	return fclose(file);
}

static int remove_folders(void **state)
{
	char path[200];

	(void)state;
	page_path(path, sizeof path, "01-request");
	unlink(path);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", root, folders[i]);
		rmdir(path);
	}
	return rmdir(root);
}

static struct lessons find(void)
{
	struct lessons lessons;

	assert_int_equal(lessons_find(&lessons, root), 0);
	assert_int_equal(lessons.count, 3);
	return lessons;
}

static void test_lessons_come_by_number(void **state)
{
	struct lessons lessons = find();

	(void)state;
	assert_string_equal(lessons.items[0].folder, "01-request");
	assert_string_equal(lessons.items[1].name, "polling");
	assert_int_equal(lessons.items[2].number, 10);
	lessons_free(&lessons);
}

static void test_the_page_has_title_and_minutes(void **state)
{
	struct lessons lessons = find();

	(void)state;
	assert_string_equal(lessons.items[0].title, "one request, byte by byte");
	assert_int_equal(lessons.items[0].minutes, 25);
	assert_string_equal(lessons.items[1].title, "polling");
	assert_int_equal(lessons.items[1].minutes, 0);
	lessons_free(&lessons);
}

static void test_a_lesson_has_four_names(void **state)
{
	static const char *const words[] = {"2", "02", "polling", "Polling", "02-polling"};
	struct lessons lessons = find();

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_ptr_equal(lessons_get(&lessons, words[i]), &lessons.items[1]);
	assert_null(lessons_get(&lessons, "3"));
	assert_null(lessons_get(&lessons, "poll"));
	assert_null(lessons_get(&lessons, ""));
	lessons_free(&lessons);
}

static void test_the_nearest_lesson(void **state)
{
	struct lessons lessons = find();

	(void)state;
	assert_ptr_equal(lessons_near(&lessons, "poling"), &lessons.items[1]);
	assert_ptr_equal(lessons_near(&lessons, "1-request"), &lessons.items[0]);
	assert_ptr_equal(lessons_near(&lessons, "99"), &lessons.items[2]);
	lessons_free(&lessons);
}

static void test_no_folder(void **state)
{
	struct lessons lessons;

	(void)state;
	assert_int_equal(lessons_find(&lessons, "/nowhere"), -ENOENT);
	lessons_free(&lessons);
}

static void test_distances(void **state)
{
	(void)state;
	assert_int_equal(near_distance("check", "check"), 0);
	assert_int_equal(near_distance("chekc", "check"), 1);
	assert_int_equal(near_distance("chek", "check"), 1);
	assert_int_equal(near_distance("CHECK", "check"), 0);
	assert_int_equal(near_distance("", "run"), 3);
	assert_int_equal(near_distance("hint", "quiz"), 4);
	assert_true(near_enough("stat", "status"));
	assert_false(near_enough("foo", "run"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lessons_come_by_number),
	        cmocka_unit_test(test_the_page_has_title_and_minutes),
	        cmocka_unit_test(test_a_lesson_has_four_names),
	        cmocka_unit_test(test_the_nearest_lesson),
	        cmocka_unit_test(test_no_folder),
	        cmocka_unit_test(test_distances),
	};

	return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
