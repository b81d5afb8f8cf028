/*
 * One end of a link: whoever holds it takes the IPv4 packets that the host behind it sends, and
 * gives it packets to receive. It is the far end of a TUN device, or a packet socket on the far end
 * of a veth pair (packet(7)).
 */
#ifndef BENCH_LINK_DEVICE_H
#define BENCH_LINK_DEVICE_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LINK_PACKET_MAX 2048 /* an MTU of 1500 fits */

/* A new TUN device of that name in the network namespace of this process; *fd is its far end. 0 or
 * a negative errno. */
int link_device_open_tun(const char *name, int *fd);

/* On the device of that name in the network namespace of this process, which is one end of a pair.
 * 0 or a negative errno. */
int link_device_open_packet(const char *name, int *fd);

struct link_device {
	int fd; /* readable when there is a packet */

	/* private: of a packet socket, the ring in which packets wait */
	uint8_t *ring; /* NULL: it is a TUN device */
	size_t next;
	struct sockaddr_ll receiver;
};

/* Attaches to what one of the above has opened, in this process or another. mac: the Ethernet
 * address of the host behind it; NULL: it is a TUN device. The descriptor stays its owner's. 0 or a
 * negative errno. */
int link_device_attach(struct link_device *device, int fd, const uint8_t *mac);
void link_device_detach(struct link_device *device);

/* The next packet that the host has sent, into `packet`, which has room for LINK_PACKET_MAX: its
 * size; -EAGAIN: none is there; or another negative errno. */
ssize_t link_device_take(struct link_device *device, uint8_t *packet);

/* The host receives the packet. False where it does not: the device is full. */
bool link_device_give(struct link_device *device, const uint8_t *packet, size_t size);

/* How many packets found no room in the ring since this was last asked. */
uint64_t link_device_missed(const struct link_device *device);

#endif
