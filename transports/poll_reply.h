/* The answer to a poll or a long-poll, read: what polling/client.c and longpoll/client.c share. */
#ifndef TRANSPORTS_POLL_REPLY_H
#define TRANSPORTS_POLL_REPLY_H

#include "client.h"
#include "http_response.h"
#include "ndjson.h"

/* All zero but for `format` is ready to read a reply. */
struct poll_reply {
	enum message_format format;
	uint64_t cursor; /* id of the last message; CLIENT_NO_CURSOR before it is known */

	/* private */
	struct http_response response;
	struct ndjson_reader lines;
	struct bytes decoded; /* a binary message, out of its base64 */
	unsigned messages;    /* in this response so far */
	char why[96];
};

enum poll_reply_event {
	POLL_REPLY_MORE,   /* the input is used up, and the reply not complete */
	POLL_REPLY_END,    /* the reply is complete; events->response was called */
	POLL_REPLY_CLOSES, /* as END, and the server closes the connection after it */
	POLL_REPLY_FAILED, /* poll_reply_why says how the contract was broken */
};

/*
 * Takes bytes from the front of *input; calls events->missed (X-Pushlab-Missed), ->message and
 * ->response (not ->ready). 200 carries messages; 204 none, and the cursor in X-Pushlab-Cursor
 * where the request had no since, or one beyond the newest id. Any other status fails. So do bytes
 * behind the reply: requests
 * are not pipelined, so these answer none (RFC 9112 §9.2).
 */
enum poll_reply_event poll_reply_next(struct poll_reply *reply, struct span *input,
                                      const struct client_events *events, void *user);

/* The peer closed, or the connection broke: END where that is how the reply ends, else MORE. What
 * came of a reply that was cut off counts, as far as its messages are whole. */
enum poll_reply_event poll_reply_closed(struct poll_reply *reply,
                                        const struct client_events *events, void *user);

const char *poll_reply_why(const struct poll_reply *reply);

/* Frees what it holds and forgets a half-read reply; keeps format and cursor. */
void poll_reply_reset(struct poll_reply *reply);

#endif
