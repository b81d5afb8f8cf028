#include "series.h"

#include <string.h>

#include "../stage/net.h"

int news_born(const struct news *news)
{
	double since = net_now_ms() - news->first;
	int count = since < 0 ? 0 : (int)(since / news->every) + 1;

	return count < news->count ? count : news->count;
}

static int messages_in(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	int lines = body && body[4] != '\0';

	for (body = body ? body + 4 : ""; (body = strchr(body, '\n')); body++)
		lines++;
	return lines;
}

/* A message has just come. How long did it take, from the moment it was born? */
static void note(struct series *series, double born, double every, double way)
{
	double took = net_now_ms() - born;
	int quarter = (int)(4 * (took - way) / every);

	series->messages++;
	series->sum += took;
	if (took > series->longest)
		series->longest = took;
	series->quarters[quarter < 0 ? 0 : quarter > 3 ? 3 : quarter]++;
}

void series_note(struct series *series, const struct news *news, const char *answer, double every,
                 double way)
{
	int found = messages_in(answer);

	series->marks[series->polls++] = found ? '!' : '.';
	series->empty += !found;
	while (found-- > 0)
		note(series, news->first + series->messages * news->every, every, way);
}
