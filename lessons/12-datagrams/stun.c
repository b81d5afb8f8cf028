#include "stun.h"

#include <string.h>

#include "../stage/child.h"

/* Makes the answer of the request: its cookie and transaction id stay. */
static void answer(uint8_t message[STUN_ANSWER], const struct datagram_address *from)
{
	memcpy(message, "\x01\x01\x00\x0c", 4);
	memcpy(message + STUN_HEADER, "\x00\x20\x00\x08\x00\x01", 6);
	message[26] = message[4] ^ (uint8_t)(from->port >> 8);
	message[27] = message[5] ^ (uint8_t)from->port;
	for (int i = 0; i < 4; i++)
		message[28 + i] = message[4 + i] ^ from->ip[i];
}

void stun_start(struct datagram_address *server)
{
	static const char request[] = "\x00\x01\x00\x00\x21\x12\xa4\x42";
	struct datagram_address from;
	uint8_t message[512];

	*server = DATAGRAM_LOOPBACK;
	int fd = datagram_socket(server);
	if (child_fork() > 0)
		return;
	for (;;) {
		size_t size = datagram_receive(fd, message, sizeof message, &from, -1);

		if (size != STUN_HEADER || memcmp(message, request, sizeof request - 1) != 0)
			continue;
		answer(message, &from);
		datagram_send(fd, &from, message, STUN_ANSWER);
	}
}
