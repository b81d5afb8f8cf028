#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

enum { LISTENER, SIGNALS, FIRST_CLIENT };

static int listener = -1;
static FILE *store;

static void read_options(struct server *server, int argc, char **argv)
{
	server->limit_ms = 5000;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--limit") == 0)
			server->limit_ms = strtod(argv[i + 1], NULL);
		if (strcmp(argv[i], "--store") == 0)
			store = fdopen(net_connect((uint16_t)strtoul(argv[i + 1], NULL, 10)), "w");
	}
	if (!store)
		store = stdout;
	setvbuf(store, NULL, _IOLBF, 0);
}

/* SIGTERM comes as something to read, in turn with everything else: no handler cuts us short. */
static int listen_for_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC);
}

void server_stop_listening(struct server *server)
{
	(void)server;
	if (listener >= 0)
		close(listener);
	listener = -1;
}

void server_send_close(struct client *client, unsigned code)
{
	const uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};

	client_write_frame(client, CLOSE, payload, sizeof payload);
}

void server_hang_up(struct server *server, size_t i)
{
	client_free(server->clients[i]);
	server->clients[i] = server->clients[--server->count];
}

/* The end of a request is a blank line. */
static void take_request(struct client *client)
{
	char *request = (char *)client->in, *end = strstr(request, "\r\n\r\n");
	char answer[256];

	if (!end)
		return;
	client->ready = handshake_answer(answer, sizeof answer, request);
	client_took(client, (size_t)(end + 4 - request));
	client_write(client, answer, strlen(answer));
}

/* Behind a client's close frame nothing counts. */
static void take_frame(struct client *client, const struct frame *frame)
{
	if (client->close_came)
		return;
	if (frame->opcode == TEXT) {
		fprintf(store, "%.*s\n", (int)frame->size, (const char *)frame->payload);
		client_write_frame(client, TEXT, frame->payload, frame->size);
	}
	if (frame->opcode == PING)
		client_write_frame(client, PONG, frame->payload, frame->size);
	if (frame->opcode == CLOSE) {
		client_write_frame(client, CLOSE, frame->payload, frame->size);
		client->close_came = true;
	}
}

/* False: it is to be forgotten. */
static bool look_after(struct client *client)
{
	struct frame frame;
	size_t taken;

	if (!client_read(client) || !client_flush(client))
		return false;
	if (!client->ready)
		take_request(client);
	while (client->ready && (taken = frame_take(&frame, client->in, client->in_size)) > 0) {
		client_took(client, taken);
		take_frame(client, &frame);
	}
	return !client->close_came || client->out_size > 0;
}

/* The listener does not block: who was there when poll() looked may have gone (accept(2)). */
static void welcome(struct server *server)
{
	const int on = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return;
	if (fd < 0)
		child_give_up("let a client in");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (server->count == CLIENTS_MAX)
		close(fd);
	else
		server->clients[server->count++] = client_new(fd);
}

/* Whether SIGTERM has come. */
static bool serve_once(struct server *server, int signals, double left_ms)
{
	struct pollfd waits[FIRST_CLIENT + CLIENTS_MAX] = {
	        [LISTENER] = {.fd = listener, .events = POLLIN},
	        [SIGNALS] = {.fd = signals, .events = POLLIN}};
	int limit = left_ms < 1e6 ? (int)ceil(left_ms) : -1;
	struct signalfd_siginfo signal;

	for (size_t i = 0; i < server->count; i++)
		waits[FIRST_CLIENT + i] = (struct pollfd){
		        .fd = server->clients[i]->fd,
		        .events = (short)(POLLIN | (server->clients[i]->out_size ? POLLOUT : 0))};
	if (poll(waits, FIRST_CLIENT + server->count, limit) < 0)
		return false;
	/* From the end, so that who takes a place has been looked at. */
	for (size_t i = server->count; i-- > 0;)
		if (waits[FIRST_CLIENT + i].revents && !look_after(server->clients[i]))
			server_hang_up(server, i);
	if (waits[LISTENER].revents)
		welcome(server);
	return waits[SIGNALS].revents && read(signals, &signal, sizeof signal) == sizeof signal;
}

int server_run(const struct server_drain *drain, int argc, char **argv)
{
	static struct server server;
	int signals = listen_for_signals();
	uint16_t port;
	double left;

	if (signals < 0)
		child_give_up("listen for signals");
	read_options(&server, argc, argv);
	listener = net_listen(&port);
	fcntl(listener, F_SETFL, O_NONBLOCK);
	printf("ready %u\n", port);
	fflush(stdout);
	while ((left = drain->left(&server, net_now_ms())) > 0)
		if (serve_once(&server, signals, left))
			drain->begin(&server, net_now_ms());
	return 0;
}
