#include "room.h"

#include <math.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

enum { LISTENER, BUS, FIRST_CLIENT };

struct room {
	struct pollfd fds[FIRST_CLIENT + ROOM_CLIENTS_MOST]; /* poll passes over an fd of -1 */
	nfds_t count;
	room_heard *heard;
};

static void welcome(struct room *room)
{
	int fd = net_accept(room->fds[LISTENER].fd);
	char request[1024];

	if (room->count == FIRST_CLIENT + ROOM_CLIENTS_MOST ||
	    !handshake_accept(fd, request, sizeof request))
		close(fd);
	else
		room->fds[room->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

void room_tell_clients(const struct room *room, const void *text, size_t size)
{
	for (nfds_t i = FIRST_CLIENT; i < room->count; i++)
		if (room->fds[i].fd >= 0)
			frame_write(room->fds[i].fd, false, TEXT, text, size);
}

void room_tell_bus(const struct room *room, const void *text, size_t size)
{
	if (room->fds[BUS].fd >= 0)
		send(room->fds[BUS].fd, text, size, MSG_NOSIGNAL);
}

static void hear_client(struct room *room, struct pollfd *client)
{
	struct frame frame;

	if (!frame_read(client->fd, &frame)) {
		close(client->fd);
		client->fd = -1;
	} else if (frame.opcode == TEXT) {
		room->heard(room, false, frame.payload, frame.size);
	}
}

static void hear_bus(struct room *room)
{
	char text[FRAME_MOST];
	ssize_t size = recv(room->fds[BUS].fd, text, sizeof text, 0);

	if (size <= 0)
		_exit(0); /* it has gone, and so have we all */
	room->heard(room, true, text, (size_t)size);
}

static _Noreturn void run(room_heard *heard, int listener, int bus)
{
	static struct room room;

	room.fds[LISTENER] = (struct pollfd){.fd = listener, .events = POLLIN};
	room.fds[BUS] = (struct pollfd){.fd = bus, .events = POLLIN};
	room.count = FIRST_CLIENT;
	room.heard = heard;
	for (;;) {
		if (poll(room.fds, room.count, -1) < 0)
			continue;
		for (nfds_t i = FIRST_CLIENT; i < room.count; i++)
			if (room.fds[i].revents)
				hear_client(&room, &room.fds[i]);
		if (room.fds[BUS].revents)
			hear_bus(&room);
		if (room.fds[LISTENER].revents)
			welcome(&room);
	}
}

static void start(uint16_t *ports, room_heard *heard, unsigned count, bool with_bus)
{
	int ends[BUS_MOST] = {-1, -1, -1, -1, -1, -1, -1, -1};

	if (with_bus)
		bus_start(ends, count);
	for (unsigned i = 0; i < count; i++) {
		int listener = net_listen(&ports[i]);

		if (child_fork() == 0)
			run(heard, listener, ends[i]);
		close(listener);
	}
	for (unsigned i = 0; with_bus && i < count; i++)
		close(ends[i]);
}

unsigned rooms_hearers(room_heard *heard, unsigned processes, unsigned clients, bool with_bus)
{
	struct pollfd waits[ROOM_CLIENTS_MOST] = {0};
	uint16_t ports[BUS_MOST];
	unsigned hearers = 0;

	start(ports, heard, processes, with_bus);
	for (unsigned i = 0; i < clients; i++)
		waits[i] = (struct pollfd){
		        .fd = handshake_connect(ports[i % processes], "/chat", "", NULL),
		        .events = POLLIN};
	frame_write(waits[0].fd, true, TEXT, "Hello", 5);
	double until = net_now_ms() + 500;
	for (unsigned i = 0; i < clients; i++)
		hearers += poll(&waits[i], 1, (int)fmax(until - net_now_ms(), 0)) == 1;
	for (unsigned i = 0; i < clients; i++)
		close(waits[i].fd);
	return hearers;
}
