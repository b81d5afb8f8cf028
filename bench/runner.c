#include "runner.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "process.h"
#include "server.h"

#define ADDRESS            "127.0.0.1"
#define LEAD_NS            (50 * NS_PER_MS) /* from "all are subscribed" to the start of the schedule */
#define PROGRESS_MS        100
#define LOAD_CPU_MAX       0.9
#define SERVER_WAIT_MAX    0.05
#define LATENESS_MAX_MS    10.0
#define LATENESS_MAX_SHARE 0.05 /* of the poll interval */

volatile sig_atomic_t runner_interrupted;

/* A run in progress, as its parent sees it. */
struct runner {
	const struct run_spec *spec;
	const struct runner_progress *progress;
	struct load_plan plan;
	struct load_shared *shared;
	struct publish_log *log;
	struct server_process server;
	pid_t load_pid;
	int log_fd, load_fd; /* a memfd; our end of the load's socket pair */
	int server_cpu, load_cpu;
	struct process_usage usage_before;
	struct run_server usage;
	char reason[sizeof((struct run_result *)0)->reason];
};

static void child_main(struct runner *runner, pid_t parent, int fd)
{
	struct load_config config = {
	        .spec = runner->spec,
	        .address = ADDRESS,
	        .port = runner->server.port,
	        .log = runner->log,
	        .parent_fd = fd,
	        .shared = runner->shared,
	};

	if (!process_prepare_child(parent, runner->load_cpu))
		_exit(1);
	/* Our copy of the server's line, so that the parent's close is the last. */
	close(runner->server.control_fd);
	_exit(load_run(&config) ? 1 : 0);
}

static int start_load(struct runner *runner)
{
	pid_t parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	runner->load_pid = fork();
	if (runner->load_pid == 0) {
		close(fds[0]);
		child_main(runner, parent, fds[1]);
	}
	close(fds[1]);
	runner->load_fd = fds[0];
	return runner->load_pid < 0 ? -errno : 0;
}

static int open_shared(struct runner *runner)
{
	void *memory = mmap(NULL, sizeof *runner->shared, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	runner->shared = memory;
	runner->log_fd = memfd_create("publish-log", 0); /* the server inherits it */
	if (runner->log_fd < 0)
		return -errno;
	return publish_log_open(&runner->log, runner->log_fd, runner->plan.messages);
}

static bool server_is_dead(const struct runner *runner)
{
	struct pollfd ended = {.fd = runner->server.pid_fd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

/*
 * Waits until `until_ns`, or until the load says something (its end of the pair closes when it
 * ends). 1: it has. 0: it is time. -EINTR: the user wants an end. -ESRCH: the server is dead.
 */
static int wait_until(struct runner *runner, uint64_t until_ns)
{
	struct pollfd events[] = {{.fd = runner->load_fd, .events = POLLIN},
	                          {.fd = runner->server.pid_fd, .events = POLLIN}};

	for (;;) {
		uint64_t now = clock_now_ns();
		uint64_t left_ns = until_ns > now ? until_ns - now : 0;
		struct timespec timeout = clock_timespec(
		        left_ns < PROGRESS_MS * NS_PER_MS ? left_ns : PROGRESS_MS * NS_PER_MS);

		if (runner->progress)
			runner->progress->show(runner->progress->user,
			                       (enum load_phase)runner->shared->phase,
			                       runner->shared->connected);
		if (!left_ns)
			return 0;
		if (ppoll(events, 2, &timeout, NULL) < 0 && errno != EINTR)
			return -errno;
		if (runner_interrupted)
			return -EINTR;
		if (events[1].revents)
			return -ESRCH;
		if (events[0].revents)
			return 1;
	}
}

static void usage_begin(struct runner *runner)
{
	process_usage(runner->server.pid, &runner->usage_before);
}

static void usage_end(struct runner *runner)
{
	struct process_usage now, *before = &runner->usage_before;
	struct run_server *usage = &runner->usage;

	if (process_usage(runner->server.pid, &now))
		return;
	usage->cpu_ns = now.cpu_ns - before->cpu_ns;
	usage->wait_ns = now.wait_ns - before->wait_ns;
	usage->context_switches = now.context_switches - before->context_switches;
	usage->cpu_share = (double)usage->cpu_ns / (double)runner->plan.main_ns;
	process_pss(runner->server.pid, &usage->pss_bytes);
}

/* Lets the load close its connections, and waits for its end. */
static int release_load(struct runner *runner)
{
	char done;

	if (read(runner->load_fd, &done, 1) != 1 ||
	    send(runner->load_fd, &done, 1, MSG_NOSIGNAL) != 1)
		return 1; /* it has failed: it says why itself */
	return wait_until(runner, UINT64_MAX);
}

/* From "all are subscribed" to the end of the load. */
static int measure(struct runner *runner)
{
	uint64_t start_ns = clock_now_ns() + LEAD_NS;
	uint64_t main_ns = start_ns + runner->plan.warmup_ns;
	int err;

	if (server_publish(&runner->server, start_ns))
		return -ESRCH;
	if (send(runner->load_fd, &start_ns, sizeof start_ns, MSG_NOSIGNAL) != sizeof start_ns)
		return 1;
	err = wait_until(runner, main_ns);
	if (err)
		return err;
	usage_begin(runner);
	err = wait_until(runner, main_ns + runner->plan.main_ns);
	if (err < 0)
		return err;
	usage_end(
	        runner); /* also where nothing was left to drain and the load was quicker than we */
	if (!err)
		err = wait_until(runner, UINT64_MAX);
	return err == 1 ? release_load(runner) : err;
}

static int drive(struct runner *runner)
{
	char subscribed;
	int err = wait_until(runner, UINT64_MAX);

	if (err == 1 && read(runner->load_fd, &subscribed, 1) == 1)
		err = measure(runner);
	return err;
}

static int start(struct runner *runner)
{
	int err = open_shared(runner);

	if (err) {
		snprintf(runner->reason, sizeof runner->reason, "shared memory: %s",
		         strerror(-err));
		return err;
	}
	err = server_start(&runner->server, runner->spec, runner->plan.messages, runner->log_fd,
	                   runner->server_cpu, runner->reason, sizeof runner->reason);
	if (err)
		return err;
	process_pss(runner->server.pid, &runner->usage.pss_before_bytes);
	err = start_load(runner);
	if (err)
		snprintf(runner->reason, sizeof runner->reason, "starting the load: %s",
		         strerror(-err));
	return err;
}

static void stop(struct runner *runner, bool force)
{
	char how[64];
	bool died = runner->server.pid && server_is_dead(runner);
	int status;

	if (runner->load_pid > 0) {
		if (force)
			kill(runner->load_pid, SIGKILL);
		waitpid(runner->load_pid, &status, 0);
		if (!force && WIFSIGNALED(status)) {
			process_describe_end(status, how, sizeof how);
			snprintf(runner->reason, sizeof runner->reason, "the load process %s", how);
		}
	}
	status = server_stop(&runner->server);
	if (died) {
		process_describe_end(status, how, sizeof how);
		snprintf(runner->reason, sizeof runner->reason, "the server %s during the run",
		         how);
	}
}

/* The load may notice the server's end before we do: then its own reason is only a consequence. */
static void wait_for_bad_news(struct runner *runner)
{
	struct pollfd ended = {.fd = runner->server.pid_fd, .events = POLLIN};

	poll(&ended, 1, PROGRESS_MS);
}

static void judge(const struct runner *runner, bool load_failed, struct run_result *result)
{
	char *reason = result->reason;
	size_t size = sizeof result->reason;
	double lateness_max_ms = fmax(
	        LATENESS_MAX_MS, LATENESS_MAX_SHARE * runner->spec->parameters.poll_interval_ms);
	double wait_share = (double)runner->usage.wait_ns / (double)runner->plan.main_ns;

	if (*runner->reason)
		snprintf(reason, size, "%s", runner->reason);
	else if (*reason || load_failed)
		return; /* the load's own */
	else if (!result->expected)
		snprintf(reason, size, "no message was scheduled in the main phase");
	else if (result->delivered < result->expected)
		snprintf(reason, size, "%llu of %llu deliveries are missing",
		         (unsigned long long)(result->expected - result->delivered),
		         (unsigned long long)result->expected);
	else if (result->load.cpu_share > LOAD_CPU_MAX)
		snprintf(reason, size, "the load took %.0f %% of its CPU (at most %.0f %%)",
		         result->load.cpu_share * 100, LOAD_CPU_MAX * 100);
	else if (wait_share > SERVER_WAIT_MAX)
		snprintf(reason, size,
		         "the server waited %.1f %% of the time for a CPU (at most %.0f %%)",
		         wait_share * 100, SERVER_WAIT_MAX * 100);
	else if (result->load.lateness_p99_ms > lateness_max_ms)
		snprintf(reason, size, "the load was late: %.1f ms at p99 (at most %.0f ms)",
		         result->load.lateness_p99_ms, lateness_max_ms);
	else
		result->valid = true;
}

static void release(struct runner *runner)
{
	publish_log_close(&runner->log);
	if (runner->log_fd >= 0)
		close(runner->log_fd);
	if (runner->load_fd >= 0)
		close(runner->load_fd);
	if (runner->shared)
		munmap(runner->shared, sizeof *runner->shared);
}

int runner_run(const struct run_spec *spec, struct run_result *result,
               const struct runner_progress *progress)
{
	struct runner runner = {
	        .spec = spec,
	        .progress = progress,
	        .plan = load_plan(spec),
	        .server = {.pid_fd = -1, .control_fd = -1},
	        .log_fd = -1,
	        .load_fd = -1,
	};
	int err;

	process_choose_cpus(&runner.server_cpu, &runner.load_cpu);
	err = start(&runner);
	if (!err)
		err = drive(&runner);
	if (err == 1 && runner.shared->failed)
		wait_for_bad_news(&runner);
	stop(&runner, err != 1);
	if (runner.shared)
		*result = runner.shared->result;
	else
		*result = (struct run_result){0};
	result->server = runner.usage;
	strcpy(result->lab_mode, "loopback");
	strcpy(result->wire_counts, "modelled");
	judge(&runner, runner.shared && runner.shared->failed, result);
	release(&runner);
	return err == -EINTR ? err : 0;
}
