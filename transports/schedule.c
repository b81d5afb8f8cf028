#include "schedule.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define ARRIVALS_COUNT 2
#define NS_PER_S       1e9

static const char *const names[ARRIVALS_COUNT];

const char *arrivals_name(enum arrivals arrivals)
{
	return names[arrivals];
}

int arrivals_parse(const char *name, enum arrivals *arrivals)
{
	for (size_t i = 0; i < ARRIVALS_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*arrivals = (enum arrivals)i;
			return 0;
		}
	}
	return -EINVAL;
}

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

double random_unit(uint64_t *state)
{
	/* 53 bits are what a double holds: with more, rounding could give 1. */
	return (double)(random_next(state) >> 11) * 0x1p-53;
}

/* Sets next_ns for next_id. */
static void place(struct schedule *schedule)
{
	double offset_s;

	if (schedule->arrivals == ARRIVALS_EVEN) {
		/* From the index: a sum of gaps would drift by its rounding errors. */
		offset_s = (double)schedule->next_id / schedule->rate_hz;
	} else {
		/* 1 - u is above 0, so that the logarithm is finite. */
		schedule->elapsed_s -= log(1 - random_unit(&schedule->random)) / schedule->rate_hz;
		offset_s = schedule->elapsed_s;
	}
	schedule->next_ns = schedule->start_ns + (uint64_t)llround(offset_s * NS_PER_S);
}

void schedule_start(struct schedule *schedule, enum arrivals arrivals, double rate_hz,
                    uint64_t seed, uint64_t start_ns)
{
	*schedule = (struct schedule){
	        .next_id = 1,
	        .arrivals = arrivals,
	        .rate_hz = rate_hz,
	        .start_ns = start_ns,
	        .random = seed,
	};
	place(schedule);
}

void schedule_advance(struct schedule *schedule)
{
	schedule->next_id++;
	place(schedule);
}

static const char *const names[ARRIVALS_COUNT] = {
        [ARRIVALS_EVEN] = "even",
        [ARRIVALS_POISSON] = "poisson",
};
