/*
 * The link of a private network (network.h): what is sent into it comes back after a delay, as from
 * another host. Packets cross it as they are, so the kernel's TCP does all that it does on a real
 * link: its handshake takes a round trip, its acknowledgements take their time.
 */
#ifndef LESSONS_STAGE_TUNNEL_H
#define LESSONS_STAGE_TUNNEL_H

#include "relay.h"

/* As relay_start. */
void tunnel_start(struct relay *relay, uint16_t to_port, double delay_ms);

/* As relay_stop, for what tunnel_start has started. */
void tunnel_stop(struct relay *relay);

#endif
