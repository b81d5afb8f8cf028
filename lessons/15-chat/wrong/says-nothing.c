/* Makes room, and hopes that nobody notices. */
#include "../exercise.h"

static void cut_off(struct member *member)
{
	while (member->count > 0)
		message_release(take_oldest(member));
	if (member->now)
		message_release(member->now);
	member->now = NULL;
	member->gone = true;
}

void broadcast(struct room *room, struct message *message)
{
	for (size_t i = 0; i < room->size; i++) {
		struct member *member = &room->members[i];
		bool full = member->count == WAITING_MOST;

		if (full && room->when_full == CUT_OFF)
			cut_off(member);
		if (member->gone)
			continue;
		if (full) {
			message_release(take_oldest(member));
			member->lost++;
		}
		put_last(member, message_hold(message));
	}
}

struct message *next_message(struct member *member)
{
	return member->count > 0 ? take_oldest(member) : NULL;
}
