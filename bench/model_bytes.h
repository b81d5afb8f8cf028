/*
 * The closed forms for bytes: what the wire contract, TCP and the schedule make of a message,
 * before it is measured. They are those of the stack epoll in the lab's networks; what another
 * stack has above them is what its library adds.
 */
#ifndef BENCH_MODEL_BYTES_H
#define BENCH_MODEL_BYTES_H

#include "run.h"

/* A full segment's share of a 1500-byte packet: less 20 for IPv4 and 32 for TCP with timestamps. */
#define SEGMENT_MAX_BYTES 1448

/* All both ways; NAN where no closed form holds. */
struct model_bytes {
	double framing_per_message;
	double wire_per_message;
	double wire_per_idle_minute; /* of one subscriber; where anything is published NAN */
};

/*
 * Framing. websocket: the header of RFC 6455 §5.2. sse: id and data lines, and the blank one
 * (WHATWG HTML §9.2). floor: the length. polling, longpoll: one exchange, which is a request and
 * the head of its answer, and one byte a message, shared by the messages of the answer (struct
 * model: λT or a + e^-a). base64 is framing too.
 *
 * Wire: framing and payload, SEGMENT_HEADER_BYTES for each segment of at most SEGMENT_MAX_BYTES,
 * and as much for each pure ACK. Who reads acknowledges, at once or on what it sends within 40 ms
 * (TCP_DELACK_MIN):
 * - every second full segment, and what is behind the last of them, has an ACK of its own;
 * - that of an answer's end rides on the next request where that follows within 40 ms: always with
 *   longpoll, with polling where T - 2d is less. Polls further apart than the least retransmission
 *   timeout of 200 ms have each segment acknowledged at once;
 * - that of a poll rides on its answer. That of a long-poll does so where both it and the one
 *   before are answered within 40 ms: a socket that was not quick to answer last time does not wait
 *   (Linux 6 calls it pingpong mode, and one quick answer enters it). An answer is quick with
 *   p = 1 - (1 - w)e^(-λ 40 ms), w being the share of requests for which a message waits:
 *   1 - e^-a, or with one per response a. So pure ACKs are 1 - p² a long-poll; this and p are of
 *   Poisson arrivals.
 *
 * No form holds for: anything but a delay on the link; what clients publish; cut connections; on
 * the wire also TLS; polls that have not come back after T (2d above T), answers above 1 MiB; even
 * arrivals over longpoll with a delay. A message is taken to be read before the next comes;
 * where it is not, ACKs get fewer (by 2 % of the bytes at 300 messages/s over a link). Heartbeats
 * are left out of what a message costs.
 *
 * An idle minute is the main phase's: what falls into it every 25 s by the server's default
 * (sse a comment, websocket ping and pong, longpoll an empty answer and the next request), or
 * every T (polling). The first of these on a connection costs one ACK more where both ends speak:
 * the client has not yet been quick to answer.
 */
struct model_bytes model_bytes_predict(const struct run_parameters *parameters);

#endif
