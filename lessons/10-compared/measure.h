/* Measurements that need more words than a row of the table is worth. */
#ifndef LESSONS_10_COMPARED_MEASURE_H
#define LESSONS_10_COMPARED_MEASURE_H

#include "transport.h"

/* The mean delay in ms of messages that are born at any time, where a poll leaves every `every` ms
 * over a link that takes delay_ms. */
double measure_polls(const struct transport *transport, double every, double delay_ms);

/* The bytes of so many seconds without news, on a clock whose second has so many ms. A poll leaves
 * every second; a server that waits gives up after hold seconds. */
unsigned long measure_idle(const struct transport *transport, int seconds, double second,
                           double hold);

/* The delays in ms of 20 messages, added up, on this machine without a link. */
double measure_bare(const struct transport *transport);

#endif
