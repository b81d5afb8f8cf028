/*
 * Sockets without the noise, for lessons and checks; all on 127.0.0.1 (in a private network,
 * network.h, also on its links), blocking, TCP_NODELAY. Where the world refuses (no port, no
 * memory) they print one line and exit with status 1. A peer that has gone is no error: what is
 * written to it is dropped, and reading gives the end.
 */
#ifndef LESSONS_STAGE_NET_H
#define LESSONS_STAGE_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A listening socket on a port that is free, which *port gets. */
int net_listen(uint16_t *port);

int net_connect(uint16_t port);

/* The same, but -1 where nobody listens. */
int net_try_connect(uint16_t port);

/* A port that stands for another address, in network byte order, and port: whoever connects to it
 * connects there. The last 256 of them are known, in this process and in children forked later. */
uint16_t net_route(uint32_t address, uint16_t port);

/* The next connection of a listener. */
int net_accept(int listener);

/* Writes all of it. */
void net_write(int fd, const void *data, size_t size);

/* Reads what there is, waiting until there is some; 0 at the end. */
size_t net_read(int fd, void *data, size_t size);

/* Reads size bytes, or fewer where the end comes before. */
size_t net_read_all(int fd, void *data, size_t size);

/*
 * Reads one HTTP message and not a byte more: its head, then as many bytes as Content-Length says
 * (none where there is no such header, and for 1xx, 204 and 304). Adds '\0' and gives the number of
 * bytes before that; 0 where the end comes first. A message that needs more than size - 1 bytes is
 * cut there: the rest remains to be read.
 */
size_t net_read_http(int fd, char *head_and_body, size_t size);

/* Memory, all 0, that children forked from now on share with us: what a server counts there, we can
 * read. */
void *net_share(size_t size);

/*
 * A child process that serves the connections of a listener, one call of serve for each, one after
 * the other, and closes each after its call. It dies with us. Our own copy of the listener stays
 * open, so that another child can take the port over. Start it before connections are made: it
 * would have copies of them, and their ends would not be seen.
 */
pid_t net_serve(int listener, void (*serve)(int connection, void *user), void *user);

/* Ends such a child. */
void net_stop(pid_t pid);

/* Milliseconds of CLOCK_MONOTONIC, the same clock in all processes. */
double net_now_ms(void);

void net_sleep_until_ms(double when);

#endif
