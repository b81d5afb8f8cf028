#include "stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t stream_read(struct stream *stream, void *data, size_t size)
{
	ssize_t got;

	if (stream->tls)
		return tls_read(stream->tls, data, size);
	do
		got = recv(stream->fd, data, size, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t stream_write(struct stream *stream, const void *data, size_t size)
{
	ssize_t sent;

	if (stream->tls)
		return tls_write(stream->tls, data, size);
	do
		sent = send(stream->fd, data, size, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

bool stream_has_pending(const struct stream *stream)
{
	return stream->tls && tls_has_pending(stream->tls);
}

bool stream_wants_write(const struct stream *stream)
{
	return stream->tls && tls_wants_write(stream->tls);
}

void stream_shutdown(struct stream *stream)
{
	if (stream->tls)
		tls_shutdown(stream->tls);
	shutdown(stream->fd, SHUT_WR);
}

void stream_close(struct stream *stream)
{
	tls_close(&stream->tls);
	if (stream->fd >= 0)
		close(stream->fd);
	stream->fd = -1;
}
