#include "line.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "net.h"

#define CHUNK_MOST ((size_t)64 * 1024)
#define HELD_MOST                                                                                  \
	((size_t)4 * 1024 * 1024) /* then the sender has to wait, as for any full link             \
	                           */

struct line *line_new(int client, uint16_t to_port, double now, double delay)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		child_give_up("relay");
	line->client = client;
	line->server = -1;
	line->to_port = to_port;
	line->opened = now;
	line->delay = delay;
	return line;
}

static struct line_chunk *take_first(struct line_way *way)
{
	struct line_chunk *chunk = way->first;

	way->first = chunk->next;
	way->held -= chunk->size;
	return chunk;
}

static void drop_chunks(struct line_way *way)
{
	while (way->first != NULL)
		free(take_first(way));
}

void line_free(struct line *line)
{
	drop_chunks(&line->up);
	drop_chunks(&line->down);
	close(line->client);
	if (line->server >= 0)
		close(line->server);
	free(line);
}

/* The syn and its answer have crossed; the third packet of a handshake arrives a delay later. */
static double acknowledged(const struct line *line)
{
	return line->opened + 2 * line->delay;
}

static short events(const struct line_way *in, const struct line_way *out, double now)
{
	short wanted = 0;

	if (!in->ended && in->held < HELD_MOST)
		wanted |= POLLIN;
	if (out->first != NULL && out->first->due <= now)
		wanted |= POLLOUT;
	return wanted;
}

/* The first thing to come after now. */
static double sooner(double best, const struct line_way *way, double now)
{
	if (way->first != NULL && way->first->due > now && way->first->due < best)
		return way->first->due;
	return best;
}

double line_waits(const struct line *line, double now, struct pollfd waits[LINE_WAITS])
{
	double next = line->server < 0 ? acknowledged(line) + line->delay : INFINITY;

	/* Nothing is wanted of a socket that has given its end: poll would report that for ever. */
	short client = events(&line->up, &line->down, now);
	short server = events(&line->down, &line->up, now);

	waits[0] = (struct pollfd){.fd = client != 0 ? line->client : -1, .events = client};
	waits[1] = (struct pollfd){.fd = server != 0 ? line->server : -1, .events = server};
	return sooner(sooner(next, &line->up, now), &line->down, now);
}

/* Takes in what has come from fd, if anything has. It is due a delay after now, or after
 * `begun` where that is later. Its end may be a reset as well. Gives the number of bytes. */
static size_t take_in(struct line_way *way, int fd, double begun, double delay)
{
	static uint8_t data[CHUNK_MOST];
	ssize_t got = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	size_t size = got > 0 ? (size_t)got : 0;
	struct line_chunk *chunk;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	chunk = malloc(sizeof(*chunk) + size);
	if (chunk == NULL)
		child_give_up("relay");
	/* The time after recv: by one from before, what came since would arrive too early. */
	*chunk = (struct line_chunk){.due = fmax(net_now_ms(), begun) + delay, .size = size};
	memcpy(chunk->data, data, size);
	way->ended = size == 0;
	way->held += size;
	if (way->first == NULL)
		way->first = chunk;
	else
		way->last->next = chunk;
	way->last = chunk;
	return size;
}

/* Passes on what is due, as far as fd takes it. False where nobody is there to take it. */
static bool pass_on(struct line_way *way, int fd, double now)
{
	while (way->first != NULL && way->first->due <= now) {
		struct line_chunk *chunk = way->first;
		size_t left = chunk->size - chunk->sent;
		ssize_t sent =
		        send(fd, chunk->data + chunk->sent, left, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent < 0)
			return errno == EAGAIN || errno == EINTR;
		chunk->sent += (size_t)sent;
		if (chunk->sent < chunk->size)
			return true;
		if (chunk->size == 0) {
			way->arrived = true;
			shutdown(fd, SHUT_WR);
		}
		free(take_first(way));
	}
	return true;
}

bool line_work(struct line *line, double now, const struct pollfd waits[LINE_WAITS],
               struct relay_counts *counts)
{
	const short readable = POLLIN | POLLHUP | POLLERR;

	if ((waits[0].revents & readable) != 0 && !line->up.ended)
		counts->bytes_up +=
		        take_in(&line->up, line->client, acknowledged(line), line->delay);
	if (line->server < 0) {
		if (now < acknowledged(line) + line->delay)
			return true;
		line->server = net_try_connect(line->to_port);
		return line->server >= 0 && pass_on(&line->up, line->server, now);
	}
	if ((waits[1].revents & readable) != 0 && !line->down.ended)
		counts->bytes_down += take_in(&line->down, line->server, 0, line->delay);
	return pass_on(&line->up, line->server, now) && pass_on(&line->down, line->client, now) &&
	       !(line->up.arrived && line->down.arrived);
}
