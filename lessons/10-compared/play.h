/* The five transports, to be tried out by hand. */
#ifndef LESSONS_10_COMPARED_PLAY_H
#define LESSONS_10_COMPARED_PLAY_H

#include <stddef.h>

#include "transport.h"

/* Serves each of them on a port of its own and says how to talk to it with curl. A message is born
 * for all of them with each Enter, and every_s seconds after the last. Ends with stdin. */
void play(const struct transport *transports, size_t count, double every_s);

#endif
