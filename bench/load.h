/*
 * The load process: all subscribers of a run, driven from one epoll loop. It owns their sockets,
 * clocks and byte counts; what the bytes mean is the clients' affair (transports/client.h).
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdatomic.h>
#include <stdint.h>

#include "../transports/publish_log.h"
#include "deliveries.h"
#include "run.h"

enum load_phase { LOAD_CONNECT, LOAD_WARMUP, LOAD_MAIN, LOAD_DRAIN, LOAD_DONE };

/* In memory shared with the parent, which reads it while the load runs. */
struct load_shared {
	_Atomic int phase;          /* enum load_phase */
	_Atomic unsigned connected; /* subscribers */
	bool failed;
	struct run_result result; /* the load's share of it, complete at the end */
};

struct load_config {
	const struct run_spec *spec;
	const char *address; /* numeric IPv4 */
	uint16_t port;
	const struct publish_log *log;
	/* Ours of a socket pair: we write one byte when all are subscribed; the parent answers
	 * with the start of the schedule, a uint64_t, CLOCK_MONOTONIC ns. We write another when
	 * everything is measured, and keep the connections open until the parent answers that
	 * with a byte: it may still be measuring the server. */
	int parent_fd;
	struct load_shared *shared;
};

/* Runs to the end. 0, or -1 with shared->result.reason saying why. For a process of its own. */
int load_run(const struct load_config *config);

#endif
