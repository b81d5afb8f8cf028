/*
 * One direction of a link: what becomes of the packets that are put into it. No I/O and no clock;
 * everything follows from the seed and the instants that are passed in.
 */
#ifndef BENCH_LINK_H
#define BENCH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define ETHERNET_HEADER_BYTES 14 /* without preamble, checksum and gap */

struct link_settings {
	double delay_ms;   /* one way */
	double jitter_ms;  /* up to so much more, evenly drawn; the order is kept */
	double loss;       /* share of the packets, 0 to below 1 */
	double loss_burst; /* packets lost in a row, on average (Gilbert 1960); 0: independently */
	double rate_mbit;  /* of the line, Ethernet headers included; 0: no limit */
	double rate_up_mbit; /* the same from the clients; 0: as rate_mbit */
	unsigned queue;      /* full frames that may wait for the line; more are dropped */
};

/* Whether it does anything. */
static inline bool link_is_there(const struct link_settings *settings)
{
	return settings->delay_ms > 0 || settings->jitter_ms > 0 || settings->loss > 0 ||
	       settings->rate_mbit > 0 || settings->rate_up_mbit > 0;
}

/* Of packets with their IP header and payload; bytes have the Ethernet header that a wire adds. */
struct link_counts {
	uint64_t packets, bytes; /* put in */
	uint64_t lost, dropped;  /* of these: by the draw, by the queue */
};

struct link_packet {
	STAILQ_ENTRY(link_packet) next;
	uint64_t depart_ns;
	size_t size;
	uint8_t data[];
};

struct link {
	struct link_counts counts;

	/* private */
	struct link_settings settings;
	uint64_t random;
	uint64_t line_free_ns, last_depart_ns;
	bool in_burst;
	STAILQ_HEAD(, link_packet) packets;
};

void link_open(struct link *link, const struct link_settings *settings, uint64_t seed);

/* Frees what is under way. */
void link_close(struct link *link);

/* A packet enters at now_ns: it is copied, lost or dropped. 0 or -ENOMEM. */
int link_put(struct link *link, uint64_t now_ns, const void *packet, size_t size);

/* The packet that is to leave next, at its depart_ns; NULL: none is under way. */
const struct link_packet *link_first(const struct link *link);

/* It has left. */
void link_remove_first(struct link *link);

#endif
