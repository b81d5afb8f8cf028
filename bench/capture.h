/*
 * A capture of what crosses the lab: every packet at the server's device, as pcap(3) hands it over,
 * counted and, where that is asked for, kept in a file that Wireshark opens. It is a process of its
 * own and takes some CPU (about 8 % of an echo): not for runs whose latency matters.
 */
#ifndef BENCH_CAPTURE_H
#define BENCH_CAPTURE_H

#include <stdint.h>

#include "helper.h"
#include "lab.h"
#include "packet_kinds.h"

/* In memory shared with the parent; complete when the capture has ended. */
struct capture_shared {
	struct packet_counts down, up; /* down: sent by the server */
	uint64_t missed;               /* packets for which the kernel had no room */
	char error[256];               /* why it failed; empty: it has not */
};

struct capture {
	struct helper helper;
	struct capture_shared *shared; /* NULL: it was not started */
};

/* Starts it in a lab that is not LAB_LOOPBACK, and returns when it sees all that follows. path: of
 * the file to write, which is made anew; NULL: none. 0 or a negative errno, with shared->error
 * saying more where that is there. capture_free in any case. */
int capture_start(struct capture *capture, const struct lab *lab, const char *path);

/* As helper_end; it first takes all that has crossed by now. */
int capture_end(struct capture *capture);

/* Ends it, and frees *shared. */
void capture_free(struct capture *capture);

#endif
