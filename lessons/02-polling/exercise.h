/* The exercise of lesson 2: how often to ask, and when. Times are milliseconds. */
#ifndef LESSONS_02_POLLING_EXERCISE_H
#define LESSONS_02_POLLING_EXERCISE_H

/*
 * The longest interval between two polls with which messages take at most `mean` on average, and
 * none takes longer than `worst`, over a link with that one-way delay; 0 where no interval can do
 * it. Longest, since each poll costs something.
 */
double poll_interval(double mean, double worst, double delay);

/*
 * When the next poll leaves. The first one left, or will leave, at `start`; the times to poll are
 * start, start + interval, start + 2 * interval and so on, and never any other. The answer to the
 * last poll is here, and it is `now`, maybe long past some of these times: those are over, and are
 * not made up for. The result is the first of these times that is later than now.
 */
double poll_next(double start, double interval, double now);

#endif
