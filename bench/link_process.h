/*
 * The link process: carries packets between the two TUN devices of a lab, delayed, lost and limited
 * as asked (link.h). It is the wire between the two namespaces, and sees every packet.
 */
#ifndef BENCH_LINK_PROCESS_H
#define BENCH_LINK_PROCESS_H

#include <sys/types.h>

#include "hist.h"
#include "lab.h"
#include "link.h"

/* In memory shared with the parent. */
struct link_shared {
	struct link_counts down, up; /* what the server sent, what the clients sent */
	struct hist lateness;        /* of packets that left later than they were to */
	int error;                   /* a positive errno: it has ended, and why */
};

struct link_process {
	pid_t pid; /* 0: not running */
	int line_fd;
	struct link_shared *shared;
};

/* Starts it for a lab of mode LAB_LINK, on CPU `cpu` (-1: any). 0 or a negative errno. Stop it in
 * any case. */
int link_process_start(struct link_process *process, const struct lab *lab,
                       const struct link_settings *settings, uint64_t seed, int cpu);

/* Ends it; *shared is gone too. */
void link_process_stop(struct link_process *process);

#endif
