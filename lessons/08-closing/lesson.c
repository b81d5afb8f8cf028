/*
 * Lesson 8: closing.
 *
 * TCP has an end of its own: close(), and the other side reads 0 bytes. Why then has WebSocket a
 * close frame? Because the end of a stream says only that it is over. It cannot tell "I am done"
 * from "I crashed", or from a proxy on the way that was bored; and what you wrote last may have
 * been read or not. So WebSocket says goodbye first (RFC 6455, 7):
 *
 *     one side    sends a close frame: opcode 8, and as payload a code of 2 bytes with perhaps some
 *                 words behind it. After that it sends no more messages.
 *     the other   answers with a close frame, and it too sends no more.
 *     the server  ends the TCP connection.
 *
 * Now who began knows that all it had sent before was read, and the other that no more comes. Note
 * what is *not* said: that it was understood, or stored. If that matters, your messages need an
 * answer of their own.
 *
 * This program ends five connections, the last of them to a peer that is gone without a word. As in
 * lesson 6 no handshake is made. What the servers do is in server.c, 30 lines; here is the client,
 * which has the harder part: it must make sense of whatever comes, or does not.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "server.h"

/* The codes of this lesson (RFC 6455, 7.4.1). The last two are never sent: they are what a program
 * is told when no code came. In a browser they are the `code` of the event "close", and 1006 is the
 * one that people search the web for. It looks like a message from the server, and it is the very
 * opposite: the report that there was none. */
enum { NORMAL = 1000, NO_CODE = 1005, NO_CLOSE = 1006 };

/* How a connection ended, as its client saw it: the close frames of both sides together, the code
 * that the program is told, and when the last one came and TCP ended, since the client's close. */
struct ending {
	int closes;
	unsigned code;
	double heard_ms, ended_ms;
};

/* Our own goodbye. The code's more significant byte goes first, as with every number of more than
 * one byte on the wire: 1000 is 03 e8. A client masks it like any other payload, so you will not
 * find 03 e8 in the bytes below. A text could follow, of 123 bytes at most, for a close frame is a
 * control frame and those carry 125; it is meant for logs, and no browser shows it to anyone. */
static void say_goodbye(int connection)
{
	uint8_t wire[FRAME_WIRE_MOST];
	size_t size = frame_put(wire, FIN | CLOSE, frame_key, "\x03\xe8", 2);

	net_write(connection, wire, size);
	frame_show("client sends", wire, size);
}

/*
 * A client's way to the end: it says goodbye, or waits until the server does; then it reads until
 * there is nothing more. It does not close its socket before, though it could: messages that were
 * under way when it said goodbye would be lost. Worse, the kernel would answer them with a reset,
 * and a reset may make the *other* side lose what it has received and not yet read (RFC 9112, 9.6,
 * tells the same story of HTTP).
 *
 * We begin with the code 1006 and hope for a better one. That is how libraries do it, too: "no
 * close frame came" is not something that anybody notices, it is what is left when nothing else has
 * happened.
 */
static void end_connection(struct ending *ending, uint16_t port, bool we_begin)
{
	int connection = net_connect(port);
	struct frame frame = {0};
	bool sent = we_begin;

	frame_read(connection, &frame); /* Hello */
	*ending = (struct ending){.closes = we_begin, .code = NO_CLOSE};
	double start = net_now_ms();
	if (we_begin)
		say_goodbye(connection);
	/* A message would be no close, and end this loop too early; our servers send none. */
	while (frame_read(connection, &frame) && frame.opcode == CLOSE) {
		ending->heard_ms = net_now_ms() - start;
		ending->closes++;
		ending->code = frame_code(&frame);
		frame_show("server sends", frame.wire, frame.head + frame.size);
		/* Where they began we answer, once, with what we got. */
		if (!sent)
			frame_write(connection, true, CLOSE, frame.payload, frame.size);
		ending->closes += !sent;
		sent = true;
	}
	/* Here frame_read has met the end of the stream: the other side has closed its socket. */
	ending->ended_ms = net_now_ms() - start;
	close(connection);
}

/* One connection to a server of that manner, over a link that takes delay_ms each way. */
static struct ending end_with(enum manner manner, bool we_begin, double delay_ms)
{
	struct ending ending;
	struct relay link;

	start_server(&link, manner, delay_ms);
	end_connection(&ending, link.port, we_begin);
	relay_stop(&link);
	return ending;
}

/*
 * The two ways of a clean end. Since both sides wait for the other's frame, neither cares who was
 * first. A close frame that comes when ours is already on its way is as good as an answer: it too
 * says "you will hear no more from me". Whether our last messages were read it does not say. The
 * server says that by ending TCP after our close.
 *
 * Look at the two times of the first end. The answer takes a round trip, and the end of TCP comes
 * with it, for the server has nothing to wait for. In the second end the server's frame is here
 * after half a round trip, which no answer can be. Who then answered it, and would this ever stop?
 */
static void close_cleanly(double delay_ms)
{
	relay_introduce(delay_ms);
	stage_step("we close, the server answers");
	struct ending ending = end_with(ANSWERS, true, delay_ms);
	stage_say("%d close frames, code %u. The answer came after %.1f ms, the end of TCP after "
	          "%.1f ms: our read gave 0 before we had closed anything. The server did.",
	          ending.closes, ending.code, ending.heard_ms, ending.ended_ms);
	stage_value("clean.close_frames", ending.closes);
	stage_value("clean.code", ending.code);
	stage_value("clean.ms", ending.ended_ms);

	stage_step("both close at once");
	ending = end_with(BEGINS_TOO, true, delay_ms);
	stage_say(
	        "%d close frames. The server's came after %.1f ms, half a round trip: too soon to "
	        "be an answer. The two had crossed, and nobody answered either.",
	        ending.closes, ending.heard_ms);
	stage_value("both.close_frames", ending.closes);
	stage_value("both.heard_ms", ending.heard_ms);
}

/*
 * Two ends without a code. Our program is given one all the same, made up on this side. The first
 * is polite, and what close() without arguments sends in a browser: an empty close frame is allowed
 * (RFC 6455, 5.5.1), and is answered with an empty one. The 1005 that we are told must not stand in
 * the answer (7.4.1): it is the name of what is missing.
 *
 * The second is what a crash looks like, and a kill, and a proxy that has run out of patience. A
 * client that sees it should connect again, but after a while and not exactly when all the others
 * do: lesson 15 is about that. There is no delay on the link here, for there is nothing to time.
 */
static void close_without_code(void)
{
	stage_step("a close frame without a code, and no close frame at all");
	struct ending ending = end_with(HAS_NO_CODE, false, 0);
	stage_say("No code came, so our program is told %u. We answered with an empty one: %d "
	          "close frames.",
	          ending.code, ending.closes);
	stage_value("empty.code", ending.code);
	stage_value("empty.close_frames", ending.closes);
	ending = end_with(CUTS, false, 0);
	stage_say("A server that cut the line: %d close frames, and our program is told %u.",
	          ending.closes, ending.code);
	stage_value("cut.code", ending.code);
}

/*
 * The fifth end is none: no frame, no end of stream, no error. Silence is all we get from a peer
 * that is gone, and from one that has nothing to say; to tell them apart we must ask. So this pings
 * until no pong comes, and gives how long the peer was dead by then. It dies dies_ms after the
 * first ping, or with its pong, whichever is later: the link is stopped and swallows all.
 *
 * TCP has an answer of its own, SO_KEEPALIVE. It is off unless asked for, by default asks after two
 * hours, and asks the kernel of the other side, which is alive and well while the program behind it
 * hangs. A ping is answered by the program. (A browser lets no page send one: the server asks.)
 */
static double notice(double delay_ms, double every, double timeout, double dies_ms)
{
	struct relay link;
	struct frame frame = {0};
	double died = 0;

	start_server(&link, ANSWERS, delay_ms);
	int connection = net_connect(link.port);
	frame_read(connection, &frame); /* Hello */
	double due = net_now_ms();
	for (;;) {
		struct pollfd pong = {.fd = connection, .events = POLLIN};

		net_sleep_until_ms(due);
		/* This succeeds, dead or alive: the kernel takes the bytes into a buffer. */
		frame_write(connection, true, PING, NULL, 0);
		if (poll(&pong, 1, (int)timeout) == 0)
			break;
		frame_read(connection, &frame);
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
 * take a slow link for a dead one: the timeout has to be some round trips at least. And the price
 * is real: to know within 3 s of each of 10,000 idle clients whether it lives, a server that pings
 * every 2 s sends 5,000 pings a second and reads as many pongs, day and night, while nobody says a
 * word. Half a minute is a common choice, and for a chat nobody misses the difference; lesson 16
 * meets a proxy that has an opinion on it, too. */
static void lose_peer(double delay_ms, double every, double timeout)
{
	stage_step("a peer that dies without a word");
	stage_say("A ping every %g ms, %g ms for its pong. This takes a moment.", every, timeout);
	double longest = notice(delay_ms, every, timeout, 0);
	double shortest = notice(delay_ms, every, timeout, every - 1);
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
	if (timeout <= 2 * delay_ms || timeout > 60000 || every <= 2 * delay_ms || every > 60000) {
		fprintf(stderr,
		        "lesson: --ping %g, --timeout %g: each is more than %g ms, a round trip, "
		        "and at most 60000\n",
		        every, timeout, 2 * delay_ms);
		return 2;
	}
	close_cleanly(delay_ms);
	close_without_code();
	lose_peer(delay_ms, every, timeout);
	return stage_close();
}
