#include "exercise.h"

#include "rule.h"

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

/* Given: the lesson's rule. The simpler way has the smaller number. */
enum way choose(const struct workload *load)
{
	double fewest = 0;

	for (enum way way = HTTP; way < WAYS; way++) {
		double bytes = bytes_of(load, way);

		if (is_possible(load, way) && (fewest == 0 || bytes < fewest))
			fewest = bytes;
	}
	for (enum way way = HTTP; way < WAYS; way++) {
		if (is_possible(load, way) && bytes_of(load, way) <= AS_GOOD * fewest)
			return way;
	}
	return WAYS;
}
