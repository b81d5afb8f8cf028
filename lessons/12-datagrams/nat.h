/* What stands between most computers and the internet, and who looks at it from outside. */
#ifndef LESSONS_12_DATAGRAMS_NAT_H
#define LESSONS_12_DATAGRAMS_NAT_H

#include "datagram.h"

/*
 * A network address translator (NAT) for one client, acted by a child process: what the client
 * sends to `inside` goes on to `server`, and has `outside` as its sender; what comes to `outside`
 * goes to the client. A real one stands on the way, rewrites what passes, and needs no address
 * inside. This one ends after one answer, so that its address is free again.
 */
void nat_start(struct datagram_address *inside, struct datagram_address *outside,
               const struct datagram_address *server);

#endif
