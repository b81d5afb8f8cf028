/* A connected, non-blocking socket, with TLS or without. */
#ifndef TRANSPORTS_STREAM_H
#define TRANSPORTS_STREAM_H

#include "tls.h"

struct stream {
	int fd;          /* owned; -1: none */
	struct tls *tls; /* owned; NULL: plain */
};

/* Bytes read, 0 at the end of the stream, -EAGAIN, or another negative errno. */
ssize_t stream_read(struct stream *stream, void *data, size_t size);

/* Bytes written, -EAGAIN, or another negative errno; never SIGPIPE. After -EAGAIN the same bytes
 * must be offered again first. */
ssize_t stream_write(struct stream *stream, const void *data, size_t size);

/* Reading would give bytes, or an end, though the socket may not become readable. */
bool stream_has_pending(const struct stream *stream);

/* Progress waits for the socket to become writable. */
bool stream_wants_write(const struct stream *stream);

/* Tells the peer that nothing more comes; what it still sends can be read. */
void stream_shutdown(struct stream *stream);

/* Closes what is open; the stream is then none. */
void stream_close(struct stream *stream);

#endif
