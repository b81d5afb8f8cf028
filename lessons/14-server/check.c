#include "exercise.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/check.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

#define PATIENCE_MS 2000
#define MANY        200  /* clients at once */
#define FLOOD       2000 /* messages to who does not read */
#define LONG        1000 /* bytes of each */
#define STUCK       20   /* rounds of the server in which it took nothing */

static const char keep_the_half[] =
        "keep what is not whole in client->input, and put the next read behind it";

static struct check_program program;

/* A client of ours, and what it was sent and has not looked at. */
struct visitor {
	int fd;
	size_t size;
	uint8_t got[4 * FRAME_WIRE_MOST];
};

/* Reads what there is, waiting for it until then; false: nothing came, or the end. */
static bool receive(struct visitor *visitor, double until)
{
	struct pollfd wait = {.fd = visitor->fd, .events = POLLIN};
	const double left = until - net_now_ms();

	if (left <= 0 || poll(&wait, 1, (int)left + 1) != 1)
		return false;
	size_t got = net_read(visitor->fd, visitor->got + visitor->size,
	                      sizeof visitor->got - visitor->size);
	visitor->size += got;
	return got > 0;
}

/* Takes so many bytes away, once they have been looked at. */
static void forget(struct visitor *visitor, size_t size)
{
	visitor->size -= size;
	memmove(visitor->got, visitor->got + size, visitor->size);
}

/* The next message, or what there is instead of one. */
static const char *next_message(struct visitor *visitor)
{
	const double until = net_now_ms() + PATIENCE_MS;
	static char text[FRAME_MOST + 32];
	struct frame frame;
	size_t size;

	while ((size = frame_take(&frame, visitor->got, visitor->size)) == 0)
		if (!receive(visitor, until))
			return net_now_ms() < until ? "(the end of the connection)"
			                            : "(nothing within 2 s)";
	forget(visitor, size);
	if (frame.opcode == TEXT && frame.fin && !frame.masked)
		snprintf(text, sizeof text, "%.*s", (int)frame.size, (char *)frame.payload);
	else if (frame.opcode == CLOSE)
		snprintf(text, sizeof text, "(a close frame, code %u)", frame_code(&frame));
	else
		snprintf(text, sizeof text, "(a frame that begins with %02x)",
		         (frame.fin ? FIN : 0) | frame.opcode);
	return text;
}

/* Reads the answer to a handshake. */
static void expect_101(struct visitor *visitor, const char *help)
{
	const double until = net_now_ms() + PATIENCE_MS;
	const uint8_t *blank;

	while (!(blank = memmem(visitor->got, visitor->size, "\r\n\r\n", 4)))
		if (!receive(visitor, until))
			check_text("the answer to a handshake", "HTTP/1.1 101 ...",
			           "(no whole answer within 2 s)", help);
	forget(visitor, (size_t)(blank + 4 - visitor->got));
}

static size_t put_handshake(char request[512])
{
	return handshake_request(request, 512, "/chat", "");
}

static void shake(struct visitor *visitor)
{
	char request[512];

	visitor->fd = net_connect(program.port);
	visitor->size = 0;
	net_write(visitor->fd, request, put_handshake(request));
	expect_101(visitor, NULL);
}

/* A client's message as a frame. */
static size_t put(uint8_t wire[FRAME_WIRE_MOST], const char *text)
{
	return frame_put(wire, FIN | TEXT, frame_key, text, strlen(text));
}

static void exchange(struct visitor *visitor, const char *text, const char *what, const char *help)
{
	uint8_t wire[FRAME_WIRE_MOST];

	net_write(visitor->fd, wire, put(wire, text));
	check_text(what, text, next_message(visitor), help);
}

static struct visitor first, other;

/* When this returns the server has been round its loop: what was sent to it before has been read,
 * as far as it wanted. So no case has to sleep. */
static void served_meanwhile(void)
{
	exchange(&other, "meanwhile", "the echo to another client, while one has sent half a frame",
	         "who waits for the rest of a frame lets all others wait: one recv() a call, then "
	         "back to poll()");
}

static void start(void)
{
	check_start(&program, NULL);
	shake(&first);
	shake(&other);
}

static void one_client(void)
{
	start();
	exchange(&first, "Hello", "the echo of a message", NULL);
	exchange(&first, "Hello again", "the echo of the next one", NULL);
	check_stop(&program);
}

static void stalls(void)
{
	uint8_t wire[FRAME_WIRE_MOST];

	start();
	net_write(first.fd, wire, put(wire, "Hello") / 2);
	served_meanwhile();
	check_stop(&program);
}

static void other_half(void)
{
	uint8_t wire[FRAME_WIRE_MOST];
	const size_t size = put(wire, "Hello");

	start();
	net_write(first.fd, wire, size / 2);
	served_meanwhile();
	net_write(first.fd, wire + size / 2, size - size / 2);
	check_text("the echo of a message that came in two halves", "Hello", next_message(&first),
	           keep_the_half);
	check_stop(&program);
}

static void byte_for_byte(void)
{
	uint8_t wire[FRAME_WIRE_MOST];
	const size_t size = put(wire, "Hello");
	char request[512];
	const size_t request_size = put_handshake(request);

	start();
	first.fd = net_connect(program.port);
	for (size_t i = 0; i < request_size; i++) {
		net_write(first.fd, request + i, 1);
		served_meanwhile();
	}
	expect_101(&first, keep_the_half);
	for (size_t i = 0; i < size; i++) {
		net_write(first.fd, wire + i, 1);
		served_meanwhile();
	}
	check_text("the echo of a message that came byte for byte", "Hello", next_message(&first),
	           keep_the_half);
	check_stop(&program);
}

static void two_at_once(void)
{
	static const char help[] = "take frames until server_take gives 0: what was read is no "
	                           "longer the kernel's, and poll() knows nothing of it";
	uint8_t wire[2 * FRAME_WIRE_MOST];
	const size_t size = put(wire, "first");

	start();
	net_write(first.fd, wire, size + put(wire + size, "second"));
	check_text("the first echo, two frames having come at once", "first", next_message(&first),
	           help);
	check_text("the second echo, two frames having come at once", "second",
	           next_message(&first), help);
	check_stop(&program);
}

static void one_and_a_half(void)
{
	uint8_t wire[2 * FRAME_WIRE_MOST];
	const size_t one = put(wire, "first");
	const size_t two = one + put(wire + one, "second");

	start();
	net_write(first.fd, wire, one + 3);
	check_text("the echo of the first, with 3 bytes of the second behind it", "first",
	           next_message(&first), NULL);
	served_meanwhile();
	net_write(first.fd, wire + one + 3, two - one - 3);
	check_text("the echo of the second", "second", next_message(&first),
	           "what is left behind the last whole frame moves to the front of client->input");
	check_stop(&program);
}

/* Each has a text of its own, and is finished in another order than it was begun. */
static void many_clients(void)
{
	static struct visitor visitors[MANY];
	uint8_t wire[FRAME_WIRE_MOST];
	char text[32];

	start();
	for (int i = 0; i < MANY; i++) {
		shake(&visitors[i]);
		snprintf(text, sizeof text, "client %03d", i);
		net_write(visitors[i].fd, wire, put(wire, text) / 2);
	}
	served_meanwhile();
	for (int i = MANY - 1; i >= 0; i--) {
		snprintf(text, sizeof text, "client %03d", i);
		const size_t size = put(wire, text);

		net_write(visitors[i].fd, wire + size / 2, size - size / 2);
	}
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "client %03d", i);
		check_text("the echo to one of 200 clients", text, next_message(&visitors[i]),
		           "what is remembered of a client belongs into its struct client, and "
		           "nowhere else");
	}
	check_stop(&program);
}

static long descriptors(void)
{
	char path[64];
	long count = 0;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)program.pid);
	DIR *folder = opendir(path);
	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

/* Every other one leaves with an error in place of an end. */
static void leaves_in_a_frame(void)
{
	const struct linger cut = {.l_onoff = 1, .l_linger = 0};
	static struct visitor visitors[50];
	uint8_t wire[FRAME_WIRE_MOST];

	start();
	const long before = descriptors();
	for (int i = 0; i < 50; i++) {
		shake(&visitors[i]);
		net_write(visitors[i].fd, wire, put(wire, "Hello") / 2);
		if (i % 2)
			setsockopt(visitors[i].fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
	}
	for (int i = 0; i < 50; i++)
		close(visitors[i].fd);
	exchange(&other, "Hello",
	         "the echo to another client, 50 having left in the middle of a frame", NULL);
	check_number("what the server has open, 50 clients having come and gone", before,
	             descriptors(), "0 from recv() is the end: say so with false");
	check_stop(&program);
}

#define LONG_WIRE (LONG + 8) /* the head of a client's frame of that length has 8 bytes */

/* Message number i of those to who does not read. */
static void put_long(char text[LONG + 1], int i)
{
	memset(text, 'a' + i % 26, LONG);
	snprintf(text, LONG, "message %04d", i);
	text[strlen(text)] = ' ';
	text[LONG] = '\0';
}

static uint8_t flood[FLOOD * LONG_WIRE];

/* Sends as much of the flood as the server takes, and reads nothing. Gives how much that was. */
static size_t send_flood(void)
{
	const int small = 65536;
	char text[LONG + 1];
	size_t sent = 0;
	ssize_t taken;

	for (int i = 0; i < FLOOD; i++) {
		put_long(text, i);
		frame_put(flood + (size_t)i * LONG_WIRE, FIN | TEXT, frame_key, text, LONG);
	}
	setsockopt(first.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	for (int rounds = 0; rounds < STUCK && sent < sizeof flood; rounds++) {
		while (sent < sizeof flood &&
		       (taken = send(first.fd, flood + sent, sizeof flood - sent,
		                     MSG_DONTWAIT | MSG_NOSIGNAL)) > 0) {
			sent += (size_t)taken;
			rounds = 0;
		}
		exchange(&other, "meanwhile",
		         "the echo to another client, while one sends and does not read",
		         "never wait for room: send() what goes, keep the rest, back to poll()");
	}
	return sent;
}

static void does_not_read(void)
{
	start();
	check_that(send_flood() < sizeof flood,
	           "that the server in the end stops reading from a client that does not read",
	           "what send() did not take stays in output; when output is full no more is "
	           "taken from input, and when that is full nothing more is read");
	check_stop(&program);
}

/* Waits until the first client can read or write, and does it. Gives what is sent by now. */
static size_t read_and_send(size_t sent)
{
	static const char all[] = "the echoes to a client that reads at last";
	const short out = sent < sizeof flood ? POLLOUT : 0;
	struct pollfd wait = {.fd = first.fd, .events = (short)(POLLIN | out)};
	ssize_t taken;

	if (poll(&wait, 1, PATIENCE_MS) != 1)
		check_text(all, "(all of them)", "(nothing more within 2 s)",
		           "when output has room again, input may have frames that found none "
		           "before: client_writable takes them");
	if (wait.revents & POLLIN && !receive(&first, net_now_ms() + PATIENCE_MS))
		check_text(all, "(all of them)", "(the end of the connection)",
		           "the server ends it where it finds no frame: input has lost a byte, or "
		           "has one twice");
	if (!(wait.revents & POLLOUT))
		return sent;
	taken = send(first.fd, flood + sent, sizeof flood - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent + (taken > 0 ? (size_t)taken : 0);
}

static void reads_at_last(void)
{
	char expected[LONG + 1], got[FRAME_MOST + 1];
	struct frame frame;
	size_t size;

	start();
	size_t sent = send_flood();
	for (int i = 0; i < FLOOD; i++) {
		while ((size = frame_take(&frame, first.got, first.size)) == 0)
			sent = read_and_send(sent);
		forget(&first, size);
		put_long(expected, i);
		snprintf(got, sizeof got, "%.*s", (int)frame.size, (char *)frame.payload);
		check_text("an echo to a client that reads at last", expected, got,
		           "send() says how much it took: the rest moves to the front of output");
	}
	check_stop(&program);
}

/* Here the two functions are called by us: poll() was wrong, so to speak. */
static void not_now(void)
{
	static const char help[] = "EAGAIN means not now: true, nothing has changed";
	static struct client client;
	int pair[2];

	check_that(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0,
	           "that there are two sockets for this case", NULL);
	client.fd = pair[0];
	check_that(client_readable(&client),
	           "that client_readable gives true, with nothing to read", help);
	while (send(client.fd, flood, sizeof flood, MSG_NOSIGNAL) > 0)
		continue;
	client.output_size = 100;
	check_that(client_writable(&client),
	           "that client_writable gives true, with no room to write", help);
	check_number("the bytes pending after that, of 100", 100, (long)client.output_size, help);
}

static void ends_when_told(void)
{
	uint8_t wire[FRAME_WIRE_MOST];

	start();
	send_flood();
	net_write(other.fd, wire, put(wire, "Hello") / 2);
	kill(program.pid, SIGTERM);
	check_number("the exit status after SIGTERM, with clients in the middle of all this", 0,
	             check_exit_status(&program), "free what you have allocated yourself");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"one client, one frame at a time", one_client},
	        {"one stalls in the middle of a frame, another is served", stalls},
	        {"the other half comes later", other_half},
	        {"all comes byte for byte, the handshake too", byte_for_byte},
	        {"two frames come at once", two_at_once},
	        {"a frame and a half come at once", one_and_a_half},
	        {"200 clients, each in the middle of a frame", many_clients},
	        {"clients that leave in the middle of a frame", leaves_in_a_frame},
	        {"one sends and does not read, another is served", does_not_read},
	        {"it reads at last, and everything comes", reads_at_last},
	        {"nothing to read, or no room to write: not now", not_now},
	        {"it ends when it is told to", ends_when_told},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
