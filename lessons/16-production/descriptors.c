#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../stage/child.h"

void descriptors_fill_first_three(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void descriptors_allow(unsigned most)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		child_give_up("ask for the limit of descriptors");
	if (limit.rlim_max < most) {
		fprintf(stderr,
		        "%s: it takes %u descriptors, and the hard limit (ulimit -Hn) is %lu: "
		        "lower --descriptors\n",
		        program_invocation_short_name, most, (unsigned long)limit.rlim_max);
		exit(1);
	}
	limit.rlim_cur = most;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		child_give_up("set the limit of descriptors");
}

void descriptors_need(unsigned least)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < least)
		descriptors_allow(least);
}

unsigned descriptors_in_use(void)
{
	struct rlimit limit;
	unsigned used = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		child_give_up("ask for the limit of descriptors");
	for (int fd = 0; (rlim_t)fd < limit.rlim_cur; fd++)
		used += fcntl(fd, F_GETFD) >= 0;
	return used;
}

double cpu_ms_of(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		clock_gettime(clock, &used);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}
