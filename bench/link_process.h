/*
 * The link process: carries packets between the two sides of a lab, delayed, lost and limited as
 * asked (link.h). It is the wire between the two namespaces, and sees every packet.
 */
#ifndef BENCH_LINK_PROCESS_H
#define BENCH_LINK_PROCESS_H

#include <stdint.h>

#include "helper.h"
#include "hist.h"
#include "lab.h"
#include "link.h"
#include "packet_kinds.h"

/* In memory shared with the parent. */
struct link_shared {
	/* As it goes; down: what the server sent */
	struct packet_counts kinds_down, kinds_up;
	struct hist lateness; /* of packets that left later than they were to; not in it is how long
	                       * they waited to be taken in, which is seen as its wait for a CPU */
	/* When it has ended: */
	struct link_counts down, up;
	uint64_t missed; /* packets for which a device, or the ring of a packet socket, had no room
	                  */
	uint64_t cpu_ns; /* in which the receiving side's part of TCP is done too */
	int error;       /* a positive errno: why it ended by itself */
};

struct link_process {
	struct helper helper;
	struct link_shared *shared; /* NULL: it was not started */
};

/* Starts it for a lab with lab_has_link_process, on CPU `cpu` (-1: any). 0 or a negative errno.
 * link_process_free in any case. */
int link_process_start(struct link_process *process, const struct lab *lab,
                       const struct link_settings *settings, uint64_t seed, int cpu);

/* As helper_end. */
int link_process_end(struct link_process *process);

/* Ends it, and frees *shared. */
void link_process_free(struct link_process *process);

#endif
