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
 * LAB_LOOPBACK is what is left where the kernel refuses that: packets of up to 64 KiB through one
 * device that counts each of them twice, so that wire bytes are modelled.
 *
 * A lab is two or three descriptors of the process that opened it and of those it forks. When the
 * last of them ends, however it ends, the kernel takes the network down: nothing is left behind.
 */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lab_mode { LAB_LOOPBACK, LAB_DIRECT, LAB_LINK };

enum lab_side { LAB_SERVER, LAB_CLIENTS };

struct mnl_socket;

struct lab {
	enum lab_mode mode;
	bool is_private; /* in a user namespace of its own; else root made it */
	/* LAB_LINK: the far ends of the devices, by side, for the link process. What is read there
	 * a side has sent, and what is written there it receives; packets begin with their IP
	 * header. */
	int device_fd[2];

	/* private */
	int user_fd;                   /* that namespace; -1: none */
	int net_fd[2];                 /* the network namespaces, by side; -1 on loopback */
	struct mnl_socket *netlink[2]; /* in them */
};

/* Why there is none: the step that failed, and the kernel's reason. */
struct lab_trouble {
	const char *step; /* "a user namespace" */
	int error;        /* a positive errno */
};

/* Builds the network and tries it with an echo. 0 or a negative errno, and *trouble says more. With
 * LAB_LOOPBACK nothing is built, and nothing can fail. lab_close in any case. */
int lab_open(struct lab *lab, enum lab_mode mode, struct lab_trouble *trouble);

void lab_close(struct lab *lab);

/* Moves the calling process, a forked child, to that side; before PR_SET_PDEATHSIG, which does not
 * outlive a change of credentials. 0 or a negative errno. */
int lab_enter(const struct lab *lab, enum lab_side side);

/* Where a server listens: "10.77.0.1", or "127.0.0.1". */
const char *lab_server_address(const struct lab *lab);

/* The address from which the first clients connect, in host order. Those that follow it are the
 * clients' too: 65,000 of them, or the 250 that are as good as any on loopback. */
in_addr_t lab_clients_address(const struct lab *lab);

/* What has crossed the network since it was made, in frames with their Ethernet headers. */
struct lab_counts {
	uint64_t bytes_down, bytes_up; /* down: server to clients */
	uint64_t packets_down, packets_up;
	uint64_t dropped; /* by a device, either way: then nothing that was measured holds */
};

/* 0, or a negative errno: -ENOTSUP on loopback. */
int lab_count(const struct lab *lab, struct lab_counts *counts);

/* "direct", "link", "loopback" */
const char *lab_mode_name(enum lab_mode mode);

/* What to do about it, in one line; never NULL. */
const char *lab_advice(const struct lab_trouble *trouble);

#endif
