#include "server.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

#define VISITORS  4
#define HEAD_MOST 1024

/* As Apache and nginx write it by default, but for the time and what the client says it is. */
static void write_log(const struct server *server, const char *request, int status)
{
	dprintf(server->log, "127.0.0.1 \"%.*s\" %d\n", (int)strcspn(request, "\r\n"), request,
	        status);
}

/* A handshake, or a plain request. False: the connection is over. */
static bool take_request(const struct server *server, const struct rules *rules,
                         struct visitor *visitor)
{
	char request[HEAD_MOST], answer[HEAD_MOST];

	if (net_read_http(visitor->connection, request, sizeof request) == 0)
		return false;
	visitor->name = "stranger";
	int status = rules->admit(visitor, request);
	if (status != 101)
		snprintf(answer, sizeof answer, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n\r\n%s",
		         status, status == 200 ? "OK" : "Refused", strlen(visitor->body),
		         visitor->body);
	else if (!handshake_answer(answer, sizeof answer, request))
		status = 400;
	write_log(server, request, status);
	net_write(visitor->connection, answer, strlen(answer));
	return status == 101;
}

/* The head of a client's frame; its payload gets room. */
static bool take_head(struct server *server, const struct rules *rules, struct visitor *visitor)
{
	uint8_t head[2], length[8];

	if (net_read_all(visitor->connection, head, 2) != 2)
		return false;
	size_t extended = (head[1] & 0x7f) == 126 ? 2 : (head[1] & 0x7f) == 127 ? 8 : 0;
	if (net_read_all(visitor->connection, length, extended) != extended ||
	    net_read_all(visitor->connection, visitor->key, 4) != 4)
		return false;
	visitor->opcode = head[0] & 15;
	visitor->size = extended ? 0 : head[1] & 0x7f;
	for (size_t i = 0; i < extended; i++)
		visitor->size = visitor->size << 8 | length[i];
	visitor->got = 0;
	visitor->room = rules->room(server, visitor->size);
	if (!visitor->room)
		frame_write_close(visitor->connection, false, 1009);
	return visitor->room != NULL;
}

/* A frame that is whole. */
static bool take_frame(const struct server *server, const struct rules *rules,
                       struct visitor *visitor)
{
	const char *answer = NULL;

	for (uint64_t i = 0; i < visitor->size; i++)
		visitor->room[i] = (char)(visitor->room[i] ^ visitor->key[i % 4]);
	visitor->room[visitor->size] = '\0';
	if (visitor->opcode == PING)
		frame_write(visitor->connection, false, PONG, visitor->room, visitor->size);
	if (visitor->opcode == CLOSE)
		frame_write(visitor->connection, false, CLOSE, visitor->room, visitor->size);
	if (visitor->opcode == TEXT)
		answer = rules->message(visitor, visitor->room, server->shared->now_ms);
	if (answer)
		frame_write(visitor->connection, false, TEXT, answer, strlen(answer));
	free(visitor->room);
	visitor->room = NULL;
	return visitor->opcode != CLOSE;
}

/* Something has come from it. */
static bool work(struct server *server, const struct rules *rules, struct visitor *visitor)
{
	if (!visitor->name)
		return take_request(server, rules, visitor);
	if (!visitor->room) {
		if (!take_head(server, rules, visitor))
			return false;
	} else {
		size_t got = net_read(visitor->connection, visitor->room + visitor->got,
		                      visitor->size - visitor->got);

		visitor->got += got;
		if (got == 0)
			return false;
	}
	return visitor->got < visitor->size || take_frame(server, rules, visitor);
}

static void leave(struct visitor *visitor)
{
	free(visitor->room);
	close(visitor->connection);
	*visitor = (struct visitor){.connection = -1};
}

static void enter(struct visitor *visitors, int connection)
{
	for (int i = 0; i < VISITORS; i++) {
		if (visitors[i].connection < 0) {
			visitors[i] = (struct visitor){.connection = connection};
			return;
		}
	}
	close(connection);
}

__attribute__((noreturn)) static void run(struct server *server, const struct rules *rules,
                                          int listener)
{
	struct visitor visitors[VISITORS];

	for (int i = 0; i < VISITORS; i++)
		visitors[i] = (struct visitor){.connection = -1};
	for (;;) {
		struct pollfd waits[VISITORS + 1];

		for (int i = 0; i < VISITORS; i++)
			waits[i] = (struct pollfd){visitors[i].connection, POLLIN, 0};
		waits[VISITORS] = (struct pollfd){listener, POLLIN, 0};
		if (poll(waits, VISITORS + 1, -1) < 0)
			child_give_up("wait for clients");
		for (int i = 0; i < VISITORS; i++) {
			if (waits[i].revents && !work(server, rules, &visitors[i]))
				leave(&visitors[i]);
		}
		if (waits[VISITORS].revents)
			enter(visitors, net_accept(listener));
	}
}

void server_start(struct server *server, const struct rules *rules)
{
	int listener = net_listen(&server->port);

	server->log = memfd_create("access-log", MFD_CLOEXEC);
	if (server->log < 0)
		child_give_up("make an access log");
	server->shared = net_share(sizeof *server->shared);
	server->pid = child_fork();
	if (server->pid == 0)
		run(server, rules, listener);
	close(listener);
}

void server_stop(struct server *server)
{
	net_stop(server->pid);
	close(server->log);
}

char *server_memory(struct server *server, uint64_t size)
{
	if (size > server->shared->asked)
		server->shared->asked = size;
	return size > SERVER_MEMORY ? NULL : malloc(size + 1);
}

void server_read_log(const struct server *server, char *text, size_t size)
{
	ssize_t got = pread(server->log, text, size - 1, 0);

	text[got > 0 ? got : 0] = '\0';
}
