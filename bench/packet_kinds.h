/* What crosses a network, by kind: told from the headers alone. No I/O. */
#ifndef BENCH_PACKET_KINDS_H
#define BENCH_PACKET_KINDS_H

#include <stddef.h>
#include <stdint.h>

enum packet_kind {
	PACKET_SYN_FIN,        /* SYN, FIN or RST without payload, for the first time */
	PACKET_PURE_ACK,       /* TCP with neither of these nor payload */
	PACKET_DATA,           /* payload beyond what that end had sent before */
	PACKET_RETRANSMISSION, /* payload, SYN or FIN that it had sent before, all of it */
	PACKET_OTHER,          /* later fragments, what is not TCP, headers that are cut off */
	PACKET_KINDS
};

struct packet_counts {
	uint64_t packets[PACKET_KINDS];
	uint64_t bytes[PACKET_KINDS]; /* with the Ethernet header that a wire adds */
};

/* The connections seen so far; all zero: none. */
struct packet_kinds {
	void *directions; /* private: a tree of tsearch(3) */
};

/* Forgets them. */
void packet_kinds_close(struct packet_kinds *kinds);

/* The packet begins with its IP header. It counts as the first of its connection where there is no
 * memory for another. */
enum packet_kind packet_kinds_tell(struct packet_kinds *kinds, const void *packet, size_t size);

/* size: without an Ethernet header */
void packet_counts_add(struct packet_counts *counts, enum packet_kind kind, size_t size);

/* "syn_fin", "pure_ack", "data", "retransmission", "other" */
const char *packet_kind_name(enum packet_kind kind);

#endif
