/*
 * The libmicrohttpd runtime: one daemon without threads inside our own epoll loop. What its
 * endpoints share: routing, parameters, answers, parking.
 */
#ifndef TRANSPORTS_STACK_MHD_H
#define TRANSPORTS_STACK_MHD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "../bytes.h"
#include "../deadlines.h"
#include "../server.h"
#include "../subscription.h"

struct mhd_server;
struct mhd_peer;

/* One HTTP request, from its head to the end of its response. */
struct mhd_request {
	struct mhd_server *server;
	struct MHD_Connection *connection;
	struct mhd_peer *peer;            /* the TCP connection */
	const struct endpoint *endpoint;  /* NULL: for the site (site.h) */
	struct subscription subscription; /* endpoints only; subscriber.cursor is what moves on */
	struct subscriber subscriber;
	struct deadline deadline;
	TAILQ_ENTRY(mhd_request) parked_link;
	bool started;        /* start has been called */
	bool parked;         /* suspended, until news, its deadline, or the peer's end */
	bool timed_out;      /* its deadline ended the last parking */
	struct bytes buffer; /* what came in (site), or is going out (streams) */
};

/* The table behind struct endpoint's `cell`. */
struct mhd_endpoint {
	/* A subscriber asks; subscription and subscriber.cursor are set. Queues a response or
	 * parks. MHD_NO closes the connection. Required. */
	enum MHD_Result (*start)(struct mhd_request *request);
	/* A request that start parked goes on: the same choice again. NULL where start does not
	 * park. */
	enum MHD_Result (*resumed)(struct mhd_request *request);
};

extern const struct stack_ops mhd_stack;

const struct server_config *mhd_config(const struct mhd_request *request);

/* Suspends the request until its topic has news or wait_ns have passed; then `resumed` is called,
 * or the content reader of its response. */
void mhd_park(struct mhd_request *request, uint64_t wait_ns);

/* Nothing more is to be sent: the peer has closed, or the server is closing. */
bool mhd_is_over(const struct mhd_request *request);

/* Answers with the messages above the cursor (200), or without one (204). */
enum MHD_Result mhd_answer_messages(struct mhd_request *request);

/* Adds the fields that every cell sends. content_type may be NULL. */
void mhd_add_fields(struct MHD_Response *response, const char *content_type);

#endif
