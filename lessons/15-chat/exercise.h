/* The exercise of lesson 15: a room where one may be slow, and nobody else suffers. */
#ifndef LESSONS_15_CHAT_EXERCISE_H
#define LESSONS_15_CHAT_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>

#include "message.h"

#define WAITING_MOST 8 /* messages that may wait for one member */
#define ROOM_MOST    16

/* A member of the room, all 0 to begin with. Whatever it points at it holds. */
struct member {
	struct message *waiting[WAITING_MOST]; /* a ring; the oldest is waiting[first] */
	size_t first, count;
	unsigned lost;       /* messages dropped that it has not been told of */
	struct message *now; /* being written: no longer among those that wait; NULL: none is */
	size_t sent;         /* bytes of it that are on the wire */
	bool gone;           /* cut off: the caller ends its connection */
};

/* Given: the oldest that waits, which waits no longer. There must be one. */
static inline struct message *take_oldest(struct member *member)
{
	struct message *oldest = member->waiting[member->first];

	member->first = (member->first + 1) % WAITING_MOST;
	member->count--;
	return oldest;
}

/* Given: puts a message behind those that wait. There must be room. */
static inline void put_last(struct member *member, struct message *message)
{
	member->waiting[(member->first + member->count) % WAITING_MOST] = message;
	member->count++;
}

enum when_full { DROP_OLDEST, CUT_OFF };

struct room {
	enum when_full when_full;
	size_t size; /* members */
	struct member members[ROOM_MOST];
};

/*
 * A message is said: it is put behind what waits for each member, the sender among them. Each that
 * has it waiting holds it once. The caller keeps its own hold.
 *
 * Where WAITING_MOST wait for a member already, that is no matter of the others. The rule of the
 * room says what happens to this one:
 *   DROP_OLDEST  the oldest that waits makes room, is released and counted in `lost`
 *   CUT_OFF      it is gone. It releases all that waits, and what it has in `now`. It gets neither
 *                this message nor any later one
 */
void broadcast(struct room *room, struct message *message);

/*
 * What is to be written next to a member, whose last message is written. It is taken from those
 * that wait, the oldest first, and the caller holds it in the member's place; NULL: nothing waits.
 *
 * A member that has lost something is told before it gets anything else: then this gives a new
 * message, "lost 3\n" where three were lost, and these three are told.
 */
struct message *next_message(struct member *member);

/* Given, in check.c. The member's socket takes `size` bytes: copies them and gives their number,
 * fewer where there are no more. */
size_t write_to(struct member *member, char *bytes, size_t size);

#endif
