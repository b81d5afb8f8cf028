/*
 * The load process: all subscribers of a run, driven from one epoll loop. It owns their sockets,
 * clocks and byte counts; what the bytes mean is the clients' affair (transports/client.h).
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdint.h>

#include "../transports/publish_log.h"
#include "evidence.h"
#include "fault.h"
#include "lab.h"
#include "run.h"

enum load_phase { LOAD_CONNECT, LOAD_WARMUP, LOAD_MAIN, LOAD_DRAIN, LOAD_DONE };

/* In memory shared with the parent, which reads it while the load runs. */
struct load_shared {
	_Atomic int phase;          /* enum load_phase */
	_Atomic unsigned connected; /* subscribers that are, or were once */
	bool failed;
	struct run_result result; /* the load's share of it, complete at the end */
};

#define LOAD_SAYS_HALF 'h'
#define LOAD_SAYS_ALL  'a'
#define LOAD_SAYS_DONE 'd'

struct load_config {
	const struct run_spec *spec;
	const struct lab *lab; /* on whose clients' side it is */
	uint16_t port;
	const struct publish_log *log;
	const char *authority; /* PEM: whom TLS trusts; NULL: plain */
	/* Ours of a socket pair: we write LOAD_SAYS_HALF when run_half of the subscribers are
	 * connected, LOAD_SAYS_ALL when all are, and LOAD_SAYS_DONE when everything is measured,
	 * and each time wait for the parent, which may be measuring the server: it answers ALL
	 * with the start of the schedule, a uint64_t, CLOCK_MONOTONIC ns, the others with a byte.
	 * HALF is left out where that is nobody. */
	int parent_fd;
	struct fault fault;
	struct latencies *latencies; /* NULL: nobody wants them */
	struct load_shared *shared;
};

/* Runs to the end. 0, or -1 with shared->result.reason saying why. For a process of its own. */
int load_run(const struct load_config *config);

#endif
