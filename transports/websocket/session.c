#include "session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../site.h"

unsigned ws_publish(struct ws_publisher *publisher, const struct sockaddr *client,
                    enum ws_opcode opcode, const void *data, size_t size, const char **reason)
{
	uint64_t id, wait_ns;

	if (publisher->owes_token) {
		*reason = "the first message must be the token: {\"token\":\"TOKEN\"}";
		if (opcode != WS_TEXT ||
		    !policy_admit_message(publisher->config->policy, data, size))
			return WS_CLOSE_POLICY;
		publisher->owes_token = false;
		return 0;
	}
	switch (site_publish(publisher->config, publisher->topic, client, data, size,
	                     opcode == WS_BINARY, &id, &wait_ns)) {
	case 0:
		return 0;
	case -EDQUOT:
		*reason = "too many messages in too short a time";
		return WS_CLOSE_POLICY;
	case -EILSEQ:
		*reason = "text is not UTF-8";
		return WS_CLOSE_INVALID_DATA;
	default:
		*reason = "out of memory";
		return WS_CLOSE_INTERNAL_ERROR;
	}
}

void ws_session_close(struct ws_session *session, enum ws_close_code code, const char *reason,
                      struct bytes *out)
{
	if (session->closing)
		return;
	session->closing = true;
	ws_append_close(out, NULL, code, reason);
}

/* Whether the connection goes on. After our close frame messages count for nothing (§5.5.1: they
 * may have been on their way). */
static bool take_message(struct ws_session *session, const struct sockaddr *client,
                         const struct ws_received *received, struct bytes *out)
{
	const char *reason = "";
	unsigned code;

	if (session->closing)
		return true;
	code = ws_publish(&session->publisher, client, received->opcode, received->data.data,
	                  received->data.size, &reason);
	if (!code)
		return true;
	ws_session_close(session, code, reason, out);
	return false;
}

static bool fail(struct ws_session *session, const struct ws_received *received, struct bytes *out)
{
	char reason[124];

	snprintf(reason, sizeof reason, "%.*s", (int)received->data.size,
	         (const char *)received->data.data);
	ws_session_close(session, received->code, reason, out);
	return false;
}

/* Whether the connection goes on after this event. */
static bool answer(struct ws_session *session, const struct sockaddr *client, enum ws_event event,
                   const struct ws_received *received, struct bytes *out)
{
	switch (event) {
	case WS_EVENT_MESSAGE:
		return take_message(session, client, received, out);
	case WS_EVENT_PING:
		if (!session->closing)
			ws_append_frame(out, WS_PONG, true, NULL, received->data.data,
			                received->data.size);
		return true;
	case WS_EVENT_CLOSE:
		ws_session_close(session, received->code, "", out);
		return false;
	case WS_EVENT_INVALID:
		return fail(session, received, out);
	case WS_EVENT_MORE:
	case WS_EVENT_PONG:
	default:
		return true;
	}
}

/* Keeps a reader that has begun something. 0 or -ENOMEM. */
static int keep_reader(struct ws_session *session, const struct ws_reader *reader)
{
	if (reader == session->reader)
		return 0;
	session->reader = malloc(sizeof *reader);
	if (!session->reader)
		return -ENOMEM;
	*session->reader = *reader;
	return 0;
}

static void drop_reader(struct ws_session *session, struct ws_reader *reader)
{
	ws_reader_free(reader);
	free(session->reader);
	session->reader = NULL;
}

bool ws_session_input(struct ws_session *session, const struct sockaddr *client, const void *data,
                      size_t size, struct bytes *out)
{
	struct span input = {data, size};
	struct ws_reader fresh, *reader = session->reader;
	struct ws_received received;
	enum ws_event event;
	bool goes_on;

	session->pings = 0;
	if (!reader) {
		reader = &fresh;
		ws_reader_init(reader, WS_SERVER, session->publisher.config->message_max_bytes);
	}
	do {
		event = ws_next(reader, &input, &received);
		goes_on = answer(session, client, event, &received, out) && !out->failed;
	} while (goes_on && event != WS_EVENT_MORE);
	if (goes_on && !ws_reader_is_idle(reader)) {
		if (!keep_reader(session, reader))
			return true;
		ws_session_close(session, WS_CLOSE_INTERNAL_ERROR, "out of memory", out);
		goes_on = false;
	}
	drop_reader(session, reader);
	return goes_on;
}

void ws_session_free(struct ws_session *session)
{
	if (session->reader)
		drop_reader(session, session->reader);
}

struct ws_session *ws_session_new(const struct server_config *config, struct topic *topic,
                                  bool owes_token)
{
	struct ws_session *session = calloc(1, sizeof *session);

	if (session)
		session->publisher = (struct ws_publisher){config, topic, owes_token};
	return session;
}

void ws_session_delete(void *session)
{
	if (session)
		ws_session_free(session);
	free(session);
}

void ws_append_message(struct bytes *out, const struct message *message)
{
	ws_append_frame(out, message->binary ? WS_BINARY : WS_TEXT, true, NULL, message->data,
	                message->size);
}

void ws_append_missed(struct bytes *out, uint64_t messages)
{
	char text[40];
	int size = snprintf(text, sizeof text, "{\"missed\":%" PRIu64 "}", messages);

	ws_append_frame(out, WS_TEXT, true, NULL, text, (size_t)size);
}
