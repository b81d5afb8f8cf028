/* What lws.c (the loop, connections), lws_request.c (what is asked) and lws_answer.c (what is
 * answered) know of each other. */
#ifndef TRANSPORTS_STACK_LWS_PRIVATE_H
#define TRANSPORTS_STACK_LWS_PRIVATE_H

#include <ev.h>

#include "../site.h"
#include "lws.h"

/* The last text that was made to be shared, and for whom. */
struct lws_stack_shared {
	struct lws_stack_text text;
	struct bytes bytes;   /* LWS_PRE bytes of room, then the text */
	lws_stack_fill *fill; /* that made it; NULL: it is not to be shared */
	const struct topic *topic;
	uint64_t asked, last;
	unsigned max_messages;
};

struct lws_stack_server {
	struct server_config config;
	const struct endpoint *const *endpoints;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct ev_loop *loop;
	struct ev_timer steady;
	struct deadlines deadlines;
	struct source *watches;             /* owned */
	struct lws_stack_request *accepted; /* the last connection that was accepted, or NULL */
	unsigned accepted_turn;             /* of the loop, in which it was */
	struct lws_stack_shared shared;
	char *scratch; /* where the parts of a request are strings */
	int scratch_size;
	struct lws_protocols protocols[3];
	bool is_pipelined;    /* by some client: see may_be_misread */
	char subprotocol[64]; /* the name of protocols[1]: see lws_request_upgrade */
	int stop_fd;
};

/* Nothing more is to be sent for what it subscribed to. */
void lws_request_unsubscribe(struct lws_stack_request *request);

/* Closes the connection unless the next request is whole in that time. */
void lws_request_wait(struct lws_stack_request *request, uint64_t wait_ns);

/* Of the library's own timeouts: each would be put into one sorted list, which is walked from its
 * head. Ours take constant time. */
void lws_request_clear_timeout(struct lws_stack_request *request);

/* Bytes read from the socket so far; `unknown` where that cannot be told. */
uint64_t lws_request_bytes_read(const struct lws_stack_request *request, uint64_t unknown);

/* Sends the answer and frees its body. 0, or -1 to close the connection. */
int lws_request_answer(struct lws_stack_request *request, struct site_answer *answer);

/* The same for a request to upgrade: -1. */
int lws_request_answer_upgrade(struct lws_stack_request *request, struct site_answer *answer);

/* What the library calls; 0, or -1 to close the connection. */
int lws_request_asked(struct lws_stack_request *request); /* the head has come */
int lws_request_content(struct lws_stack_request *request, const void *piece, size_t size);
int lws_request_whole(struct lws_stack_request *request); /* the content too */
int lws_request_sent(struct lws_stack_request *request);  /* the whole answer has left */
/* Asks for an upgrade to `protocol`: 0, it may. */
int lws_request_upgrade(struct lws_stack_request *request, const char *protocol);

#endif
