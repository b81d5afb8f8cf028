#include "server.h"

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "exercise.h"

enum { CLIENTS_MAX = 32, LINES_MAX = MESSAGES_MAX * (TEXT_MAX + 16) };

struct message_room message_room;

struct server {
	const struct server_memory *memory;
	struct pollfd fds[1 + CLIENTS_MAX]; /* the first one is the listener */
	bool waits[1 + CLIENTS_MAX];        /* this client's poll has no answer yet */
	nfds_t count;
	unsigned last; /* the number of the last message */
};

static void answer(int fd, const char *status, const char *body)
{
	char head[128];

	snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status,
	         strlen(body));
	net_write(fd, head, strlen(head));
	net_write(fd, body, strlen(body));
}

/* The new message goes to all who wait, who have all the others already. */
static void publish(struct server *server, int fd, const char *text)
{
	char line[TEXT_MAX + 16];

	if (server->last == MESSAGES_MAX || strlen(text) >= TEXT_MAX) {
		answer(fd, "507 Insufficient Storage", "");
		return;
	}
	server->last++;
	server->memory->remember(server->last, text);
	snprintf(line, sizeof line, "%u %s\n", server->last, text);
	for (nfds_t i = 1; i < server->count; i++) {
		if (server->waits[i])
			answer(server->fds[i].fd, "200 OK", line);
		server->waits[i] = false;
	}
	answer(fd, "200 OK", "");
}

static void start_poll(struct server *server, nfds_t client, unsigned since)
{
	char lines[LINES_MAX] = "";

	if (server->memory->newer(since, lines, sizeof lines))
		answer(server->fds[client].fd, "200 OK", lines);
	else
		server->waits[client] = true;
}

static void tell_waiting(const struct server *server, int fd)
{
	char number[16];
	int waiting = 0;

	for (nfds_t i = 1; i < server->count; i++)
		waiting += server->waits[i];
	snprintf(number, sizeof number, "%d", waiting);
	answer(fd, "200 OK", number);
}

/* False: it has gone. */
static bool take_request(struct server *server, nfds_t client)
{
	static const char poll_line[] = "GET /poll?since=", publish_line[] = "POST /publish ";
	int fd = server->fds[client].fd;
	char request[1024];

	if (!net_read_http(fd, request, sizeof request))
		return false;
	if (strncmp(request, poll_line, strlen(poll_line)) == 0)
		start_poll(server, client,
		           (unsigned)strtoul(request + strlen(poll_line), NULL, 10));
	else if (strncmp(request, publish_line, strlen(publish_line)) == 0)
		publish(server, fd, strstr(request, "\r\n\r\n") + 4);
	else if (strncmp(request, "GET /waiting ", 13) == 0)
		tell_waiting(server, fd);
	else
		answer(fd, "404 Not Found", "");
	return true;
}

/* The last client takes the place of the one who has gone. */
static void forget(struct server *server, nfds_t client)
{
	close(server->fds[client].fd);
	server->count--;
	server->fds[client] = server->fds[server->count];
	server->waits[client] = server->waits[server->count];
}

static void welcome(struct server *server)
{
	int fd = net_accept(server->fds[0].fd);

	if (server->count == 1 + CLIENTS_MAX) {
		close(fd);
		return;
	}
	server->fds[server->count] = (struct pollfd){.fd = fd, .events = POLLIN};
	server->waits[server->count++] = false;
}

int server_run(const struct server_memory *memory)
{
	static struct server server;
	uint16_t port;

	server.memory = memory;
	server.fds[0] = (struct pollfd){.fd = net_listen(&port), .events = POLLIN};
	server.count = 1;
	printf("ready %u\n", port);
	fflush(stdout);
	while (poll(server.fds, server.count, -1) >= 0) {
		/* From the end, so that who takes a place has been looked at. */
		for (nfds_t i = server.count; i-- > 1;) {
			if (server.fds[i].revents && !take_request(&server, i))
				forget(&server, i);
		}
		if (server.fds[0].revents)
			welcome(&server);
	}
	return 1;
}
