#include "server.h"

#include "../stage/frames.h"
#include "../stage/net.h"

struct server {
	enum manner manner;
	double delay_ms;
};

/* Whoever has sent a close frame never sends another: theirs is the answer to ours, even where it
 * was sent before ours came. When serve returns, the connection is closed, and so it is the server
 * that ends TCP. */
static void serve(int connection, void *user)
{
	const struct server *server = user;
	struct frame frame = {0};

	frame_write(connection, false, TEXT, "Hello", 5);
	if (server->manner == CUTS)
		return;
	if (server->manner == BEGINS_TOO) {
		net_sleep_until_ms(net_now_ms() + server->delay_ms);
		frame_write_close(connection, false, 1001);
	}
	if (server->manner == HAS_NO_CODE)
		frame_write(connection, false, CLOSE, NULL, 0);
	while (frame_read(connection, &frame) && frame.opcode != CLOSE) {
		if (frame.opcode == PING)
			frame_write(connection, false, PONG, frame.payload, frame.size);
	}
	if (server->manner == ANSWERS && frame.opcode == CLOSE)
		frame_write(connection, false, CLOSE, frame.payload, frame.size);
}

void start_server(struct relay *link, enum manner manner, double delay_ms)
{
	struct server server = {manner, delay_ms};
	uint16_t port;

	net_serve(net_listen(&port), serve, &server);
	relay_start(link, port, delay_ms);
}
