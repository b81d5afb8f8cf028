#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "project.h"

#define READY_MS         10000
#define STOP_MS          5000
#define ANSWER_MS        5000
#define LOG_MESSAGES_MIN 1024
#define LOG_MESSAGES_MAX 1e6
#define QUEUE_S          1 /* of slow readers: what is published in that time */
#define QUEUE_MIN        8
#define ARGUMENTS_MAX    21
#define TIMEOUT_MAX_MS   3.6e6 /* as build/serve has it */
#define TIMEOUT_SPARE_MS 6e4

/* The arguments of build/serve, each option as one --name=value. */
struct arguments {
	char text[ARGUMENTS_MAX][80];
	char *list[ARGUMENTS_MAX + 2]; /* the program, at most so many, NULL */
	size_t count;
};

static void add(struct arguments *arguments, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void add(struct arguments *arguments, const char *format, ...)
{
	char *text = arguments->text[arguments->count];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof arguments->text[0], format, values);
	va_end(values);
	arguments->list[++arguments->count] = text;
}

/* Enough for a poll that comes late by some intervals. */
static double log_messages(const struct run_parameters *parameters)
{
	double rate_hz = parameters->rate_hz + parameters->rate_up_hz;
	double needed = 4 * rate_hz * parameters->poll_interval_ms / 1e3;

	return fmin(fmax(needed, LOG_MESSAGES_MIN), LOG_MESSAGES_MAX);
}

/* No client here is at fault when it is quiet: a lane may wait for its turn to publish, a poll for
 * its instant. */
static double quiet_ms(const struct run_parameters *parameters)
{
	double run_ms = (parameters->warmup_s + parameters->main_s) * 1e3;

	return fmin(run_ms + TIMEOUT_SPARE_MS, TIMEOUT_MAX_MS);
}

static void build_arguments(struct arguments *arguments, const struct run_spec *spec,
                            const struct run_plan *plan, const struct lab *lab, int control_fd,
                            int log_fd)
{
	const struct run_parameters *parameters = &spec->parameters;

	add(arguments, "--transport=%s", parameters->transport);
	add(arguments, "--stack=%s", parameters->stack);
	add(arguments, "--listen=%s", lab_server_address(lab));
	add(arguments, "--port=0");
	if (parameters->tls)
		add(arguments, "--tls");
	add(arguments, "--rate=%.17g", parameters->rate_hz);
	add(arguments, "--arrivals=%s", arrivals_name(parameters->arrivals));
	add(arguments, "--seed=%" PRIu64, spec->seed);
	add(arguments, "--messages=%" PRIu64, plan->messages);
	add(arguments, "--payload=%u", parameters->payload_bytes);
	add(arguments, "--log-messages=%.0f", log_messages(parameters));
	if (parameters->slow_readers)
		add(arguments, "--max-queue=%.0f",
		    fmax(ceil(parameters->rate_hz * QUEUE_S), QUEUE_MIN));
	add(arguments, "--format=%s", message_format_name(parameters->format));
	add(arguments, "--request-timeout=%.0f", quiet_ms(parameters));
	add(arguments, "--idle-timeout=%.0f", quiet_ms(parameters));
	add(arguments, "--control=%d", control_fd);
	add(arguments, "--publish-log=/proc/self/fd/%d", log_fd);
	add(arguments, "--publish-log-capacity=%" PRIu64, run_plan_log_capacity(plan));
}

/* In the child. Its descriptors are close-on-exec but for the three that it is given. */
static void execute(const char *program, struct arguments *arguments, int out_fd,
                    const int *inherited, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fcntl(inherited[i], F_SETFD, 0);
	dup2(out_fd, STDOUT_FILENO);
	arguments->list[0] = (char *)program;
	execv(program, arguments->list);
	dprintf(STDERR_FILENO, "bench: %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* The readiness line, or what came instead. */
static int read_ready(int fd, uint16_t *port, char *error, size_t error_size)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char line[256] = "";
	size_t size = 0;

	while (!strchr(line, '\n') && size < sizeof line - 1) {
		ssize_t got;

		if (poll(&readable, 1, READY_MS) <= 0) {
			snprintf(error, error_size, "the server was not ready within %d s",
			         READY_MS / 1000);
			return -ETIMEDOUT;
		}
		got = read(fd, line + size, sizeof line - 1 - size);
		if (got <= 0)
			break;
		size += (size_t)got;
		line[size] = '\0';
	}
	/* http, https, or what the floor calls itself */
	if (sscanf(line, "ready %*[a-z]://%*[0-9.]:%" SCNu16, port) == 1)
		return 0;
	snprintf(error, error_size, "the server did not start: see its message above");
	return -EIO;
}

static pid_t spawn(const struct run_spec *spec, const struct run_plan *plan, const struct lab *lab,
                   const int control[2], const int ready[2], int log_fd, int cpu)
{
	const int inherited[] = {control[1], log_fd};
	struct arguments arguments = {.count = 0};
	pid_t parent = getpid(), pid;
	char program[PATH_MAX];
	int err = project_path(program, sizeof program, "serve");

	if (err) {
		errno = -err;
		return -1;
	}
	build_arguments(&arguments, spec, plan, lab, control[1], log_fd);
	pid = fork();
	if (pid == 0) {
		if (!lab_enter(lab, LAB_SERVER) && process_prepare_child(parent, cpu))
			execute(program, &arguments, ready[1], inherited, 2);
		_exit(127);
	}
	return pid;
}

int server_start(struct server_process *server, const struct run_spec *spec,
                 const struct run_plan *plan, const struct lab *lab, int log_fd, int cpu,
                 char *error, size_t error_size)
{
	int control[2] = {-1, -1}, ready[2] = {-1, -1}, err = 0;

	*server = (struct server_process){.pid_fd = -1, .control_fd = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) || pipe2(ready, O_CLOEXEC))
		err = -errno;
	if (!err) {
		server->pid = spawn(spec, plan, lab, control, ready, log_fd, cpu);
		err = server->pid > 0 ? 0 : -errno;
	}
	close(control[1]);
	close(ready[1]);
	if (err) {
		close(control[0]);
		server->pid = 0;
		snprintf(error, error_size, "starting the server: %s", strerror(-err));
	} else {
		server->control_fd = control[0];
		server->pid_fd = (int)syscall(SYS_pidfd_open, server->pid, 0);
		err = read_ready(ready[0], &server->port, error, error_size);
	}
	close(ready[0]);
	if (err)
		server_stop(server);
	return err;
}

int server_publish(const struct server_process *server, uint64_t start_ns)
{
	char line[48];
	int size = snprintf(line, sizeof line, "publish %" PRIu64 "\n", start_ns);

	return send(server->control_fd, line, (size_t)size, MSG_NOSIGNAL) == size ? 0 : -EPIPE;
}

int server_slow_readers(const struct server_process *server, uint64_t *count)
{
	static const char question[] = "slow_readers\n";
	struct pollfd answered = {.fd = server->control_fd, .events = POLLIN};
	char answer[32];
	ssize_t size;

	if (send(server->control_fd, question, sizeof question - 1, MSG_NOSIGNAL) < 0)
		return -errno;
	if (poll(&answered, 1, ANSWER_MS) <= 0)
		return -ETIMEDOUT;
	size = recv(server->control_fd, answer, sizeof answer - 1, 0);
	if (size <= 0)
		return -EPIPE;
	answer[size] = '\0';
	return sscanf(answer, "slow_readers %" SCNu64, count) == 1 ? 0 : -EPROTO;
}

int server_stop(struct server_process *server)
{
	struct pollfd ended = {.fd = server->pid_fd, .events = POLLIN};
	int status;

	if (!server->pid)
		return -1;
	close(server->control_fd);
	if (poll(&ended, 1, STOP_MS) <= 0)
		kill(server->pid, SIGKILL);
	TEMP_FAILURE_RETRY(waitpid(server->pid, &status, 0));
	if (server->pid_fd >= 0)
		close(server->pid_fd);
	*server = (struct server_process){.pid_fd = -1, .control_fd = -1};
	return status;
}
