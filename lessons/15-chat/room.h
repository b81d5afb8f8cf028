/* The server of a chat room. */
#ifndef LESSONS_15_CHAT_ROOM_H
#define LESSONS_15_CHAT_ROOM_H

#define MEMBERS_MOST 400

/* Accepts so many members, passes so many messages on to all of them, and ends this process, which
 * ends their connections. */
_Noreturn void room_serve(int listener, int members, int messages);

#endif
