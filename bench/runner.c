#include "runner.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "meters.h"
#include "process.h"
#include "project.h"
#include "server.h"
#include "verdict.h"

#define LEAD_NS     (50 * NS_PER_MS) /* from "all are subscribed" to the start of the schedule */
#define PROGRESS_MS 100
#define LATE_ACK_NS (45 * NS_PER_MS) /* Linux delays an acknowledgement by 40 ms, as a rule */

#define SETTLE_MS    20
#define SETTLE_TRIES 100

volatile sig_atomic_t runner_interrupted;

/* A run in progress, as its parent sees it. */
struct runner {
	const struct run_spec *spec;
	const struct runner_options *options;
	enum lab_mode mode;
	struct run_plan plan;
	struct load_shared *shared;
	struct latencies *latencies; /* shared with the load too; NULL: nobody wants them */
	struct publish_log *log;
	struct lab lab;
	struct link_process link;
	struct capture capture;
	struct meters meters;
	struct server_process server;
	pid_t load_pid;
	int log_fd, load_fd; /* a memfd; our end of the load's socket pair */
	int server_cpu, load_cpu;
	char authority[PATH_MAX]; /* PEM: who has signed the server's certificate */
	char reason[sizeof((struct run_result *)0)->reason];
};

static void child_main(struct runner *runner, pid_t parent, int fd)
{
	struct load_config config = {
	        .spec = runner->spec,
	        .lab = &runner->lab,
	        .port = runner->server.port,
	        .authority = runner->spec->parameters.tls ? runner->authority : NULL,
	        .log = runner->log,
	        .parent_fd = fd,
	        .fault = runner->options->fault,
	        .latencies = runner->latencies,
	        .shared = runner->shared,
	};

	int err = lab_enter(&runner->lab, LAB_CLIENTS);

	if (err) {
		snprintf(runner->shared->result.reason, sizeof runner->shared->result.reason,
		         "the load could not enter the lab: %s", strerror(-err));
		_exit(1);
	}
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

/* NULL: there is not so much. */
static void *map_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int open_shared(struct runner *runner)
{
	runner->shared = map_shared(sizeof *runner->shared);
	if (runner->options->evidence)
		runner->latencies = map_shared(sizeof *runner->latencies);
	if (!runner->shared || (runner->options->evidence && !runner->latencies))
		return -ENOMEM;
	runner->log_fd = memfd_create("publish-log", 0); /* the server inherits it */
	if (runner->log_fd < 0)
		return -errno;
	return publish_log_open(&runner->log, runner->log_fd, run_plan_log_capacity(&runner->plan));
}

static bool server_is_dead(const struct runner *runner)
{
	struct pollfd ended = {.fd = runner->server.pid_fd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

static void show_progress(const struct runner *runner)
{
	const struct runner_progress *progress = runner->options->progress;

	if (progress)
		progress->show(progress->user, (enum load_phase)runner->shared->phase,
		               runner->shared->connected);
}

/*
 * Waits until `until_ns`, or until the load says something (its end of the pair closes when it
 * ends). 1: it has. 0: it is time. -EINTR: the user wants an end. -ESRCH: server or link are dead.
 */
static int wait_until(struct runner *runner, uint64_t until_ns)
{
	struct pollfd events[] = {{.fd = runner->load_fd, .events = POLLIN},
	                          {.fd = runner->server.pid_fd, .events = POLLIN},
	                          {.fd = runner->link.helper.line_fd, .events = POLLIN}};

	for (;;) {
		uint64_t now = clock_now_ns();
		uint64_t left_ns = until_ns > now ? until_ns - now : 0;
		struct timespec timeout = clock_timespec(
		        left_ns < PROGRESS_MS * NS_PER_MS ? left_ns : PROGRESS_MS * NS_PER_MS);

		show_progress(runner);
		if (!left_ns)
			return 0;
		if (ppoll(events, 3, &timeout, NULL) < 0 && errno != EINTR)
			return -errno;
		if (runner_interrupted)
			return -EINTR;
		if (events[1].revents || events[2].revents)
			return -ESRCH;
		if (events[0].revents)
			return 1;
	}
}

/* Lets the load close its connections, and waits for its end. */
static int release_load(struct runner *runner)
{
	char done;

	if (read(runner->load_fd, &done, 1) != 1)
		return 1; /* it has failed: it says why itself */
	meters_end(&runner->meters);
	if (send(runner->load_fd, &done, 1, MSG_NOSIGNAL) != 1)
		return 1;
	return wait_until(runner, UINT64_MAX);
}

/* As wait_until. The server stands still for a while, if it is to. */
static int wait_for_main_end(struct runner *runner, uint64_t main_ns)
{
	uint64_t freeze_ns = (uint64_t)(runner->options->fault.freeze_s * (double)NS_PER_S);
	uint64_t begin_ns = main_ns + runner->plan.main_ns / 4;
	int err = 0;

	if (freeze_ns) {
		err = wait_until(runner, begin_ns);
		kill(runner->server.pid, SIGSTOP);
		if (!err)
			err = wait_until(runner, begin_ns + freeze_ns);
		kill(runner->server.pid, SIGCONT);
	}
	return err ? err : wait_until(runner, main_ns + runner->plan.main_ns);
}

/* What subscribers have sent, and acknowledge late, crosses the link first. */
static int wait_for_link(struct runner *runner)
{
	const struct link_settings *link = &runner->spec->parameters.link;
	double ways_ms = 2 * (link->delay_ms + link->jitter_ms);

	if (!link_is_there(link))
		return 0;
	return wait_until(runner, clock_now_ns() + LATE_ACK_NS + (uint64_t)(ways_ms * 1e6));
}

static void count_slow_readers(struct runner *runner)
{
	int err = 0;

	if (runner->spec->parameters.slow_readers)
		err = server_slow_readers(&runner->server,
		                          &runner->meters.server.slow_disconnected);
	if (err)
		snprintf(runner->reason, sizeof runner->reason,
		         "the server does not say how many slow readers it cut: %s",
		         strerror(-err));
}

/* From "all are subscribed" to the end of the load. */
static int measure(struct runner *runner)
{
	int err = wait_for_link(runner);
	uint64_t start_ns = clock_now_ns() + LEAD_NS;
	uint64_t main_ns = start_ns + runner->plan.warmup_ns;

	if (err)
		return err;
	meters_connected(&runner->meters);
	if (server_publish(&runner->server, start_ns))
		return -ESRCH;
	if (send(runner->load_fd, &start_ns, sizeof start_ns, MSG_NOSIGNAL) != sizeof start_ns)
		return 1;
	err = wait_until(runner, main_ns);
	if (err)
		return err;
	meters_main_begins(&runner->meters);
	err = wait_for_main_end(runner, main_ns);
	if (err < 0)
		return err;
	/* Also where nothing was left to drain and the load was quicker than we. */
	meters_main_ends(&runner->meters);
	count_slow_readers(runner);
	if (!err)
		err = wait_until(runner, UINT64_MAX);
	return err == 1 ? release_load(runner) : err;
}

/* 0: the load says this. 1: it has ended, or says something else. Or as wait_until. */
static int hear(struct runner *runner, char what)
{
	int err = wait_until(runner, UINT64_MAX);
	char said = 0;

	if (err != 1)
		return err;
	return read(runner->load_fd, &said, 1) == 1 && said == what ? 0 : 1;
}

/* Half of the subscribers are there; the load waits. */
static int measure_half(struct runner *runner)
{
	int err = hear(runner, LOAD_SAYS_HALF);

	if (!err)
		err = wait_for_link(runner);
	if (err)
		return err;
	meters_half_connected(&runner->meters);
	return send(runner->load_fd, "", 1, MSG_NOSIGNAL) == 1 ? 0 : 1;
}

static int drive(struct runner *runner)
{
	int err = 0;

	if (run_half(runner->spec->parameters.subscribers))
		err = measure_half(runner);
	if (!err)
		err = hear(runner, LOAD_SAYS_ALL);
	return err ? err : measure(runner);
}

static int find_authority(struct runner *runner)
{
	int err = project_path(runner->authority, sizeof runner->authority, "certs/ca.pem");

	if (err)
		snprintf(runner->reason, sizeof runner->reason,
		         "there is no build/certs/ca.pem: run scripts/certs");
	return err;
}

static int start_link(struct runner *runner)
{
	const struct link_settings *settings = &runner->spec->parameters.link;
	int err = 0;

	if (lab_has_link_process(runner->mode))
		err = link_process_start(&runner->link, &runner->lab, settings, runner->spec->seed,
		                         runner->load_cpu);
	else if (runner->mode == LAB_NETEM)
		err = lab_set_netem(&runner->lab, settings);
	if (err)
		snprintf(runner->reason, sizeof runner->reason, "starting the link: %s",
		         strerror(-err));
	return err;
}

static int start_capture(struct runner *runner)
{
	const struct runner_options *options = runner->options;
	int err = 0;

	if (options->capture || options->capture_path)
		err = capture_start(&runner->capture, &runner->lab, options->capture_path);
	if (err)
		snprintf(runner->reason, sizeof runner->reason, "starting the capture: %.150s",
		         runner->capture.shared && *runner->capture.shared->error
		                 ? runner->capture.shared->error
		                 : strerror(-err));
	return err;
}

static int open_lab(struct runner *runner)
{
	struct lab_trouble trouble;
	int err = lab_open(&runner->lab, runner->mode, &trouble);

	if (err)
		snprintf(runner->reason, sizeof runner->reason, "the lab: %s: %s", trouble.step,
		         strerror(trouble.error));
	else
		err = start_link(runner);
	if (!err)
		err = start_capture(runner);
	if (!err)
		meters_open(&runner->meters, &runner->lab, &runner->link, runner->reason,
		            sizeof runner->reason);
	return err;
}

static int start(struct runner *runner)
{
	int err = runner->spec->parameters.tls ? find_authority(runner) : 0;

	if (err)
		return err;
	err = open_shared(runner);
	if (err) {
		snprintf(runner->reason, sizeof runner->reason, "shared memory: %s",
		         strerror(-err));
		return err;
	}
	err = open_lab(runner);
	if (err)
		return err;
	err = server_start(&runner->server, runner->spec, &runner->plan, &runner->lab,
	                   runner->log_fd, runner->server_cpu, runner->reason,
	                   sizeof runner->reason);
	if (err)
		return err;
	runner->meters.server_pid = runner->server.pid;
	meters_listening(&runner->meters);
	err = start_load(runner);
	runner->meters.load_pid = runner->load_pid;
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
		TEMP_FAILURE_RETRY(waitpid(runner->load_pid, &status, 0));
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

/* Until no packet has crossed the lab for a while: what closes connections may be under way. */
static void settle(struct runner *runner)
{
	const struct link_settings *link = &runner->spec->parameters.link;
	int quiet_ms = SETTLE_MS + (int)(2 * (link->delay_ms + link->jitter_ms));
	struct lab_counts before = {0}, now;

	for (int i = 0; i < SETTLE_TRIES && lab_count(&runner->lab, &now) == 0; i++) {
		if (memcmp(&before, &now, sizeof now) == 0)
			return;
		before = now;
		poll(NULL, 0, quiet_ms);
	}
}

/* What ended by itself, or had to be killed, is the reason for all that went wrong after that. */
static void note_end(struct runner *runner, const char *what, int status)
{
	char how[64];

	if (!WIFSIGNALED(status))
		return;
	process_describe_end(status, how, sizeof how);
	snprintf(runner->reason, sizeof runner->reason, "the %s %s", what, how);
}

static void note_capture(struct runner *runner)
{
	const struct capture_shared *capture = runner->capture.shared;

	if (!capture || *runner->reason)
		return;
	if (*capture->error)
		snprintf(runner->reason, sizeof runner->reason, "the capture: %.150s",
		         capture->error);
	else if (capture->missed)
		snprintf(runner->reason, sizeof runner->reason, "the capture missed %llu packets",
		         (unsigned long long)capture->missed);
}

/* When both ends are gone. */
static void end_helpers(struct runner *runner)
{
	struct evidence *evidence = runner->options->evidence;

	if (evidence)
		settle(runner);
	note_end(runner, "capture", capture_end(&runner->capture));
	note_capture(runner);
	note_end(runner, "link process", link_process_end(&runner->link));
	if (!evidence)
		return;
	*evidence = (struct evidence){0};
	lab_count_side(&runner->lab, LAB_SERVER, &evidence->server);
	lab_count_side(&runner->lab, LAB_CLIENTS, &evidence->clients);
	if (runner->link.shared)
		evidence->link = *runner->link.shared;
	if (runner->capture.shared)
		evidence->capture = *runner->capture.shared;
	if (runner->latencies)
		evidence->latencies = *runner->latencies;
}

static void release(struct runner *runner)
{
	capture_free(&runner->capture);
	link_process_free(&runner->link);
	lab_close(&runner->lab);
	publish_log_close(&runner->log);
	if (runner->log_fd >= 0)
		close(runner->log_fd);
	if (runner->load_fd >= 0)
		close(runner->load_fd);
	if (runner->latencies)
		munmap(runner->latencies, sizeof *runner->latencies);
	if (runner->shared)
		munmap(runner->shared, sizeof *runner->shared);
}

static void note_link(const struct link_shared *link, struct run_result *result)
{
	result->link_lost = link->down.lost + link->up.lost;
	result->link_queue_full = link->down.dropped + link->up.dropped;
	result->link_late_p99_ms = (double)hist_quantile_ns(&link->lateness, 0.99) / 1e6;
	result->link_cpu_ms = (double)link->cpu_ns / 1e6;
	result->packets_dropped += link->missed;
	if (link->error)
		snprintf(result->reason, sizeof result->reason, "the link process: %s",
		         strerror(link->error));
}

/* What only the parent knows. */
static void complete(const struct runner *runner, struct run_result *result)
{
	const struct meters *meters = &runner->meters;

	result->server = meters->server;
	result->server.cpu_share = (double)meters->server.cpu_ns / 1e6 / result->main_ms;
	result->load.wait_ns = meters->load_wait_ns;
	result->link_wait_ns = meters->link_wait_ns;
	result->wire_connecting = meters->wire_connecting;
	result->wire = meters->wire;
	result->kinds_down = meters->kinds_down;
	result->kinds_up = meters->kinds_up;
	result->packets_dropped = meters->packets_dropped;
	result->captured = runner->capture.shared;
	if (runner->link.shared)
		note_link(runner->link.shared, result);
	strcpy(result->lab_mode, lab_mode_name(runner->mode));
	strcpy(result->wire_counts, runner->mode == LAB_LOOPBACK ? "modelled" : "counted");
	if (runner->server_cpu < 0)
		strcpy(result->pinning, "none");
	else
		snprintf(result->pinning, sizeof result->pinning,
		         "server on CPU %d, load on CPU %d", runner->server_cpu, runner->load_cpu);
	if (*runner->reason)
		strcpy(result->reason, runner->reason);
}

int runner_run(const struct run_spec *spec, const struct runner_options *options,
               struct run_result *result)
{
	struct runner runner = {
	        .spec = spec,
	        .options = options,
	        .mode = lab_mode_for(options->mode, &spec->parameters.link),
	        .plan = run_plan(spec),
	        .server = {.pid_fd = -1, .control_fd = -1},
	        .lab = LAB_NONE,
	        .link = {.helper = HELPER_NONE},
	        .capture = {.helper = HELPER_NONE},
	        .log_fd = -1,
	        .load_fd = -1,
	};
	int err;

	process_choose_cpus(&runner.server_cpu, &runner.load_cpu);
	err = start(&runner);
	if (!err)
		err = drive(&runner);
	else if (runner_interrupted)
		err = -EINTR;
	if (err == 1 && runner.shared->failed)
		wait_for_bad_news(&runner);
	stop(&runner, err != 1);
	end_helpers(&runner);
	*result = runner.shared ? runner.shared->result : (struct run_result){0};
	complete(&runner, result);
	verdict_find(spec, result);
	release(&runner);
	return err == -EINTR ? err : 0;
}
