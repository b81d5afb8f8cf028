#include "proxy.h"

#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

struct proxy {
	uint16_t to_port;
	double idle_ms;
};

/* The server: a WebSocket must answer pings (RFC 6455, 5.5.2). */
static void serve_pongs(int connection, void *user)
{
	struct frame frame;
	char request[1024];

	(void)user;
	if (!handshake_accept(connection, request, sizeof request))
		return;
	while (frame_read(connection, &frame) && frame.opcode != CLOSE)
		if (frame.opcode == PING)
			frame_write(connection, false, PONG, frame.payload, frame.size);
}

/* False: that side has ended. */
static bool pass_on(int from, int to)
{
	char data[4096];
	size_t size = net_read(from, data, sizeof data);

	net_write(to, data, size);
	return size > 0;
}

/* It knows nothing of WebSocket: bytes are bytes, and silence is silence. */
static void carry(int client, void *user)
{
	const struct proxy *proxy = user;
	int server = net_connect(proxy->to_port);
	struct pollfd sides[2] = {{.fd = client, .events = POLLIN},
	                          {.fd = server, .events = POLLIN}};

	while (poll(sides, 2, (int)ceil(proxy->idle_ms)) > 0) {
		if (sides[0].revents && !pass_on(client, server))
			break;
		if (sides[1].revents && !pass_on(server, client))
			break;
	}
	close(server);
}

uint16_t proxy_start(double idle_ms)
{
	struct proxy proxy = {.idle_ms = idle_ms};
	int server = net_listen(&proxy.to_port);
	uint16_t port;
	int listener = net_listen(&port);

	net_serve(server, serve_pongs, NULL);
	net_serve(listener, carry, &proxy);
	close(server);
	close(listener);
	return port;
}

bool proxy_line_comes(int connection, double until_ms)
{
	struct pollfd line = {.fd = connection, .events = POLLIN};
	double left = until_ms - net_now_ms();

	return poll(&line, 1, (int)ceil(fmax(left, 0))) == 1;
}
