#include "require.h"

#include <stdio.h>
#include <stdlib.h>

void require_between(const char *option, double value, double least, double most)
{
	if (value >= least && value <= most)
		return;
	fprintf(stderr, "lesson: --%s %g: give %g to %g\n", option, value, least, most);
	exit(2);
}
