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
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"

#define ROOM 2048

/* What lessons 5 and 6 count for WebSocket: its handshake both ways, and a frame with "Hello". */
#define WEBSOCKET_HANDSHAKE 290
#define WEBSOCKET_HELLO     7

/* no-store: a cache on the way must not keep an answer that never ends. */
#define HEAD  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
#define EVENT "data: Hello\n\n"

/* A body without Content-Length and not in chunks ends where the connection does. */
static void say(int connection, const char *text)
{
	net_write(connection, text, strlen(text));
}

/* The first server: an event at once. Then it reads whatever the client may have to say, tells us
 * how much that was (through memory that we share), and sends one more event. It does not answer
 * what it read, and that is no malice: an answer would stand in the middle of the stream, where
 * the client would take its lines for lines of an event. */
static void plain(int connection, void *user)
{
	char asked[ROOM];

	net_read_http(connection, asked, sizeof asked);
	say(connection, HEAD "\r\n" EVENT);
	*(size_t *)user = net_read_all(connection, asked, sizeof asked);
	say(connection, EVENT);
}

/* The second: a body whose length is not known may also be sent in pieces, each with its length in
 * hex in front. Then even a stream has an end other than hanging up. Many servers do so. */
static void chunked(int connection, void *user)
{
	char asked[ROOM];

	(void)user;
	net_read_http(connection, asked, sizeof asked);
	say(connection, HEAD "Transfer-Encoding: chunked\r\n\r\nd\r\n" EVENT "\r\n");
}

/* The third has four events, with numbers. To a client that is new it sends two and a half of them,
 * and the line is cut. A client that knows where it stopped gets what is missing. */
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
		if (!line && id == 3)
			event[18] = '\0'; /* here */
		say(connection, event);
	}
}

/* What the last ask() sent, and the head of what it got. From here on this is the client's side. */
static char request[ROOM], head[ROOM];

/* Asks for a stream, with one more header line or "". The answer's head is read and not a byte
 * more: what comes behind it are events. */
static int ask(uint16_t port, const char *more)
{
	int connection = net_connect(port);

	snprintf(request, sizeof request,
	         "GET /events HTTP/1.1\r\nHost: server.example.com\r\n"
	         "Accept: text/event-stream\r\n%s\r\n",
	         more);
	say(connection, request);
	net_read_http(connection, head, sizeof head);
	return connection;
}

/* Reads up to and with `end`, one byte at a time, so that we count what there is and not what we
 * believe. 0 where the stream ends before. What was read ends with '\0'. */
static size_t read_until(int connection, char *text, const char *end)
{
	size_t size = 0;

	while (size < ROOM - 1 && net_read(connection, text + size, 1) == 1) {
		text[++size] = '\0';
		if (size >= strlen(end) && !strcmp(text + size - strlen(end), end))
			return size;
	}
	return 0;
}

/* What the lines of a request and of an answer's head are for. */
static const struct show_name heads[] = {{"GET ", "a request like any other"},
                                         {"Last-Event-ID: ", "the last event that I had whole"},
                                         {"HTTP/1.1 200", "yes"},
                                         {"Content-Type: ", "a stream of events comes"},
                                         {"Transfer-Encoding: ", "in pieces, each with its size"},
                                         {"\r\n", "an empty line: the head ends"},
                                         {"", "a header"}};

/* And those of the stream, which are all that there are but for event: and comments. A comment
 * begins with a colon; servers send one now and then so that the line is not idle. */
static const struct show_name lines[] = {{"data: ", "a line of the message"},
                                         {"id: ", "the event's number: remember it"},
                                         {"retry: ", "milliseconds to wait before coming back"},
                                         {"\n", "a blank line: the event is whole"},
                                         {"d\r\n", "the size of the piece, in hex"},
                                         {"\r\n", "\\r\\n ends the piece"},
                                         {0}};

/* All that was said until the first event was whole, whose size is given. The stream stays open: to
 * the client it looks like a page that loads slowly, and that is why proxies which wait for the end
 * of a page before they pass it on break it. */
static size_t show_stream(int connection, const char *end)
{
	char event[ROOM];
	size_t size = read_until(connection, event, end);

	show_lines("client sends", request, heads);
	show_lines("server sends", head, heads);
	show_lines("server sends", event, lines);
	stage_say("%zu bytes there and %zu back to begin with, and then %zu for each event.",
	          strlen(request), strlen(head), size);
	return size;
}

/* From which message on WebSocket, with its longer beginning, has sent fewer bytes. Do not choose
 * between the two for these six bytes: TCP and IP put 40 and more around the packet of each. */
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

/* The client says something on the open stream: a whole request, and properly written. Then it
 * says that this was all, and we read everything that still comes. Who wants to talk back takes a
 * second connection, and pays for a request each time. */
static void write_upwards(int connection, const size_t *heard)
{
	const char *post = "POST /say HTTP/1.1\r\nHost: server.example.com\r\n"
	                   "Content-Length: 5\r\n\r\nHello";
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
 * blank line is thrown away, however much of it is there: nobody knows what is missing. */
static int read_stream(int connection, int last, double *retry_ms, int *events)
{
	char text[ROOM], *event = text, *end, *line;

	text[net_read_all(connection, text, sizeof text - 1)] = '\0';
	close(connection);
	show_lines("server sends, and then the stream ends", text, lines);
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

/* A client that goes on where it was. It works as long as the server still has what was missed:
 * how far back it can go is for the server to decide, and nothing in the format says it. */
static void show_resume(uint16_t port)
{
	double retry_ms = 3000; /* until the stream says otherwise */
	int events = 0, last = read_stream(ask(port, ""), 0, &retry_ms, &events);
	char resume[64];

	net_sleep_until_ms(net_now_ms() + retry_ms);
	snprintf(resume, sizeof resume, "Last-Event-ID: %d\r\n", last);
	stage_value("resume.last_id", last);
	int connection = ask(port, resume);
	show_lines("client sends", request, heads);
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
	stage_value("request.bytes", (double)strlen(request));
	stage_value("head.bytes", (double)strlen(head));
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
