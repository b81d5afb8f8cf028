/* Polling on the wire: GET /polling?topic=T&since=ID answers at once, 200 with all newer messages,
 * one a line (ndjson.h), or 204. */
#ifndef TRANSPORTS_POLLING_WIRE_H
#define TRANSPORTS_POLLING_WIRE_H

#include "../client.h"

#define POLLING_PATH "/polling"

/* Appends one poll; without since where it is CLIENT_NO_CURSOR. */
void polling_append_request(struct bytes *out, const struct client_config *config, uint64_t since);

#endif
