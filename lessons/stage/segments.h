/* The TCP segments that cross a link, in IPv4 packets: who sent them, and how far they have come.
 * No I/O. */
#ifndef LESSONS_STAGE_SEGMENTS_H
#define LESSONS_STAGE_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "relay.h"

#define SEGMENTS_FLOWS      65536 /* a connection is its client's port */
#define SEGMENTS_RESET_SIZE 40    /* an IPv4 header and a TCP header */

enum { SEGMENTS_UP, SEGMENTS_DOWN };

/* One direction of a connection: the sequence numbers that come next. */
struct segments_way {
	uint32_t entered, left;
	bool began, ended; /* its SYN has entered, its FIN has left */
};

struct segments {
	struct relay_counts counts; /* first: a relay finds us by it */

	/* private */
	uint32_t here, there; /* addresses: ours, and the one at which the other end seems to be */
	uint16_t server_port; /* network byte order, too */
	struct segments_way ways[SEGMENTS_FLOWS][2];
};

/* Addresses in network byte order, the port as a number. *segments is all 0. */
void segments_init(struct segments *segments, uint32_t here, uint32_t there, uint16_t server_port);

/* A packet enters the link. Whether it belongs there; others are to be dropped. A byte counts once,
 * also where TCP sends it again. */
bool segments_enter(struct segments *segments, const void *packet, size_t size);

/* It leaves at the other end: sender and receiver are swapped, so that it comes from there. No
 * checksum changes by that. */
void segments_leave(struct segments *segments, void *packet, size_t size);

/* A packet that resets the connection of that client's port, for the receiver of that direction.
 * False where there is none, or it has ended. */
bool segments_reset(const struct segments *segments, uint16_t client_port, int way,
                    uint8_t packet[SEGMENTS_RESET_SIZE]);

#endif
