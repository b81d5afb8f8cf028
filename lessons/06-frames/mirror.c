#include "mirror.h"

#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"

void mirror(int connection, void *user)
{
	static uint8_t bytes[ROOM];

	(void)user;
	net_write(connection, bytes, net_read_all(connection, bytes, sizeof bytes));
}

size_t ask(uint16_t port, const void *question, size_t size, uint8_t *answer)
{
	int connection = net_connect(port);

	net_write(connection, question, size);
	shutdown(connection, SHUT_WR); /* we have no more to say */
	size = net_read_all(connection, answer, ROOM);
	close(connection);
	return size;
}
