#include "poll_reply.h"

#include <errno.h>
#include <stdio.h>

#include "base64.h"
#include "decimal.h"

static enum poll_reply_event fail(struct poll_reply *reply, const char *why)
{
	snprintf(reply->why, sizeof reply->why, "%s", why);
	return POLL_REPLY_FAILED;
}

static enum poll_reply_event take_head(struct poll_reply *reply, const struct client_events *events,
                                       void *user)
{
	const struct http_response *response = &reply->response;
	struct span field = {0};
	uint64_t missed;

	reply->messages = 0;
	if (response->status != 200 && response->status != 204) {
		snprintf(reply->why, sizeof reply->why, "the server answered %d", response->status);
		return POLL_REPLY_FAILED;
	}
	/* Also where a cursor is known: one from another life of the server is of no use. */
	if (response->status == 204 &&
	    (http_response_field(response, "X-Pushlab-Cursor", &field) ||
	     reply->cursor == CLIENT_NO_CURSOR) &&
	    !decimal_read(field, &reply->cursor))
		return fail(reply, "the server's 204 has no number in X-Pushlab-Cursor");
	if (!http_response_field(response, "X-Pushlab-Missed", &field))
		return POLL_REPLY_MORE;
	if (!decimal_read(field, &missed))
		return fail(reply, "X-Pushlab-Missed is not a number");
	events->missed(user, missed);
	return POLL_REPLY_MORE;
}

/* Takes the base64 off a line; `decoded` keeps its memory for the next one. */
static int decode(struct poll_reply *reply, struct span *line)
{
	int err;

	bytes_clear(&reply->decoded);
	err = base64_decode(&reply->decoded, line->data, line->size);
	*line = (struct span){bytes_data(&reply->decoded), bytes_size(&reply->decoded)};
	return err;
}

static enum poll_reply_event take_line(struct poll_reply *reply, struct span line,
                                       const struct client_events *events, void *user)
{
	uint64_t id, scheduled_ns;
	int err = reply->format == MESSAGE_BINARY ? decode(reply, &line) : 0;

	if (!err)
		err = message_read(reply->format, line.data, line.size, &id, &scheduled_ns);
	if (err == -ENOMEM)
		return fail(reply, "out of memory");
	if (err) {
		snprintf(reply->why, sizeof reply->why, "a message is not of the format %s",
		         message_format_name(reply->format));
		return POLL_REPLY_FAILED;
	}
	reply->messages++;
	reply->cursor = id;
	events->message(user, id, scheduled_ns, line.data, line.size);
	return POLL_REPLY_MORE;
}

static enum poll_reply_event take_body(struct poll_reply *reply, struct span body,
                                       const struct client_events *events, void *user)
{
	enum poll_reply_event event = POLL_REPLY_MORE;
	struct span line;
	int got = 1;

	while (event == POLL_REPLY_MORE && got == 1) {
		got = ndjson_next(&reply->lines, &body, &line, CLIENT_MESSAGE_MAX_BYTES);
		if (got == 1)
			event = take_line(reply, line, events, user);
	}
	if (got == -EMSGSIZE)
		return fail(reply, "a message is too large");
	return got < 0 ? fail(reply, "out of memory") : event;
}

static bool is_inside_line(const struct poll_reply *reply)
{
	return bytes_size(&reply->lines.partial) > reply->lines.consume;
}

static enum poll_reply_event take_end(struct poll_reply *reply, const struct client_events *events,
                                      void *user)
{
	if (is_inside_line(reply))
		return fail(reply, "the last message has no line end");
	if (reply->response.status == 200 && reply->messages == 0)
		return fail(reply, "the server answered 200 without a message");
	events->response(user, reply->messages);
	return http_response_field_has(&reply->response, "Connection", "close") ? POLL_REPLY_CLOSES
	                                                                        : POLL_REPLY_END;
}

enum poll_reply_event poll_reply_next(struct poll_reply *reply, struct span *input,
                                      const struct client_events *events, void *user)
{
	enum poll_reply_event event = POLL_REPLY_MORE;
	struct span body;

	while (event == POLL_REPLY_MORE) {
		switch (http_response_next(&reply->response, input, &body)) {
		case HTTP_MORE:
			return POLL_REPLY_MORE;
		case HTTP_HEAD:
			event = take_head(reply, events, user);
			break;
		case HTTP_BODY:
			event = take_body(reply, body, events, user);
			break;
		case HTTP_END:
			if (input->size > 0)
				return fail(reply, "the server sent more than it was asked for");
			return take_end(reply, events, user);
		case HTTP_INVALID:
			return fail(reply, http_response_why(&reply->response));
		}
	}
	return event;
}

/* Content that ends with the connection may have been cut off: only whole lines tell. */
enum poll_reply_event poll_reply_closed(struct poll_reply *reply,
                                        const struct client_events *events, void *user)
{
	if (http_response_closed(&reply->response) != HTTP_END || is_inside_line(reply) ||
	    reply->messages == 0)
		return POLL_REPLY_MORE;
	return take_end(reply, events, user);
}

const char *poll_reply_why(const struct poll_reply *reply)
{
	return reply->why;
}

void poll_reply_reset(struct poll_reply *reply)
{
	http_response_reset(&reply->response);
	ndjson_reset(&reply->lines);
	bytes_free(&reply->decoded);
	reply->messages = 0;
}
