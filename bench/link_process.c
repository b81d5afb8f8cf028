#include "link_process.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "link_device.h"
#include "process.h"

#define SPIN_NS       200000 /* before a packet is due: an idle CPU takes so long to wake up */
#define TAKEN_AT_ONCE 64     /* of one device, before those that are due are sent on */

/* The server's device gives what goes down, the clients' what goes up. */
struct wire {
	struct link_device devices[2]; /* by side */
	struct link links[2];          /* by the side from which the packets come */
	struct packet_kinds kinds;
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
	struct packet_counts *counts =
	        side == LAB_SERVER ? &wire->shared->kinds_down : &wire->shared->kinds_up;
	uint8_t packet[LINK_PACKET_MAX];

	for (int i = 0; i < TAKEN_AT_ONCE; i++) {
		ssize_t size = link_device_take(&wire->devices[side], packet);
		int err;

		if (size < 0)
			return size == -EAGAIN ? 0 : (int)size;
		err = link_put(&wire->links[side], clock_now_ns(), packet, (size_t)size);
		if (err)
			return err;
		packet_counts_add(counts, packet_kinds_tell(&wire->kinds, packet, (size_t)size),
		                  (size_t)size);
	}
	return 0;
}

/* What is due leaves by the other device. */
static void deliver(struct wire *wire, enum lab_side side)
{
	struct link *link = &wire->links[side];
	const struct link_packet *first;

	while ((first = link_first(link))) {
		uint64_t now_ns = clock_now_ns();

		if (first->depart_ns > now_ns)
			return;
		hist_record(&wire->shared->lateness, now_ns - first->depart_ns);
		if (!link_device_give(&wire->devices[other(side)], first->data, first->size))
			wire->shared->missed++;
		link_remove_first(link);
	}
}

/* When the next packet is due; UINT64_MAX: none is under way. */
static uint64_t next_due_ns(const struct wire *wire)
{
	uint64_t next_ns = UINT64_MAX;

	for (size_t side = 0; side < 2; side++) {
		const struct link_packet *first = link_first(&wire->links[side]);

		if (first && first->depart_ns < next_ns)
			next_ns = first->depart_ns;
	}
	return next_ns;
}

/* How long epoll may wait, in ms: not at all where a packet is almost due, else for the timer. */
static int arm(struct wire *wire)
{
	uint64_t next_ns = next_due_ns(wire);
	struct itimerspec at = {0};

	if (next_ns != UINT64_MAX && next_ns <= clock_now_ns() + SPIN_NS)
		return 0;
	if (next_ns == wire->armed_ns)
		return -1;
	wire->armed_ns = next_ns;
	if (next_ns != UINT64_MAX)
		at.it_value = clock_timespec(next_ns - SPIN_NS);
	timerfd_settime(wire->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
	return -1;
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
	int err = 0, patience_ms = 0;

	while (!err) {
		int count = epoll_wait(wire->epoll_fd, events, 4, patience_ms);

		for (int i = 0; i < count && !err; i++)
			err = serve(wire, &events[i]);
		deliver(wire, LAB_SERVER);
		deliver(wire, LAB_CLIENTS);
		patience_ms = arm(wire);
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
	err = watch(wire, wire->devices[LAB_SERVER].fd, SOURCE_SERVER);
	if (!err)
		err = watch(wire, wire->devices[LAB_CLIENTS].fd, SOURCE_CLIENTS);
	if (!err)
		err = watch(wire, wire->timer_fd, SOURCE_TIMER);
	if (!err)
		err = watch(wire, line_fd, SOURCE_END);
	return err ? err : carry(wire);
}

static void sum_up(const struct wire *wire)
{
	struct link_shared *shared = wire->shared;
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	shared->cpu_ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
	shared->down = wire->links[LAB_SERVER].counts;
	shared->up = wire->links[LAB_CLIENTS].counts;
	shared->missed += link_device_missed(&wire->devices[LAB_SERVER]) +
	                  link_device_missed(&wire->devices[LAB_CLIENTS]);
}

static int serve_lab(struct link_shared *shared, const struct lab *lab,
                     const struct link_settings *settings, uint64_t seed, int line_fd)
{
	struct wire wire = {.shared = shared};
	struct link_settings up = *settings;
	int err = 0;

	if (settings->rate_up_mbit > 0)
		up.rate_mbit = settings->rate_up_mbit;
	link_open(&wire.links[LAB_SERVER], settings, seed);
	link_open(&wire.links[LAB_CLIENTS], &up, ~seed);
	for (size_t side = 0; side < 2 && !err; side++)
		err = link_device_attach(&wire.devices[side], lab->device_fd[side], lab->mac[side]);
	if (!err)
		err = run(&wire, line_fd);
	sum_up(&wire);
	shared->error = err == -ECANCELED ? 0 : -err;
	return shared->error;
}

int link_process_start(struct link_process *process, const struct lab *lab,
                       const struct link_settings *settings, uint64_t seed, int cpu)
{
	pid_t parent = getpid(), pid = helper_fork(&process->helper, sizeof *process->shared);

	process->shared = process->helper.shared;
	if (pid == 0)
		_exit(!process_prepare_child(parent, cpu) ||
		      serve_lab(process->shared, lab, settings, seed, process->helper.line_fd));
	return pid < 0 ? (int)pid : 0;
}

int link_process_end(struct link_process *process)
{
	return helper_end(&process->helper);
}

void link_process_free(struct link_process *process)
{
	helper_free(&process->helper);
	process->shared = NULL;
}
