/* Publishing by POST /publish on a connection of its own: what every client but WebSocket's does
 * to send. */
#ifndef TRANSPORTS_UP_LANE_H
#define TRANSPORTS_UP_LANE_H

#include "client.h"

/* All zero is ready. */
struct up_lane {
	struct http_response response;
	unsigned outstanding; /* requests sent and not yet answered */
	char why[96];         /* what went wrong; empty before */
};

/* Appends one POST /publish?topic=… with data as its content. */
void up_lane_append(struct up_lane *lane, const struct client_config *config, const void *data,
                    size_t size, bool binary, struct bytes *out);

/* Reads answers, of which several may come at once; size 0: the peer closed. A status other than
 * 200 fails, and so does a close before all is answered: what was published is then unknown. */
enum client_status up_lane_input(struct up_lane *lane, const uint8_t *data, size_t size);

/* Connected anew: forgets a half-read answer, and the requests that have none. */
void up_lane_connected(struct up_lane *lane);

void up_lane_free(struct up_lane *lane);

#endif
