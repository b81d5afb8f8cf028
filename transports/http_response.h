/* HTTP/1.1 responses as a client reads them (RFC 9112), without I/O: from bytes as they arrive,
 * split anywhere. */
#ifndef TRANSPORTS_HTTP_RESPONSE_H
#define TRANSPORTS_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "http.h"
#include "http_content.h"

#define HTTP_HEAD_MAX_BYTES 16384 /* of a response head */

/* A response in the making. All zero is ready to read a response. */
struct http_response {
	int status;                  /* from HTTP_HEAD on, until the next response begins */
	struct http_content content; /* its framing: as long as status */

	/* private */
	int state;
	struct bytes head; /* status line and fields as received, then unfolded */
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
