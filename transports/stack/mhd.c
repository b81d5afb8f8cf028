#include "mhd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../listen.h"
#include "mhd_server.h"

#define EVENTS_MAX      256
#define POOL_STEP_BYTES 512
#define SURPLUS_MAX     64 /* connections that are told that there are too many */

/* The stack's struct server is this one. */
static struct mhd_server *mine(struct server *server)
{
	return (struct mhd_server *)server;
}

static int control(struct mhd_server *server, int operation, int fd, uint32_t events,
                   struct source *source)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	return epoll_ctl(server->epoll_fd, operation, fd, &event) ? -errno : 0;
}

int mhd_add_source(struct mhd_server *server, int fd, uint32_t events, struct source *source)
{
	return control(server, EPOLL_CTL_ADD, fd, events, source);
}

int mhd_change_source(struct mhd_server *server, int fd, uint32_t events, struct source *source)
{
	return control(server, EPOLL_CTL_MOD, fd, events, source);
}

static void peer_gone(void *user)
{
	struct mhd_peer *peer = user;

	peer->gone = true;
	if (peer->request)
		mhd_unpark(peer->request, false);
}

static void peer_open(struct mhd_server *server, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct mhd_peer *peer = calloc(1, sizeof *peer);

	*context = peer;
	if (!peer)
		return;
	peer->source = (struct source){.ready = peer_gone, .user = peer};
	peer->server = server;
	peer->fd = info->connect_fd;
	peer->surplus = server->config.counters->connections_open > server->config.connections_max;
	mhd_add_source(server, peer->fd, EPOLLRDHUP | EPOLLET, &peer->source);
	mhd_peer_expect(peer, server->config.request_timeout_ns);
}

/* Closing the socket takes it out of our epoll set. */
static void connection_changed(void *cls, struct MHD_Connection *connection, void **context,
                               enum MHD_ConnectionNotificationCode what)
{
	struct mhd_server *server = cls;
	struct mhd_peer *peer = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		server->config.counters->connections++;
		server->config.counters->connections_open++;
		peer_open(server, connection, context);
		return;
	}
	server->config.counters->connections_open--;
	server->resumed = true; /* at its limit it listens again only when it runs once more */
	if (peer)
		deadline_clear(&server->deadlines, &peer->deadline);
	free(peer);
	*context = NULL;
}

static void stop_requested(void *user)
{
	((struct mhd_server *)user)->stopping = true;
}

/* Sets *out to the file as a string, owned. */
static int read_file(char **out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat file;
	ssize_t size;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &file))
		err = -errno;
	*out = err ? NULL : calloc(1, (size_t)file.st_size + 1);
	if (!err && !*out)
		err = -ENOMEM;
	size = err ? 0 : read(fd, *out, (size_t)file.st_size);
	close(fd);
	return size < 0 ? -errno : err;
}

static int read_certificate(struct mhd_server *server)
{
	int err;

	if (!server->config.certificate)
		return 0;
	err = read_file(&server->certificate, server->config.certificate);
	return err ? err : read_file(&server->key, server->config.key);
}

static void start_daemon(struct mhd_server *server, int listen_fd)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
	                 MHD_USE_SUPPRESS_DATE_NO_CLOCK;
	struct MHD_OptionItem tls[] = {
	        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate},
	        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
	        /* RFC 8996 */
	        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"},
	        {MHD_OPTION_END, 0, NULL},
	};

	if (server->certificate)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	server->daemon = MHD_start_daemon(
	        flags, 0, NULL, NULL, mhd_handle, server, MHD_OPTION_LISTEN_SOCKET, listen_fd,
	        MHD_OPTION_CONNECTION_LIMIT, server->config.connections_max + SURPLUS_MAX,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->config.head_max_bytes,
	        MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)POOL_STEP_BYTES,
	        MHD_OPTION_NOTIFY_COMPLETED, mhd_request_over, NULL, MHD_OPTION_NOTIFY_CONNECTION,
	        connection_changed, server, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static int open_daemon(struct mhd_server *server, int listen_fd)
{
	const union MHD_DaemonInfo *info;

	start_daemon(server, listen_fd);
	if (!server->daemon)
		return server->certificate ? -EINVAL : -EIO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	return mhd_add_source(server, info->epoll_fd, EPOLLIN, &server->daemon_source);
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
		err = mhd_add_source(server, server->stop_fd, EPOLLIN, &server->stop_source);
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
	err = mhd_add_source(server, fd, EPOLLIN, source);
	if (err)
		free(source);
	else
		server->watches = source;
	return err;
}

/* Every suspended connection must go on, and every upgraded one be given back, before the daemon
 * may be stopped. */
static void close_daemon(struct mhd_server *server)
{
	struct mhd_socket *socket;

	server->closing = true;
	while (!TAILQ_EMPTY(&server->parked))
		mhd_unpark(TAILQ_FIRST(&server->parked), false);
	while ((socket = TAILQ_FIRST(&server->sockets)))
		mhd_socket_close(socket);
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
	bytes_free(&server->frame.bytes);
	free(server->input);
	free(server->certificate);
	free(server->key);
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
	int listen_fd, err = open_sources(server);

	if (!err)
		err = read_certificate(server);
	if (err)
		return err;
	server->input = malloc(MHD_INPUT_BYTES);
	server->empty = mhd_empty_answer();
	if (!server->input || !server->empty)
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
	TAILQ_INIT(&server->sockets);
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

/* After every wake-up: resuming a connection does not show in the daemon's epoll descriptor. Nor
 * does it that of an upgraded TLS connection only the end is left to be done. */
static void run_daemon(struct mhd_server *server)
{
	server->resumed = false;
	MHD_run(server->daemon);
	if (server->tls_given_back)
		MHD_run(server->daemon);
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
		run_daemon(server);
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
