#include "exercise.h"

void broadcast(struct room *room, struct message *message)
{
	for (size_t i = 0; i < room->size; i++) {
		struct member *member = &room->members[i];

		/* TODO 1: as it is, one member that does not read ends it for all behind it. */
		if (member->count == WAITING_MOST)
			return;
		put_last(member, message_hold(message));
	}
}

struct message *next_message(struct member *member)
{
	/* TODO 2: as it is, whoever has lost something does not learn it. */
	return member->count > 0 ? take_oldest(member) : NULL;
}
