#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"

/* So little that the system takes for one connection: the rest waits in our queue, where a server
 * that leaves too early loses it. */
#define SYSTEM_TAKES 8192

struct client *client_new(int fd)
{
	struct client *client = calloc(1, sizeof *client);
	int room = SYSTEM_TAKES;

	if (!client)
		child_give_up("remember a client");
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	client->fd = fd;
	return client;
}

void client_free(struct client *client)
{
	close(client->fd);
	free(client->out);
	free(client);
}

bool client_read(struct client *client)
{
	size_t room = sizeof client->in - 1 - client->in_size;
	ssize_t got = recv(client->fd, client->in + client->in_size, room, 0);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	client->in_size += (size_t)got;
	client->in[client->in_size] = '\0';
	return got > 0;
}

void client_took(struct client *client, size_t size)
{
	client->in_size -= size;
	memmove(client->in, client->in + size, client->in_size + 1);
}

bool client_flush(struct client *client)
{
	while (client->out_size > 0) {
		ssize_t sent = send(client->fd, client->out, client->out_size, MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		client->out_size -= (size_t)sent;
		memmove(client->out, client->out + sent, client->out_size);
	}
	return true;
}

void client_write(struct client *client, const void *data, size_t size)
{
	uint8_t *out = realloc(client->out, client->out_size + size);

	if (!out)
		child_give_up("queue what a client is to get");
	memcpy(out + client->out_size, data, size);
	client->out = out;
	client->out_size += size;
	client_flush(client); /* where it has gone, we shall read that */
}

void client_write_frame(struct client *client, unsigned opcode, const void *payload, size_t size)
{
	uint8_t wire[FRAME_WIRE_MOST];

	if (client->close_sent)
		return;
	client->close_sent = opcode == CLOSE;
	client_write(client, wire, frame_put(wire, FIN | opcode, NULL, payload, size));
}
