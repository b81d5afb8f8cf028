/*
 * Long-polling on the wire (RFC 6202 §2): GET /longpoll?topic=T&since=ID is held until there is
 * news or the hold time is over (204).
 *
 * A 204 to a request without since names the topic's newest id in X-Pushlab-Cursor: else a client
 * that has had no message yet would ask again without a cursor, and what was published between
 * the two requests would be lost. With hold=0 the answer comes at once.
 *
 * So a client begins with hold=0 where it has no cursor, and is subscribed once it knows one: the
 * log keeps what is published until the next request arrives.
 */
#ifndef TRANSPORTS_LONGPOLL_WIRE_H
#define TRANSPORTS_LONGPOLL_WIRE_H

#include "../client.h"

#define LONGPOLL_PATH "/longpoll"

/* Appends one long-poll; without since and with hold=0 where it is CLIENT_NO_CURSOR; with batch=1
 * where config->one_per_response. */
void longpoll_append_request(struct bytes *out, const struct client_config *config, uint64_t since);

#endif
