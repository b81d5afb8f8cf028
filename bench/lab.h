/*
 * The lab: a private network on this machine, in which a run takes place.
 *
 *     server's namespace                                  clients' namespace
 *     build/serve                                                   the load
 *     10.77.0.1  "server" ==================== "clients"  10.78.0.0/16, all
 *                          veth, MTU 1500                 addresses its own
 *
 * LAB_DIRECT promises: every packet that TCP sends crosses the pair as one frame of at most 1500
 * bytes behind its Ethernet header (no offload joins or cuts any) and is counted there, exactly;
 * nothing else crosses it (no IPv6, no ARP); congestion control is cubic. It cannot: delay, lose,
 * or limit. A frame arrives when the sender's CPU has carried it over.
 *
 * LAB_LINK has a TUN device at each end instead, and between them the link process
 * (link_process.h), which delays, loses and limits. It promises the same of the packets, and an
 * Ethernet header of 14 bytes is added to each, as on the wire. It cannot carry more than some
 * 100,000 packets a second, and is late by as much as the machine is in waking it up.
 *
 * LAB_PACKET is the same where /dev/net/tun cannot be opened: a pair from each side ends in a third
 * namespace, where the link process holds packet sockets. It promises what LAB_LINK does; what it
 * cannot is take more than some 1,000 packets that come at once on one CPU (netdev_max_backlog),
 * and it says so when it has lost any.
 *
 * LAB_NETEM is LAB_DIRECT with the kernel's own emulation (tc-netem(8)) at each end. It promises
 * delay, loss and rate without a process; it cannot tell packets apart, limit its queue, or keep
 * the order with jitter, and few kernels have it without its module.
 *
 * LAB_LOOPBACK is what is left where the kernel refuses that: packets of up to 64 KiB through one
 * device that counts each of them twice, so that wire bytes are modelled.
 *
 * A lab is some descriptors of the process that opened it and of those it forks. When the
 * last of them ends, however it ends, the kernel takes the network down: nothing is left behind.
 */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"

#define LAB_CONGESTION "cubic" /* TCP's congestion control in a private network */

enum lab_mode { LAB_LOOPBACK, LAB_DIRECT, LAB_LINK, LAB_PACKET, LAB_NETEM };

enum lab_side { LAB_SERVER, LAB_CLIENTS, LAB_WIRE, LAB_SIDES };

/* Whether the link process is between the two sides. */
static inline bool lab_has_link_process(enum lab_mode mode)
{
	return mode == LAB_LINK || mode == LAB_PACKET;
}

/* The mode for a run with that link, of an experiment for which `mode` was chosen: without a link
 * none is emulated. */
static inline enum lab_mode lab_mode_for(enum lab_mode mode, const struct link_settings *link)
{
	return mode == LAB_LOOPBACK || link_is_there(link) ? mode : LAB_DIRECT;
}

struct mnl_socket;

struct lab {
	enum lab_mode mode;
	bool is_private; /* in a user namespace of its own; else root made it */
	/* By side, what the link process attaches to (link_device.h), and the Ethernet addresses
	 * behind that, NULL for TUN devices. */
	int device_fd[2];
	const uint8_t *mac[2];

	/* private */
	int user_fd;                           /* that namespace; -1: none */
	int net_fd[LAB_SIDES];                 /* the network namespaces, by side; -1: none */
	struct mnl_socket *netlink[LAB_SIDES]; /* in them */
};

/* None: lab_close may have it. */
#define LAB_NONE                                                                                   \
	{                                                                                          \
		.user_fd = -1, .net_fd = {-1, -1, -1}, .device_fd = { -1, -1 }                     \
	}

/* Why there is none: the step that failed, and the kernel's reason. */
struct lab_trouble {
	const char *step; /* "a user namespace" */
	int error;        /* a positive errno */
};

/* Builds the network. 0 or a negative errno, and *trouble says more. With LAB_LOOPBACK nothing is
 * built, and nothing can fail. lab_close in any case. */
int lab_open(struct lab *lab, enum lab_mode mode, struct lab_trouble *trouble);

/* Sends a byte across and back, for what has been built may still lose everything; where there is a
 * link process it must run. As lab_open. */
int lab_try(const struct lab *lab, struct lab_trouble *trouble);

/* LAB_NETEM: the kernel is to emulate this from now on. 0 or a negative errno. */
int lab_set_netem(const struct lab *lab, const struct link_settings *settings);

void lab_close(struct lab *lab);

/* Moves the calling process, a forked child, to that side. 0 or a negative errno. */
int lab_enter(const struct lab *lab, enum lab_side side);

/* Where a server listens: "10.77.0.1", or "127.0.0.1". */
const char *lab_server_address(const struct lab *lab);

/* What its device is called where it is. */
const char *lab_server_device(const struct lab *lab);

/* The address from which the first clients connect, in host order. Those that follow it are the
 * clients' too: 65,000 of them, on loopback the 250 of 127.0.0.0/24. */
in_addr_t lab_clients_address(const struct lab *lab);

/* What has crossed the network since it was made, in frames with their Ethernet headers. */
struct lab_counts {
	uint64_t bytes_down, bytes_up; /* down: server to clients */
	uint64_t packets_down, packets_up;
	uint64_t dropped; /* by a device, either way: then nothing that was measured holds */
};

/* Of one side's device alone. */
struct lab_side_counts {
	uint64_t packets_sent, packets_received;
	uint64_t bytes_sent, bytes_received;
	uint64_t dropped;
};

/* 0, or a negative errno: -ENOTSUP on loopback. */
int lab_count(const struct lab *lab, struct lab_counts *counts);
int lab_count_side(const struct lab *lab, enum lab_side side, struct lab_side_counts *counts);

/* "loopback", "direct", "link", "packet", "netem" */
const char *lab_mode_name(enum lab_mode mode);

/* What to do about it, in one line; never NULL. */
const char *lab_advice(const struct lab_trouble *trouble);

#endif
