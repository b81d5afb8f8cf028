#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SHARED_BYTES 10000 /* more than one page, and no multiple of it */
#define PATIENCE_S   10    /* of a child, before it is killed: matters only to a test that fails */

static struct helper helper;

static int begin(void **state)
{
	(void)state;
	helper = (struct helper)HELPER_NONE;
	return 0;
}

static int free_helper(void **state)
{
	(void)state;
	helper_free(&helper);
	return 0;
}

/* Forks it; the child does work, which shows what came of it in shared memory, and ends. */
static void start(void (*work)(unsigned char *shared))
{
	pid_t pid = helper_fork(&helper, SHARED_BYTES);

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(PATIENCE_S);
		work(helper.shared);
		_exit(0);
	}
}

static unsigned char shared_byte(size_t index)
{
	return ((const unsigned char *)helper.shared)[index];
}

static void find_zeros_and_mark_both_ends(unsigned char *shared)
{
	for (size_t i = 0; i < SHARED_BYTES; i++)
		if (shared[i])
			return;
	shared[0] = 1;
	shared[SHARED_BYTES - 1] = 2;
}

static void test_memory_is_zero_and_what_the_child_writes_is_there(void **state)
{
	(void)state;
	start(find_zeros_and_mark_both_ends);
	helper_end(&helper);
	assert_int_equal(shared_byte(0), 1);
	assert_int_equal(shared_byte(SHARED_BYTES - 1), 2);
}

static void copy_a_byte_when_told(unsigned char *shared)
{
	char byte;

	if (read(helper.line_fd, &byte, 1) == 1)
		shared[1] = shared[0];
}

static void test_the_child_sees_what_its_parent_writes(void **state)
{
	(void)state;
	start(copy_a_byte_when_told);
	*(unsigned char *)helper.shared = 7;
	assert_int_equal(write(helper.line_fd, "", 1), 1);
	helper_end(&helper);
	assert_int_equal(shared_byte(1), 7);
}

static void await_the_end_of_the_line(unsigned char *shared)
{
	char byte;

	shared[0] = read(helper.line_fd, &byte, 1) == 0 ? 1 : 2;
}

static void test_the_child_sees_the_end_of_the_line(void **state)
{
	pid_t pid;

	(void)state;
	start(await_the_end_of_the_line);
	pid = helper.pid;
	helper_end(&helper);
	assert_int_equal(shared_byte(0), 1);
	assert_int_equal(helper.pid, 0);
	assert_int_equal(helper.line_fd, -1);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

static void leave_a_mark(unsigned char *shared)
{
	shared[0] = 1;
}

/* Once it is there, the parent hears it, and it has not been waited for. */
static void await_death(void)
{
	siginfo_t end;
	char byte;

	assert_int_equal(waitid(P_PID, (id_t)helper.pid, &end, WEXITED | WNOWAIT), 0);
	assert_int_equal(read(helper.line_fd, &byte, 1), 0);
}

static void test_the_parent_sees_the_end_of_the_line(void **state)
{
	(void)state;
	start(leave_a_mark);
	await_death();
}

static void test_one_that_has_died_by_itself_is_freed(void **state)
{
	pid_t pid;

	(void)state;
	start(leave_a_mark);
	pid = helper.pid;
	await_death();
	assert_int_equal(shared_byte(0), 1);
	helper_free(&helper);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	assert_null(helper.shared);
	assert_int_equal(helper.line_fd, -1);
}

/* The second time a descriptor of that number is somebody else's. */
static void test_to_end_it_twice_is_to_end_it_once(void **state)
{
	int line_fd, other_fd;

	(void)state;
	start(await_the_end_of_the_line);
	line_fd = helper.line_fd;
	helper_end(&helper);
	other_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(other_fd, line_fd);
	helper_end(&helper);
	assert_int_equal(fcntl(other_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(shared_byte(0), 1);
	close(other_fd);
}

static void end_badly(unsigned char *shared)
{
	shared[0] = 3;
	_exit(shared[0]);
}

static void test_the_end_of_the_child_is_told_once(void **state)
{
	int status;

	(void)state;
	start(end_badly);
	status = helper_end(&helper);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(helper_end(&helper), 0);
}

static void test_a_good_end_is_0(void **state)
{
	(void)state;
	start(await_the_end_of_the_line);
	assert_int_equal(helper_end(&helper), 0);
}

static void test_to_free_none_is_nothing(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(0);
	helper_free(&helper);
	helper_free(&helper);
	assert_int_equal(helper.line_fd, -1);
	assert_int_equal(waitpid(child, NULL, 0), child); /* it is not the helper's */
}

static void test_without_memory_there_is_no_child(void **state)
{
	(void)state;
	assert_int_equal(helper_fork(&helper, SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(helper.pid, 0);
	assert_int_equal(helper.line_fd, -1);
	assert_null(helper.shared);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, free_helper)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_memory_is_zero_and_what_the_child_writes_is_there),
	        TEST(test_the_child_sees_what_its_parent_writes),
	        TEST(test_the_child_sees_the_end_of_the_line),
	        TEST(test_the_parent_sees_the_end_of_the_line),
	        TEST(test_one_that_has_died_by_itself_is_freed),
	        TEST(test_to_end_it_twice_is_to_end_it_once),
	        TEST(test_the_end_of_the_child_is_told_once),
	        TEST(test_a_good_end_is_0),
	        TEST(test_to_free_none_is_nothing),
	        TEST(test_without_memory_there_is_no_child),
	};

	return cmocka_run_group_tests_name("helper", tests, NULL, NULL);
}
