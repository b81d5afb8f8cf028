/* Whether a run that has come to its end may be believed. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "run.h"

/*
 * Sets result->valid, or result->reason, and result->disturbed. A reason that is there already
 * stands. Invalid are a run with a delivery missing (those of whom connections_max kept out are
 * not), one in which a device of the network dropped a packet, and one in which the instrument was
 * at its limit: the load took more than 90 % of its CPU; the main phase came out more than 10 ms
 * longer or shorter than asked; server, load or link waited for a CPU for more than 5 % of the main
 * phase, or the load for more than twice the time for which it had one, and 2 %; the load's timers
 * were late (p99) by more than 10 ms, or more than 5 % of the poll interval where that is longer;
 * the link sent packets on later than it was to (p99), by more than 5 ms or a tenth of its delay.
 */
void verdict_find(const struct run_spec *spec, struct run_result *result);

#endif
