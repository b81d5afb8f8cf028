#include "stun.h"

#include <string.h>

#include "../stage/child.h"

/* Makes the answer of the request: its cookie and transaction id stay. */
static void answer(uint8_t message[STUN_ANSWER], const struct datagram_address *from)
{
	static const uint8_t success[] = {0x01, 0x01, 0x00, 0x0c};
	static const uint8_t attribute[] = {0x00, 0x20, 0x00, 0x08, 0x00, 0x01};

	memcpy(message, success, sizeof success);
	memcpy(message + STUN_HEADER, attribute, sizeof attribute);
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
