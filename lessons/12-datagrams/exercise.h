/* The exercise of lesson 12: the address in a STUN server's answer. */
#ifndef LESSONS_12_DATAGRAMS_EXERCISE_H
#define LESSONS_12_DATAGRAMS_EXERCISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapped_address {
	uint8_t ip[4];
	uint16_t port;
};

/* Given. The two bytes there as a number, the more significant one first. */
unsigned two_bytes(const uint8_t *at);

/*
 * A datagram has come: size bytes, from whoever. True, and the address, where it is the answer to
 * our request and has one; else false, and what is in *mapped does not matter. Numbers have their
 * more significant byte first.
 *
 * A STUN message begins with a header of 20 bytes:
 *      0   2 bytes    type; 0101 is the answer to a binding request, and that it succeeded
 *      2   2 bytes    length of all that follows the header; a multiple of 4, else it is refused
 *      4   4 bytes    the magic cookie: 21 12 a4 42
 *      8  12 bytes    the transaction id: that of our request, or it is no answer to us
 * The datagram is the message, no more and no less; where the length says another thing, it is
 * refused. Attributes follow, each of them
 *      0   2 bytes    type
 *      2   2 bytes    length of the value, without the padding
 *      4              the value, then 0 to 3 bytes of padding up to the next multiple of 4; they
 *                     may be anything
 * An attribute that is longer than what is left is refused, with the message. Those of other types
 * are passed over. (The RFC, 8489, 6.3.3, passes over only types from 8000 on, and those it knows;
 * with an unknown one below, the answer is discarded. We do not go that far.) The one that we want
 * is XOR-MAPPED-ADDRESS, type 0020, length 8; with another length there is no address for us:
 *      0   1 byte     nothing
 *      1   1 byte     family; 01 is IPv4, and where it is another there is no address for us
 *      2   2 bytes    the port, each byte xor that of the cookie: 21 12
 *      4   4 bytes    the address, each byte xor that of the cookie: 21 12 a4 42
 * If there are several, the first one counts.
 */
bool read_mapped_address(struct mapped_address *mapped, const uint8_t *message, size_t size,
                         const uint8_t transaction[12]);

#endif
