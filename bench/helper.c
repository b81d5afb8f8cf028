#include "helper.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t helper_fork(struct helper *helper, size_t shared_size)
{
	void *memory =
	        mmap(NULL, shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fds[2];
	pid_t pid;

	*helper = (struct helper)HELPER_NONE;
	if (memory == MAP_FAILED)
		return -errno;
	helper->shared = memory;
	helper->shared_size = shared_size;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	pid = fork();
	if (pid < 0)
		pid = -errno;
	close(fds[pid == 0 ? 0 : 1]);
	helper->line_fd = fds[pid == 0 ? 1 : 0];
	helper->pid = pid > 0 ? pid : 0;
	return pid;
}

int helper_end(struct helper *helper)
{
	int status = 0;

	if (helper->line_fd >= 0)
		close(helper->line_fd);
	helper->line_fd = -1;
	if (helper->pid > 0)
		TEMP_FAILURE_RETRY(waitpid(helper->pid, &status, 0));
	helper->pid = 0;
	return status;
}

void helper_free(struct helper *helper)
{
	helper_end(helper);
	if (helper->shared)
		munmap(helper->shared, helper->shared_size);
	helper->shared = NULL;
}
