#include "exercise.h"

double bytes_of(const struct workload *load, enum way way)
{
	/* TODO 1: these are the messages alone, as if no way had heads. See exercise.h. */
	(void)way;
	return (double)(load->down + load->up) * (double)load->size;
}

bool is_possible(const struct workload *load, enum way way)
{
	/* TODO 2: not everything is. */
	(void)load;
	(void)way;
	return true;
}
