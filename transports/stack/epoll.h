/*
 * The epoll runtime: a web server from scratch in one thread, small enough to read at a sitting.
 * What its endpoints share: HTTP requests, answers, parking, one frame for many subscribers.
 *
 * epoll.c serves requests; epoll_loop.h watches descriptors.
 */
#ifndef TRANSPORTS_STACK_EPOLL_H
#define TRANSPORTS_STACK_EPOLL_H

#include <netinet/in.h>
#include <stdbool.h>

#include "../bytes.h"
#include "../deadlines.h"
#include "../http_content.h"
#include "../server.h"
#include "../site.h"
#include "../stream.h"
#include "../subscription.h"
#include "epoll_loop.h"

struct epoll_server;
struct epoll_upload;

/* What becomes of the bytes that come in. */
enum epoll_state {
	EPOLL_REQUEST, /* they are HTTP requests */
	EPOLL_PARKED,  /* requests for later: the one in progress waits for news */
	EPOLL_STREAM,  /* the endpoint's `received` takes them */
	EPOLL_LINGER,  /* nothing: all is said, and the peer is to close first (RFC 9112 §9.6) */
	EPOLL_DEAD,    /* closed; freed when the events at hand have been served */
};

/* A connection and the request in progress on it: HTTP/1.1 answers them one by one. An idle
 * subscriber costs this structure and no buffer. */
struct epoll_request {
	struct source source;
	struct epoll_server *server;
	LIST_ENTRY(epoll_request) link; /* the server's: all */
	SLIST_ENTRY(epoll_request) later_link;
	struct stream stream;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} client; /* its address */
	struct deadline deadline;
	const struct endpoint *endpoint;  /* of the subscriber; NULL: none yet */
	struct subscription subscription; /* subscriber.cursor is what moves on */
	struct subscriber subscriber;
	struct bytes in, out;        /* not used yet; not sent yet */
	struct epoll_upload *upload; /* a request whose content is still coming */
	void *session;               /* the endpoint's own, freed by its `ended` */
	uint32_t events;             /* what is watched for */
	uint8_t state;               /* enum epoll_state */
	bool blocked;                /* the socket takes nothing more at the moment */
	bool later;                  /* the server will look at it after the events at hand */
	bool keep_alive;             /* another request may follow the one in progress */
	bool no_body;                /* it is HEAD */
	bool surplus;                /* one connection more than are allowed */
	bool owes_token;             /* websocket: its first message must be the token */
	bool timed_out;              /* its deadline has passed */
};

/* The table behind struct endpoint's `cell`. Functions that return int give 0, or -1 to end the
 * connection once what is in `out` is sent. */
struct epoll_endpoint {
	bool websocket; /* the request is a handshake */
	bool raw;       /* connections are subscribers from the start: no HTTP. Served alone. */
	/* A subscriber asks; subscription and subscriber.cursor are set (not where raw). Required.
	 */
	int (*start)(struct epoll_request *request);
	/* A request that start parked goes on. NULL where start does not park. */
	int (*resumed)(struct epoll_request *request);
	/* There is news, the deadline has passed, or the socket takes data again. NULL where start
	 * begins no stream. */
	int (*writable)(struct epoll_request *request);
	/* Bytes have come on a stream. NULL: they mean nothing. */
	int (*received)(struct epoll_request *request, const uint8_t *data, size_t size);
	/* The connection is over: frees session. NULL where there is none. */
	void (*ended)(void *session);
};

extern const struct stack_ops epoll_stack;

const struct server_config *epoll_config(const struct epoll_request *request);

/* What is asked, during `start`. */
const struct site_request *epoll_asked(const struct epoll_request *request);

/* Lets the request wait until its topic has news or wait_ns have passed; then `resumed`. */
int epoll_park(struct epoll_request *request, uint64_t wait_ns);

/* Appends an answer's head without the blank line; content_type NULL: it has no content. */
void epoll_append_head(struct bytes *out, unsigned status, const char *content_type, size_t size,
                       bool keep_alive);

/* Answers with the messages above the cursor (200), or without one (204). */
int epoll_answer_messages(struct epoll_request *request);

/* From now on the connection is a stream. */
void epoll_stream(struct epoll_request *request);

/* The stream is woken by the news of its topic; or no longer. */
void epoll_subscribe(struct epoll_request *request);
void epoll_unsubscribe(struct epoll_request *request);

/* The connection is closed unless something is set anew within that time. */
void epoll_expect(struct epoll_request *request, uint64_t within_ns);

/* (Re)sets the deadline, after which `writable` is called with timed_out. */
void epoll_wait_for(struct epoll_request *request, uint64_t wait_ns);

/* Sends; what the socket does not take waits in `out`. more: something follows at once, and one
 * system call may do for both. */
int epoll_send(struct epoll_request *request, const void *data, size_t size, bool more);

/* Sends what is in `out`. */
int epoll_flush(struct epoll_request *request);

/* The message as `append` writes it: encoded once for all subscribers. Good until the next call;
 * NULL when memory ran out. */
const struct bytes *epoll_frame(struct epoll_request *request, const struct message *message,
                                void (*append)(struct bytes *out, const struct message *message));

#endif
