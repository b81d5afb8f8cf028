/*
 * Lesson 1: one request, byte by byte.
 *
 * What does it cost to carry the five letters "Hello" over HTTP? This program is both ends of the
 * conversation, so it can count all of it: the bytes (about twenty-three for each letter), the
 * connections (one, or one for each request: the client may choose), and the time, which on a real
 * network is hardly ever work and nearly always waiting for the other side.
 *
 * Read it from main() upwards. The plumbing is in ../stage: net.h opens the sockets, relay.h is a
 * link that takes its time, show.h prints bytes with their names, stage.h talks to you.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/show.h"
#include "../stage/stage.h"

/*
 * All that crosses the wire. A browser would send ten times as much; nothing here could be left
 * out. Host has no port in it, so that the count is the same whichever port we are given.
 */
static const char question[] = "GET /poll HTTP/1.1\r\n"
                               "Host: server.example.com\r\n"
                               "\r\n";
static const char answer[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: text/plain\r\n"
                             "Content-Length: 5\r\n"
                             "\r\n"
                             "Hello";

/* The same, where the client says that it has nothing more to ask. Without that line a connection
 * of HTTP/1.1 stays open: closing is the exception that must be said. */
static const char last_question[] = "GET /poll HTTP/1.1\r\n"
                                    "Host: server.example.com\r\n"
                                    "Connection: close\r\n"
                                    "\r\n";
static const char last_answer[] = "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/plain\r\n"
                                  "Content-Length: 5\r\n"
                                  "Connection: close\r\n"
                                  "\r\n"
                                  "Hello";

static double delay = 20;    /* of the link, one way, in ms */
static double requests = 10; /* for each of the two ways to ask */

/*
 * The server, and there is nothing more to it: read a question, write the answer, again. It runs in
 * a child process, once for each connection. Returning closes the connection.
 */
static void serve(int connection, void *user)
{
	char message[1024];

	(void)user;
	while (net_read_http(connection, message, sizeof message)) {
		if (strstr(message, "\r\nConnection: close\r\n")) {
			net_write(connection, last_answer, strlen(last_answer));
			return;
		}
		net_write(connection, answer, strlen(answer));
	}
}

/*
 * Who speaks first? We connect, say nothing, and listen for a tenth of a second. The server may
 * have a hundred things for us, but HTTP gives it no way to say so: all it ever sends is an answer.
 */
static void show_silence(int fd)
{
	struct pollfd ear = {.fd = fd, .events = POLLIN};
	char word[64];
	size_t size = poll(&ear, 1, 100) == 1 ? net_read(fd, word, sizeof word) : 0;

	stage_value("silence.bytes", (double)size);
	stage_say("We are connected, and have listened for 100 ms. The server has sent %zu bytes: "
	          "in HTTP the client speaks first.",
	          size);
}

/*
 * One question and its answer, each byte with its name. A line ends with two bytes, \r and \n (0d
 * 0a); a line with nothing in it ends the head. What follows is the body, and how far that goes
 * only the head knows: Content-Length. Without it the reader could not tell the end of this answer
 * from a pause, nor from the beginning of the next.
 */
static void show_exchange(int fd)
{
	static const struct show_part asked[] = {{20, "method, path, version of HTTP"},
	                                         {26, "which of the sites at this address"},
	                                         {2, "an empty line: the head ends"},
	                                         {0, NULL}};
	static const struct show_part answered[] = {
	        {17, "version, status: here it is"},     {26, "what kind of body"},
	        {19, "how many bytes of body"},          {2, "an empty line: the head ends"},
	        {5, "the body, which is all we wanted"}, {0, NULL}};
	size_t up = strlen(question);
	char message[1024];
	size_t down;

	net_write(fd, question, up);
	down = net_read_http(fd, message, sizeof message);
	show_bytes("client sends", question, up, asked);
	show_bytes("server sends", message, down, answered);

	stage_value("request.bytes", (double)up);
	stage_value("response.bytes", (double)down);
	stage_value("hello.bytes", (double)(up + down));
	stage_say("%zu + %zu = %zu bytes to carry 5. The empty line and Content-Length are how a "
	          "reader knows where a message ends, and the next begins.",
	          up, down, up + down);
}

struct cost {
	unsigned connections;
	unsigned long bytes;
	double ms;
};

/*
 * Asks again and again over the slow link, each time on a new connection or always on the same one.
 * The answers must come one by one: the next question waits for the answer to the last. The link
 * counts what passes, so the numbers are no opinion of ours.
 */
static struct cost ask(uint16_t server, bool keep)
{
	const char *text = keep ? question : last_question;
	struct cost cost;
	struct relay link;
	char message[1024];
	double start;
	int fd = -1;

	relay_start(&link, server, delay);
	start = net_now_ms();
	for (int i = 0; i < (int)requests; i++) {
		if (fd < 0)
			fd = net_connect(link.port);
		net_write(fd, text, strlen(text));
		net_read_http(fd, message, sizeof message);
		if (!keep || i == (int)requests - 1) {
			close(fd);
			fd = -1;
		}
	}
	cost.ms = net_now_ms() - start;
	cost.connections = link.counts->connections;
	cost.bytes = link.counts->bytes_up + link.counts->bytes_down;
	relay_stop(&link);
	return cost;
}

/* A time says more as a number of round trips: that number is the same on any link. */
static void report(const char *way, const char *how, const struct cost *cost)
{
	double trips = cost->ms / (2 * delay);
	char key[64];

	snprintf(key, sizeof key, "%s.connections", way);
	stage_value(key, cost->connections);
	snprintf(key, sizeof key, "%s.bytes", way);
	stage_value(key, (double)cost->bytes);
	snprintf(key, sizeof key, "%s.ms", way);
	stage_value(key, cost->ms);
	snprintf(key, sizeof key, "%s.trips", way);
	stage_value(key, trips);

	stage_say("%d requests, %s:\n"
	          "  connections: %u\n"
	          "  bytes:       %lu\n"
	          "  time:        %.0f ms, which is %.1f round trips",
	          (int)requests, how, cost->connections, cost->bytes, cost->ms, trips);
}

/*
 * Opening a TCP connection is a conversation too: "may I?", "you may", and only then the question.
 * One round trip before the first byte of HTTP, each time. A client that keeps its connection pays
 * it once. From the beginning, where R is a round trip:
 *
 *      0    may I?      a new connection
 *      R    you may     … the client sends its question
 *     2R    the answer  … and its second question goes out on the open connection
 *     3R    the answer  … so that from here on each costs R
 */
static void compare(uint16_t server)
{
	struct cost each, kept;

	stage_say("The next two runs go over a link.");
	relay_introduce(delay);

	stage_step("the client asks on a new connection each time, and says Connection: close");
	each = ask(server, false);
	report("close", "each on a connection of its own", &each);
	stage_say("Two round trips for each request: one opens the connection, one asks.");

	stage_step("the client says nothing about the connection, and goes on using it");
	kept = ask(server, true);
	report("keep", "all on one connection", &kept);
	stage_say("One round trip for each request, and one to open the connection. Nobody had to "
	          "ask for that: since HTTP/1.1 (1997) a connection stays open unless one side "
	          "says close.");
}

int main(int argc, char **argv)
{
	static const struct stage_option options[] = {
	        {"delay", &delay, "one-way delay of the link in ms, 1 to 200"},
	        {"requests", &requests, "requests in each of the two runs, 1 to 100"},
	        {NULL, NULL, NULL}};
	uint16_t port;
	pid_t server;
	int fd;

	stage_open(argc, argv, "Lesson 1: one request, byte by byte", options);
	if (delay < 1 || delay > 200 || requests < 1 || requests > 100) {
		fputs("lesson: --delay is 1 to 200, --requests 1 to 100\n", stderr);
		return 2;
	}
	server = net_serve(net_listen(&port), serve, NULL);

	stage_step("connect, and listen");
	fd = net_connect(port);
	show_silence(fd);
	stage_step("ask, and see every byte");
	show_exchange(fd);
	close(fd);

	compare(port);

	stage_say(
	        "HTTP carries both ways: %zu bytes went up, %zu came down. What it lacks is a way "
	        "for the server to begin. So how does the client learn that there is news? It has "
	        "to ask, and ask again: lesson 2.",
	        strlen(question), strlen(answer));
	net_stop(server);
	return stage_close();
}
