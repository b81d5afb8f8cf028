#include "process.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "../transports/clock.h"

#define SPIN_NS (20 * NS_PER_MS)
/* What another process is given: it matters only to a test that fails. */
#define PATIENCE_MS 10000

static uint64_t thread_cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

static void spin(void)
{
	uint64_t end = thread_cpu_ns() + SPIN_NS;

	while (thread_cpu_ns() < end)
		continue;
}

/* The status of waitpid of a child that runs body(argument) and exits with what that gives. */
static int status_of(int (*body)(void *argument), void *argument)
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0)
		_exit(body(argument));
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int exit_with(void *code)
{
	return *(int *)code;
}

static int die_of(void *signal_number)
{
	signal(*(int *)signal_number, SIG_DFL);
	raise(*(int *)signal_number);
	return 0;
}

static struct process_usage usage_of_this_process(void)
{
	struct process_usage usage = {0};

	assert_int_equal(process_usage(getpid(), &usage), 0);
	return usage;
}

static void test_time_on_a_cpu_is_counted(void **state)
{
	struct process_usage before = usage_of_this_process();

	(void)state;
	spin();
	/* What runs is counted at the scheduler's ticks, 10 ms apart at most. */
	assert_true(usage_of_this_process().cpu_ns >= before.cpu_ns + SPIN_NS / 2);
}

struct spinner {
	int done[2], leave[2]; /* pipes */
};

static void *spin_and_wait(void *argument)
{
	struct spinner *spinner = argument;
	char byte = 0;

	spin();
	if (write(spinner->done[1], &byte, 1) == 1 && read(spinner->leave[0], &byte, 1) == 1)
		return spinner;
	return NULL;
}

static void test_all_threads_are_counted(void **state)
{
	struct process_usage before = usage_of_this_process(), after;
	struct spinner spinner;
	pthread_t thread;
	void *result;
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(spinner.done), 0);
	assert_int_equal(pipe(spinner.leave), 0);
	assert_int_equal(pthread_create(&thread, NULL, spin_and_wait, &spinner), 0);
	assert_int_equal(read(spinner.done[0], &byte, 1), 1);
	after = usage_of_this_process();
	assert_int_equal(write(spinner.leave[1], &byte, 1), 1);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, &spinner);
	assert_true(after.cpu_ns >= before.cpu_ns + SPIN_NS / 2);
	for (int end = 0; end < 2; end++) {
		close(spinner.done[end]);
		close(spinner.leave[end]);
	}
}

/* A child that answers each byte with one, so that each of us has to wait for the other. */
static void test_context_switches_are_counted(void **state)
{
	enum { ROUNDS = 50 };
	struct process_usage before = usage_of_this_process();
	int ask[2], answer[2];
	char byte = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ask), 0);
	assert_int_equal(pipe(answer), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ask[1]);
		while (read(ask[0], &byte, 1) == 1 && write(answer[1], &byte, 1) == 1)
			continue;
		_exit(0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		assert_int_equal(write(ask[1], &byte, 1), 1);
		assert_int_equal(read(answer[0], &byte, 1), 1);
	}
	close(ask[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(usage_of_this_process().context_switches > before.context_switches);
	close(ask[0]);
	close(answer[0]);
	close(answer[1]);
}

static void test_a_process_that_is_gone_is_an_error(void **state)
{
	struct process_usage usage;
	pid_t child = fork();
	uint64_t bytes;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(process_usage(child, &usage), -ENOENT);
	assert_int_equal(process_private_memory(child, &bytes), -ENOENT);
	assert_int_equal(process_socket_memory(child, &bytes), -ENOENT);
}

static void test_the_machine_has_slabs(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(process_slab_memory(&bytes), 0);
	assert_in_range(bytes, 1 << 20, INT64_MAX);
}

static void test_memory_that_is_touched_is_counted(void **state)
{
	const size_t size = 8 << 20;
	uint64_t before = 0, after = 0;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(memory != MAP_FAILED);
	assert_int_equal(process_private_memory(getpid(), &before), 0);
	memset(memory, 1, size);
	assert_int_equal(process_private_memory(getpid(), &after), 0);
	munmap(memory, size);
	assert_true(before > 0);
	/* Not to the page: what is shared with others counts less the more of them there are. */
	assert_in_range(after - before, size / 2, 2 * size);
}

/* In a network of its own. Says that it is there; then, for each byte, makes one more TCP socket
 * that the kernel counts, and says so. */
static int listen_when_told(int line_fd)
{
	char byte = 0;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return 1;
	if (write(line_fd, &byte, 1) != 1)
		return 1;
	while (read(line_fd, &byte, 1) == 1)
		if (listen(socket(AF_INET, SOCK_STREAM, 0), 1) || write(line_fd, &byte, 1) != 1)
			return 1;
	return 0;
}

static pid_t start_listener(int *line_fd)
{
	int line[2];
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(line[0]);
		_exit(listen_when_told(line[1]));
	}
	close(line[1]);
	*line_fd = line[0];
	return child;
}

static void make_one_more(int line_fd)
{
	char byte = 0;

	assert_int_equal(write(line_fd, &byte, 1), 1);
	assert_int_equal(read(line_fd, &byte, 1), 1);
}

static uint64_t socket_memory_of(pid_t pid)
{
	uint64_t bytes = UINT64_MAX;

	assert_int_equal(process_socket_memory(pid, &bytes), 0);
	return bytes;
}

static void test_tcp_sockets_are_counted_in_the_network_of_the_process(void **state)
{
	uint64_t one;
	int line_fd;
	pid_t child = start_listener(&line_fd);
	char byte;

	(void)state;
	if (read(line_fd, &byte, 1) != 1) {
		waitpid(child, NULL, 0);
		close(line_fd);
		skip(); /* it may have no network of its own */
	}
	assert_int_equal(socket_memory_of(child), 0);
	make_one_more(line_fd);
	one = socket_memory_of(child);
	assert_in_range(one, 1000, 10000); /* a struct tcp_sock */
	make_one_more(line_fd);
	make_one_more(line_fd);
	assert_int_equal(socket_memory_of(child), 3 * one);
	close(line_fd);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Its own group, and that CPU; what is wrong, as an exit code. */
static int prepare(void *argument)
{
	int cpu = *(int *)argument;
	cpu_set_t before, after;

	if (sched_getaffinity(0, sizeof before, &before) ||
	    !process_prepare_child(getppid(), cpu) || sched_getaffinity(0, sizeof after, &after))
		return 1;
	if (getpgrp() != getpid())
		return 2;
	if (cpu < 0)
		return CPU_EQUAL(&before, &after) ? 0 : 3;
	return CPU_COUNT(&after) == 1 && CPU_ISSET((size_t)cpu, &after) ? 0 : 4;
}

static void test_a_prepared_child_has_its_own_group_and_its_cpu(void **state)
{
	cpu_set_t set;
	int any = -1;

	(void)state;
	assert_int_equal(status_of(prepare, &any), 0);
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			assert_int_equal(status_of(prepare, &cpu), 0);
}

static int prepare_for_another_parent(void *argument)
{
	(void)argument;
	return process_prepare_child(getpid(), -1);
}

static void test_a_child_whose_parent_is_another_is_told_so(void **state)
{
	(void)state;
	assert_int_equal(status_of(prepare_for_another_parent, NULL), 0);
}

/* A parent that dies once its own child is prepared, and waits for ever. */
static int leave_an_orphan(void *argument)
{
	const int *alive = argument;
	pid_t parent = getpid();
	int ready[2];
	char byte = 0;

	if (pipe(ready))
		return 1;
	if (fork() == 0) {
		if (!process_prepare_child(parent, -1) || write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(alive[1]);
	return read(ready[0], &byte, 1) == 1 ? 0 : 1;
}

static void test_a_prepared_child_dies_with_its_parent(void **state)
{
	struct pollfd end = {.events = POLLIN};
	int alive[2]; /* nobody writes; it ends when the last of them has died */

	(void)state;
	assert_int_equal(pipe(alive), 0);
	assert_int_equal(status_of(leave_an_orphan, alive), 0);
	close(alive[1]);
	end.fd = alive[0];
	assert_int_equal(poll(&end, 1, PATIENCE_MS), 1);
	assert_true(end.revents & POLLHUP);
	close(alive[0]);
}

static void test_server_and_load_get_a_cpu_each_where_there_are_two(void **state)
{
	int server_cpu, load_cpu;
	cpu_set_t set;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
	process_choose_cpus(&server_cpu, &load_cpu);
	if (CPU_COUNT(&set) < 2) {
		assert_int_equal(server_cpu, -1);
		assert_int_equal(load_cpu, -1);
		return;
	}
	assert_true(server_cpu >= 0 && CPU_ISSET((size_t)server_cpu, &set));
	assert_true(load_cpu >= 0 && CPU_ISSET((size_t)load_cpu, &set));
	assert_int_not_equal(server_cpu, load_cpu);
}

static int choose_on_one_cpu(void *argument)
{
	int server_cpu, load_cpu;
	cpu_set_t set, one;

	(void)argument;
	sched_getaffinity(0, sizeof set, &set);
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
		if (CPU_ISSET((size_t)cpu, &set))
			CPU_SET((size_t)cpu, &one);
	if (sched_setaffinity(0, sizeof one, &one))
		return 1;
	process_choose_cpus(&server_cpu, &load_cpu);
	return server_cpu == -1 && load_cpu == -1 ? 0 : 2;
}

static void test_with_one_cpu_nobody_is_bound_to_it(void **state)
{
	(void)state;
	assert_int_equal(status_of(choose_on_one_cpu, NULL), 0);
}

static int raise_limit(void *argument)
{
	struct rlimit limit;

	(void)argument;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 16;
	if (setrlimit(RLIMIT_NOFILE, &limit) || process_raise_descriptor_limit() != limit.rlim_max)
		return 1;
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur == limit.rlim_max ? 0 : 2;
}

static void test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one(void **state)
{
	(void)state;
	assert_int_equal(status_of(raise_limit, NULL), 0);
}

static void test_the_end_of_a_process_is_described(void **state)
{
	int code = 3, signal_number = SIGKILL;
	char text[64], small[8];

	(void)state;
	process_describe_end(status_of(exit_with, &code), text, sizeof text);
	assert_string_equal(text, "exited with status 3");
	process_describe_end(status_of(exit_with, &code), small, sizeof small);
	assert_string_equal(small, "exited ");
	process_describe_end(status_of(die_of, &signal_number), text, sizeof text);
	assert_string_equal(text, "was killed by signal 9 (Killed)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_time_on_a_cpu_is_counted),
	        cmocka_unit_test(test_all_threads_are_counted),
	        cmocka_unit_test(test_context_switches_are_counted),
	        cmocka_unit_test(test_a_process_that_is_gone_is_an_error),
	        cmocka_unit_test(test_the_machine_has_slabs),
	        cmocka_unit_test(test_memory_that_is_touched_is_counted),
	        cmocka_unit_test(test_tcp_sockets_are_counted_in_the_network_of_the_process),
	        cmocka_unit_test(test_a_prepared_child_has_its_own_group_and_its_cpu),
	        cmocka_unit_test(test_a_child_whose_parent_is_another_is_told_so),
	        cmocka_unit_test(test_a_prepared_child_dies_with_its_parent),
	        cmocka_unit_test(test_server_and_load_get_a_cpu_each_where_there_are_two),
	        cmocka_unit_test(test_with_one_cpu_nobody_is_bound_to_it),
	        cmocka_unit_test(test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one),
	        cmocka_unit_test(test_the_end_of_a_process_is_described),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
