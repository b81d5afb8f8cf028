#include "link_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define RING_BLOCK_BYTES (1U << 16)
#define RING_FRAMES      16384U /* a burst to as many subscribers; 32 MiB */
#define RING_BYTES       ((size_t)RING_FRAMES * LINK_PACKET_MAX)

int link_device_open_tun(const char *name, int *fd)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	*fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	return ioctl(*fd, TUNSETIFF, &request) ? -errno : 0;
}

static int set(int fd, int option, const void *value, size_t size)
{
	return setsockopt(fd, SOL_PACKET, option, value, (socklen_t)size) ? -errno : 0;
}

/* The usual socket buffer has room for some hundred packets, and drops what else comes at once. */
static int make_ring(int fd)
{
	const struct tpacket_req ring = {.tp_block_size = RING_BLOCK_BYTES,
	                                 .tp_block_nr = (unsigned)(RING_BYTES / RING_BLOCK_BYTES),
	                                 .tp_frame_size = LINK_PACKET_MAX,
	                                 .tp_frame_nr = RING_FRAMES};
	const int version = TPACKET_V2;
	int err = set(fd, PACKET_VERSION, &version, sizeof version);

	return err ? err : set(fd, PACKET_RX_RING, &ring, sizeof ring);
}

int link_device_open_packet(const char *name, int *fd)
{
	struct sockaddr_ll device = {.sll_family = AF_PACKET,
	                             .sll_protocol = htons(ETH_P_IP),
	                             .sll_ifindex = (int)if_nametoindex(name)};
	const int on = 1;
	int err;

	if (!device.sll_ifindex)
		return -errno;
	/* Protocol 0: nothing is received before it is bound to the one device. */
	*fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	err = set(*fd, PACKET_IGNORE_OUTGOING, &on, sizeof on);
	if (!err)
		err = set(*fd, PACKET_QDISC_BYPASS, &on, sizeof on);
	if (!err)
		err = make_ring(*fd);
	if (err)
		return err;
	return bind(*fd, (struct sockaddr *)&device, sizeof device) ? -errno : 0;
}

int link_device_attach(struct link_device *device, int fd, const uint8_t *mac)
{
	socklen_t size = sizeof device->receiver;
	void *ring;

	*device = (struct link_device){.fd = fd};
	if (!mac)
		return 0;
	if (getsockname(fd, (struct sockaddr *)&device->receiver, &size))
		return -errno;
	device->receiver.sll_halen = ETH_ALEN;
	memcpy(device->receiver.sll_addr, mac, ETH_ALEN);
	ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (ring == MAP_FAILED)
		return -errno;
	device->ring = ring;
	return 0;
}

void link_device_detach(struct link_device *device)
{
	if (device->ring)
		munmap(device->ring, RING_BYTES);
	device->ring = NULL;
}

/* The kernel fills the frames in turn, and has them back as soon as their status says so. */
static ssize_t take_from_ring(struct link_device *device, uint8_t *packet)
{
	uint8_t *frame = device->ring + device->next * LINK_PACKET_MAX;
	struct tpacket2_hdr *head = (void *)frame;
	size_t size;

	if (!(__atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return -EAGAIN;
	size = head->tp_snaplen;
	memcpy(packet, frame + head->tp_net, size);
	__atomic_store_n(&head->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	device->next = (device->next + 1) % RING_FRAMES;
	return (ssize_t)size;
}

ssize_t link_device_take(struct link_device *device, uint8_t *packet)
{
	ssize_t size;

	if (device->ring)
		return take_from_ring(device, packet);
	size = read(device->fd, packet, LINK_PACKET_MAX);
	return size < 0 ? -errno : size;
}

bool link_device_give(struct link_device *device, const uint8_t *packet, size_t size)
{
	const struct sockaddr *receiver = (const struct sockaddr *)&device->receiver;
	ssize_t given = device->ring ? sendto(device->fd, packet, size, 0, receiver,
	                                      sizeof device->receiver)
	                             : write(device->fd, packet, size);

	return given == (ssize_t)size;
}

uint64_t link_device_missed(const struct link_device *device)
{
	struct tpacket_stats stats = {0};
	socklen_t size = sizeof stats;

	if (device->ring)
		getsockopt(device->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size);
	return stats.tp_drops;
}
