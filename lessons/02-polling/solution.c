#include "exercise.h"

double poll_interval(double mean, double worst, double delay)
{
	double by_mean = 2 * (mean - delay);
	double by_worst = worst - delay;
	double interval = by_mean < by_worst ? by_mean : by_worst;

	/* The message itself needs the way back: nothing is faster than that. */
	return interval > 0 ? interval : 0;
}

/* Counted from the start and not from now, so that no delay adds up. */
double poll_next(double start, double interval, double now)
{
	if (now < start)
		return start;
	return start + (double)((long)((now - start) / interval) + 1) * interval;
}
