/* A client that never reads: its connection, and what waits for it at the server. */
#ifndef LESSONS_15_CHAT_SLOW_H
#define LESSONS_15_CHAT_SLOW_H

#include <stdbool.h>
#include <stddef.h>

#define QUEUE_MOST 100 /* messages that may wait, unless all are kept */
#define SHARES     8   /* prices that come in turn: message i is about share i % SHARES */

/* What is done with a message for a client that is behind. */
enum policy { KEEP_ALL, DROP_OLDEST, MERGE, DISCONNECT, POLICIES };

/* What waits for one client, all 0 to begin with. */
struct queue {
	unsigned *ids;
	size_t waiting, room;
	unsigned dropped; /* the oldest, to make room */
	unsigned merged;  /* replaced by a newer one about the same share */
	unsigned ended;   /* the message at which the client was disconnected; 0: it was not */
};

/* A message comes that the socket does not take. */
void queue_put(struct queue *queue, enum policy policy, unsigned id);

/* The server's end of a connection whose client does not read. */
int slow_connect(void);

/* Writes text frames to it until the systems of both sides take no more; gives the bytes taken. */
size_t slow_fill(int connection);

/* Whether it has room again, as poll says it; waits so long for it at most. */
bool slow_writable(int connection, int wait_ms);

#endif
