/* Keeps what is left, but takes one frame for each read: the next waits for the next read. */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../../stage/check.h"
#include "../server.h"

static void take_one(struct client *client)
{
	size_t taken = server_take(client, client->input, client->input_size);

	client->input_size -= taken;
	memmove(client->input, client->input + taken, client->input_size);
}

bool client_readable(struct client *client)
{
	ssize_t got = recv(client->fd, client->input + client->input_size,
	                   INPUT_MOST - client->input_size, 0);

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	client->input_size += (size_t)got;
	take_one(client);
	return true;
}

bool client_writable(struct client *client)
{
	ssize_t sent = send(client->fd, client->output, client->output_size, MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	client->output_size -= (size_t)sent;
	memmove(client->output, client->output + sent, client->output_size);
	return true;
}

int exercise_main(int argc, char **argv)
{
	static const struct server_work work = {client_readable, client_writable};

	(void)argc;
	(void)argv;
	return server_run(&work);
}
