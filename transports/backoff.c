#include "backoff.h"

#include "schedule.h"

/* The most to wait after so many attempts before this one: no power that could overflow. */
static uint64_t ceiling_ns(unsigned attempts)
{
	uint64_t ns = BACKOFF_FIRST_NS;

	while (attempts-- > 0 && ns < BACKOFF_MAX_NS)
		ns *= 2;
	return ns < BACKOFF_MAX_NS ? ns : BACKOFF_MAX_NS;
}

uint64_t backoff_next_ns(struct backoff *backoff)
{
	double most = (double)ceiling_ns(backoff->attempts++);

	return (uint64_t)(random_unit(&backoff->random) * (most + 1));
}

void backoff_reset(struct backoff *backoff)
{
	backoff->attempts = 0;
}
