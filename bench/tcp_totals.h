/* What TCP_INFO counts for one socket, or for many. */
#ifndef BENCH_TCP_TOTALS_H
#define BENCH_TCP_TOTALS_H

#include <stdint.h>

/* down: what this end received; up: what it sent. Bytes are of payload: each once down, as
 * soon as it is read, what was sent again included up (RFC 4898). Segments are of every kind, pure
 * ACKs included. */
struct tcp_totals {
	uint64_t bytes_down, bytes_up;
	uint64_t segments_down, segments_up;
	uint64_t retransmitted; /* segments, up */
};

/* Adds what the kernel has counted for the connected socket fd; nothing where it does not tell. */
void tcp_totals_add(struct tcp_totals *totals, int fd);

#endif
