/* Takes frames only when something was read, so those that found no room stay for ever. */
#include "../exercise.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "../../stage/check.h"
#include "../server.h"

/* Takes from input as much as there is whole, and as there is room for answers. */
static void take_all(struct client *client)
{
	size_t at = 0, taken;

	while ((taken = server_take(client, client->input + at, client->input_size - at)) > 0)
		at += taken;
	client->input_size -= at;
	memmove(client->input, client->input + at, client->input_size);
}

bool client_readable(struct client *client)
{
	ssize_t got = recv(client->fd, client->input + client->input_size,
	                   INPUT_MOST - client->input_size, 0);

	if (got <= 0)
		return got < 0 && (errno == EAGAIN || errno == EINTR);
	client->input_size += (size_t)got;
	take_all(client);
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
