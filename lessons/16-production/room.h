/* The processes of a chat, each with clients of its own. */
#ifndef LESSONS_16_PRODUCTION_ROOM_H
#define LESSONS_16_PRODUCTION_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus.h"

enum { ROOM_CLIENTS_MOST = 200 };

struct room; /* one process: its clients, and perhaps its end of the bus */

/* What a process does with a message: of one of its clients, or from the bus. */
typedef void room_heard(struct room *room, bool from_bus, const void *text, size_t size);

void room_tell_clients(const struct room *room, const void *text, size_t size);

/* Does nothing where there is no bus. */
void room_tell_bus(const struct room *room, const void *text, size_t size);

/*
 * Starts so many processes, BUS_MOST at most, with a bus or without; deals clients out to them in
 * turn, ROOM_CLIENTS_MOST at most; has the first say "Hello"; and counts who hears it within
 * 500 ms.
 */
unsigned rooms_hearers(room_heard *heard, unsigned processes, unsigned clients, bool with_bus);

#endif
