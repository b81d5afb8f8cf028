#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "exercise.h"

#define CLIENTS_MOST 500

/* Of the kernel, for each client and each way. Small, so that a slow client is noticed soon. */
#define KERNEL_BUFFER 65536

static struct {
	struct client *clients[CLIENTS_MOST];
	size_t count;
	volatile sig_atomic_t told_to_end;
} server;

static void put_frame(struct client *client, unsigned first, const void *payload, size_t size)
{
	client->output_size +=
	        frame_put(client->output + client->output_size, first, NULL, payload, size);
}

/* A close frame, and nothing behind it. */
static void put_close(struct client *client, unsigned code)
{
	const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	put_frame(client, FIN | CLOSE, payload, sizeof payload);
	client->ends = true;
}

static size_t take_handshake(struct client *client, const uint8_t *data, size_t size)
{
	const uint8_t *blank = memmem(data, size, "\r\n\r\n", 4);
	char request[INPUT_MOST + 1], answer[256];

	if (!blank) {
		client->ends = size == INPUT_MOST; /* longer than any that we want */
		return 0;
	}
	size = (size_t)(blank + 4 - data);
	*(char *)mempcpy(request, data, size) = '\0';
	client->open = handshake_answer(answer, sizeof answer, request);
	client->ends = !client->open;
	memcpy(client->output + client->output_size, answer, strlen(answer));
	client->output_size += strlen(answer);
	return size;
}

/* Whether a frame has more payload than we take, from as much of its head as there is. */
static bool too_long(const uint8_t *data, size_t size)
{
	if (size < 4 || (data[1] & 0x7f) < 126)
		return false;
	return (data[1] & 0x7f) == 127 || (data[2] << 8 | data[3]) > FRAME_MOST;
}

/* Messages and what continues them are echoed; a pong needs no answer. What has no mask, or an
 * opcode that there is not, breaks the protocol. */
static void answer_frame(struct client *client, const struct frame *frame)
{
	const unsigned fin = frame->fin ? FIN : 0;
	const bool control = frame->opcode >= CLOSE && frame->opcode <= PONG;

	if (!frame->masked || (frame->opcode > BINARY && !control))
		put_close(client, 1002);
	else if (!control)
		put_frame(client, fin | frame->opcode, frame->payload, frame->size);
	else if (frame->opcode == PING)
		put_frame(client, FIN | PONG, frame->payload, frame->size);
	else if (frame->opcode == CLOSE)
		put_frame(client, FIN | CLOSE, frame->payload, frame->size < 2 ? 0 : 2);
	client->ends |= frame->opcode == CLOSE;
}

size_t server_take(struct client *client, const uint8_t *data, size_t size)
{
	struct frame frame;

	if (client->ends || OUTPUT_MOST - client->output_size < FRAME_WIRE_MOST)
		return 0;
	if (!client->open)
		return take_handshake(client, data, size);
	if (too_long(data, size)) {
		put_close(client, 1009);
		return 0;
	}
	size = frame_take(&frame, data, size);
	if (size > 0)
		answer_frame(client, &frame);
	return size;
}

/* All who wait, not one of them: the listener does not block. */
static void welcome_all(int listener)
{
	const int size = KERNEL_BUFFER;
	struct client *client;
	int fd;

	while (server.count < CLIENTS_MOST &&
	       (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		client = calloc(1, sizeof *client);
		if (!client)
			child_give_up("get memory for a client");
		client->fd = fd;
		server.clients[server.count++] = client;
	}
}

static void part(size_t place)
{
	close(server.clients[place]->fd);
	free(server.clients[place]);
	server.clients[place] = server.clients[--server.count];
}

static bool serve(struct client *client, short events, const struct server_work *work)
{
	if (events & POLLOUT && !work->writable(client))
		return false;
	if (events & ~POLLOUT && !work->readable(client))
		return false;
	return !client->ends || client->output_size > 0;
}

/* One turn of the loop. SIGTERM comes while it waits, or not at all: else it could come between the
 * look whether it has come and the wait. */
static void turn(int listener, const struct server_work *work, const sigset_t *while_waiting)
{
	static struct pollfd waits[1 + CLIENTS_MOST];

	waits[0] = (struct pollfd){server.count < CLIENTS_MOST ? listener : -1, POLLIN, 0};
	for (size_t i = 0; i < server.count; i++) {
		const struct client *client = server.clients[i];
		const int in = client->input_size < INPUT_MOST && !client->ends ? POLLIN : 0;
		const int out = client->output_size > 0 ? POLLOUT : 0;

		waits[1 + i] = (struct pollfd){client->fd, (short)(in | out), 0};
	}
	if (ppoll(waits, 1 + server.count, NULL, while_waiting) < 0)
		return;
	for (size_t i = server.count; i-- > 0;)
		if (waits[1 + i].revents && !serve(server.clients[i], waits[1 + i].revents, work))
			part(i);
	if (waits[0].revents)
		welcome_all(listener);
}

static void end(int number)
{
	(void)number;
	server.told_to_end = 1;
}

int server_run(const struct server_work *work)
{
	const struct sigaction action = {.sa_handler = end};
	sigset_t ends, while_waiting;
	uint16_t port;
	int listener = net_listen(&port);

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &while_waiting);
	sigdelset(&while_waiting, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	printf("ready %u\n", port);
	fflush(stdout);
	while (!server.told_to_end)
		turn(listener, work, &while_waiting);
	while (server.count > 0)
		part(server.count - 1);
	close(listener);
	return 0;
}
