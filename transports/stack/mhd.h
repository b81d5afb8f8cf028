/*
 * The libmicrohttpd runtime: one daemon without threads inside our own epoll loop. What its
 * endpoints share: requests, answers, parking, and the sockets that it hands over (upgrades).
 */
#ifndef TRANSPORTS_STACK_MHD_H
#define TRANSPORTS_STACK_MHD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "../bytes.h"
#include "../deadlines.h"
#include "../server.h"
#include "../site.h"
#include "../subscription.h"

struct mhd_server;
struct mhd_peer;

/* One HTTP request, from its head to the end of its response: of an upgrade, to the end of the
 * connection. */
struct mhd_request {
	struct mhd_server *server;
	struct MHD_Connection *connection;
	struct mhd_peer *peer;            /* the TCP connection */
	const struct endpoint *endpoint;  /* NULL: for the site (site.h) */
	struct subscription subscription; /* endpoints only; subscriber.cursor is what moves on */
	struct subscriber subscriber;
	struct deadline deadline; /* of a hold or a heartbeat */
	TAILQ_ENTRY(mhd_request) parked_link;
	struct mhd_socket *socket; /* after an upgrade; else NULL */
	void *session;             /* the endpoint's own, freed by its `ended` */
	struct bytes buffer;       /* what came in (site), or is going out (streams) */
	bool started;              /* start has been called */
	bool parked;               /* suspended, until news, its deadline, or the peer's end */
	bool timed_out;            /* its deadline ended the last parking, or wait */
	bool owes_token;           /* websocket: its first message must be the token */
	bool no_body;              /* it is HEAD */
	bool http_1_0;
	bool blocked; /* the socket of an upgrade takes nothing more at the moment */
};

/* The table behind struct endpoint's `cell`. */
struct mhd_endpoint {
	bool websocket; /* the request is a handshake */
	/* A subscriber asks; subscription and subscriber.cursor are set. Queues a response, parks
	 * or upgrades. MHD_NO closes the connection. Required. */
	enum MHD_Result (*start)(struct mhd_request *request);
	/* A request that start parked goes on: the same choice again. NULL where start does not
	 * park. */
	enum MHD_Result (*resumed)(struct mhd_request *request);

	/* For upgrades, else NULL. Functions that return int give 0, or -1 to end the connection
	 * once what is in `buffer` is sent. */
	/* The socket is ours. */
	int (*upgraded)(struct mhd_request *request);
	/* There is news, the deadline has passed, or the socket takes data again. */
	int (*writable)(struct mhd_request *request);
	/* Bytes have come. */
	int (*received)(struct mhd_request *request, const uint8_t *data, size_t size);
	/* The connection is over: frees session. */
	void (*ended)(void *session);
};

extern const struct stack_ops mhd_stack;

const struct server_config *mhd_config(const struct mhd_request *request);

/* The peer's address. */
const struct sockaddr *mhd_client(const struct mhd_request *request);

/* What is asked, during `start`. */
const struct site_request *mhd_asked(const struct mhd_request *request);

/* Suspends the request until its topic has news or wait_ns have passed; then `resumed` is called,
 * or the content reader of its response. */
void mhd_park(struct mhd_request *request, uint64_t wait_ns);

/* Nothing more is to be sent: the peer has closed, or the server is closing. */
bool mhd_is_over(const struct mhd_request *request);

/* Answers with the messages above the cursor (200), or without one (204). */
enum MHD_Result mhd_answer_messages(struct mhd_request *request);

/* Adds the fields that every cell sends. content_type may be NULL. */
void mhd_add_fields(struct MHD_Response *response, const char *content_type);

/* Queues the response, which is then libmicrohttpd's alone; NULL closes the connection. */
enum MHD_Result mhd_queue_once(struct mhd_request *request, unsigned status,
                               struct MHD_Response *response);

/* A stream is woken by the news of its topic even while it is not parked, so that one that takes
 * nothing is found out. */
void mhd_subscribe(struct mhd_request *request);
void mhd_unsubscribe(struct mhd_request *request);

/* The connection is closed unless it is parked, answered, or expected anew within that time. */
void mhd_expect(struct mhd_request *request, uint64_t within_ns);

/* For upgrades. The response that leads to `upgraded`, with fields still to be added. */
struct MHD_Response *mhd_upgrade_response(struct mhd_request *request);

/* (Re)sets the deadline, after which `writable` is called with timed_out. */
void mhd_wait_for(struct mhd_request *request, uint64_t wait_ns);

/* Sends; what the socket does not take waits in `buffer`. more: something follows at once, and one
 * system call may do for both. */
int mhd_send(struct mhd_request *request, const void *data, size_t size, bool more);

/* Sends what is in `buffer`. */
int mhd_flush(struct mhd_request *request);

/* The message as `append` writes it: encoded once for all subscribers. Good until the next call;
 * NULL when memory ran out. */
const struct bytes *mhd_frame(struct mhd_request *request, const struct message *message,
                              void (*append)(struct bytes *out, const struct message *message));

#endif
