/* UDP on loopback. A datagram arrives whole or not at all, and nobody tells the sender which. */
#ifndef LESSONS_12_DATAGRAMS_DATAGRAM_H
#define LESSONS_12_DATAGRAMS_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

struct datagram_address {
	uint8_t ip[4];
	uint16_t port;
};

#define DATAGRAM_LOOPBACK ((struct datagram_address){{127, 0, 0, 1}, 0})

/* A socket with that address; port 0: any that is free, which is put there. -1: it is taken. */
int datagram_socket(struct datagram_address *address);

void datagram_send(int fd, const struct datagram_address *to, const void *data, size_t size);

/* The next datagram, and whose it is (from may be NULL). 0: none came in that time; a negative
 * time is no limit. */
size_t datagram_receive(int fd, void *data, size_t size, struct datagram_address *from,
                        double limit_ms);

#endif
