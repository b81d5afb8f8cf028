/* The simulated link: a child process on loopback that passes bytes on after a delay. */
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
	struct relay_counts *counts; /* shared memory; it outlives relay_stop */
};

/*
 * Accepts on relay->port, connects to to_port for each connection, and holds every byte for
 * delay_ms each way; the end of a stream too. The kernel's TCP handshake cannot be delayed, so the
 * handshake is acted: what is sent up within the first 2 * delay_ms of a connection is held until
 * those are over, then for delay_ms as always; and the server sees the connection 3 * delay_ms
 * after the client began it.
 */
void relay_start(struct relay *relay, uint16_t to_port, double delay_ms);

/* Ends it; its connections are cut. */
void relay_stop(struct relay *relay);

#endif
