#include "lossy.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "datagram.h"

#define HELD_MOST 64

struct way {
	const struct lossy *lossy;
	struct datagram_address to; /* of datagrams */
	int in, out;
	bool ended;
	struct held {
		struct message message;
		double due;
	} held[HELD_MOST]; /* in the order in which they came */
	size_t count;
	double last_due;
};

/* When a message is to be there. This is all there is to the lesson. The delay counts from when it
 * was to be sent, so that it does not matter how late the system woke its sender, or us. */
static double due(struct way *way, const struct message *message)
{
	const struct lossy *lossy = way->lossy;
	double when = message->sent_ms + lossy->delay_ms;

	if (message->number == lossy->lost)
		when += lossy->repair_ms;
	if (lossy->ordered && when < way->last_due)
		when = way->last_due;
	way->last_due = when;
	return when;
}

static void take(struct way *way)
{
	struct message message;
	size_t got = way->lossy->ordered
	                     ? net_read_all(way->in, &message, sizeof message)
	                     : datagram_receive(way->in, &message, sizeof message, NULL, 0);

	if (got != sizeof message) {
		way->ended = way->lossy->ordered;
		return;
	}
	if (message.number == way->lossy->lost && !way->lossy->repairs)
		return;
	way->held[way->count++] = (struct held){message, due(way, &message)};
}

/* The one that is due first, and of several the one that came first. */
static size_t first(const struct way *way)
{
	size_t best = 0;

	for (size_t i = 1; i < way->count; i++) {
		if (way->held[i].due < way->held[best].due)
			best = i;
	}
	return best;
}

static void pass_on(struct way *way, size_t which)
{
	struct message message = way->held[which].message;

	if (way->lossy->ordered)
		net_write(way->out, &message, sizeof message);
	else
		datagram_send(way->out, &way->to, &message, sizeof message);
	way->count--;
	memmove(way->held + which, way->held + which + 1, (way->count - which) * sizeof *way->held);
}

/* Waits for a message, or until the first one held is due. */
static bool message_comes(const struct way *way, double until)
{
	bool takes = !way->ended && way->count < HELD_MOST;
	struct pollfd wait = {.fd = takes ? way->in : -1, .events = POLLIN};
	double left = until - net_now_ms();
	struct timespec limit = {0};

	if (left > 0) {
		limit.tv_sec = (time_t)(left / 1e3);
		limit.tv_nsec = (long)((left - (double)limit.tv_sec * 1e3) * 1e6);
	}
	return ppoll(&wait, 1, way->count > 0 ? &limit : NULL, NULL) > 0;
}

static void carry(struct way *way)
{
	while (!way->ended || way->count > 0) {
		size_t next = first(way);

		if (message_comes(way, way->held[next].due))
			take(way);
		else if (way->count > 0 && way->held[next].due <= net_now_ms())
			pass_on(way, next);
	}
}

void lossy_start(struct lossy *lossy, uint16_t to_port)
{
	struct datagram_address own = DATAGRAM_LOOPBACK;
	struct way way = {.lossy = lossy, .to = {{127, 0, 0, 1}, to_port}};
	int door = lossy->ordered ? net_listen(&lossy->port) : datagram_socket(&own);

	if (!lossy->ordered)
		lossy->port = own.port;
	lossy->pid = child_fork();
	if (lossy->pid > 0) {
		close(door);
		return;
	}
	child_keep_only(door);
	way.in = lossy->ordered ? net_accept(door) : door;
	way.out = lossy->ordered ? net_connect(to_port) : door;
	carry(&way);
	_exit(0);
}

void lossy_stop(struct lossy *lossy)
{
	child_end(lossy->pid);
}
