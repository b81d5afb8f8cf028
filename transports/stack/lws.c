#include "lws.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../listen.h"
#include "../site.h"

#define HEAD_BYTES     512
#define ARGUMENT_BYTES 256
#define PROTOCOL       "pushlab"

/* What a connection's opaque user data points to, before its first request and after; NULL for any
 * other descriptor of libwebsockets'. */
static char new_connection, used_connection;

/* A descriptor of ours in the loop. */
struct source {
	struct ev_io io;
	void (*ready)(void *user);
	void *user;
	struct source *next;
};

struct lws_stack_server {
	struct server_config config;
	const struct endpoint *const *endpoints;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct ev_loop *loop;
	struct ev_timer steady;
	struct deadlines deadlines;
	struct source *watches;          /* owned */
	const struct topic *frame_topic; /* of the message in `frame` */
	uint64_t frame_id;
	struct bytes frame; /* LWS_PRE bytes of room, then the message */
	int stop_fd;
};

/* The stack's struct server is this one. */
static struct lws_stack_server *mine(struct server *server)
{
	return (struct lws_stack_server *)server;
}

const struct server_config *lws_stack_config(const struct lws_stack_request *request)
{
	return &request->server->config;
}

#define REQUEST_OF(pointer, member)                                                                \
	((struct lws_stack_request *)(void *)((char *)(pointer)-offsetof(struct lws_stack_request, \
	                                                                 member)))

static void has_news(struct subscriber *subscriber)
{
	lws_callback_on_writable(REQUEST_OF(subscriber, subscriber)->wsi);
}

static void has_waited(struct deadline *deadline)
{
	struct lws_stack_request *request = REQUEST_OF(deadline, deadline);

	request->timed_out = true;
	lws_callback_on_writable(request->wsi);
}

void lws_stack_subscribe(struct lws_stack_request *request, uint64_t wait_ns)
{
	request->subscriber.wake = has_news;
	request->deadline.expired = has_waited;
	if (!request->subscriber.topic) {
		topic_subscribe(request->subscription.topic, &request->subscriber);
		request->server->config.counters->subscribers++;
	}
	deadline_set(&request->server->deadlines, &request->deadline, clock_now_ns() + wait_ns);
}

uint8_t *lws_stack_frame(struct lws_stack_request *request, const struct message *message)
{
	struct lws_stack_server *server = request->server;

	if (server->frame_topic != request->subscription.topic || server->frame_id != message->id) {
		bytes_clear(&server->frame);
		if (bytes_reserve(&server->frame, LWS_PRE))
			bytes_commit(&server->frame, LWS_PRE);
		bytes_append(&server->frame, message->data, message->size);
		server->frame_topic = request->subscription.topic;
		server->frame_id = message->id;
	}
	return server->frame.failed ? NULL : server->frame.data + LWS_PRE;
}

static void request_end(struct lws_stack_request *request)
{
	if (!request || !request->server)
		return; /* a connection that never came to a request */
	if (request->subscriber.topic)
		request->server->config.counters->subscribers--;
	topic_unsubscribe(&request->subscriber);
	deadline_clear(&request->server->deadlines, &request->deadline);
	bytes_free(&request->buffer);
	request->server = NULL;
}

static void request_begin(struct lws_stack_request *request, struct lws_stack_server *server,
                          struct lws *wsi)
{
	request_end(request); /* the connection's last request */
	*request = (struct lws_stack_request){.server = server, .wsi = wsi};
}

static const struct endpoint *find_endpoint(const struct lws_stack_server *server, const char *path)
{
	for (const struct endpoint *const *e = server->endpoints; *e; e++)
		if (!strcmp(path, (*e)->path))
			return *e;
	return NULL;
}

static int add_field(struct lws *wsi, enum lws_token_indexes token, const char *value, uint8_t **at,
                     uint8_t *end)
{
	return lws_add_http_header_by_token(wsi, token, (const uint8_t *)value, (int)strlen(value),
	                                    at, end);
}

static int write_head(struct lws *wsi, const struct site_answer *answer, uint8_t **at, uint8_t *end)
{
	if (lws_add_http_common_headers(wsi, answer->status, answer->content_type,
	                                bytes_size(&answer->body), at, end) ||
	    add_field(wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, CACHE_CONTROL, at, end))
		return -1;
	if (answer->allow && add_field(wsi, WSI_TOKEN_HTTP_ALLOW, answer->allow, at, end))
		return -1;
	if (answer->status == 426 && add_field(wsi, WSI_TOKEN_UPGRADE, "websocket", at, end))
		return -1;
	if (answer->status == 411 && add_field(wsi, WSI_TOKEN_CONNECTION, "close", at, end))
		return -1;
	return lws_finalize_http_header(wsi, at, end) ? -1 : 0;
}

/* Head and content in one write. A response to HEAD has no content (RFC 9110 §9.3.2). */
static int write_answer(struct lws *wsi, const struct site_answer *answer)
{
	struct bytes out = {0};
	uint8_t *room = bytes_reserve(&out, LWS_PRE + HEAD_BYTES), *at;
	int err = -1;

	if (!room)
		goto fail;
	at = room + LWS_PRE;
	if (write_head(wsi, answer, &at, at + HEAD_BYTES))
		goto fail;
	bytes_commit(&out, (size_t)(at - room));
	if (!lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI))
		bytes_append(&out, bytes_data(&answer->body), bytes_size(&answer->body));
	if (!out.failed && lws_write(wsi, out.data + LWS_PRE, bytes_size(&out) - LWS_PRE,
	                             LWS_WRITE_HTTP_FINAL) >= 0)
		err = 0;
fail:
	bytes_free(&out);
	return err;
}

/* At once, as libwebsockets' own refusals are sent: while a complete request waits for its answer
 * the library reports its end again for each piece of a pipelined one. An answer that the socket
 * does not take, small as all are, goes to a peer that reads none: it is closed. */
static int send_answer(struct lws_stack_request *request, struct site_answer *answer)
{
	struct lws *wsi = request->wsi;
	bool failed = answer->body.failed || write_answer(wsi, answer);

	bytes_free(&answer->body);
	request_end(request); /* libwebsockets frees it, and says nothing */
	if (failed || answer->status == 411 || lws_partial_buffered(wsi))
		return -1;
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int refuse(struct lws_stack_request *request, unsigned status, const char *why,
                  const char *allow)
{
	struct site_answer answer = {.allow = allow};

	site_refuse(&request->server->config, &answer, status, why);
	return send_answer(request, &answer);
}

/* The path of the request; its method is the name of the token that holds it. */
static const char *read_target(struct lws *wsi, char *path, size_t size)
{
	static const struct {
		enum lws_token_indexes token;
		const char *method;
	} methods[] = {
	        {WSI_TOKEN_GET_URI, "GET"},         {WSI_TOKEN_POST_URI, "POST"},
	        {WSI_TOKEN_HEAD_URI, "HEAD"},       {WSI_TOKEN_PUT_URI, "PUT"},
	        {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}, {WSI_TOKEN_DELETE_URI, "DELETE"},
	        {WSI_TOKEN_PATCH_URI, "PATCH"},
	};

	path[0] = '\0';
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (lws_hdr_total_length(wsi, methods[i].token)) {
			lws_hdr_copy(wsi, path, (int)size, methods[i].token);
			return methods[i].method;
		}
	return "";
}

/* The value of an argument of the target, in its room; NULL where it has none. One that is too
 * large for the room may be the one asked for: it is read as empty, which is refused. */
static const char *argument(struct lws *wsi, const char *name, char *room, int size)
{
	for (int i = 0;; i++) {
		if (lws_hdr_copy_fragment(wsi, room, size, WSI_TOKEN_HTTP_URI_ARGS, i) < 0)
			return lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) ? "" : NULL;
		if (!strncmp(room, name, strlen(name)))
			return room + strlen(name);
	}
}

static const char *field(struct lws *wsi, enum lws_token_indexes token, char *room, int size)
{
	return lws_hdr_copy(wsi, room, size, token) > 0 ? room : NULL;
}

static unsigned read_subscription(struct lws_stack_server *server, struct lws *wsi,
                                  struct subscription *subscription, const char **why)
{
	char topic[ARGUMENT_BYTES], since[ARGUMENT_BYTES];
	struct subscription_parameters parameters = {
	        .topic = argument(wsi, "topic=", topic, sizeof topic),
	        .since = argument(wsi, "since=", since, sizeof since),
	};

	return subscription_read(subscription, server->config.hub, &parameters, why);
}

static int serve_site(struct lws_stack_request *request, const char *method, const char *path)
{
	char topic[ARGUMENT_BYTES], content_type[64];
	const char *type =
	        field(request->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, content_type, sizeof content_type);
	struct site_request asked = {
	        .method = method,
	        .path = path,
	        .topic = argument(request->wsi, "topic=", topic, sizeof topic),
	        .binary = type && !strcasecmp(type, "application/octet-stream"),
	        .body = bytes_data(&request->buffer),
	        .body_size = bytes_size(&request->buffer),
	};
	struct site_answer answer = {0};

	if (request->buffer.failed)
		return -1;
	if (asked.body_size > request->server->config.message_max_bytes)
		return refuse(request, 413, "the message is larger than this server allows", NULL);
	site_answer(&request->server->config, &asked, &answer);
	return send_answer(request, &answer);
}

/* libwebsockets reads no chunked content, and takes a POST, PUT or PATCH without a length for a
 * very long one. */
static bool lacks_length(struct lws *wsi, const char *method)
{
	return lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) ||
	       (*method == 'P' && !lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH));
}

/* libwebsockets 4.1 reads the content of a request that came behind another one from where its own
 * head begins, and then loops for ever. That the library has buffered input says that this one may
 * have come so; the first of its connection cannot. */
static bool may_be_misread(struct lws *wsi)
{
	bool first = lws_get_opaque_user_data(wsi) == &new_connection;

	lws_set_opaque_user_data(wsi, &used_connection);
	return !first && lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) &&
	       !lws_service_adjust_timeout(lws_get_context(wsi), 1, 0);
}

static int on_http(struct lws_stack_request *request, struct lws_stack_server *server,
                   struct lws *wsi)
{
	char path[64];
	const char *method = read_target(wsi, path, sizeof path);
	const char *allow = site_endpoint_allow(method);

	request_begin(request, server, wsi);
	request->server->config.counters->requests++;
	request->endpoint = find_endpoint(request->server, path);
	if (may_be_misread(wsi))
		return -1; /* better one connection lost than the whole server */
	if (lacks_length(wsi, method))
		return refuse(request, 411, "this server needs a Content-Length", NULL);
	if (request->endpoint && allow)
		return refuse(request, 405, "this method is not allowed here", allow);
	if (request->endpoint)
		return refuse(request, 426, "this path speaks WebSocket: ask for an upgrade", NULL);
	if (!strcmp(method, "POST"))
		return 0; /* its content is still to come */
	return serve_site(request, method, path);
}

/* Keeps at most one byte more than is allowed, so that the end knows that it was too much. */
static int keep_body(struct lws_stack_request *request, const void *piece, size_t size)
{
	size_t room = request->server->config.message_max_bytes + 1 - bytes_size(&request->buffer);

	bytes_append(&request->buffer, piece, size < room ? size : room);
	return request->buffer.failed ? -1 : 0;
}

static int on_http_end(struct lws_stack_request *request)
{
	char path[64];
	const char *method = read_target(request->wsi, path, sizeof path);

	return serve_site(request, method, path);
}

/* Before the 101 there is no memory for the connection yet, and libwebsockets would call its answer
 * HTTP/1.0: the refusal is written by hand, and the connection ends with it. */
static void refuse_upgrade(struct lws_stack_server *server, struct lws *wsi, unsigned status,
                           const char *why)
{
	struct site_answer answer = {0};
	struct bytes out = {0};

	site_refuse(&server->config, &answer, status, why);
	if (bytes_reserve(&out, LWS_PRE))
		bytes_commit(&out, LWS_PRE);
	bytes_printf(&out,
	             "HTTP/1.1 %u \r\ncontent-type: %s\r\ncontent-length: %zu\r\n"
	             "cache-control: " CACHE_CONTROL "\r\nconnection: close\r\n%s\r\n",
	             status, answer.content_type, bytes_size(&answer.body),
	             status == 426 ? "upgrade: websocket\r\nsec-websocket-version: 13\r\n" : "");
	bytes_append(&out, bytes_data(&answer.body), bytes_size(&answer.body));
	if (!out.failed && !answer.body.failed)
		lws_write(wsi, out.data + LWS_PRE, bytes_size(&out) - LWS_PRE,
		          LWS_WRITE_HTTP_FINAL);
	bytes_free(&answer.body);
	bytes_free(&out);
}

/* What libwebsockets leaves to its user of RFC 6455 §4.2.1. 0, or the status to refuse with. */
static unsigned read_handshake(struct lws *wsi, const char *protocol, const char **why)
{
	char version[8];

	if (strcasecmp(protocol, "websocket") ||
	    !field(wsi, WSI_TOKEN_VERSION, version, sizeof version) || strcmp(version, "13")) {
		*why = "the only upgrade here is to WebSocket, version 13";
		return 426;
	}
	if (!lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) ||
	    !lws_hdr_total_length(wsi, WSI_TOKEN_KEY)) {
		*why = "a WebSocket handshake is a GET with a Sec-WebSocket-Key";
		return 400;
	}
	return 0;
}

/* May this request become a WebSocket? 0: yes. -1: it was refused. */
static int on_upgrade(struct lws_stack_server *server, struct lws *wsi, const char *protocol)
{
	struct subscription subscription;
	const char *why = "there is no such path on this server";
	unsigned status = 404;
	char path[64];

	server->config.counters->requests++;
	read_target(wsi, path, sizeof path);
	if (find_endpoint(server, path))
		status = read_handshake(wsi, protocol, &why);
	if (!status)
		status = read_subscription(server, wsi, &subscription, &why);
	if (status)
		refuse_upgrade(server, wsi, status, why);
	return status ? -1 : 0;
}

static int on_established(struct lws_stack_server *server, struct lws *wsi,
                          struct lws_stack_request *request)
{
	const struct lws_stack_endpoint *cell;
	const char *why;
	char path[64];

	request_begin(request, server, wsi);
	read_target(wsi, path, sizeof path);
	request->endpoint = find_endpoint(server, path);
	if (!request->endpoint || read_subscription(server, wsi, &request->subscription, &why))
		return -1;
	request->subscriber.cursor = request->subscription.cursor;
	cell = request->endpoint->cell;
	return cell->start(request);
}

static void on_connected(struct lws_stack_server *server, struct lws *wsi)
{
	lws_set_opaque_user_data(wsi, &new_connection);
	server->config.counters->connections++;
	server->config.counters->connections_open++;
}

static void on_destroyed(struct lws_stack_server *server, struct lws *wsi)
{
	if (lws_get_opaque_user_data(wsi))
		server->config.counters->connections_open--;
}

/* What happens on a WebSocket, from its establishment on. */
static int on_websocket(struct lws *wsi, enum lws_callback_reasons reason,
                        struct lws_stack_request *request, void *in, size_t size)
{
	const struct lws_stack_endpoint *cell;

	if (reason == LWS_CALLBACK_ESTABLISHED)
		return on_established(lws_context_user(lws_get_context(wsi)), wsi, request);
	if (!request->endpoint)
		return -1;
	cell = request->endpoint->cell;
	return reason == LWS_CALLBACK_RECEIVE ? cell->received(request, in, size)
	                                      : cell->writable(request);
}

/* What happens on any descriptor in the loop. */
static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
	struct lws_stack_server *server = lws_context_user(lws_get_context(wsi));

	switch (reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return server->config.counters->connections_open >= server->config.connections_max;
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		on_connected(server, wsi);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		on_destroyed(server, wsi);
		return 0;
	case LWS_CALLBACK_HTTP:
		return on_http(user, server, wsi);
	case LWS_CALLBACK_HTTP_BODY:
		return keep_body(user, in, size);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return on_http_end(user);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_upgrade(server, wsi, in);
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_RECEIVE:
		return on_websocket(wsi, reason, user, in, size);
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLOSED_HTTP:
		request_end(user);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, size);
	}
}

static const struct lws_protocols protocols[] = {
        {.name = PROTOCOL,
         .callback = callback,
         .per_session_data_size = sizeof(struct lws_stack_request)},
        {0},
};

static void source_ready(struct ev_loop *loop, struct ev_io *io, int events)
{
	const struct source *source = io->data;

	(void)loop;
	(void)events;
	source->ready(source->user);
}

static int stack_watch(struct server *base, int fd, void (*ready)(void *user), void *user)
{
	struct lws_stack_server *server = mine(base);
	struct source *source = calloc(1, sizeof *source);

	if (!source)
		return -ENOMEM;
	source->ready = ready;
	source->user = user;
	source->next = server->watches;
	server->watches = source;
	ev_io_init(&source->io, source_ready, fd, EV_READ);
	source->io.data = source;
	ev_io_start(server->loop, &source->io);
	return 0;
}

static void stop_requested(void *user)
{
	ev_break(((struct lws_stack_server *)user)->loop, EVBREAK_ALL);
}

/* The libev plugin looks at its timeouts only when something has woken libwebsockets. */
static void steady_tick(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct lws_stack_server *server = timer->data;

	(void)loop;
	(void)events;
	lws_cancel_service(server->context);
}

static int open_sources(struct lws_stack_server *server)
{
	int err = deadlines_open(&server->deadlines);

	if (err)
		return err;
	server->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (server->stop_fd < 0)
		return -errno;
	ev_timer_init(&server->steady, steady_tick, 1, 1);
	server->steady.data = server;
	ev_timer_start(server->loop, &server->steady);
	err = stack_watch((struct server *)server, server->deadlines.fd, deadlines_expire,
	                  &server->deadlines);
	if (!err)
		err = stack_watch((struct server *)server, server->stop_fd, stop_requested, server);
	return err;
}

/* libwebsockets says only that binding failed: ask the kernel why, before it tries. */
static int check_address(const struct server_config *config)
{
	int fd = listen_tcp(config->address, config->port);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int open_context(struct lws_stack_server *server)
{
	static const lws_retry_bo_t no_validity_pings;
	void *loops[] = {server->loop};
	struct lws_context_creation_info info = {
	        .port = server->config.port,
	        .iface = server->config.address,
	        .protocols = protocols,
	        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
	                   LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_DISABLE_IPV6 |
	                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
	                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
	        .retry_and_idle_policy = &no_validity_pings,
	        .max_http_header_data2 = (unsigned)server->config.head_max_bytes,
	        .foreign_loops = loops,
	        .user = server,
	};

	lws_set_log_level(LLL_ERR, NULL);
	server->context = lws_create_context(&info);
	if (!server->context)
		return -EIO;
	server->vhost = lws_create_vhost(server->context, &info);
	return server->vhost ? 0 : -EIO;
}

/* The loop is ours, so libwebsockets leaves what is pending on it to us. */
static void close_context(struct lws_stack_server *server)
{
	lws_context_destroy(server->context);
	ev_timer_stop(server->loop, &server->steady);
	ev_run(server->loop, EVRUN_NOWAIT);
}

static void stack_close(struct server **base)
{
	struct lws_stack_server *server = mine(*base);
	struct source *source;

	if (!server)
		return;
	if (server->context)
		close_context(server);
	while ((source = server->watches)) {
		server->watches = source->next;
		ev_io_stop(server->loop, &source->io);
		free(source);
	}
	bytes_free(&server->frame);
	deadlines_close(&server->deadlines);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	if (server->loop)
		ev_loop_destroy(server->loop);
	free(server);
	*base = NULL;
}

static int stack_open(struct server **out, const struct server_config *config,
                      const struct endpoint *const *endpoints)
{
	struct lws_stack_server *server = calloc(1, sizeof *server);
	int err;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	server->endpoints = endpoints;
	server->stop_fd = server->deadlines.fd = -1;
	err = check_address(config);
	if (!err) {
		server->loop = ev_loop_new(EVFLAG_NOSIGMASK);
		err = server->loop ? open_context(server) : -ENOMEM;
	}
	if (!err)
		err = open_sources(server);
	*out = (struct server *)server;
	if (err)
		stack_close(out);
	return err;
}

static uint16_t stack_port(const struct server *server)
{
	return (uint16_t)lws_get_vhost_listen_port(
	        ((const struct lws_stack_server *)server)->vhost);
}

static int stack_run(struct server *base)
{
	ev_run(mine(base)->loop, 0);
	return 0;
}

static void stack_stop(struct server *server)
{
	uint64_t one = 1;

	if (write(mine(server)->stop_fd, &one, sizeof one) < 0)
		return; /* full: a stop is already under way */
}

const struct stack_ops lws_stack = {
        .name = "lws",
        .open = stack_open,
        .port = stack_port,
        .watch = stack_watch,
        .run = stack_run,
        .stop = stack_stop,
        .close = stack_close,
};
