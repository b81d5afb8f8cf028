/* Messages that come in their own time, while the client stays. */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/net.h"
#include "ends.h"

#define HOST        "Host: server.example.com\r\n"
#define ROOM        ((size_t)1024 * 1024) /* of an HTTP message */
#define MESSAGE_MAX 4096

struct live {
	struct ends *ends;
	const struct workload *load;
	struct pair stream, talk; /* events; requests, or frames */
	double first, clock, tick, every;
	int sent_down, sent_up, got_down, got_up;
	int flying;  /* HTTP messages, events and frames that are written and not yet read */
	bool asking; /* an answer is not here yet */
	double *late;
	char *text;
};

static double now(const struct live *live)
{
	return live->ends->real ? net_now_ms() : live->clock;
}

/* The schedule was made before: who is late does not move it. Messages up are born between those
 * down. */
static double due(const struct live *live, bool down, int i)
{
	const struct workload *load = live->load;
	double step = load->lasts_ms / (down ? load->down : load->up);

	if (i >= (down ? load->down : load->up))
		return INFINITY;
	return live->first + step * (down ? i : i + 0.5);
}

/* So many of them there are by now. */
static int born(const struct live *live, bool down)
{
	int count = down ? live->sent_down : live->sent_up;

	while (due(live, down, count) <= now(live))
		count++;
	return count;
}

/* A message begins with its number, so that whoever gets it knows when it was due. */
static const char *message(const struct live *live, int i)
{
	static char text[MESSAGE_MAX + 1];
	int digits = snprintf(text, sizeof text, "%d", i);

	memset(text + digits, '.', live->load->size - (size_t)digits);
	text[live->load->size] = '\0';
	return text;
}

static void note(struct live *live, bool down, const char *text)
{
	double late = now(live) - due(live, down, atoi(text));

	live->late[live->got_down + live->got_up] =
	        late + (live->ends->real ? 0 : live->ends->delay_ms);
	*(down ? &live->got_down : &live->got_up) += 1;
}

/* Writes a request or an answer with the messages from one to another, a line each. */
static void write_lines(struct live *live, int fd, const char *head, int from, int to)
{
	size_t size = (size_t)(to - from) * (live->load->size + 1);
	char *end = live->text;

	if (size + ENDS_ROOM > ROOM)
		child_give_up("send so much at once");
	end += sprintf(end, "%sContent-Length: %zu\r\n\r\n", head, size);
	for (; from < to; from++)
		end += sprintf(end, "%s\n", message(live, from));
	ends_say(live->ends, fd, live->text);
	live->flying++;
}

static void read_lines(struct live *live, int fd, bool down)
{
	char *saved;

	net_read_http(fd, live->text, ROOM);
	live->flying--;
	char *body = strstr(live->text, "\r\n\r\n");
	for (char *line = body ? strtok_r(body + 4, "\n", &saved) : NULL; line;
	     line = strtok_r(NULL, "\n", &saved))
		note(live, down, line);
}

static void read_frame(struct live *live, int fd, bool down)
{
	struct frame frame = {0};

	if (!frame_read(fd, &frame))
		child_give_up("read a frame");
	live->flying--;
	note(live, down, (const char *)frame.payload);
}

static void write_frame(struct live *live, bool down, int i)
{
	ends_frame(live->ends, down ? live->talk.server : live->talk.client, !down, TEXT,
	           message(live, i), live->load->size);
	live->flying++;
}

/* A request with what is to be said; where that is nothing it only asks. */
static void ask(struct live *live)
{
	int until = born(live, false);

	live->asking = true;
	if (live->ends->way == SSE) {
		write_lines(live, live->talk.client, "POST /say HTTP/1.1\r\n" HOST, live->sent_up,
		            until);
	} else if (until > live->sent_up) {
		write_lines(live, live->talk.client, "POST /poll HTTP/1.1\r\n" HOST, live->sent_up,
		            until);
	} else {
		ends_say(live->ends, live->talk.client, "GET /poll HTTP/1.1\r\n" HOST "\r\n");
		live->flying++;
	}
	live->sent_up = until;
}

/* The server's answer: all that there is, and to a POST beside a stream nothing. */
static void answer(struct live *live)
{
	int until = live->ends->way == HTTP ? born(live, true) : live->sent_down;

	if (until > live->sent_down) {
		write_lines(live, live->talk.server,
		            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", live->sent_down,
		            until);
	} else {
		ends_say(live->ends, live->talk.server, "HTTP/1.1 204 No Content\r\n\r\n");
		live->flying++;
	}
	live->sent_down = until;
}

static void push(struct live *live)
{
	char event[MESSAGE_MAX + 16];

	if (live->ends->way == WEBSOCKET) {
		write_frame(live, true, live->sent_down++);
		return;
	}
	snprintf(event, sizeof event, "data: %s\n\n", message(live, live->sent_down++));
	ends_say(live->ends, live->stream.server, event);
	live->flying++;
}

/* Everything whose time has come. */
static void act(struct live *live)
{
	enum way way = live->ends->way;

	while (way != HTTP && due(live, true, live->sent_down) <= now(live))
		push(live);
	while (way == WEBSOCKET && due(live, false, live->sent_up) <= now(live))
		write_frame(live, false, live->sent_up++);
	if (live->asking || way == WEBSOCKET)
		return;
	if (way == SSE && due(live, false, live->sent_up) <= now(live))
		ask(live);
	if (way == HTTP && live->tick <= now(live)) {
		while (live->tick <= now(live))
			live->tick += live->every;
		ask(live);
	}
}

/* When act() will have something to do. */
static double next(const struct live *live)
{
	enum way way = live->ends->way;
	double down = way == HTTP ? INFINITY : due(live, true, live->sent_down);
	double up = way == HTTP ? live->tick : due(live, false, live->sent_up);

	if (way != WEBSOCKET && live->asking)
		up = INFINITY;
	return fmin(down, up);
}

/* Until something arrives, or it is time to act. Where the clock is ours it is moved on when
 * nothing is under way any more. */
static void wait_and_read(struct live *live)
{
	bool frames = live->ends->way == WEBSOCKET;
	struct pollfd wait[3] = {{.fd = live->stream.client, .events = POLLIN},
	                         {.fd = live->talk.server, .events = POLLIN},
	                         {.fd = live->talk.client, .events = POLLIN}};
	double left = fmin(fmax(next(live) - now(live), 0), 1000);
	struct timespec limit = {(time_t)(left / 1e3), (long)(left * 1e6) % 1000000000};
	char event[MESSAGE_MAX + 16];

	if (!live->ends->real && live->flying == 0) {
		live->clock = next(live);
		return;
	}
	ppoll(wait, 3, live->ends->real ? &limit : NULL, NULL);
	if (wait[0].revents) {
		ends_read_event(live->stream.client, event, sizeof event);
		live->flying--;
		note(live, true, event);
	}
	if (wait[1].revents && frames)
		read_frame(live, live->talk.server, false);
	else if (wait[1].revents) {
		read_lines(live, live->talk.server, false);
		answer(live);
	}
	if (wait[2].revents && frames)
		read_frame(live, live->talk.client, true);
	else if (wait[2].revents) {
		read_lines(live, live->talk.client, true);
		live->asking = false;
	}
}

/* Before the first message: all connections are open. */
static void open_connections(struct live *live)
{
	char got[ENDS_ROOM];

	if (live->ends->way == WEBSOCKET) {
		live->talk = ends_upgrade(live->ends, true);
		return;
	}
	if (live->ends->way == SSE) {
		live->stream = ends_ask(live->ends, STREAM_REQUEST, got);
		ends_say(live->ends, live->stream.server, STREAM_HEAD);
		ends_skip_head(live->stream.client);
	}
	if (live->ends->way == HTTP || live->load->up > 0)
		live->talk = ends_connect(live->ends);
}

void measure_live(struct ends *ends)
{
	const struct workload *load = ends->load;
	struct live live = {.ends = ends, .load = load, .stream = {-1, -1}, .talk = {-1, -1}};

	if (ends->way == SSE && load->down == 0) {
		ends->outcome->works = false;
		return;
	}
	live.late = calloc((size_t)(load->down + load->up) + 1, sizeof *live.late);
	live.text = malloc(ROOM);
	if (!live.late || !live.text)
		child_give_up("hold messages");
	open_connections(&live);
	live.first = now(&live) + (ends->real ? 10 : 0);
	live.every = ask_every_ms(load, ends->delay_ms);
	live.tick = live.first + live.every;
	/* Who has to ask does not know that no more will come, and asks to the end. */
	double over = live.first + (ends->way == HTTP ? load->lasts_ms : 0);
	while (live.got_down < load->down || live.got_up < load->up || live.asking ||
	       live.tick <= over) {
		act(&live);
		wait_and_read(&live);
	}
	ends->outcome->within_ms = nine_of_ten(live.late, load->down + load->up);
	ends_close(&live.stream);
	ends_close(&live.talk);
	free(live.late);
	free(live.text);
}
