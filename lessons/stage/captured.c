#include "captured.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static int make_file(void)
{
	int fd = memfd_create("captured", MFD_CLOEXEC);

	if (fd < 0)
		child_give_up("make a file in memory");
	return fd;
}

static void take(int fd, char *text, size_t size)
{
	ssize_t got = pread(fd, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

void captured_run(struct captured *captured, int (*run)(void *user), void *user)
{
	int out = make_file();
	int err = make_file();
	int status = 0;
	pid_t pid = child_fork();

	if (pid == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		exit(run(user));
	}
	waitpid(pid, &status, 0);
	captured->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	take(out, captured->out, sizeof(captured->out));
	take(err, captured->err, sizeof(captured->err));
}
