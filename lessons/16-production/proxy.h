/* A server that answers pings, and before it a proxy that cuts a line that is idle. */
#ifndef LESSONS_16_PRODUCTION_PROXY_H
#define LESSONS_16_PRODUCTION_PROXY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts both, as child processes, and gives the proxy's port. It takes one connection at a time,
 * passes bytes on both ways, and ends the connection when for idle_ms nothing has come from either
 * side. It dies with us.
 */
uint16_t proxy_start(double idle_ms);

/* Waits until something comes, or the connection ends, or it is so late. False: it is late. */
bool proxy_line_comes(int connection, double until_ms);

#endif
