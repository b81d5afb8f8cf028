#include "segment.h"

#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "lossy.h"

enum { BEFORE = 4 }; /* messages before the one that is lost */

static void send_some(uint16_t port, double every_ms, int messages)
{
	int fd = net_connect(port);
	double start = net_now_ms() + every_ms;

	for (int n = 1; n <= messages; n++) {
		struct message message;

		memset(&message, 0, sizeof message);
		message.number = n;
		message.sent_ms = start + n * every_ms;
		net_sleep_until_ms(message.sent_ms);
		net_write(fd, &message, sizeof message);
	}
	pause(); /* an end of the stream would come behind the last message, and tell of the gap */
}

/* Nothing passes until then. */
static bool lose_until(int fd, double when)
{
	struct sock_filter keep_nothing = {BPF_RET | BPF_K, 0, 0, 0};
	struct sock_fprog program = {1, &keep_nothing};
	int none = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
		return false;
	net_sleep_until_ms(when);
	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) == 0;
}

/* How long the message behind the first ones took, less than 0: it could not be lost. */
static double receive_some(int fd, double every_ms)
{
	struct message message = {0};
	double took = -1;

	for (int n = 1; n <= BEFORE + 1; n++) {
		if (net_read_all(fd, &message, sizeof message) != sizeof message)
			return -1;
		took = net_now_ms() - message.sent_ms;
		if (n == BEFORE && !lose_until(fd, message.sent_ms + 1.5 * every_ms))
			return -1;
	}
	return took;
}

static double try_once(double every_ms, bool followed)
{
	uint16_t port;
	int listener = net_listen(&port);
	pid_t sender = child_fork();

	if (sender == 0) {
		send_some(port, every_ms, BEFORE + 1 + followed);
		_exit(0);
	}
	int fd = net_accept(listener);
	double took = receive_some(fd, every_ms);
	close(fd);
	close(listener);
	child_end(sender);
	return took;
}

/* Where the machine was too busy to lose it in time, it has come at once. */
double segment_repair(double every_ms, bool followed)
{
	double took = 0;

	for (int i = 0; i < 5 && took >= 0 && took < every_ms / 2; i++)
		took = try_once(every_ms, followed);
	return took;
}
