#include "lws_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../clock.h"
#include "../listen.h"
#include "../site.h"

/* Connections beyond connections_max that are accepted, to be told so. */
#define SURPLUS_MAX 32

/* Of a WebSocket, allocated with each: messages come in pieces of at most so many bytes. */
#define RECEIVE_BYTES 256

/* One send takes at most so many bytes. */
#define SEND_BYTES (1 << 20)

/* The library's own timeouts, which are not to come before ours; and for a peer to take an answer
 * to its close frame. */
#define LIBRARY_TIMEOUT_S 86400
#define CLOSE_TIMEOUT_S   5

/* A descriptor of ours in the loop. */
struct source {
	struct ev_io io;
	void (*ready)(void *user);
	void *user;
	struct source *next;
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

static const struct lws_stack_endpoint *cell_of(const struct lws_stack_request *request)
{
	return request->endpoint ? request->endpoint->cell : NULL;
}

void lws_request_clear_timeout(struct lws_stack_request *request)
{
	lws_set_timeout(request->wsi, NO_PENDING_TIMEOUT, 0);
}

void lws_request_unsubscribe(struct lws_stack_request *request)
{
	if (request->subscriber.topic)
		request->server->config.counters->subscribers--;
	topic_unsubscribe(&request->subscriber);
}

/* The connection is going: the library still sends what it has. */
static void end(struct lws_stack_request *request)
{
	request->over = true;
	lws_request_unsubscribe(request);
	deadline_clear(&request->server->deadlines, &request->deadline);
	bytes_free(&request->buffer);
}

#define REQUEST_OF(pointer, member)                                                                \
	((struct lws_stack_request *)(void *)((char *)(pointer)-offsetof(struct lws_stack_request, \
	                                                                 member)))

/* Where a peer is gone without having taken the rest, the library waits for ever, and keeps the
 * loop so busy that its own timeouts, which end that, are never looked at. It gives up what it has
 * only when it cannot write any more. */
static void was_not_sent(struct deadline *deadline)
{
	struct lws *wsi = REQUEST_OF(deadline, deadline)->wsi;
	uint8_t room[LWS_PRE + 1] = {0};

	shutdown(lws_get_socket_fd(wsi), SHUT_RDWR);
	lws_write(wsi, room + LWS_PRE, 1, LWS_WRITE_RAW);
	lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

/* Who owes the token gets no more than a close frame: for the answer and for the end the library
 * alone would wait 5 s each, and read on. */
static void end_in_time(struct lws_stack_request *request)
{
	const struct server_config *config = lws_stack_config(request);

	end(request);
	request->deadline.expired = was_not_sent;
	deadline_set(&request->server->deadlines, &request->deadline, clock_now_ns(),
	             request->owes_token ? config->request_timeout_ns : config->idle_timeout_ns);
}

/* Closes a connection that the library may be busy with, as soon as it is not: politely (what is
 * buffered is sent) or at once. */
static void drop(struct lws_stack_request *request, bool politely)
{
	end_in_time(request);
	lws_set_timeout(request->wsi,
	                politely ? PENDING_TIMEOUT_HTTP_KEEPALIVE_IDLE
	                         : PENDING_TIMEOUT_USER_REASON_BASE,
	                LWS_TO_KILL_ASYNC);
	lws_cancel_service(request->server->context);
}

/* Written at once, and not when the library finds the socket writable, which costs two more system
 * calls: as long as nothing is buffered, what the socket does not take is all that will be. To who
 * publishes the library may owe a pong first. */
static void write_now(struct lws_stack_request *request)
{
	if (request->receiving)
		lws_callback_on_writable(request->wsi);
	else if (cell_of(request)->upgrade && lws_get_close_length(request->wsi))
		lws_request_unsubscribe(request); /* the library has ended it by itself */
	else if (!lws_partial_buffered(request->wsi) && cell_of(request)->writable(request))
		drop(request, true);
}

static void has_news(struct subscriber *subscriber)
{
	struct lws_stack_request *request = REQUEST_OF(subscriber, subscriber);
	const struct server_config *config = lws_stack_config(request);

	write_now(request);
	if (subscriber->topic && lws_partial_buffered(request->wsi) &&
	    subscriber_queue(subscriber) > config->queue_messages) {
		config->counters->slow_readers++;
		drop(request, false);
	}
}

static void has_waited(struct deadline *deadline)
{
	struct lws_stack_request *request = REQUEST_OF(deadline, deadline);
	const struct server_config *config = lws_stack_config(request);
	bool is_websocket = cell_of(request) && cell_of(request)->upgrade;
	bool is_idle = is_websocket && request->subscriber.topic &&
	               clock_now_ns() - request->heard_ns >= config->idle_timeout_ns;
	bool is_stuck = request->subscriber.topic && request->timed_out &&
	                lws_partial_buffered(request->wsi);

	if (request->subscriber.topic && !is_idle && !is_stuck) {
		request->timed_out = true;
		write_now(request);
		if (request->subscriber.topic && lws_partial_buffered(request->wsi))
			lws_request_wait(request, config->idle_timeout_ns);
		return;
	}
	config->counters->timeouts += is_stuck || !request->timed_out;
	if (request->owes_token && !request->timed_out) {
		request->timed_out = true; /* it ends with a close frame when it is writable */
		lws_request_wait(request, config->request_timeout_ns);
		lws_callback_on_writable(request->wsi);
		return;
	}
	drop(request, false);
}

void lws_request_wait(struct lws_stack_request *request, uint64_t wait_ns)
{
	request->deadline.expired = has_waited;
	deadline_set(&request->server->deadlines, &request->deadline, clock_now_ns(), wait_ns);
}

void lws_stack_subscribe(struct lws_stack_request *request, uint64_t wait_ns)
{
	bool is_websocket = cell_of(request)->upgrade;
	uint64_t idle_ns = request->server->config.idle_timeout_ns;

	lws_request_wait(request, is_websocket && idle_ns < wait_ns ? idle_ns : wait_ns);
	if (request->subscriber.topic)
		return;
	request->subscriber.wake = has_news;
	topic_subscribe(request->subscription.topic, &request->subscriber);
	request->server->config.counters->subscribers++;
	if (!is_websocket)
		lws_http_headers_detach(request->wsi); /* memory that it needs no more */
}

/* The library sets a timeout for a new connection, and allocates room for the head of its request,
 * when on_accepted is done. Of many that come in one turn of the loop none has been read from: one
 * room for all leaves no holes between what each of them keeps. */
static void lighten_accepted(struct lws_stack_server *server)
{
	unsigned turn = ev_iteration(server->loop);

	if (server->accepted && !server->accepted->asked) {
		lws_request_clear_timeout(server->accepted);
		if (server->accepted_turn == turn)
			lws_http_headers_detach(server->accepted->wsi);
	}
	server->accepted_turn = turn;
}

static int on_accepted(struct lws_stack_server *server, struct lws *wsi)
{
	struct lws_stack_request *request = calloc(1, sizeof *request);
	struct counters *counters = server->config.counters;

	if (!request)
		return -1;
	request->server = server;
	request->wsi = wsi;
	lws_set_opaque_user_data(wsi, request);
	counters->connections++;
	request->surplus = ++counters->connections_open > server->config.connections_max;
	lws_request_wait(request, server->config.request_timeout_ns);
	lighten_accepted(server);
	server->accepted = request;
	return 0;
}

static void on_destroyed(struct lws_stack_request *request)
{
	struct lws_stack_server *server = request->server;

	end(request);
	if (server->accepted == request)
		server->accepted = NULL;
	server->config.counters->connections_open--;
	free(request);
}

/* The socket is writable, and nothing is buffered. */
static int on_writable(struct lws_stack_request *request)
{
	static char why[] = "the token did not come in time";

	if (request->draining)
		return lws_request_sent(request);
	if (request->subscriber.topic)
		return cell_of(request)->writable(request);
	if (request->owes_token && request->timed_out)
		lws_close_reason(request->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION, (uint8_t *)why,
		                 sizeof why - 1);
	return request->owes_token && request->timed_out ? -1 : 0;
}

static int on_received(struct lws_stack_request *request, const void *piece, size_t size)
{
	int result;

	request->heard_ns = clock_now_ns();
	request->receiving = true;
	result = cell_of(request)->received(request, piece, size);
	request->receiving = false;
	return result;
}

/* What happens on a connection that is not being closed. */
static int on_event(struct lws_stack_request *request, enum lws_callback_reasons reason, void *in,
                    size_t size)
{
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return lws_request_asked(request);
	case LWS_CALLBACK_HTTP_BODY:
		return lws_request_content(request, in, size);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		return lws_request_whole(request);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return lws_request_upgrade(request, in);
	case LWS_CALLBACK_ESTABLISHED:
		request->heard_ns = clock_now_ns();
		return cell_of(request)->start(request);
	case LWS_CALLBACK_HTTP_WRITEABLE:
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(request);
	case LWS_CALLBACK_RECEIVE:
		return on_received(request, in, size);
	case LWS_CALLBACK_RECEIVE_PONG:
		request->heard_ns = clock_now_ns();
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		end(request);
		lws_set_timeout(request->wsi, PENDING_TIMEOUT_CLOSE_SEND, CLOSE_TIMEOUT_S);
		return 0;
	default:
		return 0;
	}
}

/* Of these callbacks the library closes the connection where they give -1. */
static bool is_http(enum lws_callback_reasons reason)
{
	return reason == LWS_CALLBACK_FILTER_HTTP_CONNECTION || reason == LWS_CALLBACK_HTTP ||
	       reason == LWS_CALLBACK_HTTP_BODY || reason == LWS_CALLBACK_HTTP_BODY_COMPLETION ||
	       reason == LWS_CALLBACK_HTTP_CONFIRM_UPGRADE || reason == LWS_CALLBACK_HTTP_WRITEABLE;
}

/* What happens on any descriptor of the library's. */
static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
	struct lws_stack_server *server = lws_context_user(lws_get_context(wsi));
	const struct server_config *config = &server->config;
	struct lws_stack_request *request;
	int result;

	(void)user;
	switch (reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return config->counters->connections_open >= config->connections_max + SURPLUS_MAX;
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		return on_accepted(server, wsi);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		server->subprotocol[0] = '\0';
		return 0;
	case LWS_CALLBACK_RAW_ADOPT:
		return -1; /* the method is CONNECT */
	default:
		break;
	}
	request = lws_get_opaque_user_data(wsi);
	if (!request)
		return 0;
	if (reason == LWS_CALLBACK_WSI_DESTROY) {
		on_destroyed(request);
		return 0;
	}
	if (request->over)
		return is_http(reason) ? -1 : 0; /* the library went on with it */
	result = on_event(request, reason, in, size);
	if (result)
		end_in_time(request);
	return result;
}

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

/* It takes a file that it cannot read for none. */
static int check_files(const struct server_config *config)
{
	if (config->certificate &&
	    (access(config->certificate, R_OK) || !config->key || access(config->key, R_OK)))
		return -EINVAL;
	return 0;
}

static void describe_context(struct lws_stack_server *server,
                             struct lws_context_creation_info *info)
{
	static const lws_retry_bo_t no_validity_pings;
	static const struct lws_http_mount everything = {.mountpoint = "/",
	                                                 .mountpoint_len = 1,
	                                                 .origin = SITE_SUBPROTOCOL,
	                                                 .origin_protocol = LWSMPRO_CALLBACK};

	for (int i = 0; i < 2; i++)
		server->protocols[i] = (struct lws_protocols){.name = SITE_SUBPROTOCOL,
		                                              .callback = callback,
		                                              .rx_buffer_size = RECEIVE_BYTES,
		                                              .tx_packet_size = SEND_BYTES};
	server->protocols[1].name = server->subprotocol;
	*info = (struct lws_context_creation_info){
	        .port = server->config.port,
	        .iface = server->config.address,
	        .protocols = server->protocols,
	        .mounts = &everything,
	        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
	                   LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_DISABLE_IPV6 |
	                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
	                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
	        .retry_and_idle_policy = &no_validity_pings,
	        .keepalive_timeout = LIBRARY_TIMEOUT_S,
	        .timeout_secs = LIBRARY_TIMEOUT_S,
	        .timeout_secs_ah_idle = LIBRARY_TIMEOUT_S,
	        .max_http_header_data2 = (unsigned)server->config.head_max_bytes,
	        .user = server,
	};
}

static int open_context(struct lws_stack_server *server)
{
	const char *certificate = server->config.certificate, *key = server->config.key;
	struct lws_context_creation_info info;
	void *loops[] = {server->loop};

	describe_context(server, &info);
	info.foreign_loops = loops;
	if (certificate) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		                LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
		info.ssl_cert_filepath = certificate;
		info.ssl_private_key_filepath = key;
		info.alpn = "http/1.1"; /* HTTP/2 would be another transport */
	}
	lws_set_log_level(0, NULL);
	server->context = lws_create_context(&info);
	if (!server->context)
		return -EIO;
	server->vhost = lws_create_vhost(server->context, &info);
	if (server->vhost)
		return 0;
	return certificate ? -EINVAL : -EIO;
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
	bytes_free(&server->shared.bytes);
	free(server->scratch);
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
	server->is_pipelined = config->certificate; /* TLS may always hold something back */
	server->endpoints = endpoints;
	server->stop_fd = server->deadlines.fd = -1;
	server->scratch_size = 2 * (int)config->head_max_bytes;
	server->scratch = malloc((size_t)server->scratch_size);
	err = server->scratch ? check_address(config) : -ENOMEM;
	if (!err)
		err = check_files(config);
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
