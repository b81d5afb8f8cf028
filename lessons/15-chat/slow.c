#include "slow.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/net.h"

/* A socket that was full takes more while bytes move on from this side's buffer to the other's.
 * When nothing has moved for so long, that is over. */
#define SETTLED_MS 100

static const char price[] = "{\"share\": \"EXMPL\", \"price\": 100.25, \"at\": \"12:00:00.000\"}";

/* A message comes that the socket does not take. */
static void put(struct queue *queue, enum policy policy, unsigned id)
{
	if (queue->ended > 0 || queue->waiting == KEPT_MOST)
		return;
	for (size_t i = 0; policy == MERGE && i < queue->waiting; i++) {
		if (queue->ids[i] % SHARES == id % SHARES) {
			queue->ids[i] = id;
			queue->merged++;
			return;
		}
	}
	if (policy == DISCONNECT && queue->waiting == QUEUE_MOST) {
		queue->waiting = 0;
		queue->ended = id;
		return;
	}
	if (policy == DROP_OLDEST && queue->waiting == QUEUE_MOST) {
		memmove(queue->ids, queue->ids + 1, (QUEUE_MOST - 1) * sizeof *queue->ids);
		queue->waiting--;
		queue->dropped++;
	}
	queue->ids[queue->waiting++] = id;
}

int slow_connect(void)
{
	uint16_t port;
	int listener = net_listen(&port);

	net_connect(port); /* the client: nobody ever reads here */
	int connection = net_accept(listener);
	close(listener);
	return connection;
}

/* Writes one frame from its byte number `at` on, and gives how many bytes of it were taken. */
static size_t write_some(int connection, size_t at, size_t *size)
{
	uint8_t wire[FRAME_WIRE_MOST];

	*size = frame_put(wire, FIN | TEXT, NULL, price, sizeof price - 1);
	ssize_t sent = send(connection, wire + at, *size - at, MSG_DONTWAIT | MSG_NOSIGNAL);
	return sent < 0 ? 0 : (size_t)sent;
}

/* Whether it has room again, as poll says it; waits so long for it at most. */
static bool is_writable(int connection, int wait_ms)
{
	struct pollfd wait = {.fd = connection, .events = POLLOUT};

	return poll(&wait, 1, wait_ms) > 0;
}

size_t slow_fill(int connection)
{
	size_t taken = 0, at = 0, size, sent;

	while (is_writable(connection, SETTLED_MS)) {
		while ((sent = write_some(connection, at, &size)) > 0) {
			at = (at + sent) % size; /* of a frame that was cut the rest comes first */
			taken += at == 0;
		}
	}
	return taken;
}

double slow_say(int connection, struct queue queues[POLICIES], double rate, double for_ms)
{
	double start = net_now_ms();

	for (unsigned id = 1; id <= rate * for_ms; id++) {
		net_sleep_until_ms(start + id / rate);
		if (is_writable(connection, 0))
			continue;
		for (unsigned i = 0; i < POLICIES; i++)
			put(&queues[i], i, id);
	}
	return net_now_ms() - start;
}
