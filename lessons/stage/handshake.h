/* The handshake of WebSocket, which lesson 5 explains, in one call for each side. */
#ifndef LESSONS_STAGE_HANDSHAKE_H
#define LESSONS_STAGE_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Puts a client's request: the header is that of RFC 6455's example (1.3), key and Host too, so
 * that its bytes are the same in each run. `more` is added to it: "" or whole lines, as in
 * "Origin: https://example.com\r\n". Gives its length, which is less than size.
 */
size_t handshake_request(char *request, size_t size, const char *path, const char *more);

/* Puts a server's answer: 101, or 400 where the request has no key or another version than 13.
 * Whether it is 101. */
bool handshake_answer(char *answer, size_t size, const char *request);

/* Connects, and shakes hands. Gives the open connection, or -1 where the answer is not 101 or none
 * came. *status (it may be NULL) is that of the answer, 0: none. */
int handshake_connect(uint16_t port, const char *path, const char *more, int *status);

/* The other side: reads a request, which the caller may look at, and answers it. False where the
 * connection is of no more use. */
bool handshake_accept(int connection, char *request, size_t size);

/* The value of a header of a request or an answer, its name in any case, without spaces around it;
 * false, and "": there is no such header. A value that does not fit is cut. */
bool handshake_header(const char *head, const char *name, char *value, size_t size);

#endif
