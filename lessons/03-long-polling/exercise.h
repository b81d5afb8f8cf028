/* The exercise of lesson 3: a server that loses no message. */
#ifndef LESSONS_03_LONG_POLLING_EXERCISE_H
#define LESSONS_03_LONG_POLLING_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MESSAGES_MAX = 100, /* in one run of the server; it refuses more */
	TEXT_MAX = 64       /* bytes of one message, with its '\0' */
};

/*
 * Where the texts are to be kept. What lies behind them is not yours, and the check looks whether
 * it is still as it was: in most programs nobody looks. server.c has it.
 */
struct message_room {
	char texts[MESSAGES_MAX][TEXT_MAX];
	char behind[TEXT_MAX];
};
extern struct message_room message_room;

/*
 * Message number id (1, 2, 3 …) has been published: text. Whoever is waiting at this moment gets it
 * from the server; for all others it must be remembered.
 */
void remember(unsigned id, const char *text);

/*
 * A client polls, and has all messages up to number `since`. If there are newer ones, writes them
 * all to `lines`, the oldest first, each as "ID TEXT\n" with a '\0' at the very end, and returns
 * true: the server answers at once. Otherwise returns false, and the request waits. Many clients
 * poll, and each has its own `since`.
 */
bool newer(unsigned since, char *lines, size_t size);

#endif
