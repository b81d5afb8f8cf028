/*
 * The libwebsockets runtime: its context inside our own libev loop. What its endpoints share:
 * routing, parameters, answers, waiting. The library's names begin with lws_, so that ours begin
 * with lws_stack_.
 */
#ifndef TRANSPORTS_STACK_LWS_H
#define TRANSPORTS_STACK_LWS_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "../bytes.h"
#include "../deadlines.h"
#include "../server.h"
#include "../subscription.h"

struct lws_stack_server;

/* A connection, and the request or the WebSocket on it. */
struct lws_stack_request {
	struct lws_stack_server *server;
	struct lws *wsi;
	const struct endpoint *endpoint;  /* that it has entered, or NULL */
	struct subscription subscription; /* endpoints only; subscriber.cursor is what moves on */
	struct subscriber subscriber;
	struct deadline deadline;
	uint64_t heard_ns;   /* websocket: when something came last */
	uint64_t pinged_ns;  /* websocket: when it was pinged last */
	struct bytes buffer; /* what came in */
	bool timed_out;      /* what lws_stack_subscribe was to wait for is over */
	bool head_only;      /* the method is HEAD: no content is sent */
	bool owes_token;     /* websocket: its first message must be the token (policy.h) */

	/* private */
	uint64_t read_bytes; /* until its last request, with content, was answered; 0: not known */
	bool has_content;    /* its request has */
	bool surplus;        /* accepted beyond connections_max */
	bool asked;          /* it has had a request */
	bool busy;           /* it has a request that is not wholly answered */
	bool receiving;      /* received is being called */
	bool draining;       /* what is left of the answer waits for room in the socket */
	bool close;          /* it ends with this answer */
	bool lingers;        /* it has been refused, and its content is passed over */
	bool over;           /* it is being closed */
};

/* The table behind struct endpoint's `cell`. Functions give 0, or -1 to close the connection. */
struct lws_stack_endpoint {
	bool upgrade; /* to WebSocket */
	/* A subscriber has entered; subscription and subscriber.cursor are set. Required. */
	int (*start)(struct lws_stack_request *request);
	/* Its topic has news, or its wait is over, or what it was sent before has left: and nothing
	 * is buffered for it. Required where start subscribes. */
	int (*writable)(struct lws_stack_request *request);
	/* A piece of a message has arrived. Required where upgrade. */
	int (*received)(struct lws_stack_request *request, const void *piece, size_t size);
};

extern const struct stack_ops lws_stack;

const struct server_config *lws_stack_config(const struct lws_stack_request *request);

/* From now on writable() is called whenever the topic has news, and once after wait_ns; where it is
 * subscribed already, the wait begins anew. */
void lws_stack_subscribe(struct lws_stack_request *request, uint64_t wait_ns);

/* The peer's address, written there; NULL where it is not known. */
const struct sockaddr *lws_stack_peer(const struct lws_stack_request *request,
                                      struct sockaddr_storage *address);

/* Bytes for one lws_write, which is also how they must be sent: it writes into the LWS_PRE bytes
 * before data. Good until the next lws_stack_share or lws_stack_frame. */
struct lws_stack_text {
	uint8_t *data;
	size_t size;
	uint64_t cursor;   /* of who has had it */
	unsigned messages; /* in it */
};

/* Appends what is to be sent to a subscriber at *cursor, moves *cursor on, and gives the number of
 * messages in it. */
typedef unsigned lws_stack_fill(struct bytes *out, struct lws_stack_request *request,
                                uint64_t *cursor);

/* What fill gives for the request's cursor, made once for all who have the same. NULL when memory
 * ran out. */
const struct lws_stack_text *lws_stack_share(struct lws_stack_request *request,
                                             lws_stack_fill *fill);

/* The next message for the request, as the content of a frame. NULL when memory ran out. */
const struct lws_stack_text *lws_stack_frame(struct lws_stack_request *request);

/* Answers with the messages above the cursor (200), or without one (204). */
int lws_stack_answer_messages(struct lws_stack_request *request);

/* Sends the head of a response whose content goes on until the connection closes. */
int lws_stack_start_stream(struct lws_stack_request *request, const char *content_type);

#endif
