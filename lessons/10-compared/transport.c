#include "transport.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

#define ROOM 16384

int bell_make(void)
{
	int bell = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);

	if (bell < 0)
		child_give_up("make an eventfd");
	return bell;
}

void bell_ring(int bell, unsigned times)
{
	uint64_t count = times;

	if (write(bell, &count, sizeof count) != sizeof count)
		child_give_up("write to an eventfd");
}

static void say(int connection, const char *text)
{
	net_write(connection, text, strlen(text));
}

/* Sends what there is: one message, or in an answer with many all of them. False: nothing. */
static bool send_news(const struct server *server, int connection)
{
	const struct transport *transport = server->transport;
	unsigned most = transport->put_many ? 1000 : 1, found = 0;
	char answer[ROOM];
	uint64_t one;

	while (found < most && read(server->bell, &one, sizeof one) == sizeof one)
		found++;
	if (found > 0 && transport->put_many)
		net_write(connection, answer, transport->put_many(answer, sizeof answer, found));
	else if (found > 0)
		say(connection, transport->message);
	return found > 0;
}

/* Waits for news, as long as the client says nothing and does not hang up. */
enum outcome { NEWS, CLIENT, LATE };

static enum outcome wait_for_news(const struct server *server, int connection, double limit_ms)
{
	struct pollfd waits[2] = {{.fd = connection, .events = POLLIN},
	                          {.fd = server->bell, .events = POLLIN}};

	if (poll(waits, 2, (int)limit_ms) == 0)
		return LATE;
	return waits[0].revents ? CLIENT : NEWS;
}

/* False: the client has gone. */
static bool answer(const struct server *server, int connection)
{
	if (server->transport->waits &&
	    wait_for_news(server, connection, server->hold_ms) == CLIENT)
		return false;
	if (!send_news(server, connection))
		say(connection, server->transport->nothing);
	return true;
}

static bool hear(const struct server *server, int connection)
{
	struct frame frame;

	if (!server->transport->two_way || !frame_read(connection, &frame) || frame.opcode != TEXT)
		return false;
	server->seen->words++;
	return true;
}

static void stream(const struct server *server, int connection, const char *request)
{
	char opening[512];
	enum outcome outcome;

	if (server->transport->opening)
		say(connection, server->transport->opening);
	else {
		bool open = handshake_answer(opening, sizeof opening, request);

		say(connection, opening);
		if (!open)
			return;
	}
	while ((outcome = wait_for_news(server, connection, -1)) == NEWS ||
	       hear(server, connection)) {
		if (outcome == NEWS)
			send_news(server, connection);
	}
}

void serve(int connection, void *user)
{
	const struct server *server = user;
	const struct transport *transport = server->transport;
	char request[ROOM];

	while (net_read_http(connection, request, sizeof request)) {
		if (transport->heard && strncmp(request, "POST ", 5) == 0) {
			server->seen->words++;
			say(connection, transport->heard);
		} else {
			server->seen->requests++;
			if (!transport->asks) {
				stream(server, connection, request);
				return;
			}
			if (!answer(server, connection))
				return;
		}
		if (transport->closes)
			return;
	}
}

void session_open(struct session *session, const struct transport *transport, double delay_ms,
                  double hold_ms)
{
	*session = (struct session){.fd = -1, .linked = delay_ms >= 0};
	session->server = (struct server){.transport = transport,
	                                  .bell = bell_make(),
	                                  .hold_ms = hold_ms,
	                                  .seen = net_share(sizeof(struct seen))};
	session->listener = net_listen(&session->port);
	for (int i = 0; i < 2; i++)
		session->pids[i] = net_serve(session->listener, serve, &session->server);
	if (session->linked) {
		relay_start(&session->link, session->port, delay_ms);
		session->port = session->link.port;
	}
	if (!transport->closes)
		session->fd = net_connect(session->port);
	/* The link acts TCP's handshake: until it is over it would hold a question longer. */
	if (session->linked)
		net_sleep_until_ms(net_now_ms() + 2 * delay_ms);
	if (transport->waits) {
		session_ask(session);
		session_settle(session);
	}
}

void session_ask(struct session *session)
{
	const struct transport *transport = session->server.transport;
	char opening[ROOM];

	if (session->fd < 0)
		session->fd = net_connect(session->port);
	say(session->fd, transport->question);
	session->asked++;
	if (!transport->asks)
		net_read_http(session->fd, opening, sizeof opening);
}

/* At most some seconds: then something is wrong, and will be seen. */
static void wait_until(const _Atomic unsigned *count, unsigned reached)
{
	double end = net_now_ms() + 3000;

	while (*count < reached && net_now_ms() < end)
		net_sleep_until_ms(net_now_ms() + 0.1);
}

void session_settle(struct session *session)
{
	wait_until(&session->server.seen->requests, session->asked);
}

void session_publish(struct session *session, unsigned messages)
{
	bell_ring(session->server.bell, messages);
}

bool session_comes(struct session *session, double until)
{
	struct pollfd ear = {.fd = session->fd, .events = POLLIN};
	double left = until - net_now_ms();

	return poll(&ear, 1, left > 0 ? (int)left : 0) == 1;
}

unsigned session_take(struct session *session)
{
	const struct transport *transport = session->server.transport;
	size_t size = strlen(transport->message);
	char text[ROOM] = "";

	if (!transport->asks)
		return net_read_all(session->fd, text, size) == size &&
		       memcmp(text, transport->message, size) == 0;
	net_read_http(session->fd, text, sizeof text);
	if (transport->closes) {
		close(session->fd);
		session->fd = -1;
	}
	if (transport->count_in)
		return transport->count_in(text);
	return strcmp(text, transport->message) == 0;
}

void session_say(struct session *session)
{
	const struct transport *transport = session->server.transport;
	bool free = session->fd >= 0 && (!transport->waits || transport->two_way);
	int fd = free ? session->fd : net_connect(session->port);
	unsigned words = session->server.seen->words;
	char text[ROOM];

	say(fd, transport->upward);
	if (transport->heard)
		net_read_http(fd, text, sizeof text);
	wait_until(&session->server.seen->words, words + 1);
	if (!free)
		close(fd);
}

unsigned long session_bytes(const struct session *session)
{
	return session->link.counts->bytes_up + session->link.counts->bytes_down;
}

unsigned session_connections(const struct session *session)
{
	return session->link.counts->connections;
}

unsigned session_requests(const struct session *session)
{
	return session->server.seen->requests;
}

void session_close(struct session *session)
{
	if (session->fd >= 0)
		close(session->fd);
	if (session->linked)
		relay_stop(&session->link);
	for (int i = 0; i < 2; i++)
		net_stop(session->pids[i]);
	close(session->listener);
	close(session->server.bell);
}

double session_carry(struct session *session)
{
	const struct transport *transport = session->server.transport;

	double born = net_now_ms();

	session_publish(session, 1);
	if (!transport->waits)
		session_ask(session);
	if (session_take(session) != 1) {
		fprintf(stderr, "%s: a message got lost\n", transport->name);
		exit(1);
	}
	double took = net_now_ms() - born;
	if (transport->waits && transport->asks)
		session_ask(session);
	session_settle(session);
	return took;
}
