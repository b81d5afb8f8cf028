/* The server of the exercise: its loop. What is read and written is not its business. */
#ifndef LESSONS_14_SERVER_SERVER_H
#define LESSONS_14_SERVER_SERVER_H

#include <stdbool.h>

struct client;

/* What to do when poll() says so; false: the client is closed. */
struct server_work {
	bool (*readable)(struct client *client);
	bool (*writable)(struct client *client);
};

/*
 * Listens on 127.0.0.1, prints "ready PORT", and serves until SIGTERM comes; then it closes all
 * connections, frees what it has, and returns 0. For each client it waits
 *   until there is something to read, as long as input has room,
 *   until there is room to write, as long as output has something.
 * So a client that does not read is not read from, once its output and its input are full: TCP
 * holds back what it sends, and in the end the client itself.
 */
int server_run(const struct server_work *work);

#endif
