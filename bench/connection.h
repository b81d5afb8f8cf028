/* A TCP connection of the load, plain or with TLS: bytes in and out, and what they count. What the
 * bytes mean, and whether a connection is made again, is not its affair. */
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../transports/bytes.h"
#include "../transports/stream.h"
#include "tcp_totals.h"

/* What all connections share. */
struct network {
	const char *address; /* numeric IPv4; also whom a certificate must be for */
	uint16_t port;
	in_addr_t sources; /* the first address to connect from, in host order; 0: 127.0.0.1 */
	struct tls_context *tls; /* NULL: plain */
	int epoll_fd;
	/* Counted as they go: */
	uint64_t bytes_down, bytes_up; /* handed over by and to the connections, TLS taken off */
	struct tcp_totals closed;      /* of those that are closed */
	char why[128];                 /* what TLS had to say with the last -EPROTO */
};

enum connection_state {
	CONNECTION_CLOSED,
	CONNECTION_CONNECTING, /* TCP */
	CONNECTION_SECURING,   /* TLS */
	CONNECTION_OPEN,
};

struct connection {
	struct network *network;
	void *owner;      /* the data.ptr of its events */
	struct bytes out; /* what is to be sent: appended by whoever, sent by connection_flush */
	bool held;        /* connection_flush is to send nothing yet */
	/* Of SO_RCVBUF, set before it connects, in segments of Ethernet; 0: as the kernel has it.
	 */
	int receive_bytes;
	enum connection_state state;
	uint64_t begun_ns, connected_ns, open_ns; /* SYN, TCP established, TLS too */

	/* private */
	struct stream stream;
	bool watches_output;
};

/* Closed, for events with that data.ptr. */
void connection_init(struct connection *connection, struct network *network, void *owner);

/* Starts to connect for source number `source`, from 0: many share an address. `out` is emptied. 0
 * or a negative errno; then it is closed. */
int connection_start(struct connection *connection, size_t source, uint64_t now_ns);

/* To be called on an event before it is open. 0: it is open. -EAGAIN: not yet. Another negative
 * errno: it is closed. */
int connection_advance(struct connection *connection, uint64_t now_ns);

/* Sends what can be sent. What goes wrong shows up as an end of input. */
void connection_flush(struct connection *connection);

/* As stream_read. */
ssize_t connection_read(struct connection *connection, void *data, size_t size);

/* From now on there are no events, whatever the peer does; the connection stays as it is. */
void connection_ignore(struct connection *connection);

/* There is more to read without another event. */
bool connection_has_pending(const struct connection *connection);

/* Adds what TCP has counted for it, unless it is closed. */
void connection_add_totals(const struct connection *connection, struct tcp_totals *totals);

/* Closes in good order; a closed one is left alone. */
void connection_close(struct connection *connection);

/* Closes with a RST, as where the network broke: what was under way either way is lost. */
void connection_reset(struct connection *connection);

/* Closes, and frees what it holds. */
void connection_free(struct connection *connection);

#endif
