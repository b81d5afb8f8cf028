#include "tunnel.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "net.h"
#include "network.h"
#include "segments.h"

#define PACKET_MOST 2048
#define END_MS      1000

/* A packet on its way. */
struct packet {
	struct packet *next;
	double due;
	size_t size;
	uint8_t data[];
};

struct tunnel {
	int device;
	double delay;
	struct segments *segments;
	struct packet *first, *last;
};

static void take(struct tunnel *tunnel, const uint8_t *data, size_t size, double now)
{
	struct packet *packet;

	if (!segments_enter(tunnel->segments, data, size))
		return;
	packet = malloc(sizeof *packet + size);
	if (packet == NULL)
		child_give_up("hold a packet");
	*packet = (struct packet){.due = now + tunnel->delay, .size = size};
	memcpy(packet->data, data, size);
	if (tunnel->first == NULL)
		tunnel->first = packet;
	else
		tunnel->last->next = packet;
	tunnel->last = packet;
}

static void give(struct tunnel *tunnel, double now)
{
	struct packet *packet;

	while ((packet = tunnel->first) != NULL && packet->due <= now) {
		tunnel->first = packet->next;
		segments_leave(tunnel->segments, packet->data, packet->size);
		/* What the kernel does not take is lost, as on any link. */
		(void)!write(tunnel->device, packet->data, packet->size);
		free(packet);
	}
}

/* SIGTERM is let through while it waits, and only then: what segments_leave has noted has left. */
static void work(struct tunnel *tunnel)
{
	struct pollfd waits = {.fd = tunnel->device, .events = POLLIN};
	sigset_t nothing;
	double left = tunnel->first == NULL ? 1000 : tunnel->first->due - net_now_ms();
	uint8_t data[PACKET_MOST];
	ssize_t size;

	if (left < 0)
		left = 0;
	sigemptyset(&nothing);
	ppoll(&waits, 1,
	      &(struct timespec){.tv_sec = (time_t)(left / 1e3),
	                         .tv_nsec = (long)(left * 1e6) % 1000000000},
	      &nothing);
	/* The time after the read: by one from before, what came since would leave too early. */
	while ((size = read(tunnel->device, data, sizeof data)) > 0)
		take(tunnel, data, (size_t)size, net_now_ms());
	give(tunnel, net_now_ms());
}

/* A link of its own: others may still have some of the 256 numbers. */
static int add_link(uint8_t *number)
{
	static uint8_t last;
	int device;

	for (int tries = 0; tries < 256; tries++) {
		*number = ++last;
		device = network_add_device(*number);
		if (device >= 0)
			return device;
		if (errno != EBUSY)
			break;
	}
	child_give_up("make a link");
}

void tunnel_start(struct relay *relay, uint16_t to_port, double delay_ms)
{
	uint8_t number;
	struct tunnel tunnel = {.delay = delay_ms, .device = add_link(&number)};

	tunnel.segments = net_share(sizeof *tunnel.segments);
	segments_init(tunnel.segments, network_address(number, 1), network_address(number, 2),
	              to_port);
	relay->counts = &tunnel.segments->counts;
	relay->port = net_route(network_address(number, 2), to_port);
	relay->device = tunnel.device;
	relay->pid = child_fork();
	if (relay->pid > 0)
		return;
	child_keep_only(tunnel.device);
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	prctl(PR_SET_TIMERSLACK, 1UL); /* else each wait may last 0.05 ms more */
	for (;;)
		work(&tunnel);
}

/* Also where it is stopped. */
static void end_child(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	if (!child_wait(pid, END_MS, &status))
		child_end(pid);
}

/* A connection whose packets are gone would wait for ever: each is reset, and so is one that was
 * begun when nobody took its packets any more. */
void tunnel_stop(struct relay *relay)
{
	struct segments *segments = (struct segments *)relay->counts;
	uint8_t packet[PACKET_MOST];
	ssize_t size;

	end_child(relay->pid);
	while ((size = read(relay->device, packet, sizeof packet)) > 0)
		segments_enter(segments, packet, (size_t)size);
	for (unsigned port = 0; port < SEGMENTS_FLOWS; port++) {
		for (int way = 0; way < 2; way++) {
			if (segments_reset(segments, (uint16_t)port, way, packet))
				(void)!write(relay->device, packet, SEGMENTS_RESET_SIZE);
		}
	}
	close(relay->device);
}
