#include "datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/child.h"

static struct sockaddr_in to_system(const struct datagram_address *address)
{
	struct sockaddr_in system = {.sin_family = AF_INET, .sin_port = htons(address->port)};

	memcpy(&system.sin_addr, address->ip, sizeof address->ip);
	return system;
}

static void from_system(struct datagram_address *address, const struct sockaddr_in *system)
{
	memcpy(address->ip, &system->sin_addr, sizeof address->ip);
	address->port = ntohs(system->sin_port);
}

int datagram_socket(struct datagram_address *address)
{
	struct sockaddr_in system = to_system(address);
	socklen_t size = sizeof system;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		child_give_up("make a socket");
	if (bind(fd, (struct sockaddr *)&system, size) < 0) {
		if (errno != EADDRINUSE)
			child_give_up("give a socket its address");
		close(fd);
		return -1;
	}
	if (getsockname(fd, (struct sockaddr *)&system, &size) < 0)
		child_give_up("ask for a socket's address");
	from_system(address, &system);
	return fd;
}

/* Where the receiver is gone, the next call may be told so: for a datagram that is no error. */
void datagram_send(int fd, const struct datagram_address *to, const void *data, size_t size)
{
	struct sockaddr_in system = to_system(to);

	while (sendto(fd, data, size, 0, (struct sockaddr *)&system, sizeof system) < 0) {
		if (errno == ECONNREFUSED || errno == ENOBUFS)
			return;
		if (errno != EINTR)
			child_give_up("send a datagram");
	}
}

size_t datagram_receive(int fd, void *data, size_t size, struct datagram_address *from,
                        double limit_ms)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	struct sockaddr_in system = {0};
	socklen_t system_size = sizeof system;
	ssize_t got;

	if (poll(&wait, 1, limit_ms < 0 ? -1 : (int)limit_ms) <= 0)
		return 0;
	got = recvfrom(fd, data, size, 0, (struct sockaddr *)&system, &system_size);
	if (got < 0 && errno != ECONNREFUSED && errno != EINTR)
		child_give_up("receive a datagram");
	if (from)
		from_system(from, &system);
	return got < 0 ? 0 : (size_t)got;
}
