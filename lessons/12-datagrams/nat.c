#include "nat.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "../stage/child.h"

/* Passes datagrams on, up to the first that goes to the client, who is whoever has sent something.
 */
static void translate(int inside, int outside, const struct datagram_address *server)
{
	struct pollfd waits[] = {{.fd = inside, .events = POLLIN},
	                         {.fd = outside, .events = POLLIN}};
	struct datagram_address client = {0};
	char data[2048];
	size_t size;

	while (poll(waits, 2, -1) > 0) {
		if (waits[0].revents) {
			size = datagram_receive(inside, data, sizeof data, &client, 0);
			datagram_send(outside, server, data, size);
		}
		if (waits[1].revents) {
			size = datagram_receive(outside, data, sizeof data, NULL, 0);
			if (client.port) {
				datagram_send(inside, &client, data, size);
				return;
			}
		}
	}
}

/* All of 127.x.x.x is loopback, so there are addresses enough to have one of our own. The port is
 * that of RFC 5769's sample. Should another program have both, it is the next address. */
static int open_outside(struct datagram_address *outside)
{
	for (int last = 1; last < 255; last++) {
		*outside = (struct datagram_address){{127, 0, 2, (uint8_t)last}, 32853};
		int fd = datagram_socket(outside);

		if (fd >= 0)
			return fd;
	}
	fprintf(stderr, "lesson: port 32853 is taken on 127.0.2.1 to 127.0.2.254\n");
	exit(1);
}

void nat_start(struct datagram_address *inside, struct datagram_address *outside,
               const struct datagram_address *server)
{
	*inside = DATAGRAM_LOOPBACK;
	int in = datagram_socket(inside);
	int out = open_outside(outside);

	if (child_fork() == 0) {
		translate(in, out, server);
		_exit(0);
	}
	close(in);
	close(out);
}
