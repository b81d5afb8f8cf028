#include "learn_process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	HELP_MAX = 8192 /* what is beyond is not looked at */
};

/* What a make around us has set is not meant for the make that we run. */
static void clean_environment(const struct process *process)
{
	const char *const names[] = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	if (process->values)
		setenv("STAGE_VALUES", process->values, 1);
	else
		unsetenv("STAGE_VALUES");
}

static void redirect(int fd, int to)
{
	if (to < 0)
		to = open("/dev/null", O_WRONLY);
	if (to > 0)
		dup2(to, fd);
}

static _Noreturn void become(const struct process *process)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	redirect(STDOUT_FILENO, process->out);
	redirect(STDERR_FILENO, process->err);
	clean_environment(process);
	if (!process->directory || !chdir(process->directory))
		execvp(process->argv[0], (char *const *)process->argv);
	fprintf(stderr, "learn: %s: %s\n", process->argv[0], strerror(errno));
	_exit(127);
}

static int await(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_run(const struct process *process)
{
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction interrupt, quit;
	int status;
	pid_t pid;

	fflush(stdout);
	sigaction(SIGINT, &ignore, &interrupt);
	sigaction(SIGQUIT, &ignore, &quit);
	pid = fork();
	if (pid == 0)
		become(process);
	status = pid < 0 ? -errno : await(pid);
	sigaction(SIGINT, &interrupt, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	return status;
}

/* Whether the text has the option as a word. */
static bool lists(const char *text, const char *option)
{
	const size_t size = strlen(option);

	for (const char *at = strstr(text, option); at; at = strstr(at + 1, option)) {
		if (!isalnum((unsigned char)at[size]) && at[size] != '-' &&
		    (at == text || isspace((unsigned char)at[-1])))
			return true;
	}
	return false;
}

/* What `program --help` prints, cut to size; "" where it fails. */
static void read_help(const char *program, char *text, size_t size)
{
	const char *const argv[] = {program, "--help", NULL};
	FILE *file = tmpfile();
	struct process process = {.argv = argv, .err = -1};
	size_t used = 0;

	text[0] = '\0';
	if (!file)
		return;
	process.out = fileno(file);
	if (process_run(&process) == 0) {
		rewind(file);
		used = fread(text, 1, size - 1, file);
	}
	fclose(file);
	text[used] = '\0';
}

bool process_knows(const char *program, const char *option)
{
	char text[HELP_MAX];

	read_help(program, text, sizeof text);
	return lists(text, option);
}

bool process_takes_numbers(const char *program)
{
	char text[HELP_MAX];

	read_help(program, text, sizeof text);
	for (const char *at = strstr(text, "  --"); at; at = strstr(at + 1, "  --")) {
		const char *end = at + 2 + strcspn(at + 2, " \n");

		if (strncmp(end, " N ", 3) == 0)
			return true;
	}
	return false;
}
