/* HTTP/1.1 (RFC 9112) without I/O: what its readers and writers share, and requests as a client
 * writes them. Responses are read by http_response.h, requests by http_request.h. */
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
	/* What Firefox 3.5 sent in the article by which polling's headers are known (Lubbers and
	 * Greco, "HTML5 Web Sockets: A Quantum Leap in Scalability", 2010): with the answer's head
	 * 871 bytes. A poll by which one message of 10 to 98 bytes comes has as many here. */
	HTTP_HEADERS_KAAZING,
};

#define HTTP_KAAZING_BYTES 871

/* Of the head of such an answer on epoll, and the end of its line. */
#define HTTP_KAAZING_ANSWER_BYTES 101

/*
 * Appends a request head, without the blank line: the caller may append further fields and
 * then ends the head with http_request_end. target is the request target (RFC 9112 §3.2.1),
 * host the value of Host (§3.2).
 */
void http_request_start(struct bytes *out, const char *method, const char *target, const char *host,
                        enum http_headers headers);
void http_request_add_field(struct bytes *out, const char *name, const char *value);
void http_request_end(struct bytes *out);

/* What http_response_next and http_content_next found. */
enum http_event {
	HTTP_MORE,    /* the input is used up and the message is not complete */
	HTTP_HEAD,    /* a head is complete: its status and field values may be read */
	HTTP_BODY,    /* *body is the next piece of the content, framing removed */
	HTTP_END,     /* the message is complete; the input may hold the beginning of the next */
	HTTP_INVALID, /* not HTTP, or too large; the state is final */
};

/* How the end of the content is known (RFC 9112 §6.3). */
enum http_framing { HTTP_NO_CONTENT, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

#endif
