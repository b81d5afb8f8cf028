#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_build.h"
#include "netlink.h"

#define FDS_MAX (2 * LAB_SIDES + 2 + 1)

/* What the process that has built it says. It is a copy of this one: where a string is in one it is
 * in the other. */
struct outcome {
	const char *step; /* NULL: all are taken */
	int error;
};

union rights {
	struct cmsghdr head; /* for its alignment */
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static bool has_side(enum lab_mode mode, size_t side)
{
	return side != LAB_WIRE || mode == LAB_PACKET;
}

/* What is handed over, in this order; gives how many they are. take_fds takes them apart. */
static size_t list_fds(const struct building *building, int *fds)
{
	size_t count = 0;

	for (size_t side = 0; side < LAB_SIDES; side++) {
		if (!has_side(building->mode, side))
			continue;
		fds[count++] = building->net_fd[side];
		fds[count++] = mnl_socket_get_fd(building->netlink[side]);
		if (lab_has_link_process(building->mode) && side != LAB_WIRE)
			fds[count++] = building->device_fd[side];
	}
	if (!building->as_root)
		fds[count++] = building->user_fd;
	return count;
}

static int take_fds(struct lab *lab, const int *fds)
{
	size_t next = 0;

	for (size_t side = 0; side < LAB_SIDES; side++) {
		if (!has_side(lab->mode, side))
			continue;
		lab->net_fd[side] = fds[next++];
		lab->netlink[side] = mnl_socket_fdopen(fds[next++]);
		if (!lab->netlink[side])
			return -ENOMEM;
		if (lab_has_link_process(lab->mode) && side != LAB_WIRE)
			lab->device_fd[side] = fds[next++];
		if (lab->mode == LAB_PACKET && side != LAB_WIRE)
			lab->mac[side] = lab_mac((enum lab_side)side);
	}
	if (lab->is_private)
		lab->user_fd = fds[next];
	return 0;
}

/* The descriptors hold the namespaces and outlive their maker. */
static void hand_over(int fd, struct outcome *outcome, const struct building *building)
{
	int fds[FDS_MAX];
	size_t count = list_fds(building, fds);
	union rights rights = {0};
	struct iovec data = {outcome, sizeof *outcome};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = rights.bytes,
	                         .msg_controllen = CMSG_SPACE(count * sizeof(int))};

	rights.head.cmsg_level = SOL_SOCKET;
	rights.head.cmsg_type = SCM_RIGHTS;
	rights.head.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&rights.head), fds, count * sizeof(int));
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void build(int fd, enum lab_mode mode, bool as_root)
{
	struct building building = {
	        .uid = geteuid(), .gid = getegid(), .mode = mode, .as_root = as_root};
	struct outcome outcome = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	outcome.step = lab_build(&building, &outcome.error);
	if (outcome.step) {
		(void)!write(fd, &outcome, sizeof outcome);
		_exit(1);
	}
	hand_over(fd, &outcome, &building);
	_exit(0);
}

static int take_over(struct lab *lab, int fd, struct outcome *outcome)
{
	union rights rights = {0};
	struct iovec data = {outcome, sizeof *outcome};
	struct msghdr message = {.msg_iov = &data,
	                         .msg_iovlen = 1,
	                         .msg_control = rights.bytes,
	                         .msg_controllen = sizeof rights};
	int fds[FDS_MAX];

	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got != (ssize_t)sizeof *outcome)
		return got < 0 ? -errno : -ECHILD; /* it was killed */
	if (outcome->error)
		return -outcome->error;
	if (rights.head.cmsg_len <= CMSG_LEN(0) || (message.msg_flags & MSG_CTRUNC))
		return -EMFILE;
	memcpy(fds, CMSG_DATA(&rights.head), rights.head.cmsg_len - CMSG_LEN(0));
	return take_fds(lab, fds);
}

/* In a child: this process stays where it is. */
static int try_to_build(struct lab *lab, bool as_root, struct lab_trouble *trouble)
{
	struct outcome outcome = {0};
	int fds[2], err;
	pid_t child;

	*trouble = (struct lab_trouble){"a process to build it in", 0};
	lab->is_private = !as_root;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -(trouble->error = errno);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		build(fds[1], lab->mode, as_root);
	}
	close(fds[1]);
	err = child < 0 ? -errno : take_over(lab, fds[0], &outcome);
	close(fds[0]);
	if (child > 0)
		TEMP_FAILURE_RETRY(waitpid(child, NULL, 0));
	trouble->error = -err;
	if (outcome.step)
		trouble->step = outcome.step;
	return err;
}

int lab_open(struct lab *lab, enum lab_mode mode, struct lab_trouble *trouble)
{

	*lab = (struct lab)LAB_NONE;
	lab->mode = mode;
	*trouble = (struct lab_trouble){0};
	if (mode == LAB_LOOPBACK)
		return 0;
	/* In a user namespace root could not reach the files of others. */
	if (geteuid() == 0 && try_to_build(lab, true, trouble) == 0)
		return 0;
	return try_to_build(lab, false, trouble);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void lab_close(struct lab *lab)
{
	for (size_t side = 0; side < LAB_SIDES; side++) {
		if (lab->netlink[side])
			mnl_socket_close(lab->netlink[side]);
		lab->netlink[side] = NULL;
		close_fd(&lab->net_fd[side]);
	}
	close_fd(&lab->device_fd[LAB_SERVER]);
	close_fd(&lab->device_fd[LAB_CLIENTS]);
	close_fd(&lab->user_fd);
}

int lab_enter(const struct lab *lab, enum lab_side side)
{
	if (lab->mode == LAB_LOOPBACK)
		return 0;
	if (lab->user_fd >= 0 && setns(lab->user_fd, CLONE_NEWUSER))
		return -errno;
	return setns(lab->net_fd[side], CLONE_NEWNET) ? -errno : 0;
}

const char *lab_server_address(const struct lab *lab)
{
	return lab->mode == LAB_LOOPBACK ? "127.0.0.1" : "10.77.0.1";
}

const char *lab_server_device(const struct lab *lab)
{
	return lab->mode == LAB_LOOPBACK ? "lo" : lab_device(LAB_SERVER);
}

in_addr_t lab_clients_address(const struct lab *lab)
{
	return lab->mode == LAB_LOOPBACK ? INADDR_LOOPBACK : LAB_CLIENTS_ADDRESS;
}

/* TUN devices know of no Ethernet. */
static uint64_t frame_bytes(const struct lab *lab, uint64_t bytes, uint64_t packets)
{
	return lab->mode == LAB_LINK ? bytes + ETHERNET_HEADER_BYTES * packets : bytes;
}

int lab_count_side(const struct lab *lab, enum lab_side side, struct lab_side_counts *counts)
{
	struct rtnl_link_stats64 stats;
	int err = lab->mode == LAB_LOOPBACK
	                  ? -ENOTSUP
	                  : netlink_read_stats(lab->netlink[side], lab_device(side), &stats);

	*counts = (struct lab_side_counts){0};
	if (err)
		return err;
	*counts = (struct lab_side_counts){
	        .packets_sent = stats.tx_packets,
	        .packets_received = stats.rx_packets,
	        .bytes_sent = frame_bytes(lab, stats.tx_bytes, stats.tx_packets),
	        .bytes_received = frame_bytes(lab, stats.rx_bytes, stats.rx_packets),
	        .dropped = stats.tx_dropped + stats.rx_dropped,
	};
	return 0;
}

static int add_dropped_on_wire(const struct lab *lab, enum lab_side side, uint64_t *dropped)
{
	struct rtnl_link_stats64 stats;
	int err = netlink_read_stats(lab->netlink[LAB_WIRE], lab_wire_device(side), &stats);

	*dropped += err ? 0 : stats.tx_dropped + stats.rx_dropped;
	return err;
}

int lab_count(const struct lab *lab, struct lab_counts *counts)
{
	struct lab_side_counts server, clients;
	int err = lab_count_side(lab, LAB_SERVER, &server);

	*counts = (struct lab_counts){0};
	if (!err)
		err = lab_count_side(lab, LAB_CLIENTS, &clients);
	if (err)
		return err;
	*counts = (struct lab_counts){
	        .bytes_down = server.bytes_sent,
	        .bytes_up = server.bytes_received,
	        .packets_down = server.packets_sent,
	        .packets_up = server.packets_received,
	        .dropped = server.dropped + clients.dropped,
	};
	if (lab->mode == LAB_PACKET)
		err = add_dropped_on_wire(lab, LAB_SERVER, &counts->dropped);
	if (lab->mode == LAB_PACKET && !err)
		err = add_dropped_on_wire(lab, LAB_CLIENTS, &counts->dropped);
	return err;
}

int lab_set_netem(const struct lab *lab, const struct link_settings *settings)
{
	struct link_settings up = *settings;
	int err = netlink_set_netem(lab->netlink[LAB_SERVER], lab_device(LAB_SERVER), settings);

	if (settings->rate_up_mbit > 0)
		up.rate_mbit = settings->rate_up_mbit;
	return err ? err
	           : netlink_set_netem(lab->netlink[LAB_CLIENTS], lab_device(LAB_CLIENTS), &up);
}

const char *lab_mode_name(enum lab_mode mode)
{
	static const char *const names[] = {[LAB_LOOPBACK] = "loopback",
	                                    [LAB_DIRECT] = "direct",
	                                    [LAB_LINK] = "link",
	                                    [LAB_PACKET] = "packet",
	                                    [LAB_NETEM] = "netem"};

	return names[mode];
}

static bool file_says(const char *path, const char *text)
{
	char read_text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, read_text, sizeof read_text - 1);

	if (fd >= 0)
		close(fd);
	return size > 0 && !strncmp(read_text, text, strlen(text));
}

/* Of the kernel's refusal to make a namespace, or of what is missing to it. */
static const char *general_advice(int error)
{
	bool refused = error == EPERM || error == EACCES, root = geteuid() == 0;

	if (refused && !root &&
	    file_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run this as root";
	if (error == ENOSPC)
		return "sysctl -w user.max_user_namespaces=1000 user.max_net_namespaces=1000";
	if (refused && (!access("/.dockerenv", F_OK) || !access("/run/.containerenv", F_OK)))
		return "docker run --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN";
	if (refused && root)
		return "give this root CAP_SYS_ADMIN, or run it outside of its container";
	if (refused)
		return "run this as root";
	if (error == EROFS)
		return "docker run --privileged: /proc/sys/net must be writable";
	if (error == EOPNOTSUPP || error == ENOENT)
		return "this kernel lacks it: another is needed";
	return "nothing is known that would help";
}

const char *lab_advice(const struct lab_trouble *trouble)
{
	int error = trouble->error;

	if (strcmp(trouble->step, LAB_STEP_DEVICES) == 0 && error == EACCES)
		return "chmod 666 /dev/net/tun; a link by packet sockets does without it";
	if (strcmp(trouble->step, LAB_STEP_DEVICES) == 0 && (error == ENOENT || error == ENODEV))
		return "modprobe tun, docker run --device /dev/net/tun; a link by packet sockets does "
		       "without it";
	if (strcmp(trouble->step, LAB_STEP_NETEM) == 0 && error == ENOENT)
		return "modprobe sch_netem, where this kernel has that module";
	return general_advice(error);
}
