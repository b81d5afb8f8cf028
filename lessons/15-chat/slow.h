/* A client that never reads: its connection, and what waits for it at the server. */
#ifndef LESSONS_15_CHAT_SLOW_H
#define LESSONS_15_CHAT_SLOW_H

#include <stddef.h>

#define QUEUE_MOST 100   /* messages that may wait, unless all are kept */
#define KEPT_MOST  10000 /* where they are: more than ever come */
#define SHARES     8     /* prices that come in turn: message i is about share i % SHARES */

/* What is done with a message for a client that is behind. */
enum policy { KEEP_ALL, DROP_OLDEST, MERGE, DISCONNECT, POLICIES };

/* What waits for one client, all 0 to begin with. */
struct queue {
	unsigned ids[KEPT_MOST];
	size_t waiting;
	unsigned dropped; /* the oldest, to make room */
	unsigned merged;  /* replaced by a newer one about the same share */
	unsigned ended;   /* the message at which the client was disconnected; 0: it was not */
};

/* The server's end of a connection whose client does not read. */
int slow_connect(void);

/* Writes messages to it until the buffers of both sockets take no more; gives their number. */
size_t slow_fill(int connection);

/* Messages come for that long, `rate` in each ms, and go into the queues, one for each policy,
 * where the connection does not take them. Gives how long it was. */
double slow_say(int connection, struct queue queues[POLICIES], double rate, double for_ms);

#endif
