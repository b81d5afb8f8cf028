/* The clients of lesson 13: those who come in good faith, and the others. */
#ifndef LESSONS_13_SECURITY_CLIENT_H
#define LESSONS_13_SECURITY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server.h"

/* Somebody who wants to get in. */
struct attempt {
	const char *who;
	const char *path;    /* NULL: /chat */
	const char *headers; /* whole lines, added to the handshake; NULL: none */
	const char *first;   /* a text that is sent first; NULL: none */
	int status;          /* of the handshake's answer */
};

/* Prints the handshake of an attempt line by line. */
void client_show(const struct attempt *attempt);

/* Makes each of them, up to one without a who, and asks whom the server takes it for. Prints a
 * paragraph that begins with `title` and has a line for each. */
void client_enter(uint16_t port, const char *title, struct attempt *attempts);

/* The same, at a server with such rules that runs no longer than this. */
void client_knock(const struct rules *rules, const char *title, struct attempt *attempts);

/* Asks by POST /ticket for a ticket, with that token in a header. Gives the path to use it with,
 * "/chat?ticket=..." */
void client_fetch_ticket(uint16_t port, const char *token, char *path, size_t size);

/* The rest of a text that begins so, up to the next space: copies both. "" where it is not there.
 */
void client_find(const char *text, const char *beginning, char *found, size_t size);

/* How often a word stands in a text. */
int client_count(const char *text, const char *word);

/* What came of a claim. */
struct claim {
	uint64_t asked; /* the most bytes of memory that the server asked for at once */
	unsigned code;  /* of the liar's end: 1006 if no close frame came, 0 if it goes on */
	bool answered;  /* another client was, with what it said */
};

/* Two clients, at a server with such rules: one claims a frame, of which it sends the head only;
 * then the other says Hello. Prints a paragraph that begins with `title`; before it, the head, if
 * that is wanted. */
struct claim client_claim(const struct rules *rules, const char *title, uint64_t claimed,
                          bool show);

/* Sends that many texts and gives how many of them are answered. A ping behind them tells: its pong
 * comes when the server is done with them. */
int client_flood(int connection, int texts);

#endif
