/* Clients and their connections, against a server in a thread of this process. */
#include "sessions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "../transports/clock.h"
#include "../transports/listen.h"
#include "../transports/matrix.h"
#include "project.h"

#define ADDRESS     "127.0.0.1"
#define TOPIC       "default" /* the floor's */
#define SUBSCRIBERS 5
#define SLOW        2
#define AT_A_TIME   3  /* requests, where there is a limit */
#define PATIENCE_S  20 /* it matters only to a test that fails */
#define POLL_NS     (2 * NS_PER_MS)
#define LOG_SIZE    1024
#define DATA_OFFSET 48      /* of the data in a message: transports/message.h */
#define SEED        1143706 /* any; from this one backoffs begin short */

/* What is served. */
struct kind {
	const char *transport;
	bool tls;
};

/* The server; it is on the epoll stack. */
struct service {
	struct hub *hub;
	struct topic *topic;
	struct policy *policy;
	const struct endpoint *endpoints[2];
	struct server *server; /* NULL: none is running */
	struct counters counters;
	pthread_t thread;
	int wanted_fd; /* an eventfd: how many messages it is to publish */
	char certificate[PATH_MAX], key[PATH_MAX];
};

/* Who hears what comes for one session. */
struct reader {
	uint64_t last;  /* id */
	unsigned ready; /* how often */
	size_t begun;   /* how many had begun to connect when it was ready first */
	char text[32];  /* the data of the last messages, one behind the other */
};

static struct service service;
static const struct stack_ops *stack;
static const struct kind *kind;
static struct sessions sessions;
static struct reader readers[SUBSCRIBERS];
static struct timer patience;
static int listener; /* where a test is the server itself; else -1 */
static char authority[PATH_MAX];
static size_t connections_max; /* of the sessions; 0: no limit */

/* In the server's thread. */
static void publish_wanted(void *user)
{
	uint64_t wanted = 0;

	(void)user;
	if (read(service.wanted_fd, &wanted, sizeof wanted) < 0)
		return;
	for (; wanted > 0; wanted--) {
		struct message *message =
		        message_filler(MESSAGE_JSON, 100, topic_last(service.topic) + 1, 7);

		if (message)
			topic_append(service.topic, message);
	}
}

static void publish(uint64_t messages)
{
	assert_int_equal(write(service.wanted_fd, &messages, sizeof messages), sizeof messages);
}

static void *serve(void *user)
{
	(void)user;
	stack->run(service.server);
	return NULL;
}

static int start_server(void)
{
	const struct server_config config = {
	        .address = ADDRESS,
	        .certificate = kind->tls ? service.certificate : NULL,
	        .key = kind->tls ? service.key : NULL,
	        .connections_max = 100,
	        .head_max_bytes = 4096,
	        .message_max_bytes = 4096,
	        .queue_messages = LOG_SIZE,
	        .hold_ns = PATIENCE_S * NS_PER_S,
	        .heartbeat_ns = PATIENCE_S * NS_PER_S,
	        .request_timeout_ns = PATIENCE_S * NS_PER_S,
	        .idle_timeout_ns = PATIENCE_S * NS_PER_S,
	        .policy = service.policy,
	        .hub = service.hub,
	        .counters = &service.counters,
	};

	service.endpoints[0] = matrix_endpoint(kind->transport, "epoll");
	if (stack->open(&service.server, &config, service.endpoints))
		return -1;
	if (stack->watch(service.server, service.wanted_fd, publish_wanted, NULL))
		return -1;
	return pthread_create(&service.thread, NULL, serve, NULL);
}

static void stop_server(void)
{
	if (!service.server)
		return;
	stack->stop(service.server);
	pthread_join(service.thread, NULL);
	stack->close(&service.server);
}

static int certs_path(char path[PATH_MAX], const char *relative)
{
	int err = project_path(path, PATH_MAX, relative);

	if (err)
		fprintf(stderr, "%s is missing: run scripts/certs\n", relative);
	return err;
}

static int open_nobody(void **state)
{
	(void)state;
	service = (struct service){.wanted_fd = -1};
	sessions = (struct sessions){.network.epoll_fd = -1, .timer_fd = -1};
	memset(readers, 0, sizeof readers);
	connections_max = 0;
	listener = -1;
	return certs_path(authority, "certs/ca.pem");
}

static int open_service(void **state)
{
	static const struct policy_config policy = {.publish_burst = 1};

	if (open_nobody(NULL))
		return -1;
	kind = *state;
	stack = matrix_stack("epoll");
	service.wanted_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (service.wanted_fd < 0 || certs_path(service.certificate, "certs/server.pem") ||
	    certs_path(service.key, "certs/server.key") || hub_open(&service.hub, LOG_SIZE, 1) ||
	    hub_topic(service.hub, TOPIC, &service.topic) || policy_open(&service.policy, &policy))
		return -1;
	return start_server();
}

static int close_all(void **state)
{
	(void)state;
	sessions_close(&sessions);
	stop_server();
	policy_close(&service.policy);
	hub_close(&service.hub);
	if (service.wanted_fd >= 0)
		close(service.wanted_fd);
	if (listener >= 0)
		close(listener);
	return 0;
}

static size_t begun(void)
{
	size_t count = 0;

	for (size_t i = 0; i < SUBSCRIBERS; i++)
		count += sessions.list[i].lanes[LANE_DOWN].connection.begun_ns > 0;
	return count;
}

static void on_ready(void *user)
{
	struct reader *reader = user;

	if (reader->ready++ == 0)
		reader->begun = begun();
}

/* Nothing is lost, nothing comes twice, all is in order. */
static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	struct reader *reader = user;
	size_t length = strlen(reader->text), data_size = size - MESSAGE_JSON_MIN_BYTES;

	(void)scheduled_ns;
	assert_int_equal(id, reader->last + 1);
	reader->last = id;
	if (length + data_size < sizeof reader->text)
		memcpy(reader->text + length, (const char *)data + DATA_OFFSET, data_size);
}

static void on_response(void *user, unsigned messages)
{
	(void)user;
	(void)messages;
}

static void on_missed(void *user, uint64_t messages)
{
	(void)user;
	fail_msg("%u messages were missed", (unsigned)messages);
}

static const struct client_events events = {
        .ready = on_ready, .message = on_message, .response = on_response, .missed = on_missed};

static void out_of_patience(void *owner)
{
	(void)owner;
	fail_msg("nothing came of it in %d s", PATIENCE_S);
}

/* Sessions of a transport with whoever listens on that port. */
static void open_sessions(const char *transport, uint16_t port, const char *trusted, bool publishes)
{
	const struct sessions_config config = {.client = matrix_client(transport),
	                                       .address = ADDRESS,
	                                       .port = port,
	                                       .authority = trusted,
	                                       .count = SUBSCRIBERS,
	                                       .at_once = 1,
	                                       .slow = SLOW,
	                                       .connections_max = connections_max,
	                                       .endless = !strcmp(transport, "sse"),
	                                       .publish = publishes,
	                                       .spare = 2};
	struct client_config client = {.host = "h", .topic = TOPIC, .poll_ns = POLL_NS};

	assert_int_equal(sessions_open(&sessions, &config), 0);
	for (size_t i = 0; i < SUBSCRIBERS; i++) {
		client.seed = SEED + i;
		client.poll_phase_ns = i * POLL_NS / SUBSCRIBERS;
		assert_int_equal(sessions_add(&sessions, i, &client, &events, &readers[i]), 0);
	}
	patience = (struct timer){.due = out_of_patience};
	timer_set(&sessions.timers, &patience, clock_now_ns() + PATIENCE_S * NS_PER_S);
}

static void subscribe(bool publishes)
{
	open_sessions(kind->transport, stack->port(service.server), kind->tls ? authority : NULL,
	              publishes);
}

static void drive_until(bool (*done)(uint64_t wanted), uint64_t wanted)
{
	while (!done(wanted)) {
		if (sessions.failed)
			fail_msg("%s", sessions.reason);
		sessions_wait(&sessions);
		sessions_run_timers(&sessions);
	}
}

static void drive_until_failed(void)
{
	while (!sessions.failed) {
		sessions_wait(&sessions);
		sessions_run_timers(&sessions);
	}
}

static bool are_connected(uint64_t wanted)
{
	return sessions.connected == wanted;
}

static bool everybody_has(uint64_t wanted)
{
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		if (readers[i].last < wanted)
			return false;
	return true;
}

static bool everybody_was_ready(uint64_t wanted)
{
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		if (readers[i].ready < wanted)
			return false;
	return true;
}

static bool has_failed_with(uint64_t wanted)
{
	return sessions.last_error == (int)wanted;
}

static bool is_readable(uint64_t fd)
{
	struct pollfd readable = {.fd = (int)fd, .events = POLLIN};

	return poll(&readable, 1, 0) > 0;
}

static void connect_all(bool publishes)
{
	subscribe(publishes);
	sessions_connect(&sessions, SUBSCRIBERS);
	drive_until(are_connected, SUBSCRIBERS);
}

static void test_everybody_connects_and_gets_every_message(void **state)
{
	(void)state;
	connect_all(false);
	publish(1);
	drive_until(everybody_has, 1);
	publish(20);
	drive_until(everybody_has, 21);
	assert_int_equal(sessions.reconnects, 0);
}

static void test_one_connects_after_the_other(void **state)
{
	(void)state;
	connect_all(false);
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		assert_int_equal(readers[i].begun, i + 1);
}

static void test_no_more_connect_than_were_asked_to(void **state)
{
	(void)state;
	subscribe(false);
	sessions_connect(&sessions, 2);
	drive_until(are_connected, 2);
	assert_int_equal(begun(), 2);
	sessions_connect(&sessions, SUBSCRIBERS);
	drive_until(are_connected, SUBSCRIBERS);
	stop_server();
	assert_int_equal(service.counters.connections, SUBSCRIBERS);
}

static bool the_others_have(uint64_t wanted)
{
	for (size_t i = SLOW; i < SUBSCRIBERS; i++)
		if (readers[i].last < wanted)
			return false;
	return true;
}

static void test_slow_readers_read_nothing_more_and_stay(void **state)
{
	(void)state;
	connect_all(false);
	publish(1);
	drive_until(everybody_has, 1);
	sessions_stop_reading(&sessions);
	publish(20);
	drive_until(the_others_have, 21);
	for (size_t i = 0; i < SLOW; i++) {
		assert_int_equal(readers[i].last, 1);
		assert_int_equal(sessions.list[i].lanes[LANE_DOWN].connection.state,
		                 CONNECTION_OPEN);
	}
	assert_int_equal(sessions.reconnects, 0);
}

/* How many have asked and wait for the end of the response, or of the line. */
static size_t holding(void)
{
	size_t count = 0;

	for (size_t i = 0; i < SUBSCRIBERS; i++)
		count += sessions.list[i].slot.state == SLOT_HELD;
	return count;
}

static void test_who_waits_for_a_request_s_turn_misses_nothing(void **state)
{
	(void)state;
	connections_max = AT_A_TIME;
	connect_all(false);
	for (uint64_t id = 1; id <= 20; id++) {
		publish(1);
		drive_until(everybody_has, id);
		assert_true(holding() <= AT_A_TIME);
	}
	assert_int_equal(sessions.kept_out, 0);
	assert_int_equal(sessions.reconnects, 0);
}

/* How many requests are written and not sent. */
static size_t in_line(void)
{
	size_t count = 0;

	for (size_t i = 0; i < SUBSCRIBERS; i++)
		count += bytes_size(&sessions.list[i].lanes[LANE_DOWN].connection.out) > 0;
	return count;
}

static void test_long_polls_beyond_the_limit_are_not_sent(void **state)
{
	(void)state;
	connections_max = AT_A_TIME;
	connect_all(false);
	for (uint64_t id = 1; id <= 3; id++) {
		publish(1);
		drive_until(everybody_has, id);
		assert_int_equal(holding(), AT_A_TIME);
		assert_int_equal(in_line(), SUBSCRIBERS - AT_A_TIME);
	}
}

static bool are_settled(uint64_t wanted)
{
	return sessions_settled(&sessions) == wanted;
}

static bool the_first_have(uint64_t wanted)
{
	for (size_t i = 0; i < AT_A_TIME; i++)
		if (readers[i].last < wanted)
			return false;
	return true;
}

static void connect_as_in_a_browser(void)
{
	connections_max = AT_A_TIME;
	subscribe(false);
	sessions_connect(&sessions, SUBSCRIBERS);
	drive_until(are_settled, SUBSCRIBERS);
}

static void test_streams_keep_out_who_comes_too_late(void **state)
{
	(void)state;
	connect_as_in_a_browser();
	assert_int_equal(sessions.connected, AT_A_TIME);
	assert_int_equal(sessions.kept_out, SUBSCRIBERS - AT_A_TIME);
	publish(20);
	drive_until(the_first_have, 20);
	assert_int_equal(begun(), AT_A_TIME);
	stop_server();
	assert_int_equal(service.counters.connections, AT_A_TIME);
}

static bool has_come_in(uint64_t index)
{
	return readers[index].ready > 0;
}

static void test_a_stream_that_breaks_makes_room_for_the_next(void **state)
{
	(void)state;
	connect_as_in_a_browser();
	session_cut(&sessions.list[0]);
	drive_until(has_come_in, AT_A_TIME);
	assert_int_equal(sessions.connected, AT_A_TIME + 1);
	assert_int_equal(sessions.kept_out, SUBSCRIBERS - AT_A_TIME - 1);
	session_cut(&sessions.list[1]);
	drive_until(has_come_in, AT_A_TIME + 1);
	assert_int_equal(sessions.kept_out, 0);
	assert_int_equal(holding(), AT_A_TIME);
}

static void test_the_times_are_of_the_first_connection_of_each(void **state)
{
	(void)state;
	connect_all(false);
	sessions_cut(&sessions);
	drive_until(everybody_was_ready, 2);
	assert_int_equal(sessions.connect.count, SUBSCRIBERS);
	assert_int_equal(sessions.ready.count, SUBSCRIBERS);
	assert_int_equal(sessions.handshake.count, kind->tls ? SUBSCRIBERS : 0);
	assert_true(sessions.ready.min_ns >= sessions.connect.min_ns + sessions.handshake.min_ns);
}

static void test_a_cut_is_made_good(void **state)
{
	(void)state;
	connect_all(false);
	publish(10);
	drive_until(everybody_has, 10);
	sessions_cut(&sessions);
	assert_int_equal(sessions.reconnects, SUBSCRIBERS);
	publish(10);
	drive_until(everybody_has, 20);
	drive_until(everybody_was_ready, 2);
	assert_int_equal(sessions.reconnects, SUBSCRIBERS);
	assert_int_equal(sessions.connected, SUBSCRIBERS);
	stop_server();
	assert_int_equal(service.counters.connections, 2 * SUBSCRIBERS);
}

static void test_cuts_in_mid_stream_lose_nothing(void **state)
{
	(void)state;
	connect_all(false);
	for (uint64_t cut = 1; cut <= 3; cut++) {
		publish(100);
		drive_until(everybody_has, 100 * (cut - 1) + 1);
		sessions_cut(&sessions);
		drive_until(everybody_was_ready, cut + 1);
	}
	drive_until(everybody_has, 300);
	assert_int_equal(sessions.reconnects, 3 * SUBSCRIBERS);
}

static void test_a_cut_leaves_alone_who_waits_to_connect_again(void **state)
{
	(void)state;
	connect_all(false);
	sessions_cut(&sessions);
	sessions_cut(&sessions);
	assert_int_equal(sessions.reconnects, SUBSCRIBERS);
	drive_until(everybody_was_ready, 2);
	publish(1);
	drive_until(everybody_has, 1);
}

static void send_text(size_t sender, const char *text)
{
	sessions_send(&sessions, sender, text, strlen(text));
}

static void assert_everybody_got(const char *expected)
{
	drive_until(everybody_has, strlen(expected));
	for (size_t i = 0; i < SUBSCRIBERS; i++)
		assert_string_equal(readers[i].text, expected);
}

static void test_what_one_sends_everybody_gets_in_order(void **state)
{
	(void)state;
	connect_all(true);
	send_text(3, "a");
	assert_everybody_got("a");
	send_text(3, "b");
	send_text(3, "c");
	send_text(3, "d");
	assert_everybody_got("abcd");
	send_text(0, "e");
	assert_everybody_got("abcde");
}

static void test_what_is_sent_before_connecting_is_kept(void **state)
{
	(void)state;
	subscribe(true);
	send_text(3, "a");
	send_text(3, "b");
	sessions_connect(&sessions, SUBSCRIBERS);
	assert_everybody_got("ab");
}

static void test_what_is_sent_while_a_cut_is_made_good_is_kept(void **state)
{
	(void)state;
	connect_all(true);
	sessions_cut(&sessions);
	send_text(3, "a");
	send_text(3, "b");
	assert_everybody_got("ab");
}

static void test_who_publishes_has_the_lanes_that_takes(void **state)
{
	unsigned lanes = matrix_client(kind->transport)->lanes;

	(void)state;
	connect_all(true);
	assert_int_equal(sessions_lanes(&sessions), lanes);
	stop_server();
	assert_int_equal(service.counters.connections, lanes * SUBSCRIBERS);
}

static void test_who_only_listens_has_one_lane(void **state)
{
	(void)state;
	connect_all(false);
	assert_int_equal(sessions_lanes(&sessions), 1);
	stop_server();
	assert_int_equal(service.counters.connections, SUBSCRIBERS);
}

static void test_a_cut_is_one_of_every_lane(void **state)
{
	unsigned lanes = matrix_client(kind->transport)->lanes;

	(void)state;
	connect_all(true);
	sessions_cut(&sessions);
	assert_int_equal(sessions.reconnects, lanes * SUBSCRIBERS);
	drive_until(everybody_was_ready, 2);
}

static void test_totals_are_of_all_sockets_closed_ones_too(void **state)
{
	struct tcp_totals totals;

	(void)state;
	connect_all(false);
	publish(10);
	drive_until(everybody_has, 10);
	totals = sessions_tcp_totals(&sessions);
	assert_int_equal(totals.bytes_down, sessions.network.bytes_down);
	assert_int_equal(totals.bytes_up, sessions.network.bytes_up);
	sessions_cut(&sessions);
	totals = sessions_tcp_totals(&sessions);
	assert_int_equal(totals.bytes_down, sessions.network.bytes_down);
	assert_int_equal(totals.bytes_up, sessions.network.bytes_up);
}

static void test_whom_nobody_vouches_for_fails_all_at_once(void **state)
{
	uint16_t port = stack->port(service.server);
	char expected[200];

	(void)state;
	assert_int_equal(certs_path(authority, "certs/other-ca.pem"), 0);
	subscribe(false);
	sessions_connect(&sessions, SUBSCRIBERS);
	drive_until_failed();
	snprintf(expected, sizeof expected, "connecting to %s port %u: ", ADDRESS, port);
	assert_memory_equal(sessions.reason, expected, strlen(expected));
	assert_non_null(strstr(sessions.reason, "certificate"));
	assert_int_equal(sessions.connected, 0);
}

static void test_an_authority_that_is_no_file_is_named(void **state)
{
	const struct sessions_config config = {.client = &sse_client,
	                                       .address = ADDRESS,
	                                       .authority = "/no/such.pem",
	                                       .count = SUBSCRIBERS,
	                                       .at_once = 1};

	(void)state;
	assert_true(sessions_open(&sessions, &config) < 0);
	assert_true(sessions.failed);
	assert_non_null(strstr(sessions.reason, "/no/such.pem"));
}

/* Sessions with a port that this test has, and on which nobody listens yet. */
static void subscribe_here(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	open_sessions("sse", listen_port(listener), NULL, false);
}

static int accept_one(void)
{
	int fd;

	drive_until(is_readable, (uint64_t)listener);
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

static void test_a_refused_connection_is_tried_again(void **state)
{
	(void)state;
	subscribe_here();
	sessions_connect(&sessions, 1);
	drive_until(has_failed_with, ECONNREFUSED);
	assert_int_equal(listen(listener, 1), 0);
	close(accept_one());
	assert_false(sessions.failed);
}

static void test_a_connection_that_the_server_closes_is_made_again(void **state)
{
	(void)state;
	subscribe_here();
	assert_int_equal(listen(listener, 1), 0);
	sessions_connect(&sessions, 1);
	close(accept_one());
	close(accept_one());
	assert_int_equal(sessions.reconnects, 1);
	assert_int_equal(sessions.connected, 0);
}

static void test_a_cut_is_a_rst_to_the_server(void **state)
{
	char request[1024];
	int fd;

	(void)state;
	subscribe_here();
	assert_int_equal(listen(listener, 1), 0);
	sessions_connect(&sessions, 1);
	fd = accept_one();
	drive_until(is_readable, (uint64_t)fd);
	assert_true(recv(fd, request, sizeof request, 0) > 0);
	sessions_cut(&sessions);
	assert_int_equal(recv(fd, request, sizeof request, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(fd);
}

/* The first failure is put where it would be after so long a time. */
static void test_a_server_that_is_gone_for_long_fails_all(void **state)
{
	char expected[200];

	(void)state;
	subscribe_here();
	sessions_connect(&sessions, 1);
	drive_until(has_failed_with, ECONNREFUSED);
	assert_false(sessions.failed);
	sessions.list[0].lanes[LANE_DOWN].failing_since_ns -= 31 * NS_PER_S;
	drive_until_failed();
	snprintf(expected, sizeof expected, "connecting to %s port %u: Connection refused", ADDRESS,
	         listen_port(listener));
	assert_string_equal(sessions.reason, expected);
}

static void test_a_server_that_breaks_the_contract_is_reported_with_its_subscriber(void **state)
{
	static const char answer[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	int fd;

	(void)state;
	subscribe_here();
	assert_int_equal(listen(listener, 1), 0);
	sessions_connect(&sessions, 1);
	fd = accept_one();
	assert_int_equal(write(fd, answer, sizeof answer - 1), sizeof answer - 1);
	drive_until_failed();
	close(fd);
	assert_memory_equal(sessions.reason, "subscriber 1: ", strlen("subscriber 1: "));
}

static void test_the_first_failure_is_the_reason(void **state)
{
	(void)state;
	subscribe_here();
	sessions_fail(&sessions, "%d", 1);
	sessions_fail(&sessions, "%d", 2);
	assert_true(sessions.failed);
	assert_string_equal(sessions.reason, "1");
}

static void note_due(void *owner)
{
	assert_true(sessions.now_ns >= *(uint64_t *)owner);
	*(uint64_t *)owner = 0;
}

static void test_a_timer_wakes_and_runs_once_it_is_due_and_not_before(void **state)
{
	uint64_t soon_ns = clock_now_ns() + NS_PER_MS, later_ns = soon_ns + PATIENCE_S * NS_PER_S;
	struct timer soon = {.due = note_due, .owner = &soon_ns};
	struct timer later = {.due = note_due, .owner = &later_ns};

	(void)state;
	subscribe_here();
	timer_clear(&sessions.timers, &patience);
	timer_set(&sessions.timers, &later, later_ns);
	timer_set(&sessions.timers, &soon, soon_ns);
	while (soon_ns) {
		sessions_wait(&sessions);
		sessions_run_timers(&sessions);
	}
	assert_int_not_equal(later_ns, 0);
	assert_ptr_equal(timers_first(&sessions.timers), &later);
}

/* What opening them says in a process that may have so many files; "": they are open. */
static void open_in_child(rlim_t limit, size_t count, bool publishes, char *reason, size_t size)
{
	const struct sessions_config config = {.client = &sse_client,
	                                       .address = ADDRESS,
	                                       .count = count,
	                                       .at_once = 1,
	                                       .publish = publishes};
	const struct rlimit few = {limit, limit};
	int said[2], status;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(said), 0);
	pid = fork();
	if (pid == 0) {
		bool opened = !setrlimit(RLIMIT_NOFILE, &few) && !sessions_open(&sessions, &config);
		size_t length = strlen(sessions.reason) + 1;
		bool told = write(said[1], sessions.reason, length) == (ssize_t)length;

		sessions_close(&sessions);
		_exit(told ? opened : 2);
	}
	close(said[1]);
	got = read(said[0], reason, size);
	close(said[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(got > 0 && WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), *reason == '\0');
}

static void assert_opening_says(rlim_t limit, size_t count, bool publishes, const char *expected)
{
	char reason[sizeof sessions.reason];

	open_in_child(limit, count, publishes, reason, sizeof reason);
	assert_string_equal(reason, expected);
}

static void test_more_connections_than_descriptors_are_refused(void **state)
{
	(void)state;
	assert_opening_says(164, 100, false, "");
	assert_opening_says(164, 101, false,
	                    "101 subscribers with 1 connection each and 64 more need 165 "
	                    "descriptors: the limit is 164");
	assert_opening_says(164, 50, true, "");
	assert_opening_says(164, 51, true,
	                    "51 subscribers with 2 connections each and 64 more need 166 "
	                    "descriptors: the limit is 164");
}

static struct kind polling = {"polling", false}, longpoll = {"longpoll", false},
                   sse = {"sse", false}, websocket = {"websocket", false},
                   floor_kind = {"floor", false}, sse_tls = {"sse", true},
                   polling_tls = {"polling", true}, websocket_tls = {"websocket", true};

#define ON(name, kind, text)                                                                       \
	{                                                                                          \
#name "_on_" text, name, open_service, close_all, &(kind)                          \
	}
#define ALL(name)                                                                                  \
	ON(name, polling, "polling"), ON(name, longpoll, "longpoll"), ON(name, sse, "sse"),        \
	        ON(name, websocket, "websocket"), ON(name, floor_kind, "the_floor")
#define ALONE(name) cmocka_unit_test_setup_teardown(name, open_nobody, close_all)

static const struct CMUnitTest tests[] = {
        ALL(test_everybody_connects_and_gets_every_message),
        ON(test_everybody_connects_and_gets_every_message, sse_tls, "sse_with_tls"),
        ON(test_everybody_connects_and_gets_every_message, polling_tls, "polling_with_tls"),
        ON(test_one_connects_after_the_other, sse, "sse"),
        ON(test_no_more_connect_than_were_asked_to, sse, "sse"),
        ON(test_slow_readers_read_nothing_more_and_stay, sse, "sse"),
        ON(test_slow_readers_read_nothing_more_and_stay, websocket, "websocket"),
        ON(test_who_waits_for_a_request_s_turn_misses_nothing, polling, "polling"),
        ON(test_who_waits_for_a_request_s_turn_misses_nothing, longpoll, "longpoll"),
        ON(test_who_waits_for_a_request_s_turn_misses_nothing, polling_tls, "polling_with_tls"),
        ON(test_long_polls_beyond_the_limit_are_not_sent, longpoll, "longpoll"),
        ON(test_streams_keep_out_who_comes_too_late, sse, "sse"),
        ON(test_a_stream_that_breaks_makes_room_for_the_next, sse, "sse"),
        ON(test_the_times_are_of_the_first_connection_of_each, sse, "sse"),
        ON(test_the_times_are_of_the_first_connection_of_each, sse_tls, "sse_with_tls"),
        ALL(test_a_cut_is_made_good),
        ON(test_a_cut_is_made_good, websocket_tls, "websocket_with_tls"),
        ALL(test_cuts_in_mid_stream_lose_nothing),
        ON(test_a_cut_leaves_alone_who_waits_to_connect_again, sse, "sse"),
        ALL(test_what_one_sends_everybody_gets_in_order),
        ALL(test_what_is_sent_before_connecting_is_kept),
        ON(test_what_is_sent_while_a_cut_is_made_good_is_kept, sse, "sse"),
        ON(test_what_is_sent_while_a_cut_is_made_good_is_kept, websocket, "websocket"),
        ON(test_who_publishes_has_the_lanes_that_takes, sse, "sse"),
        ON(test_who_publishes_has_the_lanes_that_takes, websocket, "websocket"),
        ON(test_who_only_listens_has_one_lane, sse, "sse"),
        ON(test_a_cut_is_one_of_every_lane, sse, "sse"),
        ON(test_a_cut_is_one_of_every_lane, websocket, "websocket"),
        ON(test_totals_are_of_all_sockets_closed_ones_too, sse, "sse"),
        ON(test_whom_nobody_vouches_for_fails_all_at_once, sse_tls, "sse_with_tls"),
        ALONE(test_an_authority_that_is_no_file_is_named),
        ALONE(test_a_refused_connection_is_tried_again),
        ALONE(test_a_connection_that_the_server_closes_is_made_again),
        ALONE(test_a_cut_is_a_rst_to_the_server),
        ALONE(test_a_server_that_is_gone_for_long_fails_all),
        ALONE(test_a_server_that_breaks_the_contract_is_reported_with_its_subscriber),
        ALONE(test_the_first_failure_is_the_reason),
        ALONE(test_a_timer_wakes_and_runs_once_it_is_due_and_not_before),
        ALONE(test_more_connections_than_descriptors_are_refused),
};

int main(void)
{
	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
