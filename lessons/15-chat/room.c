#include "room.h"

#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

/* A server's frames are not masked: one is made, and written to everybody. */
static void tell_all(const struct pollfd *room, int members, const struct frame *frame)
{
	uint8_t wire[FRAME_WIRE_MOST];
	size_t size = frame_put(wire, FIN | TEXT, NULL, frame->payload, frame->size);

	for (int i = 0; i < members; i++)
		net_write(room[i].fd, wire, size);
}

/* Accepts the members, passes so many messages on, and ends the process, and with it all of their
 * connections. */
static _Noreturn void serve(int listener, int members, int messages)
{
	static struct pollfd room[MEMBERS_MOST];
	struct frame frame;
	char request[512];

	for (int i = 0; i < members; i++) {
		room[i] = (struct pollfd){.fd = net_accept(listener), .events = POLLIN};
		handshake_accept(room[i].fd, request, sizeof request);
	}
	while (messages > 0) {
		poll(room, (nfds_t)members, -1);
		for (int i = 0; i < members; i++) {
			if (!(room[i].revents & POLLIN) || !frame_read(room[i].fd, &frame))
				continue;
			tell_all(room, members, &frame);
			messages--;
		}
	}
	_exit(0);
}

void room_talk(struct room_counts *counts, int members, int messages)
{
	static int connections[MEMBERS_MOST];
	struct frame frame;
	uint16_t port;
	int listener = net_listen(&port);

	if (child_fork() == 0)
		serve(listener, members, messages);
	close(listener);
	for (int i = 0; i < members; i++)
		connections[i] = handshake_connect(port, "/chat", "", NULL);
	for (int i = 0; i < messages; i++)
		frame_write(connections[i % members], true, TEXT, "Hello", 5);
	*counts = (struct room_counts){0};
	for (int i = 0; i < members; i++) {
		for (; frame_read(connections[i], &frame); counts->frames++)
			counts->bytes += frame.head + frame.size;
		close(connections[i]);
	}
}
