/*
 * Lesson 1: one request, byte by byte.
 *
 * What does it cost to carry the five letters "Hello" over HTTP? This program is both ends of the
 * conversation, so it can count all of it: the bytes (about twenty-three for each letter), the
 * connections (one, or one for each request: the client may choose), and the time, which on a real
 * network is hardly ever work and nearly always waiting for the other side.
 *
 * Read it from main() upwards, or downwards as it stands: each part has its comment in front, which
 * says why it is there. The plumbing is in ../stage: net.h opens the sockets, relay.h is a link
 * that takes its time, show.h prints bytes with their names, stage.h talks to you. Plumbing is left
 * out of sight in all sixteen lessons, so that what you read is about one thing; when you want to
 * know how it is done without, read those files too: none has more than a few pages.
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
 * All that crosses the wire. A browser would send ten times as much; hardly a line could be left
 * out: HTTP/1.1 without a Host is answered with 400 (RFC 9112, 3.2), since one address may serve a
 * thousand sites. Host has no port in it, so that the count is the same whichever port we are
 * given. Every line ends with two bytes, \r and \n. That was the end of a line on the teletypes of
 * 1963: the carriage returns, the paper moves on.
 */
#define QUESTION "GET /poll HTTP/1.1\r\nHost: server.example.com\r\n"
#define ANSWER   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
#define BODY     "Hello"

static const char question[] = QUESTION "\r\n", answer[] = ANSWER "\r\n" BODY;

/* The same, where the client says that it has nothing more to ask. Without that line a connection
 * of HTTP/1.1 stays open (RFC 9112, 9.3): closing is the exception that must be said. In HTTP/1.0
 * it was the other way round, and it is that HTTP which "the connection closes" is told of. */
#define LAST "Connection: close\r\n"

static const char last_question[] = QUESTION LAST "\r\n";
static const char last_answer[] = ANSWER LAST "\r\n" BODY;

/* The link's delay is one way, in ms, and both ways are alike. What you see further down depends on
 * it in one manner only: all times are multiples. And how often each of the two clients asks: take
 * 1, and it no longer matters which of them you are; that is the case for closing, if there is
 * one. */
static double delay = 20, requests = 10;

/*
 * The server, and there is nothing more to it: read a question, write the answer, again. It runs in
 * a child process, once for each connection, and returning closes the connection.
 *
 * One client after the other is all it can serve: while it waits in net_read_http, nobody else is
 * heard. For this lesson that will do, as there is one client. Lesson 14 is about servers that have
 * more, and begins with this one, stuck.
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
 * The connection itself would not mind. TCP carries bytes both ways at any time, and mail servers,
 * for one, do greet whoever connects. That the client goes first is a rule of HTTP alone, and the
 * next four lessons are ways around it: ask often, ask and be kept waiting, have an answer that
 * never ends, or agree to stop speaking HTTP.
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
 *
 * Do not take what one read() gives for a message. TCP hands on a stream of bytes and knows nothing
 * of messages: one read may give half of one, or two and a half. Here net_read_http reads on until
 * the message is whole; the exercise is to know when that is, and it is where most home-made
 * servers fail, on the day when a message first comes in two packets.
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
	char message[1024];
	size_t up = strlen(question);

	net_write(fd, question, up);
	size_t down = net_read_http(fd, message, sizeof message);
	show_bytes("client sends", question, up, asked);
	show_bytes("server sends", message, down, answered);
	stage_value("request.bytes", (double)up);
	stage_value("response.bytes", (double)down);
	stage_value("hello.bytes", (double)(up + down));
	stage_say("%zu + %zu = %zu bytes to carry 5. The empty line and Content-Length are how a "
	          "reader knows where a message ends, and the next begins.",
	          up, down, up + down);
}

/* What a number of requests cost, as the link has counted it. Bytes are those of HTTP. On a real
 * wire each packet has some 66 bytes of headers of its own in front, and packets without any
 * payload go back and forth to acknowledge it all; bench/ counts those, too.
 *
 * "Hello" is 5 of 117 bytes here, which is 4 %, and in truth it is less. Keep that in mind for
 * lesson 6, where it will be 5 of 7, and for the day when a figure is quoted to you that has only
 * one of the two in it. */
struct cost {
	unsigned connections;
	unsigned long bytes;
	double ms;
};

/*
 * Asks again and again over the slow link, each time on a new connection or always on the same one.
 * The answers must come one by one: the next question waits for the answer to the last. (To send
 * ten questions at once is allowed, RFC 9112, 9.3.2; browsers gave it up, for the answers must come
 * in the same order, and a slow one holds up all behind it. HTTP/2 was made for that.) The link
 * counts what passes, so the numbers are no opinion of ours.
 */
static struct cost ask(uint16_t server, bool keep)
{
	const char *text = keep ? question : last_question;
	struct cost cost;
	struct relay link;
	char message[1024];
	int fd = -1;

	relay_start(&link, server, delay);
	double start = net_now_ms();
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

/* A time says more as a number of round trips: that number is the same on any link. Milliseconds
 * are the link's, and you can buy better ones; round trips are the protocol's, and you cannot. */
static void report(const char *way, const char *how, const struct cost *cost)
{
	double trips = cost->ms / (2 * delay);

	stage_value_of(way, "connections", cost->connections);
	stage_value_of(way, "bytes", (double)cost->bytes);
	stage_value_of(way, "ms", cost->ms);
	stage_value_of(way, "trips", trips);
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
 *
 * Ten requests are thus 20R or 11R, before you have run anything. That is what predicting means
 * here: you write down where the time must go, and then look whether it went there.
 */
static void compare(uint16_t server)
{
	relay_introduce(delay);
	stage_step("the client asks on a new connection each time, and says Connection: close");
	struct cost each = ask(server, false);
	report("close", "each on a connection of its own", &each);
	stage_say("Two round trips for each request: one opens the connection, one asks.");
	stage_step("the client says nothing about the connection, and goes on using it");
	struct cost kept = ask(server, true);
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

	stage_open(argc, argv, "Lesson 1: one request, byte by byte", options);
	if (delay < 1 || delay > 200 || requests < 1 || requests > 100) {
		fputs("lesson: --delay is 1 to 200, --requests 1 to 100\n", stderr);
		return 2;
	}
	net_serve(net_listen(&port), serve, NULL);
	stage_step("connect, and listen");
	int fd = net_connect(port);
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
	return stage_close();
}
