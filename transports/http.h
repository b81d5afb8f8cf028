/*
 * HTTP/1.1 (RFC 9112) without I/O: the client's side. Requests are appended to a buffer;
 * a response is read from bytes as they arrive, split anywhere.
 */
#ifndef TRANSPORTS_HTTP_H
#define TRANSPORTS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

/* Bytes that belong to somebody else. */
struct span {
	const uint8_t *data;
	size_t size;
};

/* Which header fields a client sends besides Host and those that its transport requires. */
enum http_headers {
	HTTP_HEADERS_LEAN,    /* none */
	HTTP_HEADERS_BROWSER, /* what Chromium sends with a fetch(), about 700 bytes: see http.c */
};

/*
 * Appends a request head, without the blank line: the caller may append further fields and
 * then ends the head with http_request_end. target is the request target (RFC 9112 §3.2.1),
 * host the value of Host (§3.2).
 */
void http_request_start(struct bytes *out, const char *method, const char *target, const char *host,
                        enum http_headers headers);
void http_request_field(struct bytes *out, const char *name, const char *value);
void http_request_end(struct bytes *out);

/* What http_response_next found. */
enum http_event {
	HTTP_MORE,    /* the input is used up and the response is not complete */
	HTTP_HEAD,    /* status line and fields are complete: status and field values may be read */
	HTTP_BODY,    /* *body is the next piece of the content, framing removed */
	HTTP_END,     /* the response is complete; the input may hold the beginning of the next */
	HTTP_INVALID, /* not HTTP, or too large: http_response_why says what; the state is final */
};

/* How the end of the content is known (RFC 9112 §6.3). */
enum http_framing { HTTP_NO_CONTENT, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

#define HTTP_HEAD_MAX_BYTES 16384 /* of a response head, and of the trailer section */

/* A response in the making. All zero is ready to read a response. */
struct http_response {
	int status; /* from HTTP_HEAD on, until the next response begins */
	enum http_framing framing;

	/* private */
	int state;
	struct bytes head;  /* status line and fields as received, then unfolded */
	uint64_t remaining; /* bytes of content, chunk or trailers (at most) still to come */
	size_t line_size;   /* bytes of the line before a chunk read so far */
	const char *why;
};

/*
 * Takes bytes from the front of *input (which is advanced) and says what they amount to. Call
 * again until HTTP_MORE. *body is set for HTTP_BODY only and points into the input. Interim
 * responses (1xx but 101; RFC 9110 §15.2) are passed over. 101 (RFC 9110 §15.2.2) has no content:
 * HTTP_HEAD, then HTTP_END, and what follows in the input is the new protocol's.
 */
enum http_event http_response_next(struct http_response *response, struct span *input,
                                   struct span *body);

/*
 * The connection was closed by the peer. HTTP_END where that is how the content ends,
 * HTTP_MORE where no response had begun, else HTTP_INVALID: the response was cut short.
 */
enum http_event http_response_closed(struct http_response *response);

/*
 * The value of the first field of that name (case-insensitive; RFC 9110 §5.1), white space
 * around it removed. Sets *value to a span into the response, good until the next call of
 * http_response_next after HTTP_END; false where there is no such field.
 */
bool http_response_field(const struct http_response *response, const char *name,
                         struct span *value);

/* Whether the comma-separated list field `name` contains token, case-insensitively. */
bool http_response_field_has(const struct http_response *response, const char *name,
                             const char *token);

/* Why HTTP_INVALID; never NULL. */
const char *http_response_why(const struct http_response *response);

/* Frees what it holds; it is ready to read a response again. */
void http_response_reset(struct http_response *response);

#endif
