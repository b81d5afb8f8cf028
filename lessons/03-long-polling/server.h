/* The server of the exercise: connections and requests. What it remembers is not its business. */
#ifndef LESSONS_03_LONG_POLLING_SERVER_H
#define LESSONS_03_LONG_POLLING_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct server_memory {
	void (*remember)(unsigned id, const char *text);
	bool (*newer)(unsigned since, char *lines, size_t size);
};

/*
 * Listens on 127.0.0.1, prints "ready PORT" and serves until it is killed:
 *   POST /publish       the body is a message; it gets the next number and goes to all who wait
 *   GET /poll?since=ID  messages after number ID: now, if newer() has some, or with the next one
 *   GET /waiting        how many polls are waiting, for whoever must know
 * One thread: it looks after all connections in turn, and never sleeps for one of them.
 */
int server_run(const struct server_memory *memory);

#endif
