/* The other side of this lesson: servers that end their connections in four ways. */
#ifndef LESSONS_08_CLOSING_SERVER_H
#define LESSONS_08_CLOSING_SERVER_H

#include "../stage/relay.h"

/* It answers; it begins at the same moment as we do; it sends a close frame without a code; or it
 * cuts the line, as one that crashes would. */
enum manner { ANSWERS, BEGINS_TOO, HAS_NO_CODE, CUTS };

/* Starts such a server behind a link that takes delay_ms each way; its port is the link's. It
 * begins each connection with "Hello", so that its client knows that it is there, and answers
 * pings. relay_stop(link) ends the link alone; the server dies with us. */
void start_server(struct relay *link, enum manner manner, double delay_ms);

#endif
