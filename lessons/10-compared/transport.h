/* A way to get news from a server as data, and one server and one client that follow it. */
#ifndef LESSONS_10_COMPARED_TRANSPORT_H
#define LESSONS_10_COMPARED_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../stage/relay.h"

struct transport {
	const char *name, *key;     /* the key begins that of its values */
	const char *question;       /* what the client says to get news */
	const char *opening;        /* what a stream begins with; NULL: WebSocket's 101 */
	const char *message;        /* one message, as the server sends it */
	const char *nothing;        /* what it sends when there is none */
	const char *upward, *heard; /* a message of the client, and its answer; NULL: none */
	bool asks;                  /* a question for each message, not one for all */
	bool waits;                 /* the server does, until there is news */
	bool closes;                /* the connection, after each answer */
	bool two_way;               /* a stream that the client may write to */

	/* Of one that has several messages in an answer. The first puts such an answer, as text
	 * that ends with '\0', and gives its length; the second says how many are in one. */
	size_t (*put_many)(char *answer, size_t size, unsigned messages);
	unsigned (*count_in)(const char *answer);
};

/* What the server has seen: memory that it shares with us. */
struct seen {
	_Atomic unsigned requests, words; /* questions for news; messages of the client */
};

struct server {
	const struct transport *transport;
	int bell;       /* can be read once for each message that is born: see eventfd(2) */
	double hold_ms; /* how long a question may wait before it is answered with `nothing` */
	struct seen *seen;
};

/* One connection after the other, for net_serve; user is a struct server. */
void serve(int connection, void *user);

/* A bell on which nothing has rung. */
int bell_make(void);

void bell_ring(int bell, unsigned times);

/* A server, a link and a client. */
struct session {
	struct server server;
	pid_t pids[2]; /* two, so that the client may have two connections */
	struct relay link;
	bool linked;
	uint16_t port;
	int fd, listener;
	unsigned asked;
};

#define NO_LINK (-1.0)

/* delay_ms is that of the link one way. With 0 it only counts; with NO_LINK there is none. Then the
 * client connects, unless it does so for each question; and where the server waits for news, the
 * first question is there when this returns. */
void session_open(struct session *session, const struct transport *transport, double delay_ms,
                  double hold_ms);

/* Asks for news, on a new connection where there is none. Where a stream begins, waits for it. */
void session_ask(struct session *session);

/* Waits until the server has read all questions: they are counted then, and it waits for news. */
void session_settle(struct session *session);

/* Messages are born. */
void session_publish(struct session *session, unsigned messages);

/* Whether something comes until then. */
bool session_comes(struct session *session, double until);

/* Reads the next answer, or the next message of a stream. Gives the number of messages. */
unsigned session_take(struct session *session);

/* The client sends a message of its own, and waits until the server has read it. */
void session_say(struct session *session);

/* What the link has counted. */
unsigned long session_bytes(const struct session *session);
unsigned session_connections(const struct session *session);
unsigned session_requests(const struct session *session);

void session_close(struct session *session);

/*
 * One message, from its birth until the client has it: the time that took, in ms. Where the server
 * waits with its answer the question has to be there before, and after it the next one is asked.
 * Else the client asks in the very moment of the birth. Exits where it does not come.
 */
double session_carry(struct session *session);

#endif
