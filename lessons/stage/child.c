#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

void child_give_up(const char *what)
{
	int reason = errno;

	fflush(stdout);
	fprintf(stderr, "%s: cannot %s: %s\n", program_invocation_short_name, what,
	        strerror(reason));
	exit(1);
}

pid_t child_fork(void)
{
	pid_t parent = getpid();
	pid_t pid;

	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (pid < 0)
		child_give_up("start a child process");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	return 0;
}

void child_keep_only(int kept)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int fd = (int)strtol(entry->d_name, NULL, 10); /* 0 for "." and ".." */

		if (fd > 2 && fd != kept && fd != dirfd(folder))
			close(fd);
	}
	if (folder != NULL)
		closedir(folder);
}

/* A signal that is blocked waits for us, also where it would be ignored. */
bool child_wait(pid_t pid, double limit_ms, int *status)
{
	double until = net_now_ms() + limit_ms;
	sigset_t ends, before;
	pid_t got;

	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, &before);
	while ((got = waitpid(pid, status, WNOHANG)) == 0) {
		double left = until - net_now_ms();

		if (left <= 0)
			break;
		sigtimedwait(&ends, NULL,
		             &(struct timespec){.tv_sec = (time_t)(left / 1e3),
		                                .tv_nsec = (long)(left * 1e6) % 1000000000});
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return got == pid;
}

void child_describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "crashed: signal %d (%s)", WTERMSIG(status),
		         strsignal(WTERMSIG(status)));
	else
		snprintf(text, size, "ended with exit status %d", WEXITSTATUS(status));
}

void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}
