#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"
#include "epoll_server.h"

#define CORK_BYTES  (16 << 10) /* so much is put together before it is sent */
#define SURPLUS_MAX 64         /* connections that are told that there are too many */

#define REQUEST_OF(pointer, member)                                                                \
	((struct epoll_request *)(void *)((char *)(pointer)-offsetof(struct epoll_request, member)))

static const struct epoll_endpoint *cell_of(const struct epoll_request *request)
{
	return request->endpoint->cell;
}

const struct server_config *epoll_config(const struct epoll_request *request)
{
	return &request->server->config;
}

static void look_later(struct epoll_request *request)
{
	if (request->later)
		return;
	request->later = true;
	SLIST_INSERT_HEAD(&request->server->later, request, later_link);
}

void epoll_unsubscribe(struct epoll_request *request)
{
	if (!request->subscriber.topic)
		return;
	topic_unsubscribe(&request->subscriber);
	epoll_config(request)->counters->subscribers--;
}

void epoll_connection_close(struct epoll_request *request)
{
	struct epoll_server *server = request->server;

	if (request->state == EPOLL_DEAD)
		return;
	request->state = EPOLL_DEAD;
	epoll_unsubscribe(request);
	deadline_clear(&server->deadlines, &request->deadline);
	stream_close(&request->stream);
	server->config.counters->connections_open--;
	if (server->full) /* there is a descriptor again */
		loop_change(&server->loop, server->listen_fd, EPOLLIN, &server->listener);
	server->full = false;
	look_later(request); /* an event at hand may still name it */
}

static void connection_free(struct epoll_request *request)
{
	if (request->endpoint && cell_of(request)->ended)
		cell_of(request)->ended(request->session);
	epoll_upload_free(request->upload);
	bytes_free(&request->in);
	bytes_free(&request->out);
	LIST_REMOVE(request, link);
	free(request);
}

/* Watches for what the connection waits for, and no more. */
static void watch(struct epoll_request *request)
{
	uint32_t events = EPOLLIN;

	if (request->state == EPOLL_DEAD)
		return;
	/* Requests sent ahead, and pings of who takes no pong, wait in the kernel until they can be
	 * answered. */
	if (request->state == EPOLL_PARKED)
		events = EPOLLRDHUP;
	else if (request->state != EPOLL_LINGER && request->blocked)
		events = 0;
	if (request->blocked || stream_wants_write(&request->stream))
		events |= EPOLLOUT;
	if (events == request->events)
		return;
	request->events = events;
	loop_change(&request->server->loop, request->stream.fd, events, &request->source);
}

/* What has been sent of what waited gives it time for the rest. A token that is owed is expected
 * all the same, whatever is sent. */
static void time_sending(struct epoll_request *request, size_t waited)
{
	size_t waiting = bytes_size(&request->out);

	if (request->state == EPOLL_STREAM && !request->subscriber.topic)
		return;
	if (waiting && (!request->blocked || waiting < waited))
		epoll_expect(request, epoll_config(request)->idle_timeout_ns);
	else if (!waiting && request->blocked && request->state == EPOLL_STREAM)
		epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
}

int epoll_flush(struct epoll_request *request)
{
	struct bytes *out = &request->out;
	size_t waiting = bytes_size(out);
	ssize_t sent = 0;

	if (out->failed)
		return -1;
	while (bytes_size(out) && sent >= 0) {
		sent = stream_write(&request->stream, bytes_data(out), bytes_size(out));
		if (sent > 0)
			bytes_consume(out, (size_t)sent);
	}
	if (sent < 0 && sent != -EAGAIN) {
		epoll_connection_close(request);
		return -1;
	}
	time_sending(request, waiting);
	request->blocked = bytes_size(out) > 0;
	if (!request->blocked)
		bytes_free(out); /* an idle connection holds no buffer */
	watch(request);
	return 0;
}

int epoll_send(struct epoll_request *request, const void *data, size_t size, bool more)
{
	const uint8_t *rest = data;
	ssize_t sent = 0;

	if (request->state == EPOLL_DEAD)
		return -1;
	if (!more && !bytes_size(&request->out)) {
		sent = stream_write(&request->stream, data, size);
		if (sent == (ssize_t)size)
			return 0;
		if (sent < 0 && sent != -EAGAIN) {
			epoll_connection_close(request);
			return -1;
		}
	}
	if (sent > 0) {
		rest += sent;
		size -= (size_t)sent;
	}
	bytes_append(&request->out, rest, size);
	if (request->out.failed)
		return -1;
	if (request->blocked || (more && bytes_size(&request->out) < CORK_BYTES))
		return 0;
	return epoll_flush(request);
}

const struct bytes *epoll_frame(struct epoll_request *request, const struct message *message,
                                void (*append)(struct bytes *out, const struct message *message))
{
	struct epoll_frame *frame = &request->server->frame;
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

/* Sends what is left and then waits for the peer to close: closing first could make the kernel
 * throw away what the peer has not read yet (RFC 9112 §9.6). */
static void linger(struct epoll_request *request)
{
	epoll_unsubscribe(request);
	request->state = EPOLL_LINGER;
	bytes_free(&request->in);
	if (request->out.failed) {
		epoll_connection_close(request);
		return;
	}
	if (epoll_flush(request) || request->blocked)
		return;
	stream_shutdown(&request->stream);
}

void epoll_go_on(struct epoll_request *request, int result)
{
	if (request->state == EPOLL_DEAD || request->state == EPOLL_LINGER)
		return;
	if (result) {
		linger(request);
		epoll_expect(request, epoll_config(request)->request_timeout_ns);
		return;
	}
	watch(request);
}

static void was_too_slow(struct deadline *deadline)
{
	struct epoll_request *request = REQUEST_OF(deadline, deadline);

	epoll_config(request)->counters->timeouts++;
	epoll_connection_close(request);
}

void epoll_expect(struct epoll_request *request, uint64_t within_ns)
{
	struct epoll_server *server = request->server;

	if (request->state == EPOLL_DEAD)
		return;
	request->deadline.expired = was_too_slow;
	deadline_set(&server->deadlines, &request->deadline, clock_now_ns(), within_ns);
}

/* A request has been answered at last: those that came behind it may be answered now. */
static void look_behind(struct epoll_request *request)
{
	if (request->state == EPOLL_REQUEST && !request->blocked &&
	    (bytes_size(&request->in) || stream_has_pending(&request->stream)))
		look_later(request);
}

/* A parked request goes on. */
static void resume(struct epoll_request *request)
{
	epoll_unsubscribe(request);
	deadline_clear(&request->server->deadlines, &request->deadline);
	request->state = EPOLL_REQUEST;
	epoll_go_on(request, cell_of(request)->resumed(request));
	look_behind(request);
}

static void has_news(struct subscriber *subscriber)
{
	resume(REQUEST_OF(subscriber, subscriber));
}

static void has_waited(struct deadline *deadline)
{
	struct epoll_request *request = REQUEST_OF(deadline, deadline);

	request->timed_out = true;
	if (request->state == EPOLL_PARKED)
		resume(request);
	else if (!request->blocked)
		epoll_go_on(request, cell_of(request)->writable(request));
}

static void subscribe(struct epoll_request *request, void (*wake)(struct subscriber *subscriber))
{
	request->subscriber.wake = wake;
	topic_subscribe(request->subscription.topic, &request->subscriber);
	epoll_config(request)->counters->subscribers++;
}

void epoll_wait_for(struct epoll_request *request, uint64_t wait_ns)
{
	struct epoll_server *server = request->server;

	request->timed_out = false;
	request->deadline.expired = has_waited;
	deadline_set(&server->deadlines, &request->deadline, clock_now_ns(), wait_ns);
}

int epoll_park(struct epoll_request *request, uint64_t wait_ns)
{
	request->state = EPOLL_PARKED;
	subscribe(request, has_news);
	epoll_wait_for(request, wait_ns);
	return 0;
}

/* The log is a stream's queue: one that takes nothing may lack so many messages and no more. */
static void stream_has_news(struct subscriber *subscriber)
{
	struct epoll_request *request = REQUEST_OF(subscriber, subscriber);
	const struct server_config *config = epoll_config(request);

	if (!request->blocked) {
		epoll_go_on(request, cell_of(request)->writable(request));
	} else if (subscriber_queue(subscriber) > config->queue_messages) {
		config->counters->slow_readers++;
		epoll_connection_close(request);
	}
}

void epoll_stream(struct epoll_request *request)
{
	request->state = EPOLL_STREAM;
}

void epoll_subscribe(struct epoll_request *request)
{
	subscribe(request, stream_has_news);
}

/* The socket takes data again. */
static void take_space(struct epoll_request *request)
{
	if (epoll_flush(request) || request->blocked)
		return;
	if (request->state == EPOLL_LINGER)
		stream_shutdown(&request->stream);
	else if (request->state == EPOLL_STREAM && request->subscriber.topic)
		epoll_go_on(request, cell_of(request)->writable(request));
	else
		look_behind(request);
}

static int take_stream(struct epoll_request *request, const uint8_t *data, size_t size)
{
	const struct epoll_endpoint *cell = cell_of(request);
	int err;

	if (!cell->received)
		return 0;
	err = cell->received(request, data, size);
	/* A message of its own that came back while an answer was being made has waited. */
	if (!err && request->state == EPOLL_STREAM && request->subscriber.topic &&
	    !request->blocked)
		err = cell->writable(request);
	return err;
}

/* Bytes of requests have come; behind one that began a stream they are the stream's. */
static void take_requests(struct epoll_request *request, const uint8_t *data, size_t size)
{
	struct bytes early;

	epoll_go_on(request, request->server->take_requests(request, data, size));
	early = request->in;
	if (request->state != EPOLL_STREAM || !bytes_size(&early))
		return;
	request->in = (struct bytes){0};
	epoll_go_on(request, take_stream(request, bytes_data(&early), bytes_size(&early)));
	bytes_free(&early);
}

/* False where there is nothing more to be had at the moment. */
static bool take_input(struct epoll_request *request)
{
	struct epoll_server *server = request->server;
	ssize_t size = stream_read(&request->stream, server->input, EPOLL_INPUT_BYTES);

	if (size == -EAGAIN) {
		watch(request); /* a handshake may wait for the other direction */
		return false;
	}
	if (size <= 0) {
		epoll_connection_close(request);
		return false;
	}
	if (request->state == EPOLL_REQUEST)
		take_requests(request, server->input, (size_t)size);
	else if (request->state == EPOLL_STREAM)
		epoll_go_on(request, take_stream(request, server->input, (size_t)size));
	return (request->events & EPOLLIN) && request->state != EPOLL_DEAD &&
	       stream_has_pending(&request->stream);
}

static void connection_ready(struct source *source, uint32_t events)
{
	struct epoll_request *request = REQUEST_OF(source, source);

	if (request->state == EPOLL_DEAD)
		return;
	if (events & EPOLLOUT)
		take_space(request);
	if (request->state == EPOLL_DEAD)
		return;
	if ((request->events & EPOLLIN) &&
	    (events & (EPOLLIN | EPOLLHUP | EPOLLERR) || stream_wants_write(&request->stream) ||
	     stream_has_pending(&request->stream))) {
		while (take_input(request))
			;
	} else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		epoll_connection_close(request); /* it will not read the answer either */
	}
}

static void look(struct epoll_request *request)
{
	if (request->state == EPOLL_REQUEST && !request->blocked)
		take_requests(request, NULL, 0);
	while (request->state == EPOLL_REQUEST && !request->blocked &&
	       stream_has_pending(&request->stream) && take_input(request))
		;
}

void epoll_connections_tidy(struct epoll_server *server)
{
	struct epoll_request *request;

	while ((request = SLIST_FIRST(&server->later))) {
		SLIST_REMOVE_HEAD(&server->later, later_link);
		request->later = false;
		if (request->state == EPOLL_DEAD)
			connection_free(request);
		else
			look(request);
	}
}

/* An endpoint without HTTP begins with the connection. */
static void begin(struct epoll_request *request)
{
	struct epoll_server *server = request->server;

	epoll_expect(request, server->config.request_timeout_ns);
	if (!server->raw)
		return;
	request->endpoint = server->raw;
	epoll_stream(request);
	epoll_go_on(request, cell_of(request)->start(request));
}

int epoll_connection_accept(struct epoll_server *server)
{
	struct counters *counters = server->config.counters;
	uint64_t most = server->config.connections_max;
	struct epoll_request *request = calloc(1, sizeof *request);
	socklen_t size = sizeof request->client;
	int on = 1, err;

	if (!request)
		return -ENOMEM;
	request->stream.fd = accept4(server->listen_fd, &request->client.any, &size,
	                             SOCK_NONBLOCK | SOCK_CLOEXEC);
	err = request->stream.fd < 0 ? -errno : 0;
	if (err || counters->connections_open >= most + SURPLUS_MAX) {
		stream_close(&request->stream);
		free(request);
		return err;
	}
	setsockopt(request->stream.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	request->source.ready = connection_ready;
	request->server = server;
	request->surplus = counters->connections_open >= most;
	request->events = EPOLLIN;
	LIST_INSERT_HEAD(&server->connections, request, link);
	counters->connections++;
	counters->connections_open++;
	if (server->tls)
		request->stream.tls = tls_open(server->tls, request->stream.fd, NULL);
	if ((server->tls && !request->stream.tls) ||
	    loop_watch(&server->loop, request->stream.fd, request->events, &request->source))
		epoll_connection_close(request);
	else
		begin(request);
	return 0;
}
