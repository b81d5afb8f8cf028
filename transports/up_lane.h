/* Publishing by POST /publish on a connection of its own: what every client but WebSocket's does
 * to send. */
#ifndef TRANSPORTS_UP_LANE_H
#define TRANSPORTS_UP_LANE_H

#include "client.h"
#include "http_response.h"

/* All zero is ready. */
struct up_lane {
	struct http_response response;
	struct bytes queue; /* requests not yet sent, each behind its size */
	bool outstanding;   /* the last one sent is not yet answered */
	char why[96];       /* what went wrong; empty before */
};

/* Appends one POST /publish?topic=… with data as its content; to out where nothing is outstanding,
 * else it waits here: POST is not idempotent, so it is not pipelined (RFC 9112 §9.3.2). */
void up_lane_append(struct up_lane *lane, const struct client_config *config, const void *data,
                    size_t size, bool binary, struct bytes *out);

/*
 * Reads the answer, which lets the next request go to out; size 0: the peer closed. Where the
 * answer says that the server closes (Connection: close), CLIENT_RECONNECT: what waits stays. A
 * status other than 200 fails, and so does a close before the answer: whether that message was
 * published is then unknown, and it must not be sent again (RFC 9110 §9.2.2).
 */
enum client_status up_lane_input(struct up_lane *lane, const uint8_t *data, size_t size,
                                 struct bytes *out);

/* Connected anew: forgets a half-read answer, and the request that has none; what waits goes on. */
enum client_status up_lane_connected(struct up_lane *lane, struct bytes *out);

void up_lane_free(struct up_lane *lane);

#endif
