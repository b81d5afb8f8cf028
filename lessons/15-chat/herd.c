#include "herd.h"

#include <stdlib.h>
#include <string.h>

#define NTH_MOST 5
#define TENTHS   (10 * (1 << NTH_MOST)) /* 1 + 2 + 4 + 8 + 16 s are less */

double next_wait(double wait, double longest)
{
	return 2 * wait < longest ? 2 * wait : longest;
}

unsigned herd_most(int nth, bool jitter, int clients, double longest)
{
	unsigned short state[3] = {15, 0, 0}; /* POSIX says what erand48 makes of it */
	unsigned tenths[TENTHS] = {0}, most = 0;

	for (int i = 0; i < clients; i++) {
		double wait = 1, at = 0;

		for (int attempt = 0; attempt < NTH_MOST; attempt++) {
			double drawn = jitter ? wait * erand48(state) : wait;

			if (attempt < nth)
				at += drawn;
			wait = next_wait(wait, longest);
		}
		unsigned count = ++tenths[(int)(10 * at)];
		most = count > most ? count : most;
	}
	return most;
}
