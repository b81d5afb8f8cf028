#include "epoll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../clock.h"
#include "../listen.h"
#include "epoll_server.h"

#define REST_NS    (100 * NS_PER_MS)
#define ACCEPT_MAX 64 /* at a time: those who are connected already are not to wait long */

/* A descriptor of the caller's. */
struct watch {
	struct source source;
	void (*ready)(void *user);
	void *user;
	struct watch *next;
};

/* The stack's struct server is this one. */
static struct epoll_server *mine(struct server *server)
{
	return (struct epoll_server *)server;
}

static void watched_is_ready(struct source *source, uint32_t events)
{
	struct watch *watch = (struct watch *)source;

	(void)events;
	watch->ready(watch->user);
}

static int stack_watch(struct server *base, int fd, void (*ready)(void *user), void *user)
{
	struct epoll_server *server = mine(base);
	struct watch *watch = calloc(1, sizeof *watch);
	int err;

	if (!watch)
		return -ENOMEM;
	*watch = (struct watch){{watched_is_ready}, ready, user, server->watches};
	err = loop_watch(&server->loop, fd, EPOLLIN, &watch->source);
	if (err)
		free(watch);
	else
		server->watches = watch;
	return err;
}

static void rest_is_over(struct deadline *deadline)
{
	struct epoll_server *server =
	        (struct epoll_server *)(void *)((char *)deadline -
	                                        offsetof(struct epoll_server, rest));

	if (server->full)
		loop_change(&server->loop, server->listen_fd, EPOLLIN, &server->listener);
	server->full = false;
}

static void accept_connections(struct source *source, uint32_t events)
{
	struct epoll_server *server =
	        (struct epoll_server *)(void *)((char *)source -
	                                        offsetof(struct epoll_server, listener));
	int err = 0;

	(void)events;
	for (int i = 0; i < ACCEPT_MAX && !err; i++)
		err = epoll_connection_accept(server);
	if (err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM) {
		server->full = true; /* else the loop would spin: one that closes wakes it */
		server->rest.expired = rest_is_over;
		deadline_set(&server->deadlines, &server->rest, clock_now_ns(), REST_NS);
		loop_change(&server->loop, server->listen_fd, 0, &server->listener);
	}
}

/* The endpoint that takes connections without HTTP, if that is what is served. */
static const struct endpoint *find_raw(const struct endpoint *const *endpoints)
{
	const struct epoll_endpoint *cell = *endpoints ? (*endpoints)->cell : NULL;

	return cell && cell->raw ? *endpoints : NULL;
}

static int open_tls(struct epoll_server *server)
{
	const struct server_config *config = &server->config;
	char error[256];

	if (!config->certificate)
		return 0;
	return tls_server_open(&server->tls, config->certificate, config->key, error, sizeof error);
}

static int open_listener(struct epoll_server *server)
{
	server->listen_fd = listen_tcp(server->config.address, server->config.port);
	if (server->listen_fd < 0)
		return server->listen_fd;
	server->listener.ready = accept_connections;
	return loop_watch(&server->loop, server->listen_fd, EPOLLIN, &server->listener);
}

static int open_server(struct epoll_server *server)
{
	int err = loop_open(&server->loop);

	if (!err)
		err = deadlines_open(&server->deadlines);
	if (!err)
		err = stack_watch((struct server *)server, server->deadlines.fd, deadlines_expire,
		                  &server->deadlines);
	server->input = malloc(EPOLL_INPUT_BYTES);
	/* No string is longer than what it is read from; each has an end of its own. */
	server->strings_size = 2 * server->config.head_max_bytes;
	server->strings = malloc(server->strings_size);
	if (!err && (!server->input || !server->strings))
		err = -ENOMEM;
	if (!err)
		err = open_tls(server);
	return err ? err : open_listener(server);
}

static void close_connections(struct epoll_server *server)
{
	struct epoll_request *request;

	while ((request = LIST_FIRST(&server->connections))) {
		epoll_connection_close(request);
		epoll_connections_tidy(server);
	}
}

static void stack_close(struct server **base)
{
	struct epoll_server *server = mine(*base);
	struct watch *watch;

	if (!server)
		return;
	close_connections(server);
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	while ((watch = server->watches)) {
		server->watches = watch->next;
		free(watch);
	}
	tls_context_close(&server->tls);
	bytes_free(&server->answer.bytes);
	bytes_free(&server->frame.bytes);
	free(server->strings);
	free(server->input);
	deadlines_close(&server->deadlines);
	loop_close(&server->loop);
	free(server);
	*base = NULL;
}

static int stack_open(struct server **out, const struct server_config *config,
                      const struct endpoint *const *endpoints)
{
	struct epoll_server *server = calloc(1, sizeof *server);
	int err;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	server->endpoints = endpoints;
	server->raw = find_raw(endpoints);
	server->take_requests = epoll_take_requests;
	server->listen_fd = server->deadlines.fd = -1;
	LIST_INIT(&server->connections);
	SLIST_INIT(&server->later);
	*out = (struct server *)server;
	err = open_server(server);
	if (err)
		stack_close(out);
	return err;
}

static uint16_t stack_port(const struct server *server)
{
	return listen_port(((const struct epoll_server *)server)->listen_fd);
}

static void tidy(void *user)
{
	epoll_connections_tidy(user);
}

static int stack_run(struct server *server)
{
	return loop_run(&mine(server)->loop, tidy, mine(server));
}

static void stack_stop(struct server *server)
{
	loop_stop(&mine(server)->loop);
}

const struct stack_ops epoll_stack = {
        .name = "epoll",
        .open = stack_open,
        .port = stack_port,
        .watch = stack_watch,
        .run = stack_run,
        .stop = stack_stop,
        .close = stack_close,
};
