#include "lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"

#define SERVER_ADDRESS        0x0a4d0001U /* 10.77.0.1 */
#define CLIENTS_ADDRESS       0x0a4e0001U /* 10.78.0.1 */
#define CLIENTS_PREFIX        16
#define MTU_BYTES             1500
#define ETHERNET_HEADER_BYTES 14
#define CONGESTION            "cubic"
#define QUEUE_PACKETS         100000 /* of a TUN device, which drops more without a word */
#define FDS_MAX               7

static const char *const devices[] = {[LAB_SERVER] = "server", [LAB_CLIENTS] = "clients"};

/* Of locally administered addresses, so that nobody has to ask which they are. */
static const uint8_t macs[2][6] = {{2, 0, 0, 0, 77, 1}, {2, 0, 0, 0, 78, 1}};

/* A lab in the making, in the process that makes it. */
struct building {
	uid_t uid;
	gid_t gid;
	enum lab_mode mode;
	bool as_root; /* without a user namespace */
	int user_fd, net_fd[2], device_fd[2];
	struct mnl_socket *netlink[2];
};

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int open_namespace(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int make_user_namespace(struct building *building)
{
	if (building->as_root)
		return 0;
	return unshare(CLONE_NEWUSER) ? -errno
	                              : open_namespace("/proc/self/ns/user", &building->user_fd);
}

/* Who runs this is root there, and nobody else is anybody (user_namespaces(7)). */
static int map_user(struct building *building)
{
	char uid[32], gid[32];
	int err;

	if (building->as_root)
		return 0;
	snprintf(uid, sizeof uid, "0 %u 1", building->uid);
	snprintf(gid, sizeof gid, "0 %u 1", building->gid);
	err = write_file("/proc/self/setgroups", "deny");
	if (!err)
		err = write_file("/proc/self/uid_map", uid);
	return err ? err : write_file("/proc/self/gid_map", gid);
}

static int make_network_namespace(struct building *building, enum lab_side side)
{
	int err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	err = open_namespace("/proc/self/ns/net", &building->net_fd[side]);
	return err ? err : netlink_open(&building->netlink[side]);
}

static int make_server_side(struct building *building)
{
	return make_network_namespace(building, LAB_SERVER);
}

static int make_clients_side(struct building *building)
{
	return make_network_namespace(building, LAB_CLIENTS);
}

/* In the namespace that this process is in. */
static int make_tun(const char *device, int *fd)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	*fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
	return ioctl(*fd, TUNSETIFF, &request) ? -errno : 0;
}

static int make_tuns(struct building *building)
{
	int err = 0;

	for (size_t side = 0; side < 2 && !err; side++) {
		err = setns(building->net_fd[side], CLONE_NEWNET) ? -errno : 0;
		if (!err)
			err = make_tun(devices[side], &building->device_fd[side]);
	}
	return err;
}

static int make_pair(struct building *building)
{
	if (building->mode == LAB_LINK)
		return make_tuns(building);
	return netlink_add_veth(building->netlink[LAB_CLIENTS], devices[LAB_CLIENTS],
	                        devices[LAB_SERVER], building->net_fd[LAB_SERVER], MTU_BYTES);
}

/* In the namespace that this process is in. */
static int set_offload(const char *device, unsigned command, bool on)
{
	struct ethtool_value value = {.cmd = command, .data = on};
	struct ifreq request = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
	err = ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
	close(fd);
	return err;
}

static int set_mac(const char *device, const uint8_t *mac)
{
	struct ifreq request = {.ifr_hwaddr.sa_family = 1 /* ARPHRD_ETHER */};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
	memcpy(request.ifr_hwaddr.sa_data, mac, sizeof macs[0]);
	err = ioctl(fd, SIOCSIFHWADDR, &request) ? -errno : 0;
	close(fd);
	return err;
}

/* TCP then makes the frames that the wire would carry, and each of them is acknowledged as there:
 * with these on, it hands over up to 64 KiB at a time. */
static int turn_offloads_off(const char *device)
{
	int err = set_offload(device, ETHTOOL_STSO, false);

	return err ? err : set_offload(device, ETHTOOL_SGRO, false);
}

/* Room for many connections at once; no chatter of IPv6. Kernels lack some of these files. */
static int tune(void)
{
	static const char *const settings[][2] = {
	        {"/proc/sys/net/ipv6/conf/all/disable_ipv6", "1"},
	        {"/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"},
	        {"/proc/sys/net/ipv4/ip_local_port_range", "1024 65535"},
	        {"/proc/sys/net/ipv4/tcp_max_syn_backlog", "65536"},
	        {"/proc/sys/net/core/somaxconn", "65536"},
	        {"/proc/sys/net/ipv4/tcp_no_metrics_save", "1"},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof settings / sizeof *settings && !err; i++)
		err = write_file(settings[i][0], settings[i][1]);
	return err == -ENOENT ? 0 : err;
}

/* What an end of the pair has that a TUN device has not: offloads, and an Ethernet address. */
static int set_up_ethernet(struct building *building, enum lab_side side)
{
	int err = turn_offloads_off(devices[side]);

	(void)building;
	return err ? err : set_mac(devices[side], macs[side]);
}

/* Before it is up. */
static int set_up_device(struct building *building, enum lab_side side)
{
	if (building->mode == LAB_LINK)
		return netlink_set_queue(building->netlink[side], devices[side], QUEUE_PACKETS);
	return set_up_ethernet(building, side);
}

/* Else each end would ask for the other's Ethernet address. */
static int introduce(struct building *building, enum lab_side side)
{
	enum lab_side other = side == LAB_SERVER ? LAB_CLIENTS : LAB_SERVER;

	if (building->mode == LAB_LINK)
		return 0;
	return netlink_add_neighbour(building->netlink[side], devices[side],
	                             side == LAB_SERVER ? CLIENTS_ADDRESS : SERVER_ADDRESS,
	                             macs[other]);
}

/* What both ends have in common. */
static int set_up_side(struct building *building, enum lab_side side)
{
	struct mnl_socket *netlink = building->netlink[side];
	int err = setns(building->net_fd[side], CLONE_NEWNET) ? -errno : tune();

	if (!err)
		err = set_up_device(building, side);
	if (!err)
		err = netlink_set_up(netlink, "lo");
	if (!err)
		err = netlink_set_up(netlink, devices[side]);
	return err ? err : introduce(building, side);
}

static int set_up_server_side(struct building *building)
{
	const char *device = devices[LAB_SERVER];
	struct mnl_socket *netlink = building->netlink[LAB_SERVER];
	int err = netlink_add_address(netlink, device, SERVER_ADDRESS, 32);

	if (!err)
		err = set_up_side(building, LAB_SERVER);
	if (!err)
		err = netlink_add_route(netlink, device, CLIENTS_ADDRESS, 32, 0, CONGESTION);
	return err ? err
	           : netlink_add_route(
	                     netlink, device, CLIENTS_ADDRESS & 0xffff0000U, CLIENTS_PREFIX,
	                     building->mode == LAB_LINK ? 0 : CLIENTS_ADDRESS, CONGESTION);
}

static int set_up_clients_side(struct building *building)
{
	struct mnl_socket *netlink = building->netlink[LAB_CLIENTS];
	int err = netlink_add_address(netlink, devices[LAB_CLIENTS], CLIENTS_ADDRESS, 32);

	if (!err)
		err = set_up_side(building, LAB_CLIENTS);
	if (!err)
		err = netlink_add_local_range(netlink, CLIENTS_ADDRESS & 0xffff0000U,
		                              CLIENTS_PREFIX);
	return err ? err
	           : netlink_add_route(netlink, devices[LAB_CLIENTS], SERVER_ADDRESS, 32, 0,
	                               CONGESTION);
}

static int listen_there(struct building *building, struct sockaddr_in *address, int *fd)
{
	socklen_t size = sizeof *address;

	if (setns(building->net_fd[LAB_SERVER], CLONE_NEWNET))
		return -errno;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (struct sockaddr *)address, sizeof *address) || listen(*fd, 1) ||
	    getsockname(*fd, (struct sockaddr *)address, &size))
		return -errno;
	return 0;
}

/* From the last address of the clients' range, for it shows most. */
static int connect_there(struct building *building, const struct sockaddr_in *server, int *fd)
{
	const struct sockaddr_in source = {.sin_family = AF_INET,
	                                   .sin_addr.s_addr = htonl(CLIENTS_ADDRESS | 0xfffe)};

	if (setns(building->net_fd[LAB_CLIENTS], CLONE_NEWNET))
		return -errno;
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0 || bind(*fd, (const struct sockaddr *)&source, sizeof source) ||
	    connect(*fd, (const struct sockaddr *)server, sizeof *server))
		return -errno;
	return 0;
}

/* What has been built may still lose everything. The kernel gives up by itself after a while, so an
 * alarm does earlier. */
static int try_echo(struct building *building)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(SERVER_ADDRESS)};
	int listener = -1, client = -1, err;
	char byte = 'x';

	if (building->mode == LAB_LINK)
		return 0; /* nobody carries anything yet */
	alarm(5);
	err = listen_there(building, &address, &listener);
	if (!err)
		err = connect_there(building, &address, &client);
	if (!err) {
		int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (server < 0 || write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1 ||
		    write(server, &byte, 1) != 1 || read(client, &byte, 1) != 1)
			err = -errno;
	}
	alarm(0);
	return err;
}

/* What a private network is made of, in this order. */
static const struct step {
	const char *name;
	int (*take)(struct building *building);
} steps[] = {
        {"a user namespace", make_user_namespace},
        {"the map of its users", map_user},
        {"the server's network namespace", make_server_side},
        {"the clients' network namespace", make_clients_side},
        {"a pair of devices between them", make_pair},
        {"the server's side", set_up_server_side},
        {"the clients' side", set_up_clients_side},
        {"an echo across", try_echo},
};

#define STEPS (sizeof steps / sizeof *steps)

/* What the process that has built it says: how far it came, and what stopped it there. */
struct outcome {
	size_t step; /* STEPS: all are taken */
	int error;
};

union rights {
	struct cmsghdr head; /* for its alignment */
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

/* What is handed over, in this order; gives how many they are. take_fds takes them apart. */
static size_t list_fds(const struct building *building, int *fds)
{
	size_t count = 0;

	for (size_t side = 0; side < 2; side++) {
		fds[count++] = building->net_fd[side];
		fds[count++] = mnl_socket_get_fd(building->netlink[side]);
		if (building->mode == LAB_LINK)
			fds[count++] = building->device_fd[side];
	}
	if (!building->as_root)
		fds[count++] = building->user_fd;
	return count;
}

static int take_fds(struct lab *lab, const int *fds)
{
	size_t next = 0;

	for (size_t side = 0; side < 2; side++) {
		lab->net_fd[side] = fds[next++];
		lab->netlink[side] = mnl_socket_fdopen(fds[next++]);
		if (lab->mode == LAB_LINK)
			lab->device_fd[side] = fds[next++];
	}
	if (lab->is_private)
		lab->user_fd = fds[next];
	return lab->netlink[LAB_SERVER] && lab->netlink[LAB_CLIENTS] ? 0 : -ENOMEM;
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
	for (; outcome.step < STEPS && !outcome.error; outcome.step++)
		outcome.error = -steps[outcome.step].take(&building);
	if (outcome.error) {
		outcome.step--;
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

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *outcome) {
		*outcome = (struct outcome){.step = STEPS - 1, .error = ETIMEDOUT};
		return -ETIMEDOUT; /* its alarm has ended it */
	}
	if (outcome->error)
		return -outcome->error;
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
	if (child > 0 && outcome.step < STEPS)
		trouble->step = steps[outcome.step].name;
	return err;
}

int lab_open(struct lab *lab, enum lab_mode mode, struct lab_trouble *trouble)
{
	int err;

	*lab = (struct lab){.mode = mode, .user_fd = -1, .net_fd = {-1, -1}, .device_fd = {-1, -1}};
	*trouble = (struct lab_trouble){0};
	if (mode == LAB_LOOPBACK)
		return 0;
	err = try_to_build(lab, false, trouble);
	if (err && geteuid() == 0) {
		struct lab_trouble second;

		if (try_to_build(lab, true, &second) == 0)
			return 0;
	}
	return err;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void lab_close(struct lab *lab)
{
	for (size_t side = 0; side < 2; side++) {
		if (lab->netlink[side])
			mnl_socket_close(lab->netlink[side]);
		lab->netlink[side] = NULL;
		close_fd(&lab->net_fd[side]);
		close_fd(&lab->device_fd[side]);
	}
	close_fd(&lab->user_fd);
}

int lab_enter(const struct lab *lab, enum lab_side side)
{
	if (lab->mode == LAB_LOOPBACK)
		return 0;
	if (lab->user_fd >= 0 && setns(lab->user_fd, CLONE_NEWUSER))
		return -errno;
	if (setns(lab->net_fd[side], CLONE_NEWNET))
		return -errno;
	/* With other credentials /proc would be closed to who measures it. */
	prctl(PR_SET_DUMPABLE, 1);
	return 0;
}

const char *lab_server_address(const struct lab *lab)
{
	return lab->mode == LAB_LOOPBACK ? "127.0.0.1" : "10.77.0.1";
}

in_addr_t lab_clients_address(const struct lab *lab)
{
	return lab->mode == LAB_LOOPBACK ? INADDR_LOOPBACK : CLIENTS_ADDRESS;
}

/* The server's end has both directions; what either end has dropped never arrived. */
int lab_count(const struct lab *lab, struct lab_counts *counts)
{
	struct rtnl_link_stats64 stats[2];

	*counts = (struct lab_counts){0};
	if (lab->mode == LAB_LOOPBACK)
		return -ENOTSUP;
	for (size_t side = 0; side < 2; side++) {
		int err = netlink_read_stats(lab->netlink[side], devices[side], &stats[side]);

		if (err)
			return err;
		counts->dropped += stats[side].tx_dropped + stats[side].rx_dropped;
	}
	counts->bytes_down = stats[LAB_SERVER].tx_bytes;
	counts->bytes_up = stats[LAB_SERVER].rx_bytes;
	counts->packets_down = stats[LAB_SERVER].tx_packets;
	counts->packets_up = stats[LAB_SERVER].rx_packets;
	if (lab->mode == LAB_LINK) { /* whose devices know of no Ethernet */
		counts->bytes_down += ETHERNET_HEADER_BYTES * counts->packets_down;
		counts->bytes_up += ETHERNET_HEADER_BYTES * counts->packets_up;
	}
	return 0;
}

const char *lab_mode_name(enum lab_mode mode)
{
	static const char *const names[] = {
	        [LAB_LOOPBACK] = "loopback", [LAB_DIRECT] = "direct", [LAB_LINK] = "link"};

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

const char *lab_advice(const struct lab_trouble *trouble)
{
	if (file_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		return "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run this as root";
	if (trouble->error == ENOSPC)
		return "sysctl -w user.max_user_namespaces=1000 user.max_net_namespaces=1000";
	if (trouble->error == EPERM && access("/.dockerenv", F_OK) == 0)
		return "docker run --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN";
	if (trouble->error == EPERM || trouble->error == EACCES)
		return "run this as root";
	if (trouble->error == EOPNOTSUPP || trouble->error == ENOENT)
		return "this kernel lacks it: another is needed";
	return "nothing is known that would help";
}
