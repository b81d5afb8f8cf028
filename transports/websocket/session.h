/*
 * The server's end of one WebSocket connection without its socket: what the cells share whose
 * library gives them bytes (mhd, epoll), and of it what lws needs too.
 */
#ifndef TRANSPORTS_WEBSOCKET_SESSION_H
#define TRANSPORTS_WEBSOCKET_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../server.h"
#include "wire.h"

/* What a message leads to. */
struct ws_publisher {
	const struct server_config *config;
	struct topic *topic;
	bool owes_token; /* its first message must be the token (policy.h) */
};

/*
 * A whole message has come from a client (NULL: unknown address): the token that is owed, or
 * something to publish. 0, or the close code to end with: WS_CLOSE_POLICY (wrong token, too fast),
 * WS_CLOSE_INVALID_DATA, WS_CLOSE_INTERNAL_ERROR. *reason is then one for the close frame.
 */
unsigned ws_publish(struct ws_publisher *publisher, const struct sockaddr *client,
                    enum ws_opcode opcode, const void *data, size_t size, const char **reason);

/* All zero but for `publisher` is a connection that has just been upgraded: freed by
 * ws_session_free. Or one of its own: made by ws_session_new, freed by ws_session_delete. */
struct ws_session {
	struct ws_publisher publisher;
	bool closing;   /* our close frame has been written: nothing more is to be sent */
	unsigned pings; /* sent since something came; ws_session_input sets it to 0 */

	/* private */
	struct ws_reader *reader; /* NULL between messages: an idle connection needs none */
};

/*
 * Bytes have come: publishes messages, and appends to out what is to be answered: pongs, a close
 * frame. true: go on. false: close the connection once out is sent (RFC 6455 §7.1.1: the server
 * closes first), and hand in no more; nothing is to be sent either where out has failed. Publishing
 * wakes subscribers, this connection's too: its wake may append to out and call ws_session_close,
 * but not ws_session_free.
 */
bool ws_session_input(struct ws_session *session, const struct sockaddr *client, const void *data,
                      size_t size, struct bytes *out);

/* The server ends it: appends a close frame where none was sent. Input is read on until the
 * answer to it has come (ws_session_input gives false), or the connection breaks. */
void ws_session_close(struct ws_session *session, enum ws_close_code code, const char *reason,
                      struct bytes *out);

/* Frees what it holds. */
void ws_session_free(struct ws_session *session);

/* NULL when memory ran out. */
struct ws_session *ws_session_new(const struct server_config *config, struct topic *topic,
                                  bool owes_token);
/* Takes a struct ws_session, or NULL: an `ended` for the stacks. */
void ws_session_delete(void *session);

/* Appends a message as a frame. */
void ws_append_message(struct bytes *out, const struct message *message);

/* Appends {"missed":N} as a text. */
void ws_append_missed(struct bytes *out, uint64_t messages);

#endif
