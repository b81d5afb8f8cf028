#include "network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"

#define TRY_MS       5000
#define WAITING_MOST 10000 /* packets that a device holds for us: a burst must not lose any */

static bool is_private;

uint32_t network_address(uint8_t number, uint8_t host)
{
	return htonl(10U << 24 | 99U << 16 | (uint32_t)number << 8 | host);
}

static bool set_address(int fd, struct ifreq *device, unsigned long request, uint32_t address)
{
	const struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};

	memcpy(&device->ifr_addr, &in, sizeof in);
	return ioctl(fd, request, device) == 0;
}

static bool bring_up(int fd, struct ifreq *device)
{
	device->ifr_flags = IFF_UP | IFF_RUNNING;
	return ioctl(fd, SIOCSIFFLAGS, device) == 0;
}

static int open_device(struct ifreq *device)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	device->ifr_flags = IFF_TUN | IFF_NO_PI;
	if (fd >= 0 && ioctl(fd, TUNSETIFF, device) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* By netlink: the ioctl for it is refused in a user namespace. */
static bool hold_packets(unsigned device, uint32_t most)
{
	const struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
		struct rtattr attribute;
		uint32_t most;
	} request = {{.nlmsg_len = sizeof request,
	              .nlmsg_type = RTM_NEWLINK,
	              .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
	             {.ifi_index = (int)device},
	             {.rta_len = RTA_LENGTH(sizeof most), .rta_type = IFLA_TXQLEN},
	             most};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr result;
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool done = fd >= 0 && send(fd, &request, sizeof request, 0) == sizeof request &&
	            recv(fd, &answer, sizeof answer, 0) == sizeof answer;

	if (fd >= 0)
		close(fd);
	if (done)
		errno = -answer.result.error;
	return done && answer.result.error == 0;
}

int network_add_device(uint8_t number)
{
	struct ifreq device = {{{0}}, {{0}}};

	snprintf(device.ifr_name, sizeof device.ifr_name, "link%u", number);
	int tun = open_device(&device);
	if (tun < 0)
		return -1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && set_address(fd, &device, SIOCSIFADDR, network_address(number, 1)) &&
	            set_address(fd, &device, SIOCSIFNETMASK, htonl(0xffffff00)) &&
	            hold_packets(if_nametoindex(device.ifr_name), WAITING_MOST) &&
	            bring_up(fd, &device);

	if (fd >= 0)
		close(fd);
	if (done)
		return tun;
	close(tun);
	return -1;
}

static bool bring_up_loopback(void)
{
	struct ifreq device = {{"lo"}, {{0}}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done = fd >= 0 && bring_up(fd, &device);

	if (fd >= 0)
		close(fd);
	return done;
}

static bool move(int namespaces)
{
	int tun = unshare(namespaces) == 0 && bring_up_loopback() ? network_add_device(0) : -1;

	if (tun >= 0)
		close(tun);
	return tun >= 0;
}

/* There is no way back for whoever has moved, to where not even loopback may be brought up; so a
 * child tries it first. */
static bool can_move(int namespaces)
{
	int status = 1;
	pid_t pid = child_fork();

	if (pid == 0)
		_exit(move(namespaces) ? 0 : 1);
	if (!child_wait(pid, TRY_MS, &status))
		child_end(pid);
	return status == 0;
}

bool network_open(void)
{
	static const int ways[] = {CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET};

	if (access("/dev/net/tun", R_OK | W_OK) < 0)
		return false;
	for (size_t i = 0; i < sizeof ways / sizeof *ways && !is_private; i++)
		is_private = can_move(ways[i]) && move(ways[i]);
	return is_private;
}

bool network_is_private(void)
{
	return is_private;
}
