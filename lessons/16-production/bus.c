#include "bus.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"

static void pass_on(const int *ends, unsigned count, unsigned from)
{
	char message[4096];
	ssize_t size = recv(ends[from], message, sizeof message, 0);

	if (size <= 0)
		_exit(0); /* the processes have gone */
	for (unsigned i = 0; i < count; i++)
		if (i != from)
			send(ends[i], message, (size_t)size, MSG_NOSIGNAL);
}

static _Noreturn void run(const int *ends, unsigned count)
{
	struct pollfd waits[BUS_MOST];

	for (unsigned i = 0; i < count; i++)
		waits[i] = (struct pollfd){.fd = ends[i], .events = POLLIN};
	for (;;) {
		if (poll(waits, count, -1) < 0)
			continue;
		for (unsigned i = 0; i < count; i++)
			if (waits[i].revents)
				pass_on(ends, count, i);
	}
}

void bus_start(int *ends, unsigned count)
{
	int ours[BUS_MOST];

	for (unsigned i = 0; i < count; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
			child_give_up("make a bus");
		ends[i] = pair[0];
		ours[i] = pair[1];
	}
	if (child_fork() == 0) {
		for (unsigned i = 0; i < count; i++)
			close(ends[i]);
		run(ours, count);
	}
	for (unsigned i = 0; i < count; i++)
		close(ours[i]);
}
