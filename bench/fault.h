/* What can be made to go wrong in a run, so that it is seen that the instrument finds it. */
#ifndef BENCH_FAULT_H
#define BENCH_FAULT_H

#include <stdbool.h>

/* All 0: nothing. The last three befall the first subscriber. */
struct fault {
	double freeze_s; /* the server stands still so long, from a quarter of the main phase on */
	unsigned drop;   /* every so many messages it has one less, */
	unsigned duplicate; /* has one twice, */
	unsigned reorder;   /* or has two in the wrong order */
};

#endif
