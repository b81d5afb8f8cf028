/*
 * Lesson 16: production and scaling.
 *
 * One server and a few clients: that is what you have had so far. This lesson is about what happens
 * when there are many clients, more than one server, and somebody else's machine in between. No
 * protocol changes. What changes is that three things begin to count which nobody sees at a desk:
 *
 *     a table    A connection takes an entry in its process's table of descriptors. The table has
 *                an end, and what a program does there has rarely been tried.
 *     a wall     A process knows its own clients. Those of the process beside it are as far away
 *                as those of another company.
 *     a clock    Proxies stand between clients and servers, and forget whom they do not hear.
 *
 * HTTP has the same table, wall and clock, and hardly notices: its connections are short, any
 * server can answer any request, and who is cut off asks again. A WebSocket is long, belongs to
 * one process, and is silent most of the time. This is the price of "persistent".
 *
 * Everything here really happens: the processes are child processes of this one, with limits of
 * their own, and all the clients are ours. Only the proxy's clock is faster than in nature. What is
 * left is how a server goes, with all its clients still there: that is the exercise.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/stage.h"
#include "limited.h" /* a server that may have few descriptors, and a crowd before its door */
#include "proxy.h"   /* cuts a line that is idle; a server behind it answers pings */
#include "require.h"
#include "room.h" /* the processes of a chat, and a bus between them */

/* Lets in whoever is at the door. accept() has to give us a descriptor. Without one to give it
 * fails with EMFILE, and does nothing else: the connection stays in the kernel's queue, complete,
 * and its client was told long ago that it is connected, for TCP's handshake is the kernel's and
 * asks no program. So a client that waits without a limit for "101" waits for ever here.
 *
 * We make no WebSocket handshake: what takes an entry of the table is the connection, whatever is
 * spoken on it. "Hello", as a frame, tells a client that it has been let in. */
static bool let_in(struct limited *server)
{
	int connection = accept(server->listener, NULL, NULL);

	if (connection < 0) {
		server->error = errno;
		return false;
	}
	server->accepted++;
	net_write(connection, "\x81\x05Hello", 7);
	limited_watch_client(server, connection);
	return true;
}

/* The loop of every first server. After the failure the listener is as ready as it was before, so
 * a loop that is level-triggered (poll always is, and epoll unless told otherwise) is woken at
 * once, for nothing, and again. Nothing is logged, or the same line a hundred thousand times. Such
 * a server dies not of the client too many, but of the CPU that it burns over it, which the other
 * thousand needed. */
static void meet_and_spin(struct limited *server)
{
	if (!let_in(server))
		server->failed++;
}

/* The loop that looks away until somebody has left. Clients wait in the queue, and do not know for
 * what: from their side this is a server that is slow. It is right where a place will be free soon,
 * or where another process accepts on the same port and has room. Note where the listener is
 * watched again: when a connection is closed (limited.c). Whoever forgets that has a server that
 * was full once, and has let in nobody since. */
static void meet_and_pause(struct limited *server)
{
	if (!let_in(server)) {
		server->failed++;
		limited_watch_listener(server, false);
	}
}

/* The loop that says no. To hang up on a client one must accept it, and that takes a descriptor,
 * which one does not have, unless one has kept a spare: give it back, accept with it, hang up, take
 * it again. The client knows at once, and can try another server. The price is one place: whoever
 * keeps a spare has room for one client less. Kinder still is to count, and to answer 503 with a
 * Retry-After (RFC 9110, 15.6.4 and 10.2.3) some clients before the end. */
static void meet_with_spare(struct limited *server)
{
	if (server->spare < 0)
		server->spare = open("/dev/null", O_RDONLY);
	if (!let_in(server)) {
		close(server->spare);
		close(accept(server->listener, NULL, NULL));
		server->spare = open("/dev/null", O_RDONLY);
		server->refused++;
	}
}

/* None of the three lets in one client more. Only a higher limit does, and it is no law of nature:
 * 1,024 is what most shells begin with, and a process may raise it by itself as far as its hard
 * limit (`ulimit -Hn`). We have just done so: the clients are descriptors too, and ours.
 *
 * Where do five descriptors go before the first client is there? stdin, stdout, stderr, the
 * listener, and epoll. A real server has a log, a database and some more.
 *
 * EMFILE is the process's own limit. ENFILE is that of the whole machine (fs.file-max), which is
 * met rarely, and asks for the same three answers.
 *
 * In what is printed compare the first two servers: both have let in the same number, both leave
 * the same clients waiting, and one of them has nothing left for anybody. */
static void meet_the_limit(unsigned allowed)
{
	stage_step("too many clients for the descriptors");
	const struct limited_seen spin = limited_try(meet_and_spin, allowed);
	const struct limited_seen pause = limited_try(meet_and_pause, allowed);
	const struct limited_seen spare = limited_try(meet_with_spare, allowed);
	stage_say("%u descriptors, %u of them in use; %u clients, and connect() succeeds for each. "
	          "%u are greeted. %u hear nothing: accept fails with \"%s\".",
	          allowed, spin.in_use, allowed, spin.fares.heard, spin.fares.silent,
	          strerror(spin.error));
	stage_say("It tries again, %u times in 100 ms, and takes %.0f ms of CPU for that.",
	          spin.in_vain, spin.cpu_ms);
	stage_say("One that pauses fails %s, then %u times in 100 ms, and takes %.0f ms. "
	          "When a client leaves, %u of those who wait is let in.",
	          pause.failed == 1 ? "once" : "often", pause.in_vain, pause.cpu_ms, pause.let_in);
	stage_say("One that keeps a spare: %u are greeted, %u are hung up on, %u hear nothing.",
	          spare.fares.heard, spare.fares.ended, spare.fares.silent);
	stage_value("limit.connections", spin.fares.heard);
	stage_value("limit.silent", spin.fares.silent);
	stage_value("limit.in_vain", spin.in_vain);
	stage_value("pause.in_vain", pause.in_vain);
	stage_value("spare.connections", spare.fares.heard);
}

/* What a process of the chat does with a message. It tells its own clients, for it has no others.
 * As long as there is one process this is right, in every test. With the second one messages are
 * missing, for half of the clients, and there is no error anywhere.
 *
 * A bus mends that, and needs one rule: what came from the bus does not go to the bus again. Else
 * two processes would tell each other the same for ever. Ours is a process with a few sockets;
 * Redis, NATS and others do it across machines. What it costs: every process now handles every
 * message, so that more processes carry more clients, but not more talk. What it does not give: the
 * same order of messages everywhere, and anything at all to a process that was away. */
static void pass_on(struct room *room, bool from_bus, const void *text, size_t size)
{
	room_tell_clients(room, text, size);
	if (!from_bus)
		room_tell_bus(room, text, size);
}

/* Clients are dealt out to processes in turn, as a balancer does it. It deals once, when a client
 * connects, and never again: after a restart of one process all of its clients sit with the others,
 * and the new one is empty.
 *
 * How long to wait for somebody who hears nothing? Half a second here, where an answer takes less
 * than a millisecond. It is no proof, but without a bus there is no way that it could come. */
static void split(unsigned processes)
{
	const unsigned clients = 100;

	stage_step("the same chat in several processes");
	unsigned alone = rooms_hearers(pass_on, processes, clients, false);
	unsigned together = rooms_hearers(pass_on, processes, clients, true);
	stage_say("%u clients, %u processes. One client says Hello: without a bus %u hear it, the "
	          "sender among them. With a bus: %u.",
	          clients, processes, alone, together);
	stage_value("alone.heard", alone);
	stage_value("bus.heard", together);
}

#define SECOND_MS 10.0 /* a second of the world takes so long here: we are in a hurry */

/* A client that has nothing to say, and may ping; it watches its line. Gives the moment at which
 * the line ended, in ms since the handshake, or INFINITY if it stood all the while. The end comes
 * without a close frame, since a proxy that has forgotten us cannot speak for the server: our
 * program is told 1006 (lesson 8). Some do not even end it, and drop whatever comes from then on:
 * then only a ping without its pong tells (lesson 8 again). */
static double watch_line(uint16_t port, double ping_ms, double watch_ms, unsigned *pings)
{
	int connection = handshake_connect(port, "/chat", "", NULL);
	double start = net_now_ms(), due = start + ping_ms, end = start + watch_ms;
	struct frame frame;
	bool stands = true;

	*pings = 0;
	while (stands && net_now_ms() < end) {
		if (proxy_line_comes(connection, fmin(due, end))) {
			stands = frame_read(connection, &frame);
		} else if (due < end) {
			frame_write(connection, true, PING, NULL, 0);
			due += ping_ms;
			++*pings;
		}
	}
	close(connection);
	return stands ? INFINITY : net_now_ms() - start;
}

/* A proxy cannot know whether a silent line is dead, and each costs it two descriptors of its own
 * table. That the table has an end is why there is a clock. Any byte turns it back; a ping and its
 * pong are 6 and 2 bytes, and show besides that the peer lives.
 *
 * Some clocks mind one direction only. A ping does for both, from whichever side: it is answered.
 * We have our client do it. A page in a browser cannot, so there it must be the server.
 *
 * The interval must be shorter than the shortest clock on the way, which one does not know; and not
 * much shorter, for a phone's radio wakes up each time. Hence the usual 20 to 30 s. */
static void be_silent(double timeout_s, double ping_s)
{
	double watch_ms = 3 * timeout_s * SECOND_MS;
	uint16_t port = proxy_start(timeout_s * SECOND_MS);
	unsigned pings;

	stage_step("a proxy with a clock");
	double silent = watch_line(port, INFINITY, watch_ms, &pings);
	stage_say(
	        "The proxy cuts a line that is idle for %g s; a second takes %g ms here. Who says "
	        "nothing is cut off after %.0f ms, without a close frame.",
	        timeout_s, SECOND_MS, silent);
	stage_value("silent.cut_ms", silent);
	double pinged = watch_line(port, ping_s * SECOND_MS, watch_ms, &pings);
	stage_say("Who pings every %g s, %u of them in %g s, was %s.", ping_s, pings, 3 * timeout_s,
	          pinged < watch_ms ? "cut off once" : "never cut off");
	stage_value("pinging.pings", pings);
	stage_value("pinging.cuts", pinged < watch_ms);
}

int main(int argc, char **argv)
{
	double allowed = 1024, processes = 2, timeout_s = 60, ping_s = 25;
	const struct stage_option options[] = {
	        {"descriptors", &allowed, "how many the server may have"},
	        {"processes", &processes, "processes of the chat"},
	        {"timeout", &timeout_s, "the proxy's, in s"},
	        {"ping", &ping_s, "time from ping to ping in s"},
	        {0}};

	stage_open(argc, argv, "Lesson 16: production and scaling", options);
	require_between("descriptors", allowed, 16, 4096);
	require_between("processes", processes, 1, BUS_MOST);
	require_between("timeout", timeout_s, 10, 200);
	require_between("ping", ping_s, 5, 600);
	meet_the_limit((unsigned)allowed);
	split((unsigned)processes);
	be_silent(timeout_s, ping_s);
	return stage_close();
}
