/* The content of an HTTP/1.1 message (RFC 9112 §6): by length, chunked, or until the close. What
 * requests and responses share. */
#ifndef TRANSPORTS_HTTP_CONTENT_H
#define TRANSPORTS_HTTP_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "http.h"

#define HTTP_TRAILERS_MAX_BYTES 16384 /* of a trailer section, its empty line included */

/* Content in the making. */
struct http_content {
	enum http_framing framing;
	const char *why;    /* of HTTP_INVALID */
	uint64_t remaining; /* bytes of content, chunk or trailers (at most) still to come */

	/* private */
	int state;
	size_t line_size; /* bytes of the line before a chunk read so far */
};

/* Ready to read content of that framing; length is for HTTP_LENGTH. */
void http_content_start(struct http_content *content, enum http_framing framing, uint64_t length);

/*
 * Takes bytes from the front of *input: HTTP_MORE, HTTP_BODY (*body is the next piece, framing
 * removed, pointing into the input), HTTP_END (again and again: the input then holds what follows)
 * or HTTP_INVALID (final). The trailer section is passed over.
 */
enum http_event http_content_next(struct http_content *content, struct span *input,
                                  struct span *body);

#endif
