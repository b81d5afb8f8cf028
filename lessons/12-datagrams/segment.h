/* A segment of TCP that is really lost, on loopback. */
#ifndef LESSONS_12_DATAGRAMS_SEGMENT_H
#define LESSONS_12_DATAGRAMS_SEGMENT_H

#include <stdbool.h>

/*
 * Sends some messages over TCP, without a link, one every every_ms. For the time in which one of
 * them arrives, a filter on the receiving socket (SO_ATTACH_FILTER) throws away all that the
 * network brings: so the receiver's TCP never sees that segment, and the sender's has to send it
 * again. Gives how long that message took in ms; less than 0: the system allows no filter.
 * `followed`: another message comes behind it. Else it is the last, and the connection stays open.
 */
double segment_repair(double every_ms, bool followed);

#endif
