/* Both ends of each connection, in one process, and what crosses between them. */
#ifndef LESSONS_11_CHOOSING_ENDS_H
#define LESSONS_11_CHOOSING_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../stage/relay.h"
#include "ways.h"

struct ends {
	const struct workload *load;
	enum way way;
	double delay_ms;
	bool real; /* over the link, else on loopback */
	int listener;
	uint16_t port;
	struct relay link;
	struct outcome *outcome; /* bytes are counted here */
};

struct pair {
	int client, server; /* -1: there is none */
};

/* Connects without a word. Over the link that takes three ways. */
struct pair ends_connect(struct ends *ends);

/* Connects, and the server reads the client's first request: ENDS_ROOM bytes of it at most. */
#define ENDS_ROOM 1024
struct pair ends_ask(struct ends *ends, const char *request, char *got);

void ends_close(struct pair *pair);

/* Writes to either end, and counts. */
void ends_write(struct ends *ends, int fd, const void *data, size_t size);
void ends_say(struct ends *ends, int fd, const char *text);
void ends_frame(struct ends *ends, int fd, bool client, unsigned opcode, const void *data,
                size_t size);

/* A WebSocket: handshake, without the client's reading of the 101 where it is not awaited. */
struct pair ends_upgrade(struct ends *ends, bool awaited);

/* Reads the head of an answer, and not a byte behind it. */
void ends_skip_head(int fd);

#define STREAM_REQUEST                                                                             \
	"GET /events HTTP/1.1\r\nHost: server.example.com\r\nAccept: text/event-stream\r\n\r\n"
#define STREAM_HEAD                                                                                \
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n\r\n"

/* Reads an event, without its "data: " and its end. */
void ends_read_event(int fd, char *data, size_t room);

/* The time after which nine of ten were there. Sorts them. */
double nine_of_ten(double *late, int count);

/* The three kinds of workload. */
void measure_live(struct ends *ends);
void measure_visits(struct ends *ends);
void measure_file(struct ends *ends);

#endif
