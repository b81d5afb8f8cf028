#include "limited.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "descriptors.h"

static void watch(const struct limited *server, int how, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	epoll_ctl(server->poller, how, fd, &event);
}

void limited_watch_client(struct limited *server, int connection)
{
	watch(server, EPOLL_CTL_ADD, connection, EPOLLIN);
}

void limited_watch_listener(struct limited *server, bool watched)
{
	watch(server, EPOLL_CTL_MOD, server->listener, watched ? EPOLLIN : 0);
}

static _Noreturn void serve(struct limited *server, limited_meet *meet, unsigned allowed)
{
	struct epoll_event event;
	char byte;

	child_keep_only(server->listener);
	descriptors_allow(allowed);
	server->poller = epoll_create1(0);
	server->in_use = descriptors_in_use();
	server->spare = -1;
	watch(server, EPOLL_CTL_ADD, server->listener, EPOLLIN);
	for (;;) {
		if (epoll_wait(server->poller, &event, 1, -1) != 1)
			continue;
		if (event.data.fd == server->listener) {
			meet(server);
		} else if (net_read(event.data.fd, &byte, 1) == 0) {
			close(event.data.fd);
			limited_watch_listener(server, true);
		}
	}
}

static void observe(struct limited_seen *seen, const struct limited *server, pid_t pid)
{
	double used = cpu_ms_of(pid);

	seen->failed = server->failed;
	net_sleep_until_ms(net_now_ms() + 100);
	seen->in_vain = server->failed - seen->failed;
	seen->cpu_ms = cpu_ms_of(pid) - used;
}

static unsigned let_in_for_one(const struct limited *server, struct crowd *crowd)
{
	unsigned accepted = server->accepted;

	crowd_one_leaves(crowd, 0);
	for (int i = 0; i < 100 && server->accepted == accepted; i++)
		net_sleep_until_ms(net_now_ms() + 1);
	return server->accepted - accepted;
}

struct limited_seen limited_try(limited_meet *meet, unsigned allowed)
{
	struct limited *server = net_share(sizeof *server);
	struct limited_seen seen;
	struct crowd crowd;
	uint16_t port;

	descriptors_fill_first_three();
	descriptors_need(allowed + 32); /* the clients are ours */
	server->listener = net_listen(&port);
	pid_t pid = child_fork();
	if (pid == 0)
		serve(server, meet, allowed);
	close(server->listener);
	crowd_connect(&crowd, allowed, port);
	while (server->accepted + server->refused < allowed && server->failed == 0)
		net_sleep_until_ms(net_now_ms() + 1);
	observe(&seen, server, pid);
	seen.in_use = server->in_use;
	seen.error = server->error;
	seen.fares = crowd_fares(&crowd);
	seen.let_in = let_in_for_one(server, &crowd);
	child_end(pid);
	crowd_leave(&crowd);
	return seen;
}
