#include "ends.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

static int begin(struct ends *ends)
{
	return net_connect(ends->real ? ends->link.port : ends->port);
}

struct pair ends_connect(struct ends *ends)
{
	int client = begin(ends);

	return (struct pair){client, net_accept(ends->listener)};
}

struct pair ends_ask(struct ends *ends, const char *request, char *got)
{
	int client = begin(ends);

	ends_say(ends, client, request);
	struct pair pair = {client, net_accept(ends->listener)};
	net_read_http(pair.server, got, ENDS_ROOM);
	return pair;
}

void ends_close(struct pair *pair)
{
	if (pair->client >= 0)
		close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
	*pair = (struct pair){-1, -1};
}

void ends_write(struct ends *ends, int fd, const void *data, size_t size)
{
	net_write(fd, data, size);
	ends->outcome->bytes += (double)size;
}

void ends_say(struct ends *ends, int fd, const char *text)
{
	ends_write(ends, fd, text, strlen(text));
}

void ends_frame(struct ends *ends, int fd, bool client, unsigned opcode, const void *data,
                size_t size)
{
	uint8_t wire[FRAME_WIRE_MOST];

	ends_write(ends, fd, wire,
	           frame_put(wire, FIN | opcode, client ? frame_key : NULL, data, size));
}

struct pair ends_upgrade(struct ends *ends, bool awaited)
{
	char request[ENDS_ROOM], answer[ENDS_ROOM];

	handshake_request(request, sizeof request, "/chat", "");
	struct pair pair = ends_ask(ends, request, answer);
	handshake_answer(answer, sizeof answer, request);
	ends_say(ends, pair.server, answer);
	if (awaited)
		ends_skip_head(pair.client);
	return pair;
}

void ends_skip_head(int fd)
{
	char last[4] = "";

	while (memcmp(last, "\r\n\r\n", 4) != 0) {
		memmove(last, last + 1, 3);
		if (net_read(fd, last + 3, 1) == 0)
			return;
	}
}

void ends_read_event(int fd, char *data, size_t room)
{
	size_t size = 0;
	ssize_t seen;

	/* Looks first, so that nothing behind the event is taken. */
	while ((seen = recv(fd, data + size, room - 1 - size, MSG_PEEK)) > 0) {
		size_t from = size > 0 ? size - 1 : 0, all = size + (size_t)seen;
		const char *end = memmem(data + from, all - from, "\n\n", 2);

		size += net_read_all(fd, data + size,
		                     end ? (size_t)(end + 2 - data) - size : (size_t)seen);
		if (end)
			break;
	}
	size = size > 8 ? size - 8 : 0;
	memmove(data, data + strlen("data: "), size);
	data[size] = '\0';
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double nine_of_ten(double *late, int count)
{
	if (count == 0)
		return 0;
	qsort(late, (size_t)count, sizeof *late, compare);
	return late[(9 * count + 9) / 10 - 1];
}
