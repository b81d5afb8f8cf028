#include "crowd.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"

void crowd_connect(struct crowd *crowd, unsigned size, uint16_t port)
{
	crowd->size = size;
	crowd->clients = calloc(size, sizeof *crowd->clients);
	if (!crowd->clients)
		child_give_up("remember the clients");
	for (unsigned i = 0; i < size; i++)
		crowd->clients[i] = net_connect(port);
}

struct fares crowd_fares(const struct crowd *crowd)
{
	struct fares fares = {0};
	char byte;

	for (unsigned i = 0; i < crowd->size; i++) {
		ssize_t got = recv(crowd->clients[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT);

		fares.heard += got > 0;
		fares.ended += got == 0;
		fares.silent += got < 0;
	}
	return fares;
}

void crowd_one_leaves(struct crowd *crowd, unsigned client)
{
	shutdown(crowd->clients[client], SHUT_WR);
}

void crowd_leave(struct crowd *crowd)
{
	for (unsigned i = 0; i < crowd->size; i++)
		close(crowd->clients[i]);
	free(crowd->clients);
}
