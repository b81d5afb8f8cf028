#include "exercise.h"

#include <math.h>

#include "../stage/check.h"

void drain_begin(struct server *server, double now_ms)
{
	if (server->draining)
		return;
	server->draining = true;
	server->until_ms = now_ms + server->limit_ms;
	server_stop_listening(server);
	/* From the end: who takes the place of one that is hung up on has been told already. */
	for (size_t i = server->count; i-- > 0;) {
		if (server->clients[i]->ready)
			server_send_close(server->clients[i], 1001);
		else
			server_hang_up(server, i);
	}
}

double drain_left(const struct server *server, double now_ms)
{
	if (!server->draining)
		return INFINITY;
	if (server->count == 0 || now_ms >= server->until_ms)
		return 0;
	return server->until_ms - now_ms;
}

int exercise_main(int argc, char **argv)
{
	static const struct server_drain drain = {.begin = drain_begin, .left = drain_left};

	return server_run(&drain, argc, argv);
}
