/*
 * How a private network is made, step by step, by a process that is there for nothing else: it
 * changes the namespaces that it is in. lab.h says what it is.
 */
#ifndef BENCH_LAB_BUILD_H
#define BENCH_LAB_BUILD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lab.h"

#define LAB_SERVER_ADDRESS  0x0a4d0001U /* 10.77.0.1 */
#define LAB_CLIENTS_ADDRESS 0x0a4e0001U /* 10.78.0.1 */

/* Steps for which there is advice of their own. */
#define LAB_STEP_DEVICES "the devices between them"
#define LAB_STEP_NETEM   "a netem queue"

struct mnl_socket;

struct building {
	uid_t uid; /* of who runs it */
	gid_t gid;
	enum lab_mode mode;
	bool as_root; /* without a user namespace */
	int user_fd, net_fd[LAB_SIDES], device_fd[2];
	struct mnl_socket *netlink[LAB_SIDES];
};

/* Builds it. NULL, or the step that failed, with *error a positive errno. */
const char *lab_build(struct building *building, int *error);

/* The device on that side, by its name there. */
const char *lab_device(enum lab_side side);

/* LAB_PACKET: the wire's end of the pair to that side. */
const char *lab_wire_device(enum lab_side side);

/* Its Ethernet address. */
const uint8_t *lab_mac(enum lab_side side);

#endif
