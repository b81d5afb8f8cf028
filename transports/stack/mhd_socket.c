#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "mhd_server.h"

#define CORK_BYTES (16 << 10) /* so much is put together before it is sent */

static const struct mhd_endpoint *cell_of(const struct mhd_request *request)
{
	return request->endpoint->cell;
}

struct MHD_Response *mhd_upgrade_response(struct mhd_request *request)
{
	return MHD_create_response_for_upgrade(mhd_socket_open, request);
}

/* Gives it back: libmicrohttpd closes the connection, and says that the request is over. */
void mhd_socket_close(struct mhd_socket *socket)
{
	struct mhd_request *request = socket->request;
	struct mhd_server *server = request->server;

	if (!socket->handle)
		return;
	mhd_unsubscribe(request);
	deadline_clear(&server->deadlines, &request->deadline);
	epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, socket->fd, NULL);
	TAILQ_REMOVE(&server->sockets, socket, link);
	mhd_tls_give_back(socket);
	server->tls_given_back += socket->tls != NULL;
	MHD_upgrade_action(socket->handle, MHD_UPGRADE_ACTION_CLOSE);
	socket->handle = NULL;
	server->resumed = true;
}

void mhd_socket_free(struct mhd_socket *socket)
{
	if (socket && socket->tls)
		socket->request->server->tls_given_back--;
	free(socket);
}

static ssize_t write_some(struct mhd_socket *socket, const void *data, size_t size)
{
	return socket->tls ? mhd_tls_write(socket, data, size)
	                   : send(socket->fd, data, size, MSG_NOSIGNAL);
}

static ssize_t read_some(struct mhd_socket *socket, void *data, size_t size)
{
	return socket->tls ? mhd_tls_read(socket, data, size) : recv(socket->fd, data, size, 0);
}

static void watch(struct mhd_request *request, bool blocked)
{
	struct mhd_socket *socket = request->socket;
	/* Pings of who takes no pong wait in the kernel until they can be answered. */
	uint32_t events = !blocked ? EPOLLIN : socket->lingering ? EPOLLIN | EPOLLOUT : EPOLLOUT;

	if (request->blocked != blocked || blocked)
		mhd_change_source(request->server, socket->fd, events, &socket->source);
	request->blocked = blocked;
}

/* What has been sent of what waited gives it time for the rest. A token that is owed is expected
 * all the same, whatever is sent. */
static void time_sending(struct mhd_request *request, size_t waited)
{
	size_t waiting = bytes_size(&request->buffer);
	bool lingering = request->socket->lingering;

	if (!request->subscriber.topic && !lingering)
		return;
	if (waiting && (!request->blocked || waiting < waited))
		mhd_expect(request, mhd_config(request)->idle_timeout_ns);
	else if (!waiting && request->blocked && !lingering)
		deadline_clear(&request->server->deadlines, &request->peer->deadline);
}

int mhd_flush(struct mhd_request *request)
{
	struct bytes *out = &request->buffer;
	size_t waiting = bytes_size(out);
	ssize_t sent = 0;

	if (out->failed || !request->socket->handle)
		return -1;
	while (bytes_size(out) && sent >= 0) {
		sent = write_some(request->socket, bytes_data(out), bytes_size(out));
		if (sent > 0)
			bytes_consume(out, (size_t)sent);
	}
	if (sent < 0 && errno != EAGAIN) {
		mhd_socket_close(request->socket);
		return -1;
	}
	time_sending(request, waiting);
	watch(request, bytes_size(out) > 0);
	if (!request->blocked)
		bytes_free(out); /* an idle connection holds no buffer */
	return 0;
}

int mhd_send(struct mhd_request *request, const void *data, size_t size, bool more)
{
	const uint8_t *rest = data;
	ssize_t sent = 0;

	if (!request->socket->handle)
		return -1;
	if (!more && !bytes_size(&request->buffer)) {
		sent = write_some(request->socket, data, size);
		if (sent == (ssize_t)size)
			return 0;
		if (sent < 0 && errno != EAGAIN) {
			mhd_socket_close(request->socket);
			return -1;
		}
	}
	if (sent > 0) {
		rest += sent;
		size -= (size_t)sent;
	}
	bytes_append(&request->buffer, rest, size);
	if (request->buffer.failed)
		return -1;
	if (request->blocked || (more && bytes_size(&request->buffer) < CORK_BYTES))
		return 0;
	return mhd_flush(request);
}

const struct bytes *mhd_frame(struct mhd_request *request, const struct message *message,
                              void (*append)(struct bytes *out, const struct message *message))
{
	struct mhd_frame *frame = &request->server->frame;
	const struct topic *topic = request->subscription.topic;

	if (frame->topic != topic || frame->id != message->id || frame->append != append) {
		bytes_clear(&frame->bytes);
		append(&frame->bytes, message);
		frame->topic = topic;
		frame->id = message->id;
		frame->append = append;
	}
	if (!frame->bytes.failed)
		return &frame->bytes;
	bytes_free(&frame->bytes);
	frame->topic = NULL;
	return NULL;
}

static void say_end(struct mhd_socket *socket)
{
	mhd_tls_shutdown(socket);
	shutdown(socket->fd, SHUT_WR);
}

/* Sends what is left and then waits for the peer to close: closing first could make the kernel
 * throw away what the peer has not read yet. */
static void linger(struct mhd_request *request)
{
	struct mhd_socket *socket = request->socket;

	socket->lingering = true;
	mhd_unsubscribe(request);
	deadline_clear(&request->server->deadlines, &request->deadline);
	if (request->buffer.failed) {
		mhd_socket_close(socket);
		return;
	}
	mhd_expect(request, mhd_config(request)->request_timeout_ns);
	if (!mhd_flush(request) && !request->blocked)
		say_end(socket);
}

static void go_on(struct mhd_request *request, int result)
{
	if (request->socket->handle && !request->socket->lingering && result)
		linger(request);
}

void mhd_socket_has_news(struct mhd_request *request)
{
	go_on(request, cell_of(request)->writable(request));
}

void mhd_socket_waited(struct mhd_request *request)
{
	if (!request->blocked)
		go_on(request, cell_of(request)->writable(request));
}

static void take_space(struct mhd_request *request)
{
	if (mhd_flush(request) || request->blocked)
		return;
	if (request->socket->lingering)
		say_end(request->socket);
	else if (request->subscriber.topic)
		go_on(request, cell_of(request)->writable(request));
}

static void take(struct mhd_request *request, const uint8_t *data, size_t size)
{
	int err = cell_of(request)->received(request, data, size);

	/* A message of its own that came back while an answer was being made has waited. */
	if (!err && request->subscriber.topic && !request->blocked)
		err = cell_of(request)->writable(request);
	go_on(request, err);
}

static void take_input(struct mhd_socket *socket)
{
	uint8_t *input = socket->request->server->input;
	ssize_t size = read_some(socket, input, MHD_INPUT_BYTES);

	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0)
		mhd_socket_close(socket);
	else if (!socket->lingering)
		take(socket->request, input, (size_t)size);
}

static bool can_read(const struct mhd_socket *socket)
{
	return socket->handle && (socket->lingering || !socket->request->blocked);
}

static void socket_ready(void *user)
{
	struct mhd_socket *socket = user;

	if (socket->handle && socket->request->blocked)
		take_space(socket->request);
	if (can_read(socket))
		take_input(socket);
	while (can_read(socket) && mhd_tls_has_pending(socket))
		take_input(socket);
}

static int watch_socket(struct mhd_request *request)
{
	struct mhd_socket *socket = request->socket;
	struct mhd_server *server = request->server;
	int on = 1;

	/* libmicrohttpd has switched it off. */
	setsockopt(socket->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return mhd_change_source(server, socket->fd, EPOLLIN, &socket->source);
}

void mhd_socket_open(void *cls, struct MHD_Connection *connection, void *request_cls,
                     const char *extra, size_t extra_size, MHD_socket fd,
                     struct MHD_UpgradeResponseHandle *handle)
{
	struct mhd_request *request = cls;
	struct mhd_server *server = request->server;
	struct mhd_socket *socket = calloc(1, sizeof *socket);
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	(void)request_cls;
	(void)fd; /* the connection's, or with TLS one of a pair: mhd_tls.c */
	if (!socket) {
		MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
		server->resumed = true;
		return;
	}
	*socket = (struct mhd_socket){.source = {.ready = socket_ready, .user = socket},
	                              .request = request,
	                              .handle = handle,
	                              .tls = info ? info->tls_session : NULL,
	                              .fd = request->peer->fd};
	request->socket = socket;
	mhd_tls_take(socket);
	TAILQ_INSERT_TAIL(&server->sockets, socket, link);
	deadline_clear(&server->deadlines, &request->peer->deadline);
	if (watch_socket(request) || server->closing) {
		mhd_socket_close(socket);
		return;
	}
	go_on(request, cell_of(request)->upgraded(request));
	if (extra_size && socket->handle && !socket->lingering)
		take(request, (const uint8_t *)extra, extra_size);
	while (can_read(socket) && mhd_tls_has_pending(socket))
		take_input(socket);
}
