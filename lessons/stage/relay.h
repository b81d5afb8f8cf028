/*
 * The simulated link: a child process that passes on what it is given after a delay. In a private
 * network (network.h) it passes packets on (tunnel.h), elsewhere bytes, on loopback.
 */
#ifndef LESSONS_STAGE_RELAY_H
#define LESSONS_STAGE_RELAY_H

#include <stdint.h>
#include <sys/types.h>

/* Up is from the side that connects. A byte counts when it enters the link. */
struct relay_counts {
	unsigned connections;
	unsigned long bytes_up, bytes_down;
};

struct relay {
	uint16_t port; /* connect here instead of to to_port */
	pid_t pid;     /* kill(pid, SIGSTOP) makes it a link that swallows everything */
	int device;    /* -1: it is on loopback */
	struct relay_counts *counts; /* shared memory; it outlives relay_stop */
};

/*
 * Who connects to relay->port reaches to_port, and every byte is delay_ms under way, each way; the
 * end of a stream too. So a connection is there for its client after a round trip, and for its
 * server half a round trip later.
 *
 * On loopback the kernel's own TCP handshake cannot be delayed, so it is acted: net_connect returns
 * at once, but what is sent up within the first 2 * delay_ms of a connection is held until those
 * are over, then for delay_ms as always; and the server sees the connection 3 * delay_ms after the
 * client began it.
 */
void relay_start(struct relay *relay, uint16_t to_port, double delay_ms);

/* Says so to the learner: that the link is simulated, how long it takes, and which of the two kinds
 * it is. */
void relay_introduce(double delay_ms);

/* Ends it; its connections are cut. */
void relay_stop(struct relay *relay);

#endif
