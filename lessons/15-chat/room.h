/* A chat room: its server, and its members, who talk and count what they hear. */
#ifndef LESSONS_15_CHAT_ROOM_H
#define LESSONS_15_CHAT_ROOM_H

#include <stddef.h>

#define MEMBERS_MOST 400

struct room_counts {
	unsigned frames;
	size_t bytes; /* of these frames */
};

/* So many members connect to a server. They take turns in saying Hello, `messages` times in all,
 * and read until the server ends their connections. */
void room_talk(struct room_counts *counts, int members, int messages);

#endif
