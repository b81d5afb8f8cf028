/* Rests for the interval after each answer, so that a round takes the interval and a round trip. */
#include "../exercise.h"

double poll_interval(double mean, double worst, double delay)
{
	double interval = 2 * (mean - delay) < worst - delay ? 2 * (mean - delay) : worst - delay;

	return interval > 0 ? interval : 0;
}

double poll_next(double start, double interval, double now)
{
	return now < start ? start : now + interval;
}
