#include "link_process.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "process.h"

#define PACKET_MAX    2048
#define TAKEN_AT_ONCE 64 /* of one device, before those that are due are sent on */

/* The server's device gives what goes down, the clients' what goes up. */
struct wire {
	const int *device_fd; /* by side */
	struct link links[2]; /* by the side from which they come */
	struct link_shared *shared;
	int epoll_fd, timer_fd;
	uint64_t armed_ns;
};

enum source { SOURCE_SERVER = LAB_SERVER, SOURCE_CLIENTS = LAB_CLIENTS, SOURCE_TIMER, SOURCE_END };

static enum lab_side other(enum lab_side side)
{
	return side == LAB_SERVER ? LAB_CLIENTS : LAB_SERVER;
}

/* The instant is read after each packet: one that was read before would let it leave too early. */
static int take(struct wire *wire, enum lab_side side)
{
	uint8_t packet[PACKET_MAX];

	for (int i = 0; i < TAKEN_AT_ONCE; i++) {
		ssize_t size = read(wire->device_fd[side], packet, sizeof packet);
		int err;

		if (size <= 0)
			return size < 0 && errno != EAGAIN ? -errno : 0;
		err = link_put(&wire->links[side], clock_now_ns(), packet, (size_t)size);
		if (err)
			return err;
	}
	return 0;
}

/* What is due leaves by the other device. A device that is full drops it, and counts that. */
static void deliver(struct wire *wire, enum lab_side side)
{
	struct link *link = &wire->links[side];
	const struct link_packet *first;

	while ((first = link_first(link))) {
		uint64_t now_ns = clock_now_ns();

		if (first->depart_ns > now_ns)
			return;
		hist_record(&wire->shared->lateness, now_ns - first->depart_ns);
		(void)!write(wire->device_fd[other(side)], first->data, first->size);
		link_remove_first(link);
	}
}

static void arm(struct wire *wire)
{
	uint64_t next_ns = UINT64_MAX;
	struct itimerspec at = {0};

	for (size_t side = 0; side < 2; side++) {
		const struct link_packet *first = link_first(&wire->links[side]);

		if (first && first->depart_ns < next_ns)
			next_ns = first->depart_ns;
	}
	if (next_ns == wire->armed_ns)
		return;
	wire->armed_ns = next_ns;
	if (next_ns != UINT64_MAX)
		at.it_value = clock_timespec(next_ns);
	timerfd_settime(wire->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

/* 0, or a negative errno: -ECANCELED when the parent wants an end. */
static int serve(struct wire *wire, const struct epoll_event *event)
{
	uint64_t expired;

	if (event->data.u32 == SOURCE_END)
		return -ECANCELED;
	if (event->data.u32 != SOURCE_TIMER)
		return take(wire, (enum lab_side)event->data.u32);
	wire->armed_ns = UINT64_MAX;
	(void)!read(wire->timer_fd, &expired, sizeof expired);
	return 0;
}

static int carry(struct wire *wire)
{
	struct epoll_event events[4];
	int err = 0;

	while (!err) {
		int count = epoll_wait(wire->epoll_fd, events, 4, -1);

		for (int i = 0; i < count && !err; i++)
			err = serve(wire, &events[i]);
		deliver(wire, LAB_SERVER);
		deliver(wire, LAB_CLIENTS);
		arm(wire);
		wire->shared->down = wire->links[LAB_SERVER].counts;
		wire->shared->up = wire->links[LAB_CLIENTS].counts;
	}
	return err;
}

static int watch(const struct wire *wire, int fd, enum source source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return epoll_ctl(wire->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int run(struct wire *wire, int line_fd)
{
	int err;

	wire->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wire->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	wire->armed_ns = UINT64_MAX;
	if (wire->epoll_fd < 0 || wire->timer_fd < 0)
		return -errno;
	prctl(PR_SET_TIMERSLACK, 1);
	err = watch(wire, wire->device_fd[LAB_SERVER], SOURCE_SERVER);
	if (!err)
		err = watch(wire, wire->device_fd[LAB_CLIENTS], SOURCE_CLIENTS);
	if (!err)
		err = watch(wire, wire->timer_fd, SOURCE_TIMER);
	if (!err)
		err = watch(wire, line_fd, SOURCE_END);
	return err ? err : carry(wire);
}

static void child_main(struct link_shared *shared, const struct lab *lab,
                       const struct link_settings *settings, uint64_t seed, int line_fd)
{
	struct wire wire = {.device_fd = lab->device_fd, .shared = shared};
	int err;

	link_open(&wire.links[LAB_SERVER], settings, seed);
	link_open(&wire.links[LAB_CLIENTS], settings, ~seed);
	err = run(&wire, line_fd);
	shared->error = err == -ECANCELED ? 0 : -err;
	_exit(shared->error ? 1 : 0);
}

int link_process_start(struct link_process *process, const struct lab *lab,
                       const struct link_settings *settings, uint64_t seed, int cpu)
{
	pid_t parent = getpid();
	int fds[2];
	void *memory = mmap(NULL, sizeof *process->shared, PROT_READ | PROT_WRITE,
	                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*process = (struct link_process){.line_fd = -1};
	if (memory == MAP_FAILED)
		return -errno;
	process->shared = memory;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	process->pid = fork();
	if (process->pid == 0) {
		close(fds[0]);
		if (!process_prepare_child(parent, cpu))
			_exit(1);
		child_main(process->shared, lab, settings, seed, fds[1]);
	}
	close(fds[1]);
	process->line_fd = fds[0];
	if (process->pid > 0)
		return 0;
	process->pid = 0;
	return -errno;
}

void link_process_stop(struct link_process *process)
{
	if (process->line_fd >= 0)
		close(process->line_fd);
	if (process->pid > 0)
		TEMP_FAILURE_RETRY(waitpid(process->pid, NULL, 0));
	if (process->shared)
		munmap(process->shared, sizeof *process->shared);
	*process = (struct link_process){.line_fd = -1};
}
