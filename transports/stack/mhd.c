#include "mhd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../listen.h"
#include "../ndjson.h"
#include "../site.h"

#define EVENTS_MAX      256
#define POOL_STEP_BYTES 512

/* What an event of our epoll set calls. */
struct source {
	void (*ready)(void *user);
	void *user;
	struct source *next;
};

/* A TCP connection. A suspended one is out of libmicrohttpd's epoll set, so that only our own
 * watch for EPOLLRDHUP sees its peer leave. */
struct mhd_peer {
	struct source source;
	struct mhd_request *request; /* the one in progress, or NULL */
	bool gone;
};

/* One answer serves all who ask from the same cursor: libmicrohttpd counts references. */
struct shared_answer {
	struct MHD_Response *response;
	const struct topic *topic;
	uint64_t asked, last;
	unsigned max_messages, messages; /* at most, and in it */
};

struct mhd_server {
	struct server_config config;
	const struct endpoint *const *endpoints;
	struct MHD_Daemon *daemon;
	struct MHD_Response *empty; /* 204 */
	struct shared_answer shared;
	struct deadlines deadlines;
	TAILQ_HEAD(, mhd_request) parked;
	struct source *watches; /* owned */
	struct source daemon_source, stop_source;
	int epoll_fd, stop_fd;
	uint16_t port;
	bool resumed; /* a connection, since MHD_run last began */
	bool stopping, closing;
};

/* The stack's struct server is this one. */
static struct mhd_server *mine(struct server *server)
{
	return (struct mhd_server *)server;
}

const struct server_config *mhd_config(const struct mhd_request *request)
{
	return &request->server->config;
}

static void unpark(struct mhd_request *request, bool timed_out)
{
	struct mhd_server *server = request->server;

	if (!request->parked)
		return;
	request->parked = false;
	request->timed_out = timed_out;
	topic_unsubscribe(&request->subscriber);
	deadline_clear(&server->deadlines, &request->deadline);
	TAILQ_REMOVE(&server->parked, request, parked_link);
	server->config.counters->subscribers--;
	MHD_resume_connection(request->connection);
	server->resumed = true;
}

#define REQUEST_OF(pointer, member)                                                                \
	((struct mhd_request *)(void *)((char *)(pointer)-offsetof(struct mhd_request, member)))

static void has_news(struct subscriber *subscriber)
{
	unpark(REQUEST_OF(subscriber, subscriber), false);
}

static void has_waited(struct deadline *deadline)
{
	unpark(REQUEST_OF(deadline, deadline), true);
}

void mhd_park(struct mhd_request *request, uint64_t wait_ns)
{
	struct mhd_server *server = request->server;

	request->parked = true;
	request->subscriber.wake = has_news;
	request->deadline.expired = has_waited;
	topic_subscribe(request->subscription.topic, &request->subscriber);
	deadline_set(&server->deadlines, &request->deadline, clock_now_ns() + wait_ns);
	TAILQ_INSERT_TAIL(&server->parked, request, parked_link);
	server->config.counters->subscribers++;
	MHD_suspend_connection(request->connection);
}

bool mhd_is_over(const struct mhd_request *request)
{
	return request->peer->gone || request->server->closing;
}

void mhd_add_fields(struct MHD_Response *response, const char *content_type)
{
	if (content_type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, CACHE_CONTROL);
}

/* The content becomes the response's. NULL when memory ran out. */
static struct MHD_Response *response_of(struct bytes *body, const char *content_type)
{
	size_t size = bytes_size(body);
	struct MHD_Response *response = NULL;

	if (!body->failed)
		response = MHD_create_response_from_buffer(size, size ? body->data : NULL,
		                                           MHD_RESPMEM_MUST_FREE);
	if (!response) {
		bytes_free(body);
		return NULL;
	}
	if (!size)
		bytes_free(body);
	*body = (struct bytes){0};
	mhd_add_fields(response, content_type);
	return response;
}

static enum MHD_Result queue_once(struct mhd_request *request, unsigned status,
                                  struct MHD_Response *response)
{
	enum MHD_Result queued;

	if (!response)
		return MHD_NO;
	queued = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static void add_number(struct MHD_Response *response, const char *field, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof value, "%" PRIu64, number);
	MHD_add_response_header(response, field, value);
}

static enum MHD_Result answer_empty(struct mhd_request *request)
{
	struct mhd_server *server = request->server;
	struct bytes nothing = {0};
	struct MHD_Response *response;

	server->config.counters->empty_answers++;
	if (!request->subscription.from_now)
		return MHD_queue_response(request->connection, MHD_HTTP_NO_CONTENT, server->empty);
	response = response_of(&nothing, NULL);
	if (response)
		add_number(response, FIELD_CURSOR, request->subscriber.cursor);
	return queue_once(request, MHD_HTTP_NO_CONTENT, response);
}

static bool is_shared(const struct shared_answer *shared, const struct mhd_request *request)
{
	return shared->response && shared->topic == request->subscription.topic &&
	       shared->asked == request->subscriber.cursor &&
	       shared->last == topic_last(shared->topic) &&
	       shared->max_messages == request->subscription.max_messages;
}

/* Writes the messages above the request's cursor into a response to share. */
static bool share(struct mhd_request *request)
{
	struct shared_answer *shared = &request->server->shared;
	uint64_t cursor = request->subscriber.cursor;
	uint64_t missed = topic_missed(request->subscription.topic, cursor);
	struct bytes body = {0};

	if (shared->response)
		MHD_destroy_response(shared->response);
	shared->topic = request->subscription.topic;
	shared->asked = cursor;
	shared->last = topic_last(shared->topic);
	shared->max_messages = request->subscription.max_messages;
	/* The cursor brings the rest with the next request: an answer that nobody reads is to hold
	 * no more than a message may. */
	shared->messages = ndjson_append_after(&body, shared->topic, &cursor, shared->max_messages,
	                                       request->server->config.message_max_bytes);
	shared->response = response_of(&body, NDJSON_CONTENT_TYPE);
	if (shared->response && missed)
		add_number(shared->response, FIELD_MISSED, missed);
	return shared->response;
}

enum MHD_Result mhd_answer_messages(struct mhd_request *request)
{
	struct shared_answer *shared = &request->server->shared;
	struct counters *counters = request->server->config.counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t cursor = request->subscriber.cursor;

	if (!topic_after(topic, cursor))
		return answer_empty(request);
	if (!is_shared(shared, request) && !share(request))
		return MHD_NO;
	counters->missed += topic_missed(topic, cursor);
	counters->delivered += shared->messages;
	return MHD_queue_response(request->connection, MHD_HTTP_OK, shared->response);
}

static enum MHD_Result send_answer(struct mhd_request *request, struct site_answer *answer)
{
	struct MHD_Response *response = response_of(&answer->body, answer->content_type);

	if (response && answer->allow)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
	return queue_once(request, answer->status, response);
}

static enum MHD_Result refuse(struct mhd_request *request, unsigned status, const char *why,
                              const char *allow)
{
	struct site_answer answer = {.allow = allow};

	site_refuse(&request->server->config, &answer, status, why);
	return send_answer(request, &answer);
}

static const char *argument(struct mhd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char *field(struct mhd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result start(struct mhd_request *request, const char *method)
{
	const struct mhd_endpoint *cell = request->endpoint->cell;
	struct subscription_parameters parameters = {
	        .topic = argument(request, "topic"),
	        .since = argument(request, "since"),
	        .batch = argument(request, "batch"),
	        .hold = argument(request, "hold"),
	        .last_event_id = field(request, "Last-Event-ID"),
	};
	const char *allow = site_endpoint_allow(method), *why;
	unsigned status;

	if (allow)
		return refuse(request, 405, "this method is not allowed here", allow);
	status = subscription_read(&request->subscription, request->server->config.hub, &parameters,
	                           &why);
	if (status)
		return refuse(request, status, why, NULL);
	request->subscriber.cursor = request->subscription.cursor;
	return cell->start(request);
}

static enum MHD_Result serve_endpoint(struct mhd_request *request, const char *method)
{
	const struct mhd_endpoint *cell = request->endpoint->cell;

	if (request->started)
		return mhd_is_over(request) ? MHD_NO : cell->resumed(request);
	request->started = true;
	bytes_clear(&request->buffer); /* a GET's content has no meaning (RFC 9110 §9.3.1) */
	return start(request, method);
}

static enum MHD_Result serve_site(struct mhd_request *request, const char *method, const char *path)
{
	const char *content_type = field(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct site_request asked = {
	        .method = method,
	        .path = path,
	        .topic = argument(request, "topic"),
	        .binary = content_type && !strcasecmp(content_type, "application/octet-stream"),
	        .body = bytes_data(&request->buffer),
	        .body_size = bytes_size(&request->buffer),
	};
	struct site_answer answer = {0};

	if (request->buffer.failed)
		return MHD_NO;
	site_answer(&request->server->config, &asked, &answer);
	return send_answer(request, &answer);
}

/* Keeps at most one byte more than is allowed, so that the end knows that it was too much. */
static void keep_body(struct mhd_request *request, const char *data, size_t size)
{
	size_t room = request->server->config.message_max_bytes + 1 - bytes_size(&request->buffer);

	bytes_append(&request->buffer, data, size < room ? size : room);
}

static struct mhd_request *request_new(struct mhd_server *server, struct MHD_Connection *connection,
                                       const char *path)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct mhd_request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->server = server;
	request->connection = connection;
	request->peer = info->socket_context;
	for (const struct endpoint *const *e = server->endpoints; *e; e++)
		if (!strcmp(path, (*e)->path))
			request->endpoint = *e;
	if (request->peer)
		request->peer->request = request;
	server->config.counters->requests++;
	return request;
}

/* libmicrohttpd calls it with the head, then with each piece of content, then once more at the
 * end, and again when a suspended connection goes on. */
static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **request_cls)
{
	struct mhd_server *server = cls;
	struct mhd_request *request = *request_cls;

	(void)version;
	if (!request) {
		*request_cls = request_new(server, connection, path);
		return *request_cls ? MHD_YES : MHD_NO;
	}
	if (!request->peer || server->closing)
		return MHD_NO; /* no memory to watch it with; nothing may be parked any more */
	if (*upload_size) {
		keep_body(request, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (bytes_size(&request->buffer) > server->config.message_max_bytes)
		return refuse(request, 413, "the message is larger than this server allows", NULL);
	return request->endpoint ? serve_endpoint(request, method)
	                         : serve_site(request, method, path);
}

static void request_over(void *cls, struct MHD_Connection *connection, void **request_cls,
                         enum MHD_RequestTerminationCode how)
{
	struct mhd_request *request = *request_cls;

	(void)cls;
	(void)connection;
	(void)how;
	if (!request)
		return;
	if (request->peer)
		request->peer->request = NULL;
	bytes_free(&request->buffer);
	free(request);
	*request_cls = NULL;
}

static void peer_gone(void *user)
{
	struct mhd_peer *peer = user;

	peer->gone = true;
	if (peer->request)
		unpark(peer->request, false);
}

static int add_source(struct mhd_server *server, int fd, uint32_t events, struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void peer_watch(struct mhd_server *server, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct mhd_peer *peer = calloc(1, sizeof *peer);

	*context = peer;
	if (!peer)
		return;
	peer->source = (struct source){.ready = peer_gone, .user = peer};
	add_source(server, info->connect_fd, EPOLLRDHUP | EPOLLET, &peer->source);
}

/* Closing the socket takes it out of our epoll set. */
static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
	struct mhd_server *server = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		server->config.counters->connections++;
		server->config.counters->connections_open++;
		peer_watch(server, connection, context);
	} else {
		server->config.counters->connections_open--;
		free(*context);
		*context = NULL;
	}
}

static void stop_requested(void *user)
{
	((struct mhd_server *)user)->stopping = true;
}

static int open_daemon(struct mhd_server *server, int listen_fd)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL,
	        NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
	        MHD_OPTION_CONNECTION_LIMIT, server->config.connections_max,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->config.head_max_bytes,
	        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)POOL_STEP_BYTES,
	        MHD_OPTION_NOTIFY_COMPLETED, request_over, NULL, MHD_OPTION_NOTIFY_CONNECTION,
	        connection_changed, server, MHD_OPTION_END);
	if (!server->daemon)
		return -EIO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return add_source(server, info->epoll_fd, EPOLLIN, &server->daemon_source);
}

static int open_sources(struct mhd_server *server)
{
	int err = deadlines_open(&server->deadlines);

	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->epoll_fd < 0 || server->stop_fd < 0)
		return -errno;
	server->stop_source = (struct source){.ready = stop_requested, .user = server};
	if (!err)
		err = add_source(server, server->stop_fd, EPOLLIN, &server->stop_source);
	return err;
}

static int stack_watch(struct server *base, int fd, void (*ready)(void *user), void *user)
{
	struct mhd_server *server = mine(base);
	struct source *source = calloc(1, sizeof *source);
	int err;

	if (!source)
		return -ENOMEM;
	*source = (struct source){.ready = ready, .user = user, .next = server->watches};
	err = add_source(server, fd, EPOLLIN, source);
	if (err)
		free(source);
	else
		server->watches = source;
	return err;
}

/* Every suspended connection must go on before the daemon may be stopped. */
static void close_daemon(struct mhd_server *server)
{
	server->closing = true;
	while (!TAILQ_EMPTY(&server->parked))
		unpark(TAILQ_FIRST(&server->parked), false);
	MHD_run(server->daemon);
	MHD_stop_daemon(server->daemon);
}

static void stack_close(struct server **base)
{
	struct mhd_server *server = mine(*base);
	struct source *source;

	if (!server)
		return;
	if (server->daemon)
		close_daemon(server);
	if (server->shared.response)
		MHD_destroy_response(server->shared.response);
	if (server->empty)
		MHD_destroy_response(server->empty);
	while ((source = server->watches)) {
		server->watches = source->next;
		free(source);
	}
	deadlines_close(&server->deadlines);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	free(server);
	*base = NULL;
}

static int open_server(struct mhd_server *server)
{
	struct bytes nothing = {0};
	int listen_fd, err = open_sources(server);

	if (err)
		return err;
	server->empty = response_of(&nothing, NULL);
	if (!server->empty)
		return -ENOMEM;
	err = stack_watch((struct server *)server, server->deadlines.fd, deadlines_expire,
	                  &server->deadlines);
	if (err)
		return err;
	listen_fd = listen_tcp(server->config.address, server->config.port);
	if (listen_fd < 0)
		return listen_fd;
	server->port = listen_port(listen_fd);
	err = open_daemon(server, listen_fd);
	if (!server->daemon)
		close(listen_fd); /* else the daemon owns it */
	return err;
}

static int stack_open(struct server **out, const struct server_config *config,
                      const struct endpoint *const *endpoints)
{
	struct mhd_server *server = calloc(1, sizeof *server);
	int err;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	server->endpoints = endpoints;
	server->epoll_fd = server->stop_fd = server->deadlines.fd = -1;
	TAILQ_INIT(&server->parked);
	*out = (struct server *)server;
	err = open_server(server);
	if (err)
		stack_close(out);
	return err;
}

static uint16_t stack_port(const struct server *server)
{
	return ((const struct mhd_server *)server)->port;
}

/* How long epoll_wait may sleep: libmicrohttpd says 0 while a response is half made, but says
 * nothing of connections that were resumed, as by a POST /publish that MHD_run has handled. */
static int wait_ms(struct mhd_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	if (server->resumed)
		return 0;
	if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_NO)
		return -1;
	return timeout_ms > 60000 ? 60000 : (int)timeout_ms;
}

static int stack_run(struct server *base)
{
	struct mhd_server *server = mine(base);
	struct epoll_event events[EVENTS_MAX];

	while (!server->stopping) {
		int count = epoll_wait(server->epoll_fd, events, EVENTS_MAX, wait_ms(server));

		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++) {
			struct source *source = events[i].data.ptr;

			if (source->ready)
				source->ready(source->user);
		}
		/* After every wake-up: resuming a connection does not show in the daemon's epoll
		 * descriptor. */
		server->resumed = false;
		MHD_run(server->daemon);
	}
	return 0;
}

static void stack_stop(struct server *server)
{
	uint64_t one = 1;

	if (write(mine(server)->stop_fd, &one, sizeof one) < 0)
		return; /* full: a stop is already under way */
}

const struct stack_ops mhd_stack = {
        .name = "mhd",
        .open = stack_open,
        .port = stack_port,
        .watch = stack_watch,
        .run = stack_run,
        .stop = stack_stop,
        .close = stack_close,
};
