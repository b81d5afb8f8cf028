/* A model of many clients that lose their server in the same moment: no socket is opened. */
#ifndef LESSONS_15_CHAT_HERD_H
#define LESSONS_15_CHAT_HERD_H

#include <stdbool.h>

/* How long to wait before the attempt that follows one which failed: twice as long, up to a
 * limit. */
double next_wait(double wait, double longest);

/*
 * All of them lose the server at 0 and wait as next_wait says, 1 s to begin with, or with jitter:
 * some time between 0 and that, drawn for each wait of each client. The most attempts number `nth`
 * (the first is 1) that fall into one tenth of a second. It is the same in each run.
 */
unsigned herd_most(int nth, bool jitter, int clients, double longest);

#endif
