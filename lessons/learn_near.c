#include "learn_near.h"

#include <ctype.h>
#include <string.h>

enum {
	LONGEST = 40 /* what is beyond is not looked at */
};

static size_t least(size_t a, size_t b, size_t c)
{
	size_t smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

static int same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment: row i, column j is the distance of the first i and j letters. */
size_t near_distance(const char *some, const char *other)
{
	size_t rows = strnlen(some, LONGEST), columns = strnlen(other, LONGEST);
	size_t distance[LONGEST + 1][LONGEST + 1];

	for (size_t j = 0; j <= columns; j++)
		distance[0][j] = j;
	for (size_t i = 1; i <= rows; i++) {
		distance[i][0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t *here = &distance[i][j];

			*here = least(distance[i - 1][j] + 1, distance[i][j - 1] + 1,
			              distance[i - 1][j - 1] + !same(some[i - 1], other[j - 1]));
			if (i > 1 && j > 1 && same(some[i - 1], other[j - 2]) &&
			    same(some[i - 2], other[j - 1]) && distance[i - 2][j - 2] + 1 < *here)
				*here = distance[i - 2][j - 2] + 1;
		}
	}
	return distance[rows][columns];
}

bool near_enough(const char *written, const char *meant)
{
	return near_distance(written, meant) * 2 <= strlen(written);
}

size_t near_find(const char *word, const char *const *words, size_t count)
{
	size_t nearest = 0;

	for (size_t i = 1; i < count; i++) {
		if (near_distance(word, words[i]) < near_distance(word, words[nearest]))
			nearest = i;
	}
	return nearest;
}
