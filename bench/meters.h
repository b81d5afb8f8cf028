/*
 * What is read of a run while it goes on: CPU time and memory of its processes, and what crosses
 * its network. What cannot be read is said in `reason`, for the run is then worth nothing.
 */
#ifndef BENCH_METERS_H
#define BENCH_METERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lab.h"
#include "link_process.h"
#include "process.h"
#include "run.h"

struct meters {
	/* As found; complete after meters_end */
	struct run_server server; /* cpu_share is left out */
	uint64_t load_wait_ns, link_wait_ns;
	struct run_wire wire_connecting, wire;
	struct packet_counts kinds_down, kinds_up;
	uint64_t packets_dropped;

	pid_t server_pid, load_pid; /* to be set as soon as there are such */

	/* private */
	const struct lab *lab;
	const struct link_process *link;
	struct {
		struct process_usage server, load, link; /* link: all 0 without one */
	} before;                                        /* when the main phase began */
	uint64_t listening_cpu_ns;                       /* of the server, when it listened */
	struct lab_counts counts;                        /* of the network, as last read */
	uint64_t dropped_before; /* when it was made, and one end was up before the other */
	char *reason;
	size_t reason_size;
};

/* When the network has been made, and nothing crosses it yet. Both are borrowed. */
void meters_open(struct meters *meters, const struct lab *lab, const struct link_process *link,
                 char *reason, size_t reason_size);

/* In this order: the server listens; half of the subscribers are there (may be left out); all are,
 * and nothing is published yet; the main phase begins; it ends; everything has been delivered. */
void meters_listening(struct meters *meters);
void meters_half_connected(struct meters *meters);
void meters_connected(struct meters *meters);
void meters_main_begins(struct meters *meters);
void meters_main_ends(struct meters *meters);
void meters_end(struct meters *meters);

#endif
