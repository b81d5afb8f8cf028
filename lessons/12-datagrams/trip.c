#include "trip.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "../stage/stage.h"
#include "datagram.h"

#define TIMES 8

/* The sender is a child process with the same clock as we have, and so each message can say when it
 * was to be sent. Should the sender be woken too late, that counts as delay. */
static void send_all(const struct lossy *lossy, double every_ms)
{
	struct datagram_address own = DATAGRAM_LOOPBACK, to = DATAGRAM_LOOPBACK;
	int fd = lossy->ordered ? net_connect(lossy->port) : datagram_socket(&own);
	double start = net_now_ms() + every_ms;

	to.port = lossy->port;
	for (int n = 1; n <= MESSAGES; n++) {
		struct message message;

		memset(&message, 0, sizeof message);
		message.number = n;
		message.sent_ms = start + n * every_ms;
		net_sleep_until_ms(message.sent_ms);
		if (lossy->ordered)
			net_write(fd, &message, sizeof message);
		else
			datagram_send(fd, &to, &message, sizeof message);
	}
	close(fd);
}

/* A stream has an end that can be read. Datagrams have none: after so long a silence it is over. */
static void receive_all(struct trip *trip, int fd, bool ordered, double silence_ms)
{
	struct message message;
	int came = 0;

	while (sizeof message ==
	       (ordered ? net_read_all(fd, &message, sizeof message)
	                : datagram_receive(fd, &message, sizeof message, NULL, silence_ms))) {
		if (message.number < 1 || message.number > MESSAGES)
			continue;
		trip->took_ms[message.number] = net_now_ms() - message.sent_ms;
		trip->place[message.number] = ++came;
	}
}

static void measure_once(struct trip *trip, struct lossy lossy, double every_ms)
{
	struct datagram_address own = DATAGRAM_LOOPBACK;
	int fd = lossy.ordered ? net_listen(&own.port) : datagram_socket(&own);

	lossy_start(&lossy, own.port);
	pid_t sender = child_fork();
	if (sender == 0) {
		send_all(&lossy, every_ms);
		_exit(0);
	}
	int from = lossy.ordered ? net_accept(fd) : fd;
	receive_all(trip, from, lossy.ordered, 3 * every_ms + lossy.delay_ms + lossy.repair_ms);
	child_end(sender);
	lossy_stop(&lossy);
}

static void keep_fastest(struct trip *trip, const struct trip *other)
{
	for (int n = 1; n <= MESSAGES; n++) {
		double took = other->took_ms[n];

		if (took > 0 && (trip->took_ms[n] == 0 || took < trip->took_ms[n]))
			trip->took_ms[n] = took;
		if (other->place[n] > trip->place[n])
			trip->place[n] = other->place[n];
	}
}

void trip_measure(struct trip *trip, const struct lossy *lossy, double every_ms)
{
	struct trip *trips = net_share(TIMES * sizeof *trips);
	double start = net_now_ms();
	pid_t pids[TIMES];
	int status;

	for (int i = 0; i < TIMES; i++) {
		pids[i] = child_fork();
		if (pids[i] == 0) {
			net_sleep_until_ms(start + i * 1.1 * every_ms);
			measure_once(&trips[i], *lossy, every_ms);
			_exit(0);
		}
	}
	memset(trip, 0, sizeof *trip);
	for (int i = 0; i < TIMES; i++) {
		if (!child_wait(pids[i], 10000, &status))
			child_end(pids[i]);
		keep_fastest(trip, &trips[i]);
	}
	munmap(trips, TIMES * sizeof *trips);
}

int trip_late(const struct trip *trip, double limit_ms)
{
	int late = 0;

	for (int n = LOST + 1; n <= MESSAGES; n++)
		late += trip->took_ms[n] > limit_ms;
	return late;
}

int trip_lost(const struct trip *trip)
{
	int lost = 0;

	for (int n = 1; n <= MESSAGES; n++)
		lost += trip->took_ms[n] == 0;
	return lost;
}

void trip_show(const struct trip *trip, double limit_ms)
{
	char text[1024] = "";
	int last = LOST + 1;

	while (last < MESSAGES && trip->took_ms[last] > limit_ms)
		last++;
	for (int n = LOST - 1; n <= last; n++) {
		size_t used = strlen(text);
		const char *late = trip->took_ms[n] > limit_ms ? ", late" : "";
		const char *next = n < last ? "\n" : "";

		if (trip->took_ms[n] == 0)
			snprintf(text + used, sizeof text - used, "  message %d: never%s", n, next);
		else
			snprintf(text + used, sizeof text - used, "  message %d: %.0f ms%s%s", n,
			         trip->took_ms[n], late, next);
	}
	stage_say("%s", text);
}
