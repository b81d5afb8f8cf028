/* Push, to compare with: one answer that never ends (lesson 4 makes a standard of that). */
#ifndef LESSONS_03_LONG_POLLING_PUSH_H
#define LESSONS_03_LONG_POLLING_PUSH_H

#include "seen.h"

#define PUSH_QUESTION "GET /push HTTP/1.1\r\nHost: server.example.com\r\n\r\n"

/* The server's side: a head without a length, then each message in its time. */
void push_serve(int connection, const struct news *news);

/* The client's: asks once, and notes what comes. */
void push_follow(int fd, const struct news *news, struct seen *seen);

#endif
