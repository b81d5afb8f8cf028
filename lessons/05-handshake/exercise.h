/* The exercise of lesson 5: a server's answer to a handshake. */
#ifndef LESSONS_05_HANDSHAKE_EXERCISE_H
#define LESSONS_05_HANDSHAKE_EXERCISE_H

#include <stddef.h>

#define ACCEPT_ROOM 64 /* more than enough */

/*
 * Writes the Sec-WebSocket-Accept that answers a key, and a '\0': base64 of the SHA-1 of the key,
 * as the text that it is, with the fixed text 258EAFA5-E914-47DA-95CA-C5AB0DC85B11 behind it.
 */
void accept_key(char accept[ACCEPT_ROOM], const char *key);

/*
 * Writes the answer to a request, whose head is given as text, as text too: at most room characters
 * with the '\0'.
 *
 *   101  with the headers Upgrade, Connection and Sec-WebSocket-Accept, where all is right
 *   400  where the list in Upgrade lacks websocket, or the one in Connection lacks upgrade, or
 *        there is no Sec-WebSocket-Key
 *   426  with the header Sec-WebSocket-Version: 13, where the version is another than 13
 *
 * The names of headers, and the words of Upgrade and Connection, may be written in any case; a list
 * has commas, and perhaps blanks around them. A key does have a case.
 */
void answer_upgrade(char *answer, size_t room, const char *head);

#endif
