/*
 * The server of lesson 13 without what the lesson is about: who is let in, how long a message may
 * be and what is done with it are rules that the lesson gives. It serves several clients at once.
 */
#ifndef LESSONS_13_SECURITY_SERVER_H
#define LESSONS_13_SECURITY_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the machine that we act has to give: 1 GiB. */
#define SERVER_MEMORY ((uint64_t)1 << 30)

/* Shared by both processes. */
struct server_shared {
	double now_ms;  /* the server's clock: it stands still until somebody sets it */
	uint64_t asked; /* the most bytes asked for at once */
};

struct server {
	uint16_t port;
	pid_t pid;
	int log; /* the access log: a file in memory, open in both processes */
	struct server_shared *shared;
};

/* A client that has connected. */
struct visitor {
	int connection;   /* -1: this is none */
	const char *name; /* what the rules hold it for; NULL while there was no handshake */
	char body[32];    /* what a 200 carries */
	uint8_t opcode, key[4];
	char *room; /* NULL between frames */
	uint64_t size, got;
};

struct rules {
	/* The status for a request. 101 opens a WebSocket; all else ends the connection. */
	int (*admit)(struct visitor *visitor, const char *request);
	/* Room for a payload of which no byte has come yet; NULL closes with 1009. */
	char *(*room)(struct server *server, uint64_t claimed);
	/* What is answered to a text; NULL: nothing. */
	const char *(*message)(struct visitor *visitor, const char *text, double now_ms);
};

/* A child process. Its clock begins at 0. */
void server_start(struct server *server, const struct rules *rules);

void server_stop(struct server *server);

/* Asks for memory and notes for how much; nothing in it is touched. NULL where the machine that we
 * act has not so much. */
char *server_memory(struct server *server, uint64_t size);

/* What its access log has so far. */
void server_read_log(const struct server *server, char *text, size_t size);

#endif
