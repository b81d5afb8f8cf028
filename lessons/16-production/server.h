/* The server of the exercise: connections, frames and queues. When it leaves is up to you. */
#ifndef LESSONS_16_PRODUCTION_SERVER_H
#define LESSONS_16_PRODUCTION_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"

enum { CLIENTS_MAX = 32 };

struct server {
	struct client *clients[CLIENTS_MAX]; /* the first `count` of them */
	size_t count;
	double limit_ms; /* what --limit says, or 5000 */

	/* Yours: nothing else reads or writes them. They are 0 at first. */
	bool draining;
	double until_ms;
};

/* What decides when it leaves: exercise.h says how. */
struct server_drain {
	void (*begin)(struct server *server, double now_ms);
	double (*left)(const struct server *server, double now_ms);
};

/*
 * Listens on 127.0.0.1, prints "ready PORT", and serves until drain->left() says 0: then it
 * returns 0, and the system ends what is left of the connections. One thread: it looks after all
 * clients in turn and never sleeps for one of them.
 *
 * A message is written to the store, as a line, and then sent back to its client. Whatever a client
 * is to get waits in its queue until the connection takes it, in order.
 *
 * A close frame is answered, if none was sent before; and once both have been, and the queue is
 * empty, the client is forgotten: its connection is closed, and `count` is one less. So it is with
 * a client whose connection has ended.
 *
 *   --limit MS    how long a drain may take, at most
 *   --store PORT  where the store is; without this, lines go to stdout
 */
int server_run(const struct server_drain *drain, int argc, char **argv);

/* Closes the listening socket: who connects from now on is refused. */
void server_stop_listening(struct server *server);

/* Queues a close frame with this code, behind what waits there. Does nothing where one was sent. */
void server_send_close(struct client *client, unsigned code);

/* Forgets clients[i] at once, without a word. The last client takes its place. */
void server_hang_up(struct server *server, size_t i);

#endif
