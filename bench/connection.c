#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "../transports/clock.h"

#define CONNECTIONS_PER_ADDRESS 10000 /* of the source, for the sake of ports */
#define ETHERNET_SEGMENT_BYTES  1460  /* RFC 9293 section 3.7.1: 1500 less two headers of 20 */

void connection_init(struct connection *connection, struct network *network, void *owner)
{
	*connection = (struct connection){.network = network, .owner = owner, .stream = {.fd = -1}};
}

static int watch(struct connection *connection, int operation, bool output)
{
	struct epoll_event event = {.events = output ? EPOLLIN | EPOLLOUT : EPOLLIN,
	                            .data.ptr = connection->owner};

	connection->watches_output = output;
	return epoll_ctl(connection->network->epoll_fd, operation, connection->stream.fd, &event)
	               ? -errno
	               : 0;
}

static void watch_output(struct connection *connection, bool output)
{
	if (output != connection->watches_output)
		watch(connection, EPOLL_CTL_MOD, output);
}

/* Many connections from one address to one port make the kernel search long for a free port. */
static int bind_source(int fd, in_addr_t first, size_t number)
{
	in_addr_t address =
	        (first ? first : INADDR_LOOPBACK) + (in_addr_t)(number / CONNECTIONS_PER_ADDRESS);
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&source, sizeof source))
		return -errno;
	return 0;
}

/* By its segments the sender's kernel measures its buffer: loopback's would hold megabytes. */
static void take_little(int fd, int bytes)
{
	int segment = ETHERNET_SEGMENT_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof segment);
}

static int start(struct connection *connection, size_t source)
{
	const struct network *network = connection->network;
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(network->port)};
	int on = 1, err, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	connection->stream.fd = fd;
	err = bind_source(fd, network->sources, source);
	if (err)
		return err;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connection->receive_bytes)
		take_little(fd, connection->receive_bytes);
	inet_pton(AF_INET, network->address, &server.sin_addr);
	if (connect(fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
		return -errno;
	return watch(connection, EPOLL_CTL_ADD, true);
}

int connection_start(struct connection *connection, size_t source, uint64_t now_ns)
{
	int err;

	bytes_clear(&connection->out);
	connection->begun_ns = now_ns;
	connection->connected_ns = connection->open_ns = 0;
	connection->state = CONNECTION_CONNECTING;
	err = start(connection, source);
	if (err)
		connection_close(connection);
	return err;
}

/* TCP is established, or will not be. */
static int take_connect(struct connection *connection, uint64_t now_ns)
{
	struct network *network = connection->network;
	struct stream *stream = &connection->stream;
	socklen_t size = sizeof(int);
	int error_number = 0;

	getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
	if (error_number)
		return -error_number;
	connection->connected_ns = now_ns;
	connection->state = CONNECTION_SECURING;
	if (!network->tls)
		return 0;
	stream->tls = tls_open(network->tls, stream->fd, network->address);
	return stream->tls ? 0 : -ENOMEM;
}

static void note_why(struct connection *connection, ssize_t err)
{
	struct network *network = connection->network;

	if (err == -EPROTO && connection->stream.tls)
		snprintf(network->why, sizeof network->why, "%s", tls_why(connection->stream.tls));
}

int connection_advance(struct connection *connection, uint64_t now_ns)
{
	struct stream *stream = &connection->stream;
	int err = 0;

	if (connection->state == CONNECTION_CONNECTING)
		err = take_connect(connection, now_ns);
	if (!err && stream->tls)
		err = tls_handshake(stream->tls);
	if (err == -EAGAIN) {
		watch_output(connection, stream_wants_write(stream));
		return err;
	}
	note_why(connection, err);
	if (err) {
		connection_close(connection);
		return err;
	}
	/* The last step of a handshake takes its time: a certificate is verified. */
	connection->open_ns = stream->tls ? clock_now_ns() : now_ns;
	connection->state = CONNECTION_OPEN;
	return 0;
}

void connection_flush(struct connection *connection)
{
	struct bytes *out = &connection->out;
	ssize_t sent = 0;

	while (!connection->held && bytes_size(out) && sent >= 0) {
		sent = stream_write(&connection->stream, bytes_data(out), bytes_size(out));
		if (sent < 0)
			break;
		connection->network->bytes_up += (uint64_t)sent;
		bytes_consume(out, (size_t)sent);
	}
	watch_output(connection, sent == -EAGAIN && (!connection->stream.tls ||
	                                             stream_wants_write(&connection->stream)));
}

ssize_t connection_read(struct connection *connection, void *data, size_t size)
{
	ssize_t got = stream_read(&connection->stream, data, size);

	if (got > 0)
		connection->network->bytes_down += (uint64_t)got;
	else if (got == -EAGAIN && stream_wants_write(&connection->stream))
		watch_output(connection, true);
	note_why(connection, got);
	return got;
}

void connection_ignore(struct connection *connection)
{
	if (connection->stream.fd >= 0)
		epoll_ctl(connection->network->epoll_fd, EPOLL_CTL_DEL, connection->stream.fd,
		          NULL);
}

bool connection_has_pending(const struct connection *connection)
{
	return connection->state == CONNECTION_OPEN && stream_has_pending(&connection->stream);
}

void connection_add_totals(const struct connection *connection, struct tcp_totals *totals)
{
	if (connection->stream.fd >= 0)
		tcp_totals_add(totals, connection->stream.fd);
}

void connection_close(struct connection *connection)
{
	connection_add_totals(connection, &connection->network->closed);
	stream_close(&connection->stream);
	connection->state = CONNECTION_CLOSED;
}

void connection_reset(struct connection *connection)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	struct stream *stream = &connection->stream;

	connection_add_totals(connection, &connection->network->closed);
	/* With SO_LINGER, TLS would take its leave before the socket is closed. */
	(void)!connect(stream->fd, &nobody, sizeof nobody);
	stream_close(stream);
	connection->state = CONNECTION_CLOSED;
}

void connection_free(struct connection *connection)
{
	if (connection->network)
		connection_close(connection);
	bytes_free(&connection->out);
}
