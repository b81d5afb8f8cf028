#include "seen.h"

#include <stdlib.h>

#include "../stage/net.h"

int news_born(const struct news *news)
{
	double since = net_now_ms() - news->first;
	int count = since < 0 ? 0 : (int)(since / news->every) + 1;

	return count < news->count ? count : news->count;
}

void seen_note(struct seen *seen, const struct news *news, const char *text, size_t size)
{
	double now = net_now_ms();

	for (size_t i = 0; i < size && seen->messages < news->count; i++) {
		if (text[i] == '\n') {
			seen->took[seen->messages] =
			        now - (news->first + seen->messages * news->every);
			seen->messages++;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void seen_sum_up(struct seen *seen, int round)
{
	double means[1000], maxima[1000];
	int rounds = seen->messages / round;

	for (int i = 0; i < rounds; i++) {
		means[i] = maxima[i] = 0;
		for (int k = i * round; k < (i + 1) * round; k++) {
			means[i] += seen->took[k] / round;
			if (seen->took[k] > maxima[i])
				maxima[i] = seen->took[k];
		}
	}
	if (rounds == 0)
		return;
	qsort(means, (size_t)rounds, sizeof *means, by_size);
	qsort(maxima, (size_t)rounds, sizeof *maxima, by_size);
	seen->mean = means[rounds / 2];
	seen->longest = maxima[rounds / 2];
}
