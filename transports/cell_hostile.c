/* What one client could do to a server, and to all its others: what a review found, kept out. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cell_fixture.h"
#include "clock.h"

#define ASK        "?topic=" CELL_TOPIC
#define TOKEN      "abc"
#define STEP_MS    2
#define PINGS      100        /* at a time */
#define PING_BYTES 125        /* the most that there can be (RFC 6455 §5.5) */
#define SMALL      (32 << 10) /* of the kernel's buffers at our end */
#define TAKEN_MAX  (16 << 20) /* bytes of a client that takes nothing: the kernel's buffers */
#define ROUNDS     200        /* of a race */
#ifdef __SANITIZE_ADDRESS__
#define KEPT_MAX (512 << 20) /* it keeps what has been freed for a while */
#else
#define KEPT_MAX TAKEN_MAX
#endif
#define HANDS_SHAKE                                                                                \
	"GET /websocket" ASK " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"                      \
	"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                                     \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define POST_HEAD "POST /publish" ASK " HTTP/1.1\r\n"
#define CHUNKED   "Transfer-Encoding: chunked\r\n"
#define NO_CHUNK  "0\r\n\r\n"
#define STATS_GET "GET /stats HTTP/1.1\r\nHost: h\r\n\r\n"

static uint64_t patience_ends(void)
{
	return clock_now_ns() + CELL_PATIENCE_MS * NS_PER_MS;
}

/* A connection without TLS, whatever the cell speaks. */
static void connect_raw(const struct cell *cell, struct stream *stream)
{
	struct cell plain = *cell;

	plain.tls = false;
	*stream = (struct stream){.fd = -1};
	cell_connect(&plain, stream);
}

/* As cell_await's, asked by somebody who shows the token. */
static uint64_t counter_of(struct peer *peer, const char *counter)
{
	uint64_t value;
	json_t *stats;

	peer_request(peer, "GET", "/stats", "Authorization: Bearer " TOKEN "\r\n", NULL);
	assert_int_equal(peer_answer(peer), 200);
	stats = json_loads(peer_content(peer), 0, NULL);
	assert_true(json_is_integer(json_object_get(stats, counter)));
	value = (uint64_t)json_integer_value(json_object_get(stats, counter));
	json_decref(stats);
	return value;
}

/* Offers the rest of some bytes again and again; gives what was taken at once. 0: nothing, and
 * below 0: the server has closed. */
struct flood {
	struct bytes bytes;
	size_t at;
	uint64_t taken;
};

static ssize_t flood_step(struct flood *flood, struct peer *peer)
{
	const uint8_t *data = bytes_data(&flood->bytes);
	size_t size = bytes_size(&flood->bytes);
	ssize_t sent = stream_write(&peer->stream, data + flood->at, size - flood->at);

	if (sent == -EAGAIN)
		return 0;
	if (sent > 0) {
		flood->at = (flood->at + (size_t)sent) % size;
		flood->taken += (uint64_t)sent;
	}
	return sent;
}

/* Many pings, which are to get as many pongs. */
static void make_pings(struct flood *flood)
{
	static const uint8_t mask[4], content[PING_BYTES];

	for (int i = 0; i < PINGS; i++)
		ws_append_frame(&flood->bytes, WS_PING, true, mask, content, sizeof content);
	assert_false(flood->bytes.failed);
}

/* A WebSocket whose pongs the kernel has little room for. */
static struct peer *open_deaf(struct cell *cell, const char *query)
{
	struct peer *peer = peer_open(cell);
	int size = SMALL;

	setsockopt(peer->stream.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(peer->stream.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	peer_subscribe(cell, peer, query);
	assert_int_equal(peer_answer(peer), 101);
	return peer;
}

/* Resident memory of the server, in bytes. */
static uint64_t memory_of(const struct cell *cell)
{
	unsigned long all, resident;
	char name[64];
	FILE *file;

	snprintf(name, sizeof name, "/proc/%d/statm", (int)cell->pid);
	file = fopen(name, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &all, &resident), 2);
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Pings, and reads nothing, until the server has closed, which may not show on a connection that
 * nobody reads: then only the one who asks is left, who is served all the time. What is taken is
 * what the kernel holds; but libwebsockets 4.1.6 may read on, and forgets the pings that come while
 * it has a pong to send. */
static void ping_until_closed(struct cell *cell, struct peer *peer)
{
	struct pollfd room = {.fd = peer->stream.fd, .events = POLLOUT};
	struct peer *asker = peer_open(cell);
	struct flood flood = {0};
	uint64_t end = patience_ends(), memory = memory_of(cell);
	bool open = true;

	make_pings(&flood);
	while (open) {
		ssize_t sent = flood_step(&flood, peer);

		if (!cell_is_on(cell, "lws"))
			assert_in_range(flood.taken, 0, TAKEN_MAX);
		if (sent <= 0)
			open = counter_of(asker, "connections_open") > 1;
		if (!sent)
			poll(&room, 1, STEP_MS);
		if (clock_now_ns() > end)
			fail_msg("it is still connected");
	}
	bytes_free(&flood.bytes);
	assert_in_range(memory_of(cell), 0, memory + KEPT_MAX);
	assert_int_equal(counter_of(asker, "timeouts"), 1);
}

static void test_pings_of_who_takes_no_pongs_fill_no_memory(struct cell *cell)
{
	struct peer *peer = open_deaf(cell, ASK);

	ping_until_closed(cell, peer);
	peer = peer_upgrade(cell, ASK);
	assert_int_equal(cell_publish(cell, "one"), 1);
	peer_expect_text(peer, CELL_MESSAGE(1, "one"));
}

/* In a topic that there is: who owes the token makes none. libwebsockets waits another 5 s for an
 * answer to its close frame. */
static void test_a_flood_of_pings_is_no_token(struct cell *cell)
{
	ping_until_closed(cell, open_deaf(cell, ""));
}

static void test_a_frame_behind_the_handshake_is_published(struct cell *cell)
{
	static const uint8_t mask[4] = {1, 2, 3, 4};
	static const char early[] = "{\"t\":7,\"data\":\"early\"}",
	                  late[] = "{\"t\":7,\"data\":\"late\"}";
	struct peer *peer = peer_open(cell);
	struct bytes out = {0};

	bytes_append_text(&out, HANDS_SHAKE);
	ws_append_frame(&out, WS_TEXT, true, mask, early, sizeof early - 1);
	peer_send(peer, bytes_data(&out), bytes_size(&out));
	bytes_free(&out);
	assert_int_equal(peer_answer(peer), 101);
	ws_reader_init(&peer->frames, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	peer_expect_text(peer, CELL_MESSAGE(1, "early"));
	peer_frame(peer, WS_TEXT, true, late, sizeof late - 1);
	peer_expect_text(peer, CELL_MESSAGE(2, "late"));
}

/* Refused with that, and what stands behind it is not answered. */
struct bad_head {
	const char *text; /* with content */
	int status, lws, epoll;
};

static void expect_refused(struct cell *cell, const struct bad_head *head)
{
	struct peer *peer = peer_open(cell);
	int status = head->status;

	if (cell_is_on(cell, "lws"))
		status = head->lws;
	else if (cell_is_on(cell, "epoll"))
		status = head->epoll;
	peer_print(peer, "%s" STATS_GET, head->text);
	assert_int_equal(peer_answer(peer), status);
	assert_int_equal(peer_answer(peer), status == 200 ? 200 : 0);
	peer_close(cell, peer);
}

/* libwebsockets 4.1.6 passes over a field with a blank behind its name, as over others that it does
 * not know, and takes two Hosts: it answers that request and the one behind it. It reads no
 * transfer coding, and answers 411 to any. The epoll stack answers 501 to one that it does not
 * know (RFC 9112 §6.1). */
static void test_a_head_that_can_be_read_in_two_ways_is_refused(struct cell *cell)
{
	static const struct bad_head heads[] = {
	        {POST_HEAD "Host: h\r\nContent-Length: 5\r\n" CHUNKED "\r\n" NO_CHUNK, 400, 411,
	         400},
	        {POST_HEAD "Host: h\r\n" CHUNKED "Content-Length: 5\r\n\r\n" NO_CHUNK, 400, 411,
	         400},
	        {POST_HEAD "Host: h\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", 400,
	         400, 400},
	        {POST_HEAD
	         "Host: h\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n" NO_CHUNK,
	         400, 200, 400},
	        {POST_HEAD "Content-Length: 3\r\n\r\nabc", 400, 400, 400},
	        {POST_HEAD "Host: a\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc", 400, 200, 400},
	        {POST_HEAD "Host: h\r\nTransfer-Encoding: gzip\r\n\r\n", 400, 411, 501},
	        {"POST /publish HTTP/1.0\r\n" CHUNKED "\r\n" NO_CHUNK, 400, 411, 400},
	};

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		expect_refused(cell, &heads[i]);
	assert_int_equal(cell_publish(cell, "next"), cell_is_on(cell, "lws") ? 3 : 1);
}

/* Sends content, as long as it is taken, until only the one who asks is connected. */
static void test_content_without_an_end_is_cut_in_time(struct cell *cell)
{
	struct peer *peer = peer_open(cell), *asker = peer_open(cell);
	struct flood flood = {0};
	uint64_t end = patience_ends();
	bool open = true;

	bytes_reserve(&flood.bytes, 4096);
	bytes_commit(&flood.bytes, 4096);
	peer_print(peer, POST_HEAD "Host: h\r\nContent-Length: 100000000000000\r\n\r\n");
	while (open && clock_now_ns() < end) {
		if (flood_step(&flood, peer) < 0)
			peer_expect_close(peer);
		open = counter_of(asker, "connections_open") > 1;
	}
	bytes_free(&flood.bytes);
	assert_false(open);
	assert_int_equal(cell_publish(cell, "one"), 1);
}

/* How many are connected where no more are let in: --max-connections=1 and those who are told. */
static unsigned most_connections(const struct cell *cell)
{
	return 1 + (cell_is_on(cell, "lws") ? 32 : 64);
}

/* libmicrohttpd stops to listen then, and must not be asked anything before it does so again: that
 * would wake it. The others accept, and close where one is too many. */
static void test_a_server_that_was_full_lets_others_in(struct cell *cell)
{
	struct stream streams[64];
	unsigned most = most_connections(cell);

	cell_await(cell, "connections_open", 1);
	for (unsigned i = 0; i < most - 1; i++)
		connect_raw(cell, &streams[i]);
	cell_await(cell, "connections_open", most);
	for (unsigned i = 0; i < 3; i++) {
		struct peer *peer;

		stream_close(&streams[i]);
		if (!cell_is_on(cell, "mhd"))
			cell_await(cell, "connections_open", most - 1);
		peer = peer_open(cell);
		peer_request(peer, "GET", "/stats", "", NULL);
		assert_int_equal(peer_answer(peer), 503);
		peer_close(cell, peer);
		cell_await(cell, "connections_open", most - 1);
		connect_raw(cell, &streams[i]);
		cell_await(cell, "connections_open", most);
	}
	for (unsigned i = 0; i < most - 1; i++)
		stream_close(&streams[i]);
	cell_await(cell, "connections_open", 1);
}

/* The end may come while the first message is read, or between the two: libwebsockets could be hung
 * by that. It refuses the second (503), or has closed by then. libmicrohttpd 0.9.75 may miss an end
 * that came with what it read: then it closes when the idle timeout is over. */
static void test_two_messages_and_an_end_harm_no_other(struct cell *cell)
{
	static const char one[] = POST_HEAD "Host: h\r\nContent-Length: 5\r\n\r\nhello";

	for (int i = 0; i < ROUNDS; i++) {
		struct peer *peer = peer_open(cell);

		peer_print(peer, "%s%s", one, one);
		for (int spin = 0; spin < i; spin++)
			(void)getppid();
		stream_shutdown(&peer->stream);
		assert_int_equal(peer_answer(peer), 200);
		peer_answer(peer);
		peer_close(cell, peer);
	}
	assert_true(cell_publish(cell, "one") > ROUNDS);
	cell_await(cell, "connections_open", 1);
}

/* libwebsockets closes a stream whose client goes on sending. */
static void test_a_stream_that_is_sent_to_has_its_heartbeats(struct cell *cell)
{
	struct peer *peer = peer_open(cell);
	struct pollfd readable = {.fd = peer->stream.fd, .events = POLLIN};
	struct flood flood = {0};
	uint64_t end = patience_ends();
	bool lws = cell_is_on(cell, "lws"), came = false;

	peer_subscribe(cell, peer, ASK);
	assert_int_equal(peer_head(peer), 200);
	bytes_append_text(&flood.bytes, "\n");
	while (!came && clock_now_ns() < end) {
		flood_step(&flood, peer);
		came = stream_has_pending(&peer->stream) || poll(&readable, 1, STEP_MS) > 0;
	}
	bytes_free(&flood.bytes);
	if (lws)
		peer_expect_close(peer);
	else
		peer_expect_stream(peer, ":\n\n");
	assert_int_equal(cell_publish(cell, "one"), 1);
}

/* Whether the server shakes hands in that version and no other; -1: we cannot ask for it. */
static int speaks(const struct cell *cell, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct timeval patience = {.tv_sec = CELL_PATIENCE_MS / 1000};
	struct stream stream;
	SSL *ssl;
	int result;

	assert_non_null(context);
	SSL_CTX_set_security_level(context, 0);
	result = SSL_CTX_set_min_proto_version(context, version) &&
	                         SSL_CTX_set_max_proto_version(context, version)
	                 ? 0
	                 : -1;
	connect_raw(cell, &stream);
	fcntl(stream.fd, F_SETFL, 0);
	setsockopt(stream.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	ssl = SSL_new(context);
	assert_non_null(ssl);
	SSL_set_fd(ssl, stream.fd);
	ERR_clear_error();
	if (!result)
		result = SSL_connect(ssl) == 1;
	if (!result && ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_PROTOCOLS_AVAILABLE)
		result = -1;
	SSL_free(ssl);
	SSL_CTX_free(context);
	stream_close(&stream);
	return result;
}

/* RFC 8996 */
static void test_tls_before_1_2_is_refused(struct cell *cell)
{
	void (*before)(int);
	int tls_1_0, tls_1_1;

	before = signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to a closed socket */
	tls_1_0 = speaks(cell, TLS1_VERSION);
	tls_1_1 = speaks(cell, TLS1_1_VERSION);
	assert_int_equal(speaks(cell, TLS1_2_VERSION), 1);
	signal(SIGPIPE, before);
	if (tls_1_0 < 0 && tls_1_1 < 0)
		skip();
	assert_true(tls_1_0 <= 0);
	assert_true(tls_1_1 <= 0);
}

const struct cell_case hostile_cases[] = {
        CELL_CASE(test_a_head_that_can_be_read_in_two_ways_is_refused),
        CELL_CASE_WITH(test_content_without_an_end_is_cut_in_time, CELL_REQUEST_TIMEOUT),
        CELL_CASE_WITH(test_a_server_that_was_full_lets_others_in,
                       "--max-connections=1 --request-timeout=60000"),
        CELL_CASE_WITH(test_two_messages_and_an_end_harm_no_other, "--idle-timeout=300"),
        {0},
};

const struct cell_case hostile_tls_cases[] = {
        CELL_CASE(test_tls_before_1_2_is_refused),
        {0},
};

const struct cell_case hostile_sse_cases[] = {
        CELL_CASE_WITH(test_a_stream_that_is_sent_to_has_its_heartbeats, "--heartbeat=50"),
        {0},
};

const struct cell_case hostile_websocket_cases[] = {
        CELL_CASE_WITH(test_pings_of_who_takes_no_pongs_fill_no_memory, "--idle-timeout=500"),
        CELL_CASE_WITH(test_a_flood_of_pings_is_no_token,
                       "--token=" TOKEN " --request-timeout=500"),
        CELL_CASE(test_a_frame_behind_the_handshake_is_published),
        {0},
};
