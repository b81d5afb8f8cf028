/*
 * Lesson 8: closing.
 *
 * TCP has an end of its own: close(), and the other side reads 0 bytes. Why then has WebSocket a
 * close frame? Because the end of a stream says only that it is over. It cannot tell "I am done"
 * from "I crashed", or from a proxy on the way that was bored; and what you wrote last may have
 * been read or not. So WebSocket says goodbye first:
 *
 *     one side    sends a close frame: opcode 8, and as payload a code of 2 bytes with perhaps some
 *                 words behind it. After that it sends no more messages.
 *     the other   answers with a close frame, and it too sends no more.
 *     the server  ends the TCP connection.
 *
 * Now both know that all was read that stood before the close frame. This program is client and
 * server, and ends five connections, the last of them to a peer that is gone without a word. As in
 * lesson 6 no handshake is made; a server here begins with "Hello", so that we know it is there.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "wire.h" /* frames as in lesson 6, short ones only */

/* The codes of this lesson. The last two are never sent: they are what a program is told when no
 * code came. So they must not look like something that the other side said. */
enum { NORMAL = 1000, GOING_AWAY = 1001, NO_CODE = 1005, NO_CLOSE = 1006 };

/* How a server ends its connections: it answers; it begins at the same moment as we do; it sends a
 * close frame without a code; or it cuts the line, as one that crashes would. */
struct server {
	enum { ANSWERS, BEGINS_TOO, HAS_NO_CODE, CUTS } manner;
	double delay_ms;
};

/* Whoever has sent a close frame never sends another: theirs is the answer to ours, even where it
 * was sent before ours came. When serve returns, the connection is closed, and so it is the server
 * that ends TCP. */
static void serve(int connection, void *user)
{
	const struct server *server = user;
	struct frame frame = {0};

	write_frame(connection, false, TEXT, "Hello", 5);
	if (server->manner == CUTS)
		return;
	if (server->manner == BEGINS_TOO) {
		net_sleep_until_ms(net_now_ms() + server->delay_ms);
		write_close(connection, false, GOING_AWAY);
	}
	if (server->manner == HAS_NO_CODE)
		write_frame(connection, false, CLOSE, NULL, 0);
	while (read_frame(connection, &frame) && frame.opcode != CLOSE) {
		if (frame.opcode == PING)
			write_frame(connection, false, PONG, frame.payload, frame.size);
	}
	if (server->manner == ANSWERS && frame.opcode == CLOSE)
		write_frame(connection, false, CLOSE, frame.payload, frame.size);
}

/* How a connection ended, as its client saw it: the times are since the client's own close. */
struct ending {
	int closes;    /* frames, of both sides */
	unsigned code; /* what the program is told */
	double heard_ms, ended_ms;
};

/* A client's way to the end: it says goodbye, or waits until the server does; then it reads until
 * there is nothing more. It does not close its socket before, though it could: messages that were
 * under way when it said goodbye would be lost. We begin with the code 1006 and hope for a better
 * one. */
static void end_connection(struct ending *ending, uint16_t port, bool we_begin)
{
	int connection = net_connect(port);
	struct frame frame = {0};
	bool sent = we_begin;

	read_frame(connection, &frame); /* Hello */
	*ending = (struct ending){.closes = we_begin, .code = NO_CLOSE};
	double start = net_now_ms();
	if (we_begin) {
		write_close(connection, true, NORMAL);
		show_sent("client sends", true, NORMAL);
	}
	while (read_frame(connection, &frame) && frame.opcode == CLOSE) {
		ending->heard_ms = net_now_ms() - start;
		ending->closes++;
		ending->code = frame.size < 2 ? NO_CODE
		                              : (unsigned)frame.payload[0] << 8 | frame.payload[1];
		show_close("server sends", frame.wire, frame.wire_size);
		if (!sent) /* we answer with what we got */
			write_frame(connection, true, CLOSE, frame.payload, frame.size);
		ending->closes += !sent;
		sent = true;
	}
	/* Here read_frame has met the end of the stream: the other side has closed its socket. */
	ending->ended_ms = net_now_ms() - start;
	close(connection);
}

/* The two ways of a clean end, over a link that takes delay_ms each way. Since both sides wait for
 * the other's frame, neither cares who was first. A close frame that comes when ours is already on
 * its way is as good as an answer: it too says "you will hear no more from me". Whether our
 * last messages were read it does not say. The server says that by ending TCP after our close. */
static void close_cleanly(double delay_ms)
{
	struct server answers = {ANSWERS, delay_ms}, begins = {BEGINS_TOO, delay_ms};
	struct ending ending;
	struct relay link;
	uint16_t port;

	stage_step("we close, the server answers");
	net_serve(net_listen(&port), serve, &answers);
	relay_start(&link, port, delay_ms);
	end_connection(&ending, link.port, true);
	relay_stop(&link);
	stage_say("%d close frames, code %u. The answer came after %.1f ms, the end of TCP after "
	          "%.1f ms: our read gave 0 before we had closed anything. The server did.",
	          ending.closes, ending.code, ending.heard_ms, ending.ended_ms);
	stage_value("clean.close_frames", ending.closes);
	stage_value("clean.code", ending.code);
	stage_value("clean.ms", ending.ended_ms);

	stage_step("both close at once");
	net_serve(net_listen(&port), serve, &begins);
	relay_start(&link, port, delay_ms);
	end_connection(&ending, link.port, true);
	relay_stop(&link);
	stage_say(
	        "%d close frames. The server's came after %.1f ms, half a round trip: too soon to "
	        "be an answer. The two had crossed, and nobody answered either.",
	        ending.closes, ending.heard_ms);
	stage_value("both.close_frames", ending.closes);
	stage_value("both.heard_ms", ending.heard_ms);
}

/* Two ends without a code. Our program is given one all the same, made up on this side. The first
 * is polite, and what close() without arguments sends in a browser. The second is what a crash
 * looks like, and a kill, and a proxy that has run out of patience; a client that sees it should
 * connect again, after a while. */
static void close_without_code(void)
{
	struct server mute = {HAS_NO_CODE, 0}, cuts = {CUTS, 0};
	struct ending ending;
	uint16_t port;

	stage_step("a close frame without a code, and no close frame at all");
	net_serve(net_listen(&port), serve, &mute);
	end_connection(&ending, port, false);
	stage_say("No code came, so our program is told %u.", ending.code);
	stage_value("empty.code", ending.code);
	net_serve(net_listen(&port), serve, &cuts);
	end_connection(&ending, port, false);
	stage_say("A server that cut the line: %d close frames, and our program is told %u.",
	          ending.closes, ending.code);
	stage_value("cut.code", ending.code);
}

/* The fifth end is none: no frame, no end of stream, no error. Silence is all we get from a peer
 * that is gone, and from one that has nothing to say; to tell them apart we must ask. So this pings
 * until no pong comes, and gives how long the peer was dead by then. It dies dies_ms after the
 * first ping, or with its pong, whichever is later: the link is stopped and swallows all. */
static double notice(uint16_t server, double delay_ms, double every, double timeout, double dies_ms)
{
	struct relay link;
	struct frame frame = {0};
	double died = 0;

	relay_start(&link, server, delay_ms);
	int connection = net_connect(link.port);
	read_frame(connection, &frame); /* Hello */
	double due = net_now_ms();
	for (;;) {
		struct pollfd pong = {.fd = connection, .events = POLLIN};

		net_sleep_until_ms(due);
		write_frame(connection, true, PING, NULL, 0); /* always succeeds: it is buffered */
		if (poll(&pong, 1, (int)timeout) == 0)
			break;
		read_frame(connection, &frame);
		net_sleep_until_ms(due + dies_ms);
		kill(link.pid, SIGSTOP);
		died = net_now_ms();
		due += every;
	}
	died = net_now_ms() - died;
	relay_stop(&link);
	close(connection);
	return died;
}

/* The same death twice, at the worst moment and at the best. In between lies every other. To learn
 * of it sooner one can ask more often, at a price for each client, or be less patient, and then
 * take a slow link for a dead one: the timeout has to be some round trips at least. */
static void lose_peer(double delay_ms, double every, double timeout)
{
	struct server answers = {ANSWERS, 0};
	uint16_t port;

	stage_step("a peer that dies without a word");
	stage_say("A ping every %g ms, and %g ms for its pong. This takes a moment.", every,
	          timeout);
	net_serve(net_listen(&port), serve, &answers);
	double longest = notice(port, delay_ms, every, timeout, 0);
	double shortest = notice(port, delay_ms, every, timeout, every - 1);
	stage_say("Dead right after a pong: noticed after %.0f ms. Dead right before a ping: after "
	          "%.0f ms. No read and no write had failed until then.",
	          longest, shortest);
	stage_value("dead.longest_ms", longest);
	stage_value("dead.shortest_ms", shortest);
}

int main(int argc, char **argv)
{
	double delay_ms = 20, every = 2000, timeout = 1000;
	const struct stage_option options[] = {
	        {"delay", &delay_ms, "one-way delay of the link in ms"},
	        {"ping", &every, "time from ping to ping in ms"},
	        {"timeout", &timeout, "time for a pong in ms"},
	        {0}};

	stage_open(argc, argv, "Lesson 8: closing", options);
	if (timeout <= 2 * delay_ms || timeout > 60000) {
		fprintf(stderr,
		        "lesson: --timeout %g: a pong takes %g ms; give more, up to 60000\n",
		        timeout, 2 * delay_ms);
		return 2;
	}
	if (every <= 2 * delay_ms || every > 60000) {
		fprintf(stderr, "lesson: --ping %g: a pong takes %g ms; give more, up to 60000\n",
		        every, 2 * delay_ms);
		return 2;
	}
	close_cleanly(delay_ms);
	close_without_code();
	lose_peer(delay_ms, every, timeout);
	return stage_close();
}
