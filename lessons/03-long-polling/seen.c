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

void seen_sum_up(struct seen *seen)
{
	for (int i = 0; i < seen->messages; i++)
		seen->mean += seen->took[i] / seen->messages;
	qsort(seen->took, (size_t)seen->messages, sizeof *seen->took, by_size);
	if (seen->messages > 0)
		seen->longest = seen->took[(seen->messages * 99 - 1) / 100];
}
