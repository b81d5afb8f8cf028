/* How somebody shows to the server of lesson 13 who it is. */
#ifndef LESSONS_13_SECURITY_DOOR_H
#define LESSONS_13_SECURITY_DOOR_H

#include "server.h"

#define DOOR_TOKEN "abc123" /* the tutorial's */

/*
 * GET /chat?token=TOKEN     Anna
 * GET /chat                 a stranger, until a message has the token
 * POST /ticket              needs "Authorization: Bearer TOKEN", and is answered with a ticket
 * GET /chat?ticket=TICKET   Anna, once; the ticket is void then
 * All else is refused with 401.
 */
int door_by_token(struct visitor *visitor, const char *request);

/* Anna by her cookie, "session=5f2c9a71"; a stranger without it. All may come in. */
int door_by_cookie(struct visitor *visitor, const char *request);

/* Takes the token, or answers whatever else is said with a name. */
const char *door_say_name(struct visitor *visitor, const char *text, double now_ms);

#endif
