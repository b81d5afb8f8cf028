#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel cuts the backlog down to net.core.somaxconn, which may be above SOMAXCONN. */
static int bound_socket(const struct addrinfo *info)
{
	int on = 1, err;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
	    !bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, INT_MAX))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int listen_tcp(const char *address, uint16_t port)
{
	struct addrinfo *info,
	        hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	char service[8];
	int fd;

	snprintf(service, sizeof service, "%u", (unsigned)port);
	if (getaddrinfo(address, service, &hints, &info))
		return -EINVAL;
	fd = bound_socket(info);
	freeaddrinfo(info);
	return fd;
}

uint16_t listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = {0};
	socklen_t size = sizeof address;

	if (getsockname(fd, &address.any, &size))
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
	                                               : address.v4.sin_port);
}
