/*
 * A network of our own: a network namespace of this process and its children
 * (network_namespaces(7)), in which links can be made whose packets we see. Root may have one, and
 * on many machines everybody may, by a user namespace of their own; where not, lessons do without.
 */
#ifndef LESSONS_STAGE_NETWORK_H
#define LESSONS_STAGE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* Moves this process into a network of its own, before it has any socket or thread. False:
 * none is to be had, and it stays where it is. */
bool network_open(void);

/* What network_open gave; false before it. */
bool network_is_private(void);

/*
 * A new device with the address 10.99.number.1; what is sent to any other address of 10.99.number.x
 * can be read from the descriptor that it gives, packet by packet with their IP headers, and what
 * is written there is received (tun). The device goes with its last descriptor. -1 and errno.
 */
int network_add_device(uint8_t number);

/* The address 10.99.number.host, in network byte order. */
uint32_t network_address(uint8_t number, uint8_t host);

#endif
