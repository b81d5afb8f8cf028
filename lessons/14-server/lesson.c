/*
 * Lesson 14: a server.
 *
 * Nearly all servers of these lessons had one client at a time. That is the easy case: read until
 * a frame is whole, answer it, read again. Where it has to wait it waits for the only one there is.
 *
 * A second client changes everything, for waiting is now at somebody's expense. There are two ways
 * out. One is a thread or a process for each client: the kernel does the waiting, and each client
 * costs a stack. The other is this lesson's: wait for all of them at once, with poll(), and never
 * for one of them.
 *
 * It has a price too. A blocking server remembers where it is by where it stands in its code: in
 * the middle of a frame it stands in the middle of frame_read. A loop stands nowhere. What it has
 * to know of a client must be written down, and struct client below is the whole list: what has
 * come so far, what is still to be sent, and what comes next.
 *
 * Here are both servers, whole, and main says what is tried with them. scenes.c has the clients,
 * and output.c a list of bytes that grows.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/stage.h"
#include "output.h"
#include "scenes.h"

/* The blocking server, all of it. There is nothing wrong with it for one client, or with a process
 * for each. Both calls that read wait until what they want is whole, however long it takes, and
 * while they wait this process does nothing else. */
static void serve_one(int connection, void *user)
{
	char request[1024];
	struct frame frame;

	(void)user;
	if (!handshake_accept(connection, request, sizeof request))
		return;
	while (frame_read(connection, &frame))
		frame_write(connection, false, frame.opcode, frame.payload, frame.size);
}

/* What the loop remembers of a client. The state says how to understand the next byte, since the
 * bytes themselves do not: hex 47 may be the G of GET, or any byte of a masked message.
 * Input has room for the longest frame that we accept. TCP delivers a stream of bytes (RFC 9293,
 * 2.2): the pieces in which they come are of any size, and have nothing to do with those in which
 * they were sent.
 * Output owns memory only while something is pending, and that is rare: nearly always the kernel
 * takes an answer at once. */
struct client {
	int fd;
	enum { SHAKES, OPEN, GONE } state;
	struct output output;
	size_t got; /* bytes of input, which are not a whole frame yet */
	uint8_t input[];
};

/* All that the server has. Nothing here needs a lock, since one thread does everything: while it
 * answers one client it touches no other. So take() must be quick. What is slow, a file or a
 * database, would stop all clients, and belongs into another process. */
static struct {
	struct scene scene; /* the room of an input, and counters that the scenes can see */
	struct client *clients[IDLE_MOST + 8];
	size_t count;
} server;

/* On a socket that does not block, send() takes what the kernel's buffer has room for, and says
 * how much that was. Less than all is a short write: no error, nothing is lost, the rest is still
 * ours. EAGAIN is the shortest of all, and means "not now", never "no". Whoever ignores the number
 * has a bug that sleeps until a client is slow; then frames are cut, and the client takes the
 * middle of one for the head of the next. (A blocking send() can be short too, if a signal comes
 * when it has taken a part.) */
static void speak(struct client *client)
{
	struct output *output = &client->output;
	ssize_t taken = send(client->fd, output->bytes + output->sent, output->put - output->sent,
	                     MSG_NOSIGNAL);

	if (taken >= 0)
		output_took(output, (size_t)taken);
	else if (errno != EAGAIN && errno != EINTR)
		client->state = GONE;
}

/* What we say goes behind what is pending: a frame that overtook the rest of another would land in
 * the middle of it. There is no upper limit here, and that is a fault. One client that never reads
 * can have all our memory, and it need not even mean harm: a phone in a tunnel does the same. You
 * will see how much that is, and the exercise mends it. */
static void say(struct client *client, const void *data, size_t size)
{
	output_add(&client->output, data, size);
	speak(client);
	server.scene.counts->pending = client->output.put - client->output.sent;
}

/* Takes what the bytes begin with, answers it, and gives its size; 0: it is not whole yet. This is
 * the only function that knows what the bytes mean: a chat would differ from this echo here, and
 * nowhere else. It is called again from the start of a frame each time that a piece of it comes.
 * That costs a look at its head; to remember how far we had come would cost more states.
 * It is too friendly. It echoes pings too, where a pong is asked for, and a client's frame without
 * a mask, which should end the connection (RFC 6455, 5.1). The exercise's server knows better. */
static size_t take(struct client *client, uint8_t *data, size_t size)
{
	uint8_t wire[FRAME_WIRE_MOST], *blank;
	struct frame frame;
	char answer[256];

	if (client->state == OPEN) {
		size = frame_take(&frame, data, size);
		server.scene.counts->frames += size > 0;
		if (size > 0)
			say(client, wire,
			    frame_put(wire, FIN | frame.opcode, NULL, frame.payload, frame.size));
		return size;
	}
	blank = memmem(data, size, "\r\n\r\n", 4);
	if (!blank)
		return 0;
	blank[3] = '\0'; /* now the head is a string */
	client->state = handshake_answer(answer, sizeof answer, (char *)data) ? OPEN : GONE;
	say(client, answer, strlen(answer));
	return (size_t)(blank + 4 - data);
}

/* One recv() a turn, and never a second in the hope of more: poll() has promised one. It is also
 * what is fair: who sends without end has one turn, like all others, and then they have theirs. It
 * puts the bytes behind those that are there. Then all that is whole is taken, for a read may have
 * brought the end of one frame, two more, and half a fourth. The half moves to the front. Taking
 * only the first and leaving the others for later does not work: there may be no later. poll()
 * looks at the kernel's buffer, and these bytes are in ours already. 0 is the end of the stream,
 * and -1 an error. It is 0 as well if our room is full, that is, if a frame is longer than we
 * accept; a polite server closes with 1009 (lesson 13). */
static void hear(struct client *client)
{
	ssize_t got =
	        recv(client->fd, client->input + client->got, server.scene.room - client->got, 0);
	size_t at = 0, taken;

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			client->state = GONE;
		return;
	}
	server.scene.counts->reads++;
	client->got += (size_t)got;
	while (client->state != GONE &&
	       (taken = take(client, client->input + at, client->got - at)) > 0)
		at += taken;
	client->got -= at;
	memmove(client->input, client->input + at, client->got);
}

/* The kernel has shaken TCP's hands already, perhaps long ago, and kept what the client has sent
 * since. So a connection that nobody accepts looks well from the other side: it is only silent.
 * No call of a loop may block, whatever poll() has said: the client may have gone since, or Linux
 * has woken us for nothing (accept(2), select(2)). Hence SOCK_NONBLOCK; the listener has it already
 * (scenes.c). Then such a call gives EAGAIN, and does not stop the whole server.
 * accept4() fails also when we have too many descriptors. We give up then. A server that is to last
 * must not: the connection stays in the queue, and the others can be served still (lesson 16). */
static void welcome(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
		return;
	struct client *client = fd < 0 ? NULL : malloc(sizeof *client + server.scene.room);
	if (!client || server.count == sizeof server.clients / sizeof *server.clients)
		child_give_up("take one more client");
	*client = (struct client){.fd = fd}; /* touches not a byte of its input */
	server.clients[server.count++] = client;
}

/* The end of a client, whoever wanted it. Without a close frame before it a browser is told 1006
 * (lesson 8); a whole server says goodbye first. The last client takes the free place, so that
 * there are no gaps. Forgetting the buffers here is the usual leak of servers: a little for each
 * client that ever came. */
static void part(size_t place)
{
	struct client *client = server.clients[place];

	close(client->fd);
	output_free(&client->output);
	free(client);
	server.clients[place] = server.clients[--server.count];
}

/* The loop. poll() is the only place where this server sleeps, and it wakes for whoever is first.
 * What it reports is a state and no event: what we do not read now is reported again next turn.
 * POLLOUT may be asked for only while something is pending: a socket nearly always has room, so
 * that poll() would return at once, for ever, and a server without work would take a whole CPU.
 * From the last to the first, because part() moves the last, and that one has been served.
 * Each turn hands the kernel the whole list and looks through all of it: with 1,000 clients, 1,000
 * entries to find the one that spoke. epoll keeps the list in the kernel; the rest is the same.
 * -1 is "without a limit". A server that pings (lesson 8) gives the time until the next ping here:
 * it has no other place to sleep in. */
static void serve_all(int listener)
{
	static struct pollfd waits[1 + sizeof server.clients / sizeof *server.clients];

	for (;;) {
		waits[0] = (struct pollfd){listener, POLLIN, 0};
		for (size_t i = 0; i < server.count; i++) {
			const struct client *client = server.clients[i];
			const short out = client->output.put > 0 ? POLLOUT : 0;
			waits[1 + i] = (struct pollfd){client->fd, (short)(POLLIN | out), 0};
		}
		if (poll(waits, 1 + server.count, -1) < 0)
			continue;
		for (size_t i = server.count; i-- > 0;) {
			if (waits[1 + i].revents & POLLOUT)
				speak(server.clients[i]);
			if (waits[1 + i].revents & ~POLLOUT)
				hear(server.clients[i]);
			if (server.clients[i]->state == GONE)
				part(i);
		}
		if (waits[0].revents)
			welcome(listener);
	}
}

int main(int argc, char **argv)
{
	server.scene = scenes_open(argc, argv);

	/* The loop, and one client that we hold under a microscope: how many recv() a frame takes
	 * is not for the server to choose, nor for the client. */
	scene_pieces(&server.scene, serve_all);

	/* Look at these two together: the same two clients, one of them silent in the middle of a
	 * frame, and each of the servers. Only the second client is timed, and it comes over the
	 * simulated link with its round trip of R = 40 ms. */
	scene_stall(&server.scene, NULL, serve_one);
	scene_stall(&server.scene, serve_all, NULL);

	/* Not to read is the other way to be slow. Where do the echoes go that nobody reads? */
	scene_no_reader(&server.scene, serve_all);

	/* And what does a client cost that does nothing at all, as most do most of the time? Its
	 * room for input is 16 KiB, so say a number before you look. */
	scene_idle(&server.scene, serve_all);
	return stage_close();
}
