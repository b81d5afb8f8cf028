/* A listening TCP socket, for the stacks that take one. */
#ifndef TRANSPORTS_LISTEN_H
#define TRANSPORTS_LISTEN_H

#include <stdint.h>

/* Listens on a numeric IPv4 or IPv6 address; port 0: any free one. Non-blocking, close-on-exec,
 * with the longest backlog that the kernel allows. The descriptor, or a negative errno (-EINVAL:
 * not an address). */
int listen_tcp(const char *address, uint16_t port);

/* The port that a socket is bound to; 0 where it is not bound. */
uint16_t listen_port(int fd);

#endif
