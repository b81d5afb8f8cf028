#include "net.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Looks at what there is without taking it away; 0 at the end. */
static size_t peek(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = recv(fd, data, size, MSG_PEEK);
	while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : (size_t)got;
}

/* Reads a head, which the empty line ends, and not a byte behind it. */
static size_t read_head(int fd, char *head, size_t size)
{
	size_t used = 0;
	size_t seen;

	while (used < size && (seen = peek(fd, head + used, size - used)) > 0) {
		size_t from = used > 3 ? used - 3 : 0; /* the empty line may be in two pieces */
		char *end = memmem(head + from, used + seen - from, "\r\n\r\n", 4);

		if (end != NULL)
			seen = (size_t)(end + 4 - head) - used;
		used += net_read_all(fd, head + used, seen);
		if (end != NULL)
			break;
	}
	return used;
}

static bool has_no_body(const char *head)
{
	long status = 0;

	if (strncmp(head, "HTTP/", 5) == 0)
		status = strtol(head + strcspn(head, " "), NULL, 10);
	return (status >= 100 && status < 200) || status == 204 || status == 304;
}

static size_t content_length(const char *head)
{
	static const char name[] = "\nContent-Length:";
	const char *line = strcasestr(head, name);

	return line == NULL ? 0 : (size_t)strtoul(line + sizeof(name) - 1, NULL, 10);
}

size_t net_read_http(int fd, char *head_and_body, size_t size)
{
	size_t used = read_head(fd, head_and_body, size - 1);
	size_t body;

	head_and_body[used] = '\0';
	body = has_no_body(head_and_body) ? 0 : content_length(head_and_body);
	if (body > size - 1 - used)
		body = size - 1 - used;
	used += net_read_all(fd, head_and_body + used, body);
	head_and_body[used] = '\0';
	return used;
}
