/* HTTP/1.1 requests as a server reads them (RFC 9112), without I/O and without copies. */
#ifndef TRANSPORTS_HTTP_REQUEST_H
#define TRANSPORTS_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "http.h"
#include "http_content.h"

/* A request head; spans point into what was read. */
struct http_request {
	struct span method, target;  /* as sent */
	struct span path, query;     /* of the target; query without its '?', empty where none */
	struct span fields;          /* the field lines */
	struct http_content content; /* ready to read what follows the head */
	bool has_content;            /* more than 0 bytes of it may follow */
	bool http_1_0;
	/* Another request may follow on the connection (§9.3). Never in HTTP/1.0, where that would
	 * have to be said in the answer (Appendix C.2.2). */
	bool keep_alive;
	bool expects_continue; /* 100-continue (RFC 9110 §10.1.1), and it has content */
};

/*
 * Reads the head at the front of the input. Above 0: its size, *request is set. 0: it is not whole
 * yet. Below 0: minus the HTTP status to refuse with, and to close after, and *why in one line:
 * 400 malformed (a request that two readers could understand differently among them: no or several
 * Host fields, white space before a colon, folded fields, both lengths, a coding before chunked),
 * 431 larger than max_bytes (at most INT_MAX; known as soon as so many bytes hold no whole head),
 * 501 a transfer coding that is not chunked, 505 not HTTP/1.x. Empty lines before the request line
 * are passed over (§2.2), and count. A target in absolute form gives its path (§3.2.2); OPTIONS *
 * has the path "*" (§3.2.4), CONNECT none.
 */
int http_request_read(struct http_request *request, struct span input, size_t max_bytes,
                      const char **why);

/* The value of the first field of that name (case-insensitive), white space around it removed. */
bool http_request_field(const struct http_request *request, const char *name, struct span *value);

/* Whether the comma-separated list field `name` (all its lines) contains token,
 * case-insensitively. */
bool http_request_field_has(const struct http_request *request, const char *name,
                            const char *token);

/* The same where case matters. */
bool http_request_field_has_exactly(const struct http_request *request, const char *name,
                                    const char *token);

/* How many fields of that name there are. */
unsigned http_request_field_count(const struct http_request *request, const char *name);

/*
 * The value of the first argument of that name in a query, percent-decoded ('+' is a blank, as
 * forms send it), as a string in room, of room_size above 0. NULL: there is none. A value that
 * does not fit, or decodes to a zero byte, or is malformed, is given as "".
 */
const char *http_query_argument(struct span query, const char *name, char *room, size_t room_size);

#endif
