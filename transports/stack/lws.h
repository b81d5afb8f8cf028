/*
 * The libwebsockets runtime: one context on a libev loop of ours. What its endpoints share:
 * routing, parameters, answers, one frame for many subscribers.
 *
 * The library's names begin with lws_ as well; ours are the request, the endpoint, and what
 * begins with lws_stack_.
 */
#ifndef TRANSPORTS_STACK_LWS_H
#define TRANSPORTS_STACK_LWS_H

#include <libwebsockets.h>
#include <stdbool.h>

#include "../bytes.h"
#include "../deadlines.h"
#include "../server.h"
#include "../subscription.h"

struct lws_stack_server;

/* One HTTP request or one WebSocket connection: libwebsockets allocates it with the connection. */
struct lws_stack_request {
	struct lws_stack_server *server; /* NULL: not in use */
	struct lws *wsi;
	const struct endpoint *endpoint;  /* NULL: for the site (site.h) */
	struct subscription subscription; /* endpoints only; subscriber.cursor is what moves on */
	struct subscriber subscriber;
	struct deadline deadline;
	bool timed_out;      /* its deadline has passed */
	struct bytes buffer; /* what came in, or is going out */
};

/* The table behind struct endpoint's `cell`. Functions that return int give 0, or -1 to close the
 * connection. */
struct lws_stack_endpoint {
	bool upgrade; /* to WebSocket: any other request gets 426 */
	/* A subscriber is connected; subscription and subscriber.cursor are set. Required. */
	int (*start)(struct lws_stack_request *request);
	/* The connection takes data: write one message at most. Required. */
	int (*writable)(struct lws_stack_request *request);
	/* A piece of a message has arrived. Required where upgrade. */
	int (*received)(struct lws_stack_request *request, const void *piece, size_t size);
};

extern const struct stack_ops lws_stack;

const struct server_config *lws_stack_config(const struct lws_stack_request *request);

/* Asks for writable() whenever the topic has news, and once after wait_ns. */
void lws_stack_subscribe(struct lws_stack_request *request, uint64_t wait_ns);

/* The message with room for libwebsockets' frame header before it, copied once for all. NULL when
 * memory ran out. */
uint8_t *lws_stack_frame(struct lws_stack_request *request, const struct message *message);

#endif
