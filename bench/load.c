#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "../transports/matrix.h"
#include "process.h"
#include "timers.h"

#define EVENTS_MAX           512
#define INPUT_BYTES          (256 << 10)
#define CONNECTING_MAX       128   /* below every listen backlog */
#define SESSIONS_PER_ADDRESS 10000 /* loopback source addresses, for the sake of ports */
#define DESCRIPTORS_SPARE    64
#define CONNECT_MAX_NS       (30 * NS_PER_S)
#define DRAIN_MIN_NS         (2 * NS_PER_S)

struct load;

/* One subscriber and its LANE_DOWN. */
struct session {
	struct load *load;
	void *state; /* the client's */
	struct bytes out;
	struct timer timer;
	int fd; /* -1: not connected */
	bool connecting, ready, out_blocked;
	uint64_t last_id;    /* the highest received */
	uint64_t *received;  /* one bit for each message of the run, from id 1 */
	uint64_t main_count; /* first deliveries of messages of the main phase */
};

/* What TCP_INFO counts for one socket, or for many. */
struct tcp_totals {
	uint64_t bytes_down, bytes_up, segments_down, segments_up, retransmitted;
};

struct load {
	const struct load_config *config;
	const struct client_ops *client;
	struct load_plan plan;
	struct run_result *result;
	struct session *sessions;
	size_t sessions_count, next_session, connecting_count, ready_count, complete_count;
	int epoll_fd, timer_fd;
	struct timers timers;
	struct timer phase_timer;
	uint64_t armed_ns; /* what timer_fd is set to */
	uint64_t begin_ns, start_ns;
	enum load_phase phase;
	uint64_t now_ns;
	struct run_traffic traffic; /* running; without the TCP counts */
	struct tcp_totals closed;   /* of the sockets that are closed */
	struct tcp_totals at_main;  /* of all, when the main phase began */
	uint64_t cpu_at_main_ns;
	struct hist lateness;
	bool failed;
	uint8_t *input;
};

struct load_plan load_plan(const struct run_spec *spec)
{
	const struct run_parameters *parameters = &spec->parameters;
	struct load_plan plan = {
	        .warmup_ns = (uint64_t)(parameters->warmup_s * (double)NS_PER_S),
	        .main_ns = (uint64_t)(parameters->main_s * (double)NS_PER_S),
	};
	struct schedule schedule;

	schedule_start(&schedule, parameters->arrivals, parameters->rate_hz, spec->seed, 0);
	for (; schedule.next_ns < plan.warmup_ns + plan.main_ns; schedule_advance(&schedule)) {
		plan.messages++;
		plan.warmup += schedule.next_ns < plan.warmup_ns;
	}
	return plan;
}

static void fail(struct load *load, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first failure is the reason; later ones follow from it. */
static void fail(struct load *load, const char *format, ...)
{
	va_list values;

	if (load->failed)
		return;
	load->failed = true;
	va_start(values, format);
	vsnprintf(load->result->reason, sizeof load->result->reason, format, values);
	va_end(values);
}

static size_t number_of(const struct session *session)
{
	return (size_t)(session - session->load->sessions) + 1;
}

static bool is_main(const struct load *load, uint64_t id)
{
	return id > load->plan.warmup && id <= load->plan.messages;
}

/* True where this session had the message already. */
static bool mark_received(struct session *session, uint64_t id)
{
	uint64_t bit = UINT64_C(1) << (id % 64), *word = &session->received[id / 64];
	bool had = *word & bit;

	*word |= bit;
	return had;
}

/* From the two instants of a message to the instant at which its last byte was read. */
static void record_latency(struct load *load, uint64_t id, uint64_t scheduled_ns)
{
	uint64_t noted_ns, published_ns;

	if (!publish_log_read(load->config->log, id, &noted_ns, &published_ns)) {
		hist_record(&load->result->unscheduled, load->now_ns - published_ns);
		if (!scheduled_ns)
			scheduled_ns = noted_ns;
	}
	if (scheduled_ns)
		hist_record(&load->result->latency, load->now_ns - scheduled_ns);
}

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	struct session *session = user;
	struct load *load = session->load;

	(void)data;
	load->traffic.messages++;
	load->traffic.payload_bytes += size;
	if (id == 0 || id > load->plan.messages) {
		fail(load, "subscriber %zu got message %" PRIu64 " of %" PRIu64, number_of(session),
		     id, load->plan.messages);
		return;
	}
	if (mark_received(session, id)) {
		load->result->duplicates++;
		return;
	}
	load->result->reordered += id < session->last_id;
	if (id > session->last_id)
		session->last_id = id;
	if (!is_main(load, id))
		return;
	record_latency(load, id, scheduled_ns);
	load->result->delivered++;
	if (++session->main_count == load->plan.messages - load->plan.warmup)
		load->complete_count++;
}

static void on_response(void *user, unsigned messages)
{
	struct session *session = user;

	session->load->traffic.responses++;
	session->load->traffic.empty_responses += messages == 0;
}

static void on_missed(void *user, uint64_t messages)
{
	((struct session *)user)->load->result->missed += messages;
}

static void on_ready(void *user)
{
	struct session *session = user;
	struct load *load = session->load;

	if (session->ready)
		return;
	session->ready = true;
	load->ready_count++;
	load->config->shared->connected = (unsigned)load->ready_count;
}

static const struct client_events events = {
        .ready = on_ready, .message = on_message, .response = on_response, .missed = on_missed};

static void add_tcp_totals(struct tcp_totals *totals, int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return;
	totals->bytes_down += info.tcpi_bytes_received;
	totals->bytes_up += info.tcpi_bytes_sent;
	totals->segments_down += info.tcpi_segs_in;
	totals->segments_up += info.tcpi_segs_out;
	totals->retransmitted += info.tcpi_total_retrans;
}

static struct tcp_totals all_tcp_totals(const struct load *load)
{
	struct tcp_totals totals = load->closed;

	for (size_t i = 0; i < load->sessions_count; i++)
		if (load->sessions[i].fd >= 0)
			add_tcp_totals(&totals, load->sessions[i].fd);
	return totals;
}

static void session_close(struct session *session)
{
	if (session->fd < 0)
		return;
	add_tcp_totals(&session->load->closed, session->fd);
	session->load->connecting_count -= session->connecting;
	session->connecting = session->out_blocked = false;
	close(session->fd);
	session->fd = -1;
}

/* Many connections from one address to one port make the kernel search long for a free port. */
static int bind_source(int fd, size_t index)
{
	struct sockaddr_in source = {
	        .sin_family = AF_INET,
	        .sin_addr.s_addr =
	                htonl(INADDR_LOOPBACK + (uint32_t)(index / SESSIONS_PER_ADDRESS))};
	int on = 1;

	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ||
	    bind(fd, (struct sockaddr *)&source, sizeof source))
		return -errno;
	return 0;
}

static int start_connecting(const struct load *load, int fd, size_t index)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(load->config->port)};
	int err = bind_source(fd, index);

	if (err)
		return err;
	inet_pton(AF_INET, load->config->address, &server.sin_addr);
	if (connect(fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
		return -errno;
	return 0;
}

static int watch(struct session *session, int operation, bool output)
{
	struct epoll_event event = {.events = output ? EPOLLIN | EPOLLOUT : EPOLLIN,
	                            .data.ptr = session};

	return epoll_ctl(session->load->epoll_fd, operation, session->fd, &event) ? -errno : 0;
}

static void session_connect(struct session *session)
{
	struct load *load = session->load;
	int on = 1, err;

	bytes_clear(&session->out);
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (session->fd < 0) {
		fail(load, "socket: %s", strerror(errno));
		return;
	}
	setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	session->connecting = true;
	load->connecting_count++;
	err = start_connecting(load, session->fd, number_of(session) - 1);
	if (!err)
		err = watch(session, EPOLL_CTL_ADD, true);
	if (err)
		fail(load, "connecting to %s:%u: %s", load->config->address, load->config->port,
		     strerror(-err));
}

static void connect_more(struct load *load)
{
	while (!load->failed && load->next_session < load->sessions_count &&
	       load->connecting_count < CONNECTING_MAX)
		session_connect(&load->sessions[load->next_session++]);
}

static void session_flush(struct session *session)
{
	struct load *load = session->load;
	ssize_t sent;

	while (bytes_size(&session->out)) {
		sent = send(session->fd, bytes_data(&session->out), bytes_size(&session->out),
		            MSG_NOSIGNAL);
		if (sent < 0)
			break;
		load->traffic.app_bytes_up += (uint64_t)sent;
		bytes_consume(&session->out, (size_t)sent);
	}
	/* Any error but a full socket shows up as an end of input. */
	if (session->out_blocked != (bytes_size(&session->out) > 0)) {
		session->out_blocked = !session->out_blocked;
		watch(session, EPOLL_CTL_MOD, session->out_blocked);
	}
}

static void session_reset_timer(struct session *session)
{
	const struct client_ops *client = session->load->client;
	uint64_t at_ns = client->deadline ? client->deadline(session->state) : CLIENT_NEVER;

	if (at_ns == CLIENT_NEVER)
		timer_clear(&session->load->timers, &session->timer);
	else
		timer_set(&session->load->timers, &session->timer, at_ns);
}

static void session_went_on(struct session *session, enum client_status status)
{
	struct load *load = session->load;

	if (session->out.failed)
		fail(load, "out of memory");
	else if (status == CLIENT_FAILED)
		fail(load, "subscriber %zu: %s", number_of(session),
		     load->client->why(session->state));
	if (load->failed)
		return;
	if (status == CLIENT_RECONNECT) {
		load->result->reconnects++;
		session_close(session);
		timer_clear(&load->timers, &session->timer);
		session_connect(session);
		return;
	}
	session_flush(session);
	session_reset_timer(session);
}

static void session_connected(struct session *session)
{
	struct load *load = session->load;
	socklen_t size = sizeof(int);
	int err = 0;

	getsockopt(session->fd, SOL_SOCKET, SO_ERROR, &err, &size);
	if (err) {
		fail(load, "connecting to %s:%u: %s", load->config->address, load->config->port,
		     strerror(err));
		return;
	}
	session->connecting = false;
	session->out_blocked = true; /* as it is watched; the flush puts it right */
	load->connecting_count--;
	session_went_on(session, load->client->connected(session->state, LANE_DOWN, load->now_ns,
	                                                 &session->out));
	connect_more(load);
}

static void session_input(struct session *session)
{
	struct load *load = session->load;
	ssize_t size = recv(session->fd, load->input, INPUT_BYTES, 0);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size < 0)
		size = 0; /* reset: the client learns of an end */
	load->now_ns = clock_now_ns();
	load->traffic.app_bytes_down += (uint64_t)size;
	session_went_on(session, load->client->input(session->state, LANE_DOWN, load->input,
	                                             (size_t)size, load->now_ns, &session->out));
}

static void session_event(struct session *session, uint32_t what)
{
	if (session->connecting) {
		session->load->now_ns = clock_now_ns();
		session_connected(session);
		return;
	}
	if (what & EPOLLOUT)
		session_flush(session);
	if (what & (EPOLLIN | EPOLLHUP | EPOLLERR))
		session_input(session);
}

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

static void begin_main(struct load *load)
{
	load->at_main = all_tcp_totals(load);
	load->cpu_at_main_ns = cpu_ns();
	load->traffic = (struct run_traffic){0};
	load->lateness = (struct hist){0};
}

static void end_main(struct load *load)
{
	struct tcp_totals totals = all_tcp_totals(load), *before = &load->at_main;
	struct run_result *result = load->result;

	result->load.cpu_ns = cpu_ns() - load->cpu_at_main_ns;
	result->traffic = load->traffic;
	result->traffic.tcp_bytes_down = totals.bytes_down - before->bytes_down;
	result->traffic.tcp_bytes_up = totals.bytes_up - before->bytes_up;
	result->traffic.segments_down = totals.segments_down - before->segments_down;
	result->traffic.segments_up = totals.segments_up - before->segments_up;
	result->traffic.retransmitted = totals.retransmitted - before->retransmitted;
	result->load.lateness_p99_ms =
	        (double)hist_quantile_ns(&load->lateness, 0.99) / (double)NS_PER_MS;
}

static uint64_t drain_max_ns(const struct load *load)
{
	double poll_ns = load->config->spec->parameters.poll_interval_ms * (double)NS_PER_MS;

	return DRAIN_MIN_NS + (uint64_t)(3 * poll_ns);
}

/* The phase's time is over. */
static void next_phase(struct load *load)
{
	uint64_t main_ns = load->start_ns + load->plan.warmup_ns;
	uint64_t drain_ns = main_ns + load->plan.main_ns;

	switch (load->phase) {
	case LOAD_CONNECT:
		fail(load, "only %zu of %zu subscribers were ready after %" PRIu64 " s",
		     load->ready_count, load->sessions_count, CONNECT_MAX_NS / NS_PER_S);
		return;
	case LOAD_WARMUP:
		begin_main(load);
		timer_set(&load->timers, &load->phase_timer, drain_ns);
		break;
	case LOAD_MAIN:
		end_main(load);
		timer_set(&load->timers, &load->phase_timer, drain_ns + drain_max_ns(load));
		break;
	case LOAD_DRAIN:
	case LOAD_DONE:
		break;
	}
	load->phase++;
	load->config->shared->phase = (int)load->phase;
}

static void run_timers(struct load *load)
{
	struct timer *timer;
	struct session *session;

	while ((timer = timers_first(&load->timers)) && !load->failed) {
		load->now_ns = clock_now_ns();
		if (timer->at_ns > load->now_ns)
			return;
		timer_clear(&load->timers, timer);
		if (timer == &load->phase_timer) {
			next_phase(load);
			continue;
		}
		session =
		        (struct session *)(void *)((char *)timer - offsetof(struct session, timer));
		hist_record(&load->lateness, load->now_ns - timer->at_ns);
		session_went_on(session,
		                load->client->tick(session->state, load->now_ns, &session->out));
	}
}

/* Microseconds matter to a poll: epoll_wait's timeout knows only milliseconds. */
static void arm_timer(struct load *load)
{
	struct timer *first = timers_first(&load->timers);
	struct itimerspec when;

	if (!first || first->at_ns == load->armed_ns)
		return;
	load->armed_ns = first->at_ns;
	when = (struct itimerspec){.it_value = clock_timespec(first->at_ns)};
	timerfd_settime(load->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Waits once and serves what there is. */
static void run_once(struct load *load)
{
	struct epoll_event ready[EVENTS_MAX];
	uint64_t expirations;
	int count;

	arm_timer(load);
	count = epoll_wait(load->epoll_fd, ready, EVENTS_MAX, -1);
	if (count < 0 && errno != EINTR)
		fail(load, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < count && !load->failed; i++)
		if (ready[i].data.ptr)
			session_event(ready[i].data.ptr, ready[i].events);
		else if (read(load->timer_fd, &expirations, sizeof expirations) > 0)
			load->armed_ns = 0;
	run_timers(load);
}

/* Which part of the poll interval each session's polls fall in: one session in each of
 * sessions_count equal parts, in shuffled order, at a random place within its part. So the mean
 * over the sessions does not depend on luck. */
static void draw_phases(const struct load *load, uint64_t *phases, uint64_t poll_ns)
{
	uint64_t random = load->config->spec->seed ^ UINT64_C(0x706f6c6c);
	size_t count = load->sessions_count;

	for (size_t i = 0; i < count; i++)
		phases[i] = (uint64_t)(((double)i + random_unit(&random)) * (double)poll_ns /
		                       (double)count);
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)(random_next(&random) % i);
		uint64_t swapped = phases[i - 1];

		phases[i - 1] = phases[j];
		phases[j] = swapped;
	}
}

static int session_open(struct load *load, struct session *session, uint64_t phase_ns,
                        struct client_config *config)
{
	session->load = load;
	session->fd = -1;
	session->state = calloc(1, load->client->state_size);
	session->received = calloc(load->plan.messages / 64 + 1, sizeof *session->received);
	if (!session->state || !session->received)
		return -ENOMEM;
	config->poll_phase_ns = phase_ns;
	config->seed = load->config->spec->seed + number_of(session);
	load->client->init(session->state, config, &events, session);
	return 0;
}

static int open_sessions(struct load *load, const char *host)
{
	const struct run_parameters *parameters = &load->config->spec->parameters;
	struct client_config config = {
	        .host = host,
	        .topic = "default",
	        .since = 0, /* the topic is new: nothing can be missed between here and there */
	        .format = parameters->format,
	        .headers = parameters->headers,
	        .one_per_response = !parameters->batch,
	        .poll_ns = (uint64_t)(parameters->poll_interval_ms * (double)NS_PER_MS),
	};
	uint64_t *phases = calloc(load->sessions_count, sizeof *phases);
	int err = phases ? 0 : -ENOMEM;

	if (!err)
		draw_phases(load, phases, config.poll_ns);
	for (size_t i = 0; i < load->sessions_count && !err; i++)
		err = session_open(load, &load->sessions[i], phases[i], &config);
	free(phases);
	return err;
}

static int open_loop(struct load *load)
{
	struct epoll_event event = {.events = EPOLLIN};

	load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	load->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (load->epoll_fd < 0 || load->timer_fd < 0 ||
	    epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, load->timer_fd, &event))
		return -errno;
	load->sessions = calloc(load->sessions_count, sizeof *load->sessions);
	load->input = malloc(INPUT_BYTES);
	if (!load->sessions || !load->input)
		return -ENOMEM;
	return timers_reserve(&load->timers, load->sessions_count + 1);
}

static void load_close(struct load *load)
{
	for (size_t i = 0; load->sessions && i < load->sessions_count; i++) {
		struct session *session = &load->sessions[i];

		if (!session->load)
			continue;
		session_close(session);
		if (session->state)
			load->client->fini(session->state);
		free(session->state);
		free(session->received);
		bytes_free(&session->out);
	}
	free(load->sessions);
	free(load->input);
	timers_free(&load->timers);
	if (load->timer_fd >= 0)
		close(load->timer_fd);
	if (load->epoll_fd >= 0)
		close(load->epoll_fd);
}

static bool check_descriptors(struct load *load)
{
	size_t limit = process_raise_descriptor_limit();

	if (load->sessions_count + DESCRIPTORS_SPARE <= limit)
		return true;
	fail(load,
	     "%zu subscribers and %d more need %zu descriptors; the limit is %zu (ulimit -Hn)",
	     load->sessions_count, DESCRIPTORS_SPARE, load->sessions_count + DESCRIPTORS_SPARE,
	     limit);
	return false;
}

static void connect_all(struct load *load)
{
	timer_set(&load->timers, &load->phase_timer, load->begin_ns + CONNECT_MAX_NS);
	connect_more(load);
	while (!load->failed && load->ready_count < load->sessions_count)
		run_once(load);
	load->result->connect_ms = (double)(clock_now_ns() - load->begin_ns) / (double)NS_PER_MS;
}

/* Tells the parent that all are subscribed, and learns when publishing starts. */
static void agree_on_start(struct load *load)
{
	if (write(load->config->parent_fd, "r", 1) != 1 ||
	    read(load->config->parent_fd, &load->start_ns, sizeof load->start_ns) !=
	            sizeof load->start_ns) {
		fail(load, "the harness has ended");
		return;
	}
	load->phase = LOAD_WARMUP;
	load->config->shared->phase = LOAD_WARMUP;
	timer_set(&load->timers, &load->phase_timer, load->start_ns + load->plan.warmup_ns);
}

static void note_publisher(struct load *load)
{
	uint64_t scheduled_ns, published_ns;
	struct hist *late = &load->lateness; /* its work is done */

	*late = (struct hist){0};
	for (uint64_t id = load->plan.warmup + 1; id <= load->plan.messages; id++)
		if (!publish_log_read(load->config->log, id, &scheduled_ns, &published_ns))
			hist_record(late, published_ns - scheduled_ns);
	load->result->load.publish_p99_ms =
	        (double)hist_quantile_ns(late, 0.99) / (double)NS_PER_MS;
	load->result->load.publish_max_ms = (double)late->max_ns / (double)NS_PER_MS;
}

static void run_phases(struct load *load)
{
	struct run_result *result = load->result;
	uint64_t end_of_main_ns = load->start_ns + load->plan.warmup_ns + load->plan.main_ns;

	while (!load->failed && load->phase < LOAD_DRAIN)
		run_once(load);
	while (!load->failed && load->phase == LOAD_DRAIN &&
	       load->complete_count < load->sessions_count)
		run_once(load);
	result->warmup_ms = (double)load->plan.warmup_ns / (double)NS_PER_MS;
	result->main_ms = (double)load->plan.main_ns / (double)NS_PER_MS;
	result->drain_ms = (double)(clock_now_ns() - end_of_main_ns) / (double)NS_PER_MS;
	result->load.cpu_share = (double)result->load.cpu_ns / (double)load->plan.main_ns;
	result->published = load->plan.messages - load->plan.warmup;
	result->expected = result->published * load->sessions_count;
	note_publisher(load);
}

int load_run(const struct load_config *config)
{
	struct load load = {
	        .config = config,
	        .client = matrix_client(config->spec->parameters.transport),
	        .plan = load_plan(config->spec),
	        .result = &config->shared->result,
	        .sessions_count = config->spec->parameters.subscribers,
	        .epoll_fd = -1,
	        .timer_fd = -1,
	        .begin_ns = clock_now_ns(),
	};
	char host[64];
	int err;

	snprintf(host, sizeof host, "%s:%u", config->address, config->port);
	if (check_descriptors(&load)) {
		err = open_loop(&load);
		if (!err)
			err = open_sessions(&load, host);
		if (err)
			fail(&load, "setting up the load: %s", strerror(-err));
	}
	if (!load.failed)
		connect_all(&load);
	if (!load.failed)
		agree_on_start(&load);
	if (!load.failed)
		run_phases(&load);
	load_close(&load);
	config->shared->failed = load.failed;
	config->shared->phase = LOAD_DONE;
	return load.failed ? -1 : 0;
}
