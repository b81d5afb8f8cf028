#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "network.h"

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	                            .sin_port = htons(port),
	                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Routes have ports below those that the kernel gives. */
#define ROUTES     256
#define ROUTE_PORT 20000

static struct sockaddr_in routes[ROUTES];
static unsigned routes_made;

uint16_t net_route(uint32_t address, uint16_t port)
{
	unsigned number = routes_made++ % ROUTES;

	routes[number] = (struct sockaddr_in){
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
	return (uint16_t)(ROUTE_PORT + number);
}

static struct sockaddr_in where_to(uint16_t port)
{
	unsigned number = port - ROUTE_PORT;

	return port >= ROUTE_PORT && number < ROUTES && routes[number].sin_port ? routes[number]
	                                                                        : loopback(port);
}

static int make_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		child_give_up("make a socket");
	return fd;
}

/* Else small writes would wait for the peer to acknowledge the ones before. */
static void send_at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int net_listen(uint16_t *port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);
	int fd = make_socket();

	if (network_is_private()) /* from its links, too; nobody else is there */
		address.sin_addr.s_addr = htonl(INADDR_ANY);
	if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		child_give_up("listen on 127.0.0.1");
	*port = ntohs(address.sin_port);
	return fd;
}

int net_try_connect(uint16_t port)
{
	struct sockaddr_in address = where_to(port);
	int fd = make_socket();

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int reason = errno;

		close(fd);
		errno = reason;
		return -1;
	}
	send_at_once(fd);
	return fd;
}

int net_connect(uint16_t port)
{
	char what[64];
	int fd = net_try_connect(port);

	if (fd < 0) {
		snprintf(what, sizeof(what), "connect to 127.0.0.1, port %u", port);
		child_give_up(what);
	}
	return fd;
}

int net_accept(int listener)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		child_give_up("accept a connection");
	send_at_once(fd);
	return fd;
}

void net_write(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return;
		if (sent < 0)
			child_give_up("write to a connection");
		at += sent;
		size -= (size_t)sent;
	}
}

size_t net_read(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = recv(fd, data, size, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno != ECONNRESET)
		child_give_up("read from a connection");
	return got < 0 ? 0 : (size_t)got;
}

size_t net_read_all(int fd, void *data, size_t size)
{
	size_t used = 0;
	size_t got;

	while (used < size && (got = net_read(fd, (char *)data + used, size - used)) > 0)
		used += got;
	return used;
}

void *net_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		child_give_up("share memory");
	return memory;
}

pid_t net_serve(int listener, void (*serve)(int connection, void *user), void *user)
{
	pid_t pid = child_fork();

	if (pid > 0)
		return pid;
	for (;;) {
		int connection = net_accept(listener);

		serve(connection, user);
		close(connection);
	}
}

void net_stop(pid_t pid)
{
	child_end(pid);
}

double net_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void net_sleep_until_ms(double when)
{
	double seconds = when / 1e3;
	struct timespec until = {.tv_sec = (time_t)seconds};

	until.tv_nsec = (long)((seconds - (double)until.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		continue;
}
