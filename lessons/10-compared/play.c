#include "play.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "../stage/stage.h"

enum { PLAYED_MOST = 8 };

/* One that many messages ring once: who comes after an hour is not told Hello 700 times. */
static int bell_of_play(void)
{
	int bell = eventfd(0, EFD_NONBLOCK);

	if (bell < 0)
		child_give_up("make an eventfd");
	return bell;
}

/* The header lines that curl adds by itself are no harm. */
static void show_command(const struct transport *transport, uint16_t port)
{
	char path[32] = "";

	sscanf(transport->question, "GET %31s", path);
	printf("%s\n", transport->name);
	if (transport->opening || transport->asks)
		printf("  curl -sNi http://127.0.0.1:%u%s\n", port, path);
	else
		printf("  curl -sNi -H 'Connection: Upgrade' -H 'Upgrade: websocket' \\\n"
		       "    -H 'Sec-WebSocket-Version: 13' \\\n"
		       "    -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \\\n"
		       "    --output - http://127.0.0.1:%u%s | cat -v\n",
		       port, path);
	if (transport->heard)
		printf("  curl -si -d Hello http://127.0.0.1:%u/say\n", port);
}

/* Two processes, so that a client can speak while it listens. */
static uint16_t serve_twice(struct server *server)
{
	uint16_t port;
	const int listener = net_listen(&port);

	net_serve(listener, serve, server);
	net_serve(listener, serve, server);
	return port;
}

/* False at the end of stdin. */
static bool wait_for_enter(double limit_s)
{
	struct pollfd enter = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[256];

	return poll(&enter, 1, (int)(limit_s * 1e3)) == 0 ||
	       read(STDIN_FILENO, line, sizeof line) > 0;
}

void play(const struct transport *transports, size_t count, double every_s)
{
	struct server servers[PLAYED_MOST];
	unsigned born = 0;

	stage_say("Type these in other terminals, as often as you like. The first line of each "
	          "listens, one at a time for each transport; the second says Hello to the server. "
	          "(curl cannot send frames, so the last has none.)");
	for (size_t i = 0; i < count && i < PLAYED_MOST; i++) {
		servers[i] = (struct server){.transport = &transports[i],
		                             .bell = bell_of_play(),
		                             .hold_ms = 25000,
		                             .seen = net_share(sizeof(struct seen))};
		show_command(&transports[i], serve_twice(&servers[i]));
	}
	stage_say(
	        "\ncat -v writes a frame's first two bytes, hex 81 05, as M-^A^E. A message is born "
	        "every %g seconds, and when you press Enter here. Messages that came while nobody "
	        "asked are told as one Hello. Ctrl-D ends it.",
	        every_s);
	while (wait_for_enter(every_s)) {
		unsigned heard = 0;

		for (size_t i = 0; i < count && i < PLAYED_MOST; i++) {
			bell_ring(servers[i].bell, 1);
			heard += servers[i].seen->words;
		}
		printf("message %u is born; heard from clients: %u\n", ++born, heard);
		fflush(stdout);
	}
}
