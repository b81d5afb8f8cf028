/* Forgets that the answer needs its time, too. */
#include "../exercise.h"

double poll_interval(double mean, double worst, double delay)
{
	(void)delay;
	return 2 * mean < worst ? 2 * mean : worst;
}

double poll_next(double start, double interval, double now)
{
	return now < start ? start
	                   : start + (double)((long)((now - start) / interval) + 1) * interval;
}
