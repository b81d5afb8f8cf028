/*
 * Lesson 4: Server-Sent Events.
 *
 * Long polling ends each answer so that the client may have it, and pays for a new request to get
 * the next one. The trick of Server-Sent Events is not to end the answer. The client asks once; the
 * server sends its head, then a few lines of text whenever there is news, and a blank line behind
 * them that says "that was one event". The body has no length, and goes on until somebody hangs up.
 *
 * The format is in the HTML standard ("Server-sent events"). In a browser `new EventSource(url)` is
 * all that one writes for it, the reconnecting included; here we write that side ourselves. Three
 * child processes serve: plain events, the same in chunks, and a stream that breaks off.
 *
 * A line begins with a field's name, and there are four of them: data is the message, id its
 * number, event its kind (left out here: a browser then calls it "message"), retry how long to wait
 * before coming back. What begins with a colon is a comment, which clients ignore; servers send one
 * now and then so that the line is not idle. That is the whole format. It is always text, and
 * always UTF-8: whoever has bytes to send must write them as text first, in base64 say, a third
 * longer.
 *
 * stream.c reads and names the lines; all the rest is here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/stage.h"
#include "stream.h"

/* What lessons 5 and 6 count for WebSocket: its handshake both ways, and a frame with "Hello".
 * These two are the only numbers in this program that it has not counted itself, a moment
 * before. */
#define WEBSOCKET_HANDSHAKE 290
#define WEBSOCKET_HELLO     7

/* No Content-Length, for nobody knows how long it will be: such a body, if it is not in chunks,
 * ends where the connection does (RFC 9112, 6.3). The type is what makes it a stream of events:
 * with any other, EventSource gives up at once, and does not come back. no-store: a cache on the
 * way must not keep an answer that never ends. */
#define HEAD  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
#define HOST  "Host: server.example.com\r\n"
#define EVENT "data: Hello\n\n"

/* The first server: an event at once. Then it reads whatever the client may have to say, tells us
 * how much that was (through memory that we share), and sends one more event. It does not answer
 * what it read, and that is no malice: an answer would stand in the middle of the stream, where the
 * client would take its lines for lines of an event.
 *
 * How does a server know whether its client is still there? It reads the end when the client hangs
 * up, or says only that it will send no more, as ours does below: the two look the same. A write to
 * a client that has closed fails, if not the first then the next. To one that is gone without a
 * word it writes into the void, until TCP gives up; the comment line now and then is for that
 * too. */
static void plain(int connection, void *user)
{
	char asked[ROOM];

	net_read_http(connection, asked, sizeof asked);
	say(connection, HEAD "\r\n" EVENT);
	*(size_t *)user = net_read_all(connection, asked, sizeof asked);
	say(connection, EVENT);
}

/* The second: a body whose length is not known may also be sent in pieces, each with its length in
 * hex in front (RFC 9112, 7.1). Then even a stream has an end other than hanging up. Many servers
 * do so without being asked, and count five bytes or so more for each event; clients do not notice.
 * Note that chunks are HTTP's and blank lines are the stream's: an event may be cut into two
 * chunks, and a chunk may hold three events. */
static void chunked(int connection, void *user)
{
	char asked[ROOM];

	(void)user;
	net_read_http(connection, asked, sizeof asked);
	say(connection, HEAD "Transfer-Encoding: chunked\r\n\r\nd\r\n" EVENT "\r\n");
}

/* The third has four events, with numbers. To a client that is new it sends two and a half of them,
 * and the line is cut. A client that knows where it stopped gets what is missing.
 *
 * The number is a text of the server's choice, and the client gives it back as it got it. It may be
 * a time, a place in a log, or a page in a database: whatever lets the server find the place again,
 * also after it was started anew, and also where it is another server of the same house. */
static void cut(int connection, void *user)
{
	char asked[ROOM], event[128];

	(void)user;
	net_read_http(connection, asked, sizeof asked);
	const char *line = strstr(asked, "Last-Event-ID: ");
	int last = line ? atoi(line + strlen("Last-Event-ID: ")) : 0;
	say(connection, HEAD "\r\nretry: 100\n");
	for (int id = last + 1; id <= (line ? 4 : 3); id++) {
		snprintf(event, sizeof event, "id: %d\ndata: news number %d\n\n", id, id);
		say(connection, line || id < 3 ? event : "id: 3\ndata: news n"); /* cut here */
	}
}

/* From here on this is the client's side. What the last ask() sent, and the head of what it got. */
static char request[ROOM], head[ROOM];

/* Asks for a stream, with one more header line or "". The answer's head is read and not a byte
 * more: what comes behind it are events. Accept tells a server that has the same page in another
 * form, as a list of the last ten say, that this client wants the stream. A browser sends no header
 * here that the page could choose, which is why so many tokens end up in the address of a stream
 * (lesson 13 says what is wrong with that). A cookie goes along by itself to the page's own server;
 * to another it needs withCredentials, and a server that allows it (CORS). */
static int ask(uint16_t port, const char *more)
{
	int connection = net_connect(port);

	snprintf(request, sizeof request,
	         "GET /events HTTP/1.1\r\n" HOST "Accept: text/event-stream\r\n%s\r\n", more);
	say(connection, request);
	net_read_http(connection, head, sizeof head);
	return connection;
}

/* All that was said until the first event was whole, whose size is given. The stream stays open: to
 * the client it looks like a page that loads slowly. Proxies that gather an answer in a buffer
 * before they pass it on hold events back, or make bursts of them. nginx is one, unless its
 * configuration says proxy_buffering off, or the answer a header, X-Accel-Buffering: no. So the
 * first thing to do with a stream that "does not work in production" is to look at what stands in
 * front of it. */
static size_t show_stream(int connection, const char *end)
{
	char event[ROOM];
	size_t size = read_until(connection, event, end);

	show_lines("client sends", request, head_names);
	show_lines("server sends", head, head_names);
	show_lines("server sends", event, line_names);
	stage_say("%zu bytes there and %zu back to begin with, and then %zu for each event.",
	          strlen(request), strlen(head), size);
	return size;
}

/*
 * From which message on WebSocket, with its longer beginning, has sent fewer bytes. Do not choose
 * between the two for these six bytes: TCP and IP put 40 and more around the packet of each. Choose
 * by what follows in this lesson: the client cannot answer on the stream, and it comes back by
 * itself, with a number. WebSocket is the reverse in both, and bytes have nothing to do with it.
 */
static void compare_websocket(size_t event)
{
	size_t opening = strlen(request) + strlen(head), n = 1;

	while (WEBSOCKET_HANDSHAKE + n * WEBSOCKET_HELLO >= opening + n * event)
		n++;
	stage_say("WebSocket takes %d bytes to begin with and %d for the same message (lessons 5 "
	          "and 6). From message %zu on it has sent fewer bytes than this stream.",
	          WEBSOCKET_HANDSHAKE, WEBSOCKET_HELLO, n);
	stage_value("websocket.cheaper_from", (double)n);
}

/* The client says something on the open stream: a whole request, and properly written. Then it says
 * that this was all, and we read everything that still comes. Who wants to talk back takes a second
 * connection, and pays for a request each time. In a browser that is no hardship as long as there
 * are not many: it keeps that connection open too. But of HTTP/1.1 connections it opens six to one
 * server, over all of its windows, and each stream holds one of them for as long as it lives. A
 * seventh window shows nothing at all. With HTTP/2, where all share one connection, the limit is
 * that of its streams, usually 100. (bench/ has an experiment, browser-limit, with eight such
 * windows.) */
static void write_upwards(int connection, const size_t *heard)
{
	const char *post = "POST /say HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nHello";
	char text[ROOM];

	say(connection, post);
	shutdown(connection, SHUT_WR);
	text[net_read_all(connection, text, sizeof text - 1)] = '\0';
	close(connection);
	size_t answer = strlen(text) - (strstr(text, EVENT) ? strlen(EVENT) : 0);
	stage_say(
	        "We wrote %zu bytes, and the server did read %zu. Then came the next event, and %zu "
	        "bytes of an answer. HTTP/1.1 answers in turn, and the answer to our first request "
	        "has not ended.",
	        strlen(post), *heard, answer);
	stage_value("write.answer_bytes", (double)answer);
}

/* Reads a stream to its end; gives the id of the last event that came whole. An event without its
 * blank line is thrown away, however much of it is there: nobody knows what is missing. So is its
 * number: had we taken it, number 3 would never come. This parser knows just the lines that our own
 * server sends, and wants all of them at once. Yours, in the exercise, has to do better. */
static int read_stream(int connection, int last, double *retry_ms, int *events)
{
	char text[ROOM], *event = text, *end, *line;

	text[net_read_all(connection, text, sizeof text - 1)] = '\0';
	close(connection);
	show_lines("server sends, and then the stream ends", text, line_names);
	for (; (end = strstr(event, "\n\n")); event = end + 2) {
		*end = '\0';
		if ((line = strstr(event, "retry: ")))
			*retry_ms = atof(line + strlen("retry: "));
		if ((line = strstr(event, "id: ")))
			last = atoi(line + strlen("id: "));
		*events += strstr(event, "data: ") != NULL;
	}
	return last;
}

/* A client that goes on where it was. It works as long as the server still has what was missed: how
 * far back it can go is for the server to decide, and nothing in the format says it. If the server
 * must disappoint a client, it had better say so, with an event of a kind of its own: else the
 * client believes that it knows all. And a server that wants no client back says 204. Long polling
 * has no such number, and has to make up its own: lesson 3's ?since= is one. */
static void show_resume(uint16_t port)
{
	double retry_ms = 3000; /* until the stream says otherwise */
	char resume[64];
	int events = 0, last = read_stream(ask(port, ""), 0, &retry_ms, &events);

	net_sleep_until_ms(net_now_ms() + retry_ms);
	snprintf(resume, sizeof resume, "Last-Event-ID: %d\r\n", last);
	stage_value("resume.last_id", last);
	int connection = ask(port, resume);
	show_lines("client sends", request, head_names);
	last = read_stream(connection, last, &retry_ms, &events);
	stage_say("An event without its blank line was thrown away. After %g ms the client came "
	          "back and said what it had. Now it has %d events, up to number %d: none is "
	          "missing, none is double.",
	          retry_ms, events, last);
}

int main(int argc, char **argv)
{
	uint16_t plain_port, chunked_port, cut_port;
	size_t *heard = net_share(sizeof *heard);

	stage_open(argc, argv, "Lesson 4: Server-Sent Events", NULL);
	net_serve(net_listen(&plain_port), plain, heard);
	net_serve(net_listen(&chunked_port), chunked, NULL);
	net_serve(net_listen(&cut_port), cut, NULL);
	stage_step("a stream, line by line");
	int connection = ask(plain_port, "");
	size_t event = show_stream(connection, "\n\n");
	stage_value("event.bytes", (double)event);
	compare_websocket(event);
	stage_step("the client writes to the open stream");
	write_upwards(connection, heard);
	stage_step("the same event in a chunk");
	stage_value("chunked.event_bytes", (double)show_stream(ask(chunked_port, ""), "\n\n\r\n"));
	stage_step("a line that is cut");
	show_resume(cut_port);
	return stage_close();
}
