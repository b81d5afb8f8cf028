/* An event loop on epoll: descriptors, and what to call when they are ready. */
#ifndef TRANSPORTS_STACK_EPOLL_LOOP_H
#define TRANSPORTS_STACK_EPOLL_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* Embedded in its owner; stays where it is while it is watched. */
struct source {
	void (*ready)(struct source *source, uint32_t events);
};

struct loop {
	int epoll_fd, stop_fd;
	struct source stop_source;
	bool stopping;
};

/* Functions that return int give 0 or a negative errno. Close it in any case. */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/* Closing a descriptor ends its watch. */
int loop_watch(struct loop *loop, int fd, uint32_t events, struct source *source);
int loop_change(struct loop *loop, int fd, uint32_t events, struct source *source);

/* Serves events until loop_stop; after each batch of them calls served(user). */
int loop_run(struct loop *loop, void (*served)(void *user), void *user);

/* Async-signal-safe. */
void loop_stop(struct loop *loop);

#endif
