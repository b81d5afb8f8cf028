#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int spawn(const char *const argv[], const char *directory, int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int status = -posix_spawn_file_actions_init(&actions);

	if (status)
		return status;
	status = -posix_spawn_file_actions_addchdir_np(&actions, directory);
	if (status == 0 && output >= 0)
		status = -posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (status == 0 && output >= 0)
		status = -posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
		                                           O_WRONLY, 0);
	if (status == 0)
		status = -posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* Reads to the end, so that the program never meets a closed pipe. */
static void read_all(int fd, char *output, size_t size)
{
	char rest[512];
	size_t used = 0;
	ssize_t got;

	do {
		if (used + 1 < size)
			got = read(fd, output + used, size - 1 - used);
		else
			got = read(fd, rest, sizeof(rest));
		if (got > 0 && used + 1 < size)
			used += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	output[used] = '\0';
}

int command_run(const char *const argv[], const char *directory, char *output, size_t size)
{
	int ends[2] = {-1, -1};
	pid_t pid;
	int status;

	if (output && pipe2(ends, O_CLOEXEC))
		return -errno;
	status = spawn(argv, directory, ends[1], &pid);
	if (ends[1] >= 0)
		close(ends[1]);
	if (status == 0 && output)
		read_all(ends[0], output, size);
	if (ends[0] >= 0)
		close(ends[0]);
	return status ? status : wait_for(pid);
}
