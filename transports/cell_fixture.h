/*
 * Help for cells_test.c: a cell, served by a process of its own, and peers that speak to it over
 * sockets, plain or with TLS. Whatever goes wrong in here fails the running test.
 */
#ifndef TRANSPORTS_CELL_FIXTURE_H
#define TRANSPORTS_CELL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <cmocka.h>

#include "http_response.h"
#include "matrix.h"
#include "stream.h"
#include "websocket/wire.h"

/* What a peer waits for, at most: it matters only to a test that fails. */
#define CELL_PATIENCE_MS 10000

/* What cell_publish and the counters show at a door that wants a token. */
#define CELL_TOKEN "open-sesame"

/* The topic that the cases use, and what is published there by cell_publish(cell, data), as every
 * cell delivers it; an id of 0 to 9. */
#define CELL_TOPIC "t"
#define CELL_MESSAGE(id, data)                                                                     \
	"{\"id\":         " #id ",\"t\":                 7,\"data\":\"" data "\"}"

struct cell {
	const struct endpoint *endpoint;
	bool tls;

	/* private */
	struct tls_context *trust; /* NULL without TLS */
	pid_t pid;
	int pid_fd;
	uint16_t port;
	struct peer *peers;
	struct peer *control; /* publishes, and asks for the counters */
};

/* What must be true of a cell. */
struct cell_case {
	const char *name;
	void (*test)(struct cell *cell);
	const char *options; /* of build/serve, separated by blanks */
};

/* A deadline that ends soon, but leaves a test time to shake hands and ask where the machine is
 * busy. */
#define CELL_REQUEST_TIMEOUT "--request-timeout=1000"

#define CELL_CASE(function) CELL_CASE_WITH(function, "")
#define CELL_CASE_WITH(function, options_)                                                         \
	{                                                                                          \
		.name = #function, .test = function, .options = options_                           \
	}

/* Tables end with a case without a name. The first are for every cell, then one for each
 * transport: the linker names those owed. */
extern const struct cell_case http_cases[], door_cases[], client_cases[];
extern const struct cell_case hostile_cases[], hostile_sse_cases[], hostile_websocket_cases[];
extern const struct cell_case tls_cases[], hostile_tls_cases[]; /* where there is TLS */
#define CELL_CASES(transport) extern const struct cell_case transport##_cases[];
TRANSPORTS(CELL_CASES)

/* Starts build/serve for the endpoint, which publishes nothing by itself, and waits until it is
 * ready. With TLS it has the certificate that scripts/certs made. 0, or -1 after saying why on
 * standard error; then nothing is to be closed. */
int cell_open(struct cell *cell, const struct endpoint *endpoint, bool tls, const char *options);

/* Asks the server to end, its connections still open, and waits. 0, or -1 after saying on
 * standard error what was not in order. */
int cell_close(struct cell *cell);

bool cell_is_on(const struct cell *cell, const char *stack);

/* Connects a stream of the caller's, which is none, and shakes hands; that the server broke this
 * off shows when the stream is read. */
void cell_connect(const struct cell *cell, struct stream *stream);

/* Sends all, and waits for room where there is none. That the server has closed shows when the
 * stream is read. */
void cell_send(struct stream *stream, const void *data, size_t size);

/* Publishes to CELL_TOPIC; data needs no JSON escapes. Gives the id. */
uint64_t cell_publish(struct cell *cell, const char *data);
void cell_publish_many(struct cell *cell, unsigned messages);

/* The server's own counter. In the meantime the server has looked at what others had sent. */
uint64_t cell_counter(struct cell *cell, const char *counter);

/* Waits until the counter has that value. */
void cell_await(struct cell *cell, const char *counter, uint64_t value);

/* One connection to a cell, closed with the cell. */
struct peer {
	struct stream stream;
	bool closed;                   /* by the server */
	struct bytes in;               /* received, not yet read */
	struct http_response response; /* the last one: its head */
	struct bytes content;          /* its content, as far as it was read */
	struct ws_reader frames;       /* after an upgrade */
	char field[256];
	struct peer *next; /* of the cell's */
};

struct peer *peer_open(struct cell *cell);
void peer_close(struct cell *cell, struct peer *peer);

/* How else a peer may connect; all zero is as peer_open does. */
struct peer_way {
	const char *from;      /* its own address; NULL: the kernel's choice, 127.0.0.1 */
	int receive_bytes_max; /* of its socket's buffer; 0: the kernel's choice */
	bool plain;            /* without TLS where the cell has it */
};

struct peer *peer_open_as(struct cell *cell, const struct peer_way *way);

void peer_send(struct peer *peer, const void *data, size_t size);
void peer_print(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A request with header fields (each ended by CRLF) besides Host and, for content that is not
 * NULL, Content-Length. */
void peer_request(struct peer *peer, const char *method, const char *target, const char *fields,
                  const char *content);

/* Sends byte after byte, the next when the server has looked at the one before. */
void peer_send_in_bytes(struct cell *cell, struct peer *peer, const void *data, size_t size);

/* What a subscriber sends: GET of the endpoint's path with a query ("?since=0"), on WebSocket the
 * handshake; with more header fields, each ended by CRLF. */
void peer_subscribe(struct cell *cell, struct peer *peer, const char *query);
void peer_subscribe_with(struct cell *cell, struct peer *peer, const char *query,
                         const char *fields);
void peer_subscribe_in_bytes(struct cell *cell, struct peer *peer, const char *query);

/* The status that welcomes who has sent that, where the log has something for it. */
int cell_welcome(const struct cell *cell);

/* Reads the next response, its head or the whole, and gives its status; 0: the server closed
 * instead. */
int peer_head(struct peer *peer);
int peer_answer(struct peer *peer);

/* The value of a field of the last response, "" where there is none; good until the next call. */
const char *peer_field(struct peer *peer, const char *name);

/* The content of the last response. */
const char *peer_content(struct peer *peer);

/* The next bytes of a response that does not end are these. */
void peer_expect_stream(struct peer *peer, const char *expected);

/* The server closes; what it still sends is of no interest. */
void peer_expect_close(struct peer *peer);

/* The server closes, and sends nothing before that. */
void peer_expect_end(struct peer *peer);

/* Sends that, and then a byte now and then until the server closes, which it does without a word.
 */
void peer_drip(struct peer *peer, const char *begin, size_t size);

/* A connection that is a WebSocket already. */
struct peer *peer_upgrade(struct cell *cell, const char *query);

/* Sends one masked frame, as clients must. */
void peer_frame(struct peer *peer, enum ws_opcode opcode, bool fin, const void *data, size_t size);

/* The next thing that came; WS_EVENT_MORE: the server closed instead. */
enum ws_event peer_event(struct peer *peer, struct ws_received *received);
void peer_expect_text(struct peer *peer, const char *expected);
void peer_expect_close_code(struct peer *peer, unsigned code);

#endif
