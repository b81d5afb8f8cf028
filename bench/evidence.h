/* What a run can show beside its result, to whoever would check it: bench verify. */
#ifndef BENCH_EVIDENCE_H
#define BENCH_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "capture.h"
#include "lab.h"
#include "link_process.h"

#define EVIDENCE_LATENCIES_MAX 100000

/* The latencies of the first deliveries, as they went into the histogram. In memory that the load
 * shares with its parent. */
struct latencies {
	size_t count;
	uint64_t ns[EVIDENCE_LATENCIES_MAX];
};

/* Of the whole run, from the making of the lab to the last packet. */
struct evidence {
	struct lab_side_counts server, clients; /* what their devices counted */
	struct link_shared link;                /* what the link process did; all 0 without one */
	struct capture_shared capture;          /* what a capture saw; all 0 without one */
	struct latencies latencies;
};

#endif
