/*
 * Server-Sent Events on the wire (WHATWG HTML §9.2, "Server-sent events"): the event stream
 * format, written by servers and read by clients.
 */
#ifndef TRANSPORTS_SSE_WIRE_H
#define TRANSPORTS_SSE_WIRE_H

#include "../bytes.h"
#include "../client.h"
#include "../http.h"
#include "../message.h"

#define SSE_PATH         "/sse"
#define SSE_CONTENT_TYPE "text/event-stream"
#define SSE_HEARTBEAT    ":\n\n" /* a comment: keeps intermediaries from closing an idle stream */

/* Appends one event: `id: ID`, a `data: ` line for each line of the message (base64 where it is
 * binary), a blank line. */
void sse_append_event(struct bytes *out, const struct message *message);

/* Appends `event: missed` with the number of messages that are gone as its data. */
void sse_append_missed(struct bytes *out, uint64_t messages);

/* Appends the request: GET /sse?topic=T with Accept: text/event-stream, and Last-Event-ID where
 * since is not CLIENT_NO_CURSOR. */
void sse_append_request(struct bytes *out, const struct client_config *config, uint64_t since);

/* One dispatched event; good until the next call of sse_next. */
struct sse_event {
	struct span type; /* "message" where the stream names none */
	struct span id;   /* the last event id, which persists from event to event */
	struct span data; /* the data lines, joined by LF */
};

/* An event stream being read. All zero is ready; sse_reset frees. */
struct sse_reader {
	/* private */
	struct bytes line, type, id, data;
	bool started;    /* the first line has been read: no byte order mark any more */
	bool after_cr;   /* an LF that follows belongs to the same line end */
	bool dispatched; /* type and data are to be cleared before more is read */
	bool has_data;
	uint64_t retry_ms; /* the stream's reconnection time; 0 where it gave none */
};

/*
 * Takes bytes from the front of *input; lines may end in LF, CR or CRLF. 1: *event is a whole
 * event. 0: the input is used up. -EMSGSIZE: a line, or the data of an event, is larger than
 * max_bytes; -ENOMEM. An error is final. Text is passed on as it came, UTF-8 or not.
 */
int sse_next(struct sse_reader *reader, struct span *input, struct sse_event *event,
             size_t max_bytes);

void sse_reset(struct sse_reader *reader);

#endif
