#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "process.h"

#define EVENTS_MAX           512
#define INPUT_BYTES          (256 << 10)
#define CONNECTING_MAX       128   /* below every listen backlog */
#define SESSIONS_PER_ADDRESS 10000 /* loopback source addresses, for the sake of ports */
#define DESCRIPTORS_SPARE    64

void sessions_fail(struct sessions *sessions, const char *format, ...)
{
	va_list values;

	if (sessions->failed)
		return;
	sessions->failed = true;
	va_start(values, format);
	vsnprintf(sessions->reason, sizeof sessions->reason, format, values);
	va_end(values);
}

static size_t index_of(const struct session *session)
{
	return (size_t)(session - session->all->list);
}

static void close_socket(struct session *session)
{
	if (session->fd < 0)
		return;
	tcp_totals_add(&session->all->closed, session->fd);
	session->all->connecting -= session->connecting;
	session->connecting = session->out_blocked = false;
	close(session->fd);
	session->fd = -1;
}

/* Many connections from one address to one port make the kernel search long for a free port. */
static int bind_source(int fd, size_t index)
{
	uint32_t address = INADDR_LOOPBACK + (uint32_t)(index / SESSIONS_PER_ADDRESS);
	struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
	int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&source, sizeof source))
		return -errno;
	return 0;
}

static int start_connecting(const struct session *session)
{
	const struct sessions *all = session->all;
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(all->port)};
	int on = 1, err = bind_source(session->fd, index_of(session));

	if (err)
		return err;
	setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	inet_pton(AF_INET, all->address, &server.sin_addr);
	if (connect(session->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static int watch(struct session *session, int operation, bool output)
{
	struct epoll_event event = {.events = output ? EPOLLIN | EPOLLOUT : EPOLLIN,
	                            .data.ptr = session};

	return epoll_ctl(session->all->epoll_fd, operation, session->fd, &event) ? -errno : 0;
}

static void fail_to_connect(struct sessions *sessions, int error_number)
{
	sessions_fail(sessions, "connecting to %s port %u: %s", sessions->address, sessions->port,
	              strerror(error_number));
}

static void session_connect(struct session *session)
{
	struct sessions *all = session->all;
	int err;

	bytes_clear(&session->out);
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0) {
		sessions_fail(all, "socket: %s", strerror(errno));
		return;
	}
	session->connecting = true;
	all->connecting++;
	err = start_connecting(session);
	if (!err)
		err = watch(session, EPOLL_CTL_ADD, true);
	if (err)
		fail_to_connect(all, -err);
}

void sessions_connect(struct sessions *sessions)
{
	while (!sessions->failed && sessions->next < sessions->count &&
	       sessions->connecting < CONNECTING_MAX)
		session_connect(&sessions->list[sessions->next++]);
}

static void flush(struct session *session)
{
	struct bytes *out = &session->out;
	bool blocked;
	ssize_t sent;

	while (bytes_size(out)) {
		sent = send(session->fd, bytes_data(out), bytes_size(out), MSG_NOSIGNAL);
		if (sent < 0)
			break; /* full; any other error shows up as an end of input */
		session->all->bytes_up += (uint64_t)sent;
		bytes_consume(out, (size_t)sent);
	}
	blocked = bytes_size(out) > 0;
	if (session->out_blocked != blocked)
		watch(session, EPOLL_CTL_MOD, blocked);
	session->out_blocked = blocked;
}

static void reset_timer(struct session *session)
{
	struct sessions *all = session->all;
	uint64_t at_ns =
	        all->client->deadline ? all->client->deadline(session->state) : CLIENT_NEVER;

	if (at_ns == CLIENT_NEVER)
		timer_clear(&all->timers, &session->timer);
	else if (at_ns != session->timer.at_ns || !session->timer.place)
		timer_set(&all->timers, &session->timer, at_ns);
}

/* After every call of the client that could have changed something. */
static void go_on(struct session *session, enum client_status status)
{
	struct sessions *all = session->all;

	if (session->out.failed)
		sessions_fail(all, "out of memory");
	else
		flush(session);
	if (status == CLIENT_FAILED)
		sessions_fail(all, "subscriber %zu: %s", index_of(session) + 1,
		              all->client->why(session->state));
	if (all->failed)
		return;
	if (status == CLIENT_RECONNECT) {
		all->reconnects++;
		close_socket(session);
		timer_clear(&all->timers, &session->timer);
		session_connect(session);
		return;
	}
	reset_timer(session);
}

static void connected(struct session *session)
{
	struct sessions *all = session->all;
	socklen_t size = sizeof(int);
	int error_number = 0;

	getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &error_number, &size);
	if (error_number) {
		fail_to_connect(all, error_number);
		return;
	}
	session->connecting = false;
	session->out_blocked = true; /* as it is watched: the flush puts it right */
	all->connecting--;
	go_on(session,
	      all->client->connected(session->state, LANE_DOWN, all->now_ns, &session->out));
	sessions_connect(all);
}

static void input(struct session *session)
{
	struct sessions *all = session->all;
	ssize_t size = recv(session->fd, all->input, INPUT_BYTES, 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0)
		size = 0; /* reset: the client learns of an end */
	all->now_ns = clock_now_ns();
	all->bytes_down += (uint64_t)size;
	go_on(session, all->client->input(session->state, LANE_DOWN, all->input, (size_t)size,
	                                  all->now_ns, &session->out));
}

static void serve_event(struct session *session, uint32_t what)
{
	if (session->connecting) {
		session->all->now_ns = clock_now_ns();
		connected(session);
		return;
	}
	if (what & EPOLLOUT)
		flush(session);
	if (what & (EPOLLIN | EPOLLHUP | EPOLLERR))
		input(session);
}

/* Microseconds matter to a poll: epoll_wait's timeout knows only milliseconds. */
static void arm_timer(struct sessions *sessions)
{
	struct timer *first = timers_first(&sessions->timers);
	struct itimerspec when;

	if (!first || first->at_ns == sessions->armed_ns)
		return;
	sessions->armed_ns = first->at_ns;
	when = (struct itimerspec){.it_value = clock_timespec(first->at_ns)};
	timerfd_settime(sessions->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void sessions_wait(struct sessions *sessions)
{
	struct epoll_event ready[EVENTS_MAX];
	uint64_t expirations;
	int count;

	arm_timer(sessions);
	count = epoll_wait(sessions->epoll_fd, ready, EVENTS_MAX, -1);
	if (count < 0 && errno != EINTR)
		sessions_fail(sessions, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < count && !sessions->failed; i++)
		if (ready[i].data.ptr)
			serve_event(ready[i].data.ptr, ready[i].events);
		else if (read(sessions->timer_fd, &expirations, sizeof expirations) > 0)
			sessions->armed_ns = 0;
}

struct timer *sessions_run_timers(struct sessions *sessions, const struct timer *foreign)
{
	struct session *session;
	struct timer *timer;

	while (!sessions->failed && (timer = timers_first(&sessions->timers))) {
		sessions->now_ns = clock_now_ns();
		if (timer->at_ns > sessions->now_ns)
			return NULL;
		timer_clear(&sessions->timers, timer);
		if (timer == foreign)
			return timer;
		session =
		        (struct session *)(void *)((char *)timer - offsetof(struct session, timer));
		hist_record(&sessions->lateness, sessions->now_ns - timer->at_ns);
		go_on(session,
		      sessions->client->tick(session->state, sessions->now_ns, &session->out));
	}
	return NULL;
}

struct tcp_totals sessions_tcp_totals(const struct sessions *sessions)
{
	struct tcp_totals totals = sessions->closed;

	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].all && sessions->list[i].fd >= 0)
			tcp_totals_add(&totals, sessions->list[i].fd);
	return totals;
}

int session_open(struct sessions *sessions, size_t index, const struct client_config *config,
                 const struct client_events *events, void *user)
{
	struct session *session = &sessions->list[index];

	session->fd = -1;
	session->state = calloc(1, sessions->client->state_size);
	if (!session->state)
		return -ENOMEM;
	session->all = sessions;
	sessions->client->init(session->state, config, events, user);
	return 0;
}

static int check_descriptors(struct sessions *sessions)
{
	size_t limit = process_raise_descriptor_limit(),
	       wanted = sessions->count + DESCRIPTORS_SPARE;

	if (wanted <= limit)
		return 0;
	sessions_fail(sessions,
	              "%zu subscribers and %d more need %zu descriptors: the limit is %zu",
	              sessions->count, DESCRIPTORS_SPARE, wanted, limit);
	return -EMFILE;
}

static int open_loop(struct sessions *sessions, size_t spare)
{
	struct epoll_event event = {.events = EPOLLIN};

	sessions->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sessions->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (sessions->epoll_fd < 0 || sessions->timer_fd < 0 ||
	    epoll_ctl(sessions->epoll_fd, EPOLL_CTL_ADD, sessions->timer_fd, &event))
		return -errno;
	sessions->list = calloc(sessions->count, sizeof *sessions->list);
	sessions->input = malloc(INPUT_BYTES);
	if (!sessions->list || !sessions->input)
		return -ENOMEM;
	return timers_reserve(&sessions->timers, sessions->count + spare);
}

int sessions_open(struct sessions *sessions, const struct client_ops *client, const char *address,
                  uint16_t port, size_t count, size_t spare)
{
	int err;

	*sessions = (struct sessions){.client = client,
	                              .address = address,
	                              .port = port,
	                              .count = count,
	                              .epoll_fd = -1,
	                              .timer_fd = -1};
	err = check_descriptors(sessions);
	if (!err)
		err = open_loop(sessions, spare);
	if (err)
		sessions_fail(sessions, "setting up the load: %s", strerror(-err));
	return err;
}

void sessions_close(struct sessions *sessions)
{
	for (size_t i = 0; sessions->list && i < sessions->count; i++) {
		struct session *session = &sessions->list[i];

		if (!session->all)
			continue;
		close_socket(session);
		sessions->client->fini(session->state);
		free(session->state);
		bytes_free(&session->out);
	}
	free(sessions->list);
	free(sessions->input);
	timers_free(&sessions->timers);
	if (sessions->timer_fd >= 0)
		close(sessions->timer_fd);
	if (sessions->epoll_fd >= 0)
		close(sessions->epoll_fd);
}
