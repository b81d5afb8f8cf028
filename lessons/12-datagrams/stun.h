/* A STUN server (RFC 8489): it tells who asks from which address it sees him, and forgets him. */
#ifndef LESSONS_12_DATAGRAMS_STUN_H
#define LESSONS_12_DATAGRAMS_STUN_H

#include "datagram.h"

#define STUN_HEADER 20
#define STUN_ANSWER (STUN_HEADER + 12) /* with nothing but an IPv4 address */

/* A child process that answers binding requests without attributes, and nothing else. */
void stun_start(struct datagram_address *server);

#endif
