#include "exercise.h"

#include <math.h>
#include <stdlib.h>

#include "../stage/check.h"

void drain_begin(struct server *server, double now_ms)
{
	/* TODO 1: this leaves at once, as every program does that has never heard of SIGTERM. */
	(void)server;
	(void)now_ms;
	exit(0);
}

double drain_left(const struct server *server, double now_ms)
{
	/* TODO 2: and when may it leave? */
	(void)server;
	(void)now_ms;
	return INFINITY;
}

int exercise_main(int argc, char **argv)
{
	static const struct server_drain drain = {.begin = drain_begin, .left = drain_left};

	return server_run(&drain, argc, argv);
}
