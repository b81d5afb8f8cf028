/* A client that comes for one message, on a new connection, and goes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "ends.h"

#define HOST "Host: server.example.com\r\n"

/* At that visit. It begins with 1, and changes as often as the workload says. */
static int version_at(const struct workload *load, int visit)
{
	return 1 + visit * (load->down - load->unchanged) / load->down;
}

/* All of it is new to a client without a version (0); one that has it is told so. */
static void get(struct ends *ends, int had, int version, const char *message)
{
	struct outcome *outcome = ends->outcome;
	char got[ENDS_ROOM], tag[32], asked[32], condition[64] = "", body[8192];

	if (had)
		snprintf(condition, sizeof condition, "If-None-Match: \"v%d\"\r\n", had);
	snprintf(outcome->request, sizeof outcome->request,
	         "GET /profile HTTP/1.1\r\n" HOST "%s\r\n", condition);
	struct pair pair = ends_ask(ends, outcome->request, got);
	snprintf(tag, sizeof tag, "\"v%d\"", version);
	if (handshake_header(got, "If-None-Match", asked, sizeof asked) && !strcmp(asked, tag)) {
		snprintf(outcome->answer, sizeof outcome->answer,
		         "HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n", tag);
		message = "";
	} else {
		snprintf(outcome->answer, sizeof outcome->answer,
		         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: %s\r\n"
		         "Content-Length: %zu\r\n\r\n",
		         tag, strlen(message));
	}
	snprintf(body, sizeof body, "%s%s", outcome->answer, message);
	ends_say(ends, pair.server, body);
	net_read_http(pair.client, body, sizeof body);
	ends_close(&pair);
}

/* Gives the time at which the server had it. */
static double post(struct ends *ends, const char *message)
{
	static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";
	struct outcome *outcome = ends->outcome;
	char request[8192], got[ENDS_ROOM];

	snprintf(outcome->request, sizeof outcome->request,
	         "POST /say HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n", strlen(message));
	snprintf(request, sizeof request, "%s%s", outcome->request, message);
	struct pair pair = ends_ask(ends, request, got);
	double there = net_now_ms();
	snprintf(outcome->answer, sizeof outcome->answer, "%s", done);
	ends_say(ends, pair.server, done);
	ends_skip_head(pair.client);
	ends_close(&pair);
	return there;
}

/* The server need not be asked: the event follows the head at once. */
static void stream(struct ends *ends, const char *message)
{
	char text[8192];
	struct pair pair = ends_ask(ends, STREAM_REQUEST, text);

	snprintf(text, sizeof text, STREAM_HEAD "data: %s\n\n", message);
	ends_say(ends, pair.server, text);
	ends_skip_head(pair.client);
	ends_read_event(pair.client, text, sizeof text);
	ends_close(&pair);
}

/* A server may speak right behind its 101; a client has to wait for it (RFC 6455, 4.1). Gives the
 * time at which the other side had the message. */
static double open_socket(struct ends *ends, bool up, const char *message)
{
	struct frame frame;
	struct pair pair = ends_upgrade(ends, up);

	ends_frame(ends, up ? pair.client : pair.server, up, TEXT, message, strlen(message));
	if (!up)
		ends_skip_head(pair.client);
	frame_read(up ? pair.server : pair.client, &frame);
	double there = net_now_ms();
	ends_close(&pair);
	return there;
}

/* One visit; gives the time at which the message was on the other side. */
static double visit(struct ends *ends, int number, bool up, const char *message)
{
	const struct workload *load = ends->load;

	if (ends->way == WEBSOCKET)
		return open_socket(ends, up, message);
	if (up)
		return post(ends, message);
	if (ends->way == SSE)
		stream(ends, message);
	else
		get(ends, number ? version_at(load, number - 1) : 0, version_at(load, number),
		    message);
	return net_now_ms();
}

void measure_visits(struct ends *ends)
{
	const struct workload *load = ends->load;
	int count = load->down + load->up;
	double *late = calloc((size_t)count + 1, sizeof *late);
	char message[4001];

	memset(message, '.', sizeof message);
	message[load->size < sizeof message ? load->size : sizeof message - 1] = '\0';
	ends->outcome->works = ends->way != SSE || load->down > 0;
	for (int i = 0; late && ends->outcome->works && i < count; i++) {
		double start = net_now_ms();
		late[i] = visit(ends, i, i >= load->down, message) - start;
	}
	ends->outcome->within_ms = nine_of_ten(late, ends->outcome->works ? count : 0);
	ends->outcome->soonest_ms = late ? late[0] : 0; /* they are sorted now */
	if (!ends->real) /* five ways, the most that a visit takes here */
		ends->outcome->within_ms = 5 * ends->delay_ms;
	free(late);
}
