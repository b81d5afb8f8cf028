#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "check_fail.h"
#include "child.h"
#include "net.h"
#include "ports.h"

#define READY_MS  2000
#define END_MS    2000
#define PORTS     4
#define ARGUMENTS 32

static const char start[] = "the start of your program";

static _Noreturn void run(int output, const char *const *more)
{
	static char name[] = "exercise", option[] = "--port", port[] = "0";
	char *arguments[ARGUMENTS] = {name, option, port};
	int count = 3;

	for (; more != NULL && *more != NULL && count < ARGUMENTS - 1; more++)
		arguments[count++] = strdup(*more);
	child_keep_only(output);
	dup2(output, STDOUT_FILENO);
	close(output);
	setvbuf(stdout, NULL, _IOLBF, 0); /* so that nobody is caught by a missing fflush */
	exit(exercise_main(count, arguments));
}

/* "8000", "8000 and 8001", or "". */
static void print_ports(char *text, size_t size, const uint16_t *ports, size_t count)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%u", i > 0 ? " and " : "",
		                         ports[i]);
}

static _Noreturn void fail_to_start(pid_t pid, bool ended)
{
	uint16_t ports[PORTS];
	char list[64], got[128];
	int status = 0;

	print_ports(list, sizeof(list), ports, ports_listened_on(pid, ports, PORTS));
	if (ended && child_wait(pid, END_MS, &status))
		child_describe(status, got, sizeof(got));
	else if (list[0] != '\0')
		snprintf(got, sizeof(got), "no such line; your program listens on %s", list);
	else
		snprintf(got, sizeof(got), "no such line; your program listens on no port");
	child_end(pid);
	check_fail(start, "the line \"ready PORT\" on stdout within 2 s", got,
	           "bind port 0, ask getsockname for the port, and print it");
}

/* Reads the output up to the line that it is ready, and gives its port. */
static uint16_t await_ready(pid_t pid, int output)
{
	double until = net_now_ms() + READY_MS;
	char line[128];
	size_t used = 0;

	for (;;) {
		struct pollfd wait = {.fd = output, .events = POLLIN};
		double left = until - net_now_ms();
		unsigned port;
		char c;

		if (left <= 0 || poll(&wait, 1, (int)left + 1) <= 0)
			fail_to_start(pid, false);
		if (read(output, &c, 1) != 1)
			fail_to_start(pid, true);
		if (c != '\n') {
			line[used] = c;
			used += used < sizeof(line) - 1;
			continue;
		}
		line[used] = '\0';
		used = 0;
		if (sscanf(line, "ready %u", &port) == 1)
			return (uint16_t)port;
		fprintf(stderr, "%s\n", line);
	}
}

/* What it prints later goes to stderr: if nobody read it, it would have to wait. Whoever passes it
 * on outlives the case, so that the last lines are not lost. */
static void pass_on(int output)
{
	char data[4096];
	ssize_t got;

	if (child_fork() > 0)
		return;
	prctl(PR_SET_PDEATHSIG, 0);
	setpgid(0, 0);
	child_keep_only(output);
	while ((got = read(output, data, sizeof(data))) > 0)
		if (write(STDERR_FILENO, data, (size_t)got) < 0)
			break;
	_exit(0);
}

static void require_port(const struct check_program *program)
{
	uint16_t ports[PORTS];
	size_t count = ports_listened_on(program->pid, ports, PORTS);
	char list[64], expected[64], got[128];

	for (size_t i = 0; i < count; i++)
		if (ports[i] == program->port)
			return;
	print_ports(list, sizeof(list), ports, count);
	snprintf(expected, sizeof(expected), "it listens on the port it said, %u", program->port);
	snprintf(got, sizeof(got), "your program listens on %s, it said %u",
	         count > 0 ? list : "no port", program->port);
	check_fail(start, expected, got,
	           "call listen first; port 0 means any port, which getsockname tells");
}

void check_start(struct check_program *program, const char *const *more_arguments)
{
	int ends[2];

	if (pipe(ends) < 0)
		child_give_up("make a pipe");
	program->pid = child_fork();
	if (program->pid == 0)
		run(ends[1], more_arguments);
	close(ends[1]);
	program->port = await_ready(program->pid, ends[0]);
	require_port(program);
	pass_on(ends[0]);
	close(ends[0]);
}

void check_stop(struct check_program *program)
{
	char end[128];
	int status = 0;

	kill(program->pid, SIGTERM);
	if (!child_wait(program->pid, END_MS, &status)) {
		child_end(program->pid);
		return;
	}
	if (status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM))
		return;
	child_describe(status, end, sizeof(end));
	check_fail("the end of your program", "that it runs until it is told to end", end, NULL);
}

int check_exit_status(struct check_program *program)
{
	char end[128];
	int status = 0;

	if (!child_wait(program->pid, END_MS, &status)) {
		child_end(program->pid);
		check_fail("the end of your program", "that it ends by itself within 2 s",
		           "it runs still", NULL);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	child_describe(status, end, sizeof(end));
	check_fail("the end of your program", "an exit status", end, NULL);
}
