/* The exercise of lesson 11: which way is the right one, from a workload's description alone. */
#ifndef LESSONS_11_CHOOSING_EXERCISE_H
#define LESSONS_11_CHOOSING_EXERCISE_H

#include "ways.h"

/* Given: what the ways take, in bytes, as lessons 1 to 7 and this one have counted it. A body's
 * length has one to four digits, so that a byte or two may be missing: that is good enough here. */
enum {
	HTTP_EMPTY = 75,      /* a request and its answer, where neither has a body */
	HTTP_BODY_DOWN = 38,  /* what a body adds to an answer, besides itself */
	HTTP_BODY_UP = 21,    /* what it adds to a request */
	HTTP_UNCHANGED = 113, /* a request with If-None-Match, and 304 */
	SSE_OPENING = 154,    /* request and head */
	SSE_EVENT = 8,        /* around a message */
	WS_OPENING = 290,     /* the handshake */
	WS_DOWN = 2, /* before a message of less than 126 bytes; 2 more before longer ones */
	WS_UP = 6    /* the same, with the masking key */
};

#define LINK_MS 20 /* the link, one way */

/*
 * The bytes that a session takes this way, both ways together. There are three kinds:
 *
 * A file (cut is not 0). HTTP sends each byte once. SSE does too, as base64, of which four bytes
 * stand for three. WebSocket sends all of it after the break, and before it had sent that share.
 * Heads are nothing beside it.
 *
 * A client that leaves. For each message, down and up, there is a new connection, and with it an
 * opening. By HTTP a message down is an answer with a body, or HTTP_UNCHANGED; one up is a request
 * with a body, and an empty answer.
 *
 * A client that stays. One opening. By SSE what goes up is a request with a body each. By HTTP the
 * client asks every ask_every_ms(load, LINK_MS) (ways.h) for as long as the session lasts, at least
 * once; no more answers have a body than there are messages down, no more requests than there are
 * messages up, and each message takes one byte more, the end of its line.
 *
 * The check measures each of its workloads by all three ways. By HTTP you may be 5 % off, since it
 * depends on which messages just missed a request; by the others 1 %.
 */
double bytes_of(const struct workload *load, enum way way);

/*
 * Whether that way can do it at all, and in time. SSE cannot where nothing comes down. HTTP is too
 * late where the client stays and a message that waits for the next request, and then crosses the
 * link, takes longer than it may.
 */
bool is_possible(const struct workload *load, enum way way);

/* Given, in check.c: the winner by the lesson's rule, WAYS where there is none. To the check any
 * way is right that is in time and within 10 % of the fewest bytes. */
enum way choose(const struct workload *load);

#endif
