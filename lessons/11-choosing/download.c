/* A file, and a line that breaks before it is whole. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/base64.h"
#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "ends.h"

#define PIECE 4000 /* bytes of the file, for an event or a frame */

struct buffer {
	char *data;
	size_t size;
};

static struct buffer new_buffer(size_t size)
{
	struct buffer buffer = {malloc(size + 1), 0};

	if (!buffer.data)
		child_give_up("hold a file");
	return buffer;
}

/* The file from one byte to another as this way sends it: as it is, as text in events that have
 * numbers, or in frames. */
static struct buffer put_file(enum way way, size_t from, size_t to)
{
	struct buffer buffer = new_buffer((to - from) / 2 * 3 + 100 * (to - from) / PIECE + 8192);
	uint8_t piece[PIECE];

	for (size_t at = from; at < to; at += PIECE) {
		size_t size = to - at < PIECE ? to - at : PIECE;
		char *end = buffer.data + buffer.size;

		for (size_t i = 0; i < size; i++)
			piece[i] = (uint8_t)((at + i) * 31);
		if (way == HTTP) {
			memcpy(end, piece, size);
			buffer.size += size;
		} else if (way == WEBSOCKET) {
			buffer.size += frame_put((uint8_t *)end, FIN | BINARY, NULL, piece, size);
		} else {
			int head = sprintf(end, "id: %zu\ndata: ", at / PIECE + 1);
			base64_encode(end + head, piece, size);
			strcat(end + head, "\n\n");
			buffer.size += strlen(end);
		}
	}
	return buffer;
}

/* Writes at one end while it reads at the other: the file is larger than what fits between. */
static void pump(struct ends *ends, struct pair *pair, const struct buffer *all, char *got)
{
	size_t sent = 0, read = 0;

	while (read < all->size) {
		struct pollfd wait[2] = {
		        {.fd = pair->client, .events = POLLIN},
		        {.fd = sent < all->size ? pair->server : -1, .events = POLLOUT}};

		poll(wait, 2, -1);
		if (wait[1].revents) {
			ssize_t part = send(pair->server, all->data + sent, all->size - sent,
			                    MSG_DONTWAIT | MSG_NOSIGNAL);
			sent += part > 0 ? (size_t)part : 0;
		}
		if (wait[0].revents) {
			size_t part = net_read(pair->client, got + read, all->size - read);
			if (part == 0)
				break;
			read += part;
		}
	}
	ends->outcome->bytes += (double)read;
}

/* The request for what is missing behind `from`, and the head of its answer. If-Range: the rest is
 * of use only if it is that of the same file (RFC 9110, 13.1.5). */
static struct pair ask_http(struct ends *ends, size_t from, size_t size)
{
	struct outcome *outcome = ends->outcome;
	char got[ENDS_ROOM], range[128] = "", asked[64];

	if (from)
		snprintf(range, sizeof range, "Range: bytes=%zu-\r\nIf-Range: \"v1\"\r\n", from);
	snprintf(outcome->request, sizeof outcome->request,
	         "GET /file HTTP/1.1\r\nHost: server.example.com\r\n%s\r\n", range);
	struct pair pair = ends_ask(ends, outcome->request, got);
	if (handshake_header(got, "Range", asked, sizeof asked))
		snprintf(range, sizeof range, "Content-Range: bytes %zu-%zu/%zu\r\n",
		         (size_t)strtoul(asked + strlen("bytes="), NULL, 10), size - 1, size);
	snprintf(outcome->answer, sizeof outcome->answer,
	         "HTTP/1.1 %s\r\nETag: \"v1\"\r\n%sContent-Length: %zu\r\n\r\n",
	         from ? "206 Partial Content" : "200 OK", from ? range : "", size - from);
	ends_say(ends, pair.server, outcome->answer);
	return pair;
}

static struct pair ask_stream(struct ends *ends, size_t last)
{
	char request[ENDS_ROOM], got[ENDS_ROOM];
	int size = (int)strlen(STREAM_REQUEST) - 2; /* before the empty line */

	snprintf(request, sizeof request, "%.*s", size, STREAM_REQUEST);
	if (last)
		snprintf(request + size, sizeof request - (size_t)size, "Last-Event-ID: %zu\r\n",
		         last);
	strcat(request, "\r\n");
	struct pair pair = ends_ask(ends, request, got);
	ends_say(ends, pair.server, STREAM_HEAD);
	return pair;
}

/* The byte from which on a client asks again: HTTP by what came, SSE by the number of the last
 * event. WebSocket has no word for it. */
static size_t resume_from(enum way way, const char *got, size_t size)
{
	const char *id = NULL;

	if (way == WEBSOCKET)
		return 0;
	if (way == HTTP)
		return size;
	for (const char *next = got; (next = strstr(next, "id: ")); next++)
		id = next;
	return id ? (size_t)strtoul(id + strlen("id: "), NULL, 10) * PIECE : 0;
}

static struct pair ask(struct ends *ends, size_t from, size_t size)
{
	struct pair pair = {-1, -1};

	if (ends->way == HTTP)
		pair = ask_http(ends, from, size);
	else if (ends->way == SSE)
		pair = ask_stream(ends, from / PIECE);
	else
		return ends_upgrade(ends, true);
	ends_skip_head(pair.client);
	return pair;
}

/* Sends what lies between the two, and gives where the client would go on. */
static size_t send_part(struct ends *ends, struct pair *pair, size_t from, size_t to)
{
	struct buffer part = put_file(ends->way, from, to), got = new_buffer(part.size);

	pump(ends, pair, &part, got.data);
	got.data[part.size] = '\0';
	size_t next = resume_from(ends->way, got.data, part.size);
	free(part.data);
	free(got.data);
	ends_close(pair);
	return next;
}

void measure_file(struct ends *ends)
{
	size_t size = ends->load->size;
	size_t broken = (size_t)((double)size * ends->load->cut) / PIECE * PIECE;
	struct pair pair = ask(ends, 0, size);
	size_t from = send_part(ends, &pair, 0, broken);

	pair = ask(ends, from, size);
	ends->outcome->rest = (double)(size - from);
	send_part(ends, &pair, from, size);
}
