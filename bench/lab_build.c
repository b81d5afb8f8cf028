#include "lab_build.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link_device.h"
#include "netlink.h"

#define CLIENTS_PREFIX 16
#define CLIENTS_RANGE  (LAB_CLIENTS_ADDRESS & 0xffff0000U)
#define MTU_BYTES      1500
#define QUEUE_PACKETS  100000 /* of a TUN device: its usual 500 are too few for a burst */

static const char *const devices[] = {[LAB_SERVER] = "server", [LAB_CLIENTS] = "clients"};

/* Where the wire is a namespace of its own: its end of the pair to each side. */
static const char *const wire_devices[] = {
        [LAB_SERVER] = "to-server", [LAB_CLIENTS] = "to-clients"};

/* Of locally administered addresses, so that nobody has to ask which they are. */
static const uint8_t macs[2][6] = {{2, 0, 0, 0, 77, 1}, {2, 0, 0, 0, 78, 1}};

const char *lab_device(enum lab_side side)
{
	return devices[side];
}

const char *lab_wire_device(enum lab_side side)
{
	return wire_devices[side];
}

const uint8_t *lab_mac(enum lab_side side)
{
	return macs[side];
}

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

/* The link process holds two packet sockets in a namespace between theirs. */
static int make_wire(struct building *building)
{
	return building->mode == LAB_PACKET ? make_network_namespace(building, LAB_WIRE) : 0;
}

static int enter(const struct building *building, enum lab_side side)
{
	return setns(building->net_fd[side], CLONE_NEWNET) ? -errno : 0;
}

static int make_tun(struct building *building, enum lab_side side)
{
	int err = enter(building, side);

	return err ? err : link_device_open_tun(devices[side], &building->device_fd[side]);
}

static int make_pair_with_wire(struct building *building, enum lab_side side)
{
	return netlink_add_veth(building->netlink[LAB_WIRE], wire_devices[side], devices[side],
	                        building->net_fd[side], MTU_BYTES);
}

static int make_devices(struct building *building)
{
	int (*make)(struct building *, enum lab_side) =
	        building->mode == LAB_LINK ? make_tun : make_pair_with_wire;
	int err;

	if (building->mode == LAB_DIRECT || building->mode == LAB_NETEM)
		return netlink_add_veth(building->netlink[LAB_CLIENTS], devices[LAB_CLIENTS],
		                        devices[LAB_SERVER], building->net_fd[LAB_SERVER],
		                        MTU_BYTES);
	err = make(building, LAB_SERVER);
	return err ? err : make(building, LAB_CLIENTS);
}

/* In the namespace that this process is in. */
static int control(const char *device, unsigned long what, struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	snprintf(request->ifr_name, sizeof request->ifr_name, "%s", device);
	err = ioctl(fd, what, request) ? -errno : 0;
	close(fd);
	return err;
}

static int turn_off(const char *device, unsigned offload)
{
	struct ethtool_value value = {.cmd = offload, .data = 0};
	struct ifreq request = {.ifr_data = (void *)&value};

	return control(device, SIOCETHTOOL, &request);
}

static int set_mac(const char *device, const uint8_t *mac)
{
	struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

	memcpy(request.ifr_hwaddr.sa_data, mac, sizeof macs[0]);
	return control(device, SIOCSIFHWADDR, &request);
}

/* What TCP hands over, up to 64 KiB at a time, is then cut into frames before the device counts it,
 * and each of them is received, and acknowledged, as on the wire. Checksums are in the frames, for
 * those who take them from there. */
static int turn_offloads_off(const char *device)
{
	static const unsigned offloads[] = {ETHTOOL_STSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM};
	int err = 0;

	for (size_t i = 0; i < sizeof offloads / sizeof *offloads && !err; i++)
		err = turn_off(device, offloads[i]);
	return err;
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

	for (size_t i = 0; i < sizeof settings / sizeof *settings && !err; i++) {
		err = write_file(settings[i][0], settings[i][1]);
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

/* Before it is up. A TUN device has no offloads, and no Ethernet address. */
static int set_up_device(struct building *building, enum lab_side side)
{
	int err;

	if (building->mode == LAB_LINK)
		return netlink_set_queue(building->netlink[side], devices[side], QUEUE_PACKETS);
	err = turn_offloads_off(devices[side]);
	/* Else netem would lose, or delay, what TCP hands over as one. */
	if (!err && building->mode == LAB_NETEM)
		err = netlink_set_segments(building->netlink[side], devices[side], 1);
	return err ? err : set_mac(devices[side], macs[side]);
}

/* Else each end would ask for the other's Ethernet address. */
static int introduce(struct building *building, enum lab_side side)
{
	enum lab_side other = side == LAB_SERVER ? LAB_CLIENTS : LAB_SERVER;

	if (building->mode == LAB_LINK)
		return 0;
	return netlink_add_neighbour(building->netlink[side], devices[side],
	                             side == LAB_SERVER ? LAB_CLIENTS_ADDRESS : LAB_SERVER_ADDRESS,
	                             macs[other]);
}

/* What both ends have in common. */
static int set_up_side(struct building *building, enum lab_side side)
{
	struct mnl_socket *netlink = building->netlink[side];
	int err = enter(building, side);

	if (!err)
		err = tune();
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
	int err = netlink_add_address(netlink, device, LAB_SERVER_ADDRESS, 32);

	if (!err)
		err = set_up_side(building, LAB_SERVER);
	if (!err)
		err = netlink_add_route(netlink, device, LAB_CLIENTS_ADDRESS, 32, 0,
		                        LAB_CONGESTION);
	return err ? err
	           : netlink_add_route(netlink, device, CLIENTS_RANGE, CLIENTS_PREFIX,
	                               building->mode == LAB_LINK ? 0 : LAB_CLIENTS_ADDRESS,
	                               LAB_CONGESTION);
}

static int set_up_clients_side(struct building *building)
{
	struct mnl_socket *netlink = building->netlink[LAB_CLIENTS];
	int err = netlink_add_address(netlink, devices[LAB_CLIENTS], LAB_CLIENTS_ADDRESS, 32);

	if (!err)
		err = set_up_side(building, LAB_CLIENTS);
	if (!err)
		err = netlink_add_local_range(netlink, CLIENTS_RANGE, CLIENTS_PREFIX);
	return err ? err
	           : netlink_add_route(netlink, devices[LAB_CLIENTS], LAB_SERVER_ADDRESS, 32, 0,
	                               LAB_CONGESTION);
}

static int set_up_wire_end(struct building *building, enum lab_side side)
{
	int err = netlink_set_up(building->netlink[LAB_WIRE], wire_devices[side]);

	return err ? err : link_device_open_packet(wire_devices[side], &building->device_fd[side]);
}

/* It says nothing itself, and what is sent there is for somebody else. */
static int set_up_wire(struct building *building)
{
	int err;

	if (building->mode != LAB_PACKET)
		return 0;
	err = enter(building, LAB_WIRE);
	if (!err)
		err = tune();
	if (!err)
		err = set_up_wire_end(building, LAB_SERVER);
	return err ? err : set_up_wire_end(building, LAB_CLIENTS);
}

/* Without any effect as yet; but a kernel that has it not says so. */
static int try_netem(struct building *building)
{
	const struct link_settings none = {.queue = QUEUE_PACKETS};

	if (building->mode != LAB_NETEM)
		return 0;
	return netlink_set_netem(building->netlink[LAB_SERVER], devices[LAB_SERVER], &none);
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
        {"the wire's network namespace", make_wire},
        {LAB_STEP_DEVICES, make_devices},
        {"the server's side", set_up_server_side},
        {"the clients' side", set_up_clients_side},
        {"the wire's packet sockets", set_up_wire},
        {LAB_STEP_NETEM, try_netem},
};

const char *lab_build(struct building *building, int *error)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		*error = -steps[i].take(building);
		if (*error)
			return steps[i].name;
	}
	return NULL;
}
