/* A few requests of rtnetlink(7), each in the network namespace in which its socket was opened. All
 * give 0 or a negative errno, which is the kernel's answer. */
#ifndef BENCH_NETLINK_H
#define BENCH_NETLINK_H

#include <linux/if_link.h>
#include <netinet/in.h>
#include <stdint.h>

#include "link.h"

struct mnl_socket;

/* A socket in the calling thread's network namespace; mnl_socket_close closes it. */
int netlink_open(struct mnl_socket **out);

/* A pair of Ethernet devices: `name` here, `peer` in the namespace open at peer_ns_fd. */
int netlink_add_veth(struct mnl_socket *netlink, const char *name, const char *peer, int peer_ns_fd,
                     unsigned mtu);

int netlink_set_up(struct mnl_socket *netlink, const char *device);

/* How many packets may wait in the device (IFLA_TXQLEN). */
int netlink_set_queue(struct mnl_socket *netlink, const char *device, uint32_t packets);

/* How many segments the stack may hand to it as one packet (IFLA_GSO_MAX_SEGS). */
int netlink_set_segments(struct mnl_socket *netlink, const char *device, uint32_t segments);

int netlink_add_address(struct mnl_socket *netlink, const char *device, in_addr_t address,
                        uint8_t prefix);

/* To whom it may concern is the device's other end, whose Ethernet address is peer_mac: nobody has
 * to ask for it. */
int netlink_add_neighbour(struct mnl_socket *netlink, const char *device, in_addr_t address,
                          const uint8_t *mac);

/* TCP to these addresses goes out by the device and is governed by that congestion control. */
int netlink_add_route(struct mnl_socket *netlink, const char *device, in_addr_t addresses,
                      uint8_t prefix, in_addr_t gateway, const char *congestion_control);

/* All these addresses are this host's own, without any of them being added (AnyIP). */
int netlink_add_local_range(struct mnl_socket *netlink, in_addr_t addresses, uint8_t prefix);

/* What the device sends is delayed, lost and limited by the kernel (tc-netem(8)): -ENOENT where it
 * has no such queue; -ENOTSUP for jitter, with which that would not keep the order. */
int netlink_set_netem(struct mnl_socket *netlink, const char *device,
                      const struct link_settings *settings);

/* What the device has counted (IFLA_STATS64). */
int netlink_read_stats(struct mnl_socket *netlink, const char *device,
                       struct rtnl_link_stats64 *stats);

#endif
