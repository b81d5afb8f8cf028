#include "cell_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../bench/process.h"
#include "../bench/project.h"

#define ARGUMENTS_MAX 20
#define STEP_MS       2  /* between two looks at the counters */
#define DRIP_MS       10 /* between two bytes of who sends them now and then */
#define RECV_BYTES    65536
#define ATTEMPTS      5
#define ADDRESS       "127.0.0.1"

/* The key and its answer are those of RFC 6455 §1.3. */
#define HANDSHAKE                                                                                  \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n"                                            \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

#define AUTHORIZATION "Authorization: Bearer " CELL_TOKEN "\r\n"

/* Where the project has what a cell needs. */
struct files {
	char program[PATH_MAX], authority[PATH_MAX], certificate[PATH_MAX], key[PATH_MAX];
};

static int trouble(const struct cell *cell, const char *why)
{
	fprintf(stderr, "%s/%s%s: %s\n", cell->endpoint->transport, cell->endpoint->stack,
	        cell->tls ? " tls" : "", why);
	return -1;
}

static int find(const struct cell *cell, struct files *files)
{
	if (project_path(files->program, sizeof files->program, "serve"))
		return trouble(cell, "build/serve is not built");
	if (!cell->tls)
		return 0;
	if (project_path(files->authority, sizeof files->authority, "certs/ca.pem") ||
	    project_path(files->certificate, sizeof files->certificate, "certs/server.pem") ||
	    project_path(files->key, sizeof files->key, "certs/server.key"))
		return trouble(cell, "there are no certificates: run scripts/certs");
	return 0;
}

/* In the child. */
static void execute(const struct cell *cell, const struct files *files, const char *options,
                    int out_fd)
{
	char transport[32], stack[32], words[256], *rest = words;
	char certificate[PATH_MAX + 32], key[PATH_MAX + 32];
	char *arguments[ARGUMENTS_MAX] = {(char *)files->program, transport, stack, "--port=0",
	                                  "--rate=0"};
	size_t count = 5;

	snprintf(transport, sizeof transport, "--transport=%s", cell->endpoint->transport);
	snprintf(stack, sizeof stack, "--stack=%s", cell->endpoint->stack);
	snprintf(certificate, sizeof certificate, "--tls-certificate=%s", files->certificate);
	snprintf(key, sizeof key, "--tls-key=%s", files->key);
	if (snprintf(words, sizeof words, "%s", options) >= (int)sizeof words)
		_exit(127);
	if (cell->tls) {
		arguments[count++] = certificate;
		arguments[count++] = key;
	}
	while (*options && rest && count < ARGUMENTS_MAX - 1)
		arguments[count++] = strsep(&rest, " ");
	dup2(out_fd, STDOUT_FILENO);
	execv(files->program, arguments);
	_exit(127);
}

static int read_ready(struct cell *cell, int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char line[256] = "";
	size_t size = 0;

	while (!strchr(line, '\n') && size < sizeof line - 1) {
		ssize_t got;

		if (poll(&readable, 1, CELL_PATIENCE_MS) <= 0)
			return trouble(cell, "the server was not ready in time");
		got = read(fd, line + size, sizeof line - 1 - size);
		if (got <= 0)
			break;
		size += (size_t)got;
		line[size] = '\0';
	}
	if (sscanf(line,
	           cell->tls ? "ready https://" ADDRESS ":%" SCNu16
	                     : "ready http://" ADDRESS ":%" SCNu16,
	           &cell->port) == 1)
		return 0;
	return trouble(cell, "the server said no readiness line");
}

static pid_t spawn(const struct cell *cell, const struct files *files, const char *options,
                   int out_fd)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	if (process_prepare_child(parent, -1))
		execute(cell, files, options, out_fd);
	_exit(127);
}

static int start(struct cell *cell, const struct files *files, const char *options)
{
	int ready[2], err;

	if (pipe2(ready, O_CLOEXEC))
		return trouble(cell, "no pipe");
	cell->pid = spawn(cell, files, options, ready[1]);
	close(ready[1]);
	if (cell->pid < 0) {
		close(ready[0]);
		return trouble(cell, "build/serve could not be started");
	}
	cell->pid_fd = (int)syscall(SYS_pidfd_open, cell->pid, 0);
	err = read_ready(cell, ready[0]);
	close(ready[0]);
	if (err)
		cell_close(cell);
	return err;
}

int cell_open(struct cell *cell, const struct endpoint *endpoint, bool tls, const char *options)
{
	struct files files;
	char error[256];
	int err;

	*cell = (struct cell){.endpoint = endpoint, .tls = tls, .pid = -1, .pid_fd = -1};
	if (find(cell, &files))
		return -1;
	if (tls && tls_client_open(&cell->trust, files.authority, false, error, sizeof error))
		return trouble(cell, error);
	err = start(cell, &files, options);
	if (err)
		tls_context_close(&cell->trust);
	return err;
}

static void peer_free(struct peer *peer)
{
	stream_close(&peer->stream);
	bytes_free(&peer->in);
	bytes_free(&peer->content);
	http_response_reset(&peer->response);
	ws_reader_free(&peer->frames);
	free(peer);
}

int cell_close(struct cell *cell)
{
	struct pollfd ended = {.fd = cell->pid_fd, .events = POLLIN};
	struct peer *peer;
	int status, err = 0;

	kill(cell->pid, SIGTERM);
	if (poll(&ended, 1, CELL_PATIENCE_MS) <= 0) {
		kill(cell->pid, SIGKILL);
		err = trouble(cell, "the server did not end when it was told to");
	}
	waitpid(cell->pid, &status, 0);
	close(cell->pid_fd);
	while ((peer = cell->peers)) {
		cell->peers = peer->next;
		peer_free(peer);
	}
	tls_context_close(&cell->trust);
	if (!err && status) {
		char how[64];

		process_describe_end(status, how, sizeof how);
		err = trouble(cell, how);
	}
	return err;
}

bool cell_is_on(const struct cell *cell, const char *stack)
{
	return !strcmp(cell->endpoint->stack, stack);
}

/* Waits until the stream can go on. */
static void await(const struct stream *stream, short events, const char *what)
{
	struct pollfd ready = {.fd = stream->fd, .events = events};

	if (stream_wants_write(stream))
		ready.events = POLLOUT;
	if (poll(&ready, 1, CELL_PATIENCE_MS) <= 0)
		fail_msg("%s in %d ms", what, CELL_PATIENCE_MS);
}

static void shake_hands(const struct cell *cell, struct stream *stream)
{
	int err;

	stream->tls = tls_open(cell->trust, stream->fd, ADDRESS);
	assert_non_null(stream->tls);
	while ((err = tls_handshake(stream->tls)) == -EAGAIN)
		await(stream, POLLIN, "the server shook no hands");
	if (err == -EPROTO)
		fail_msg("TLS: %s", tls_why(stream->tls));
}

/* Before connecting. */
static void prepare(int fd, const struct peer_way *way)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	if (way->from) {
		assert_int_equal(inet_pton(AF_INET, way->from, &from.sin_addr), 1);
		if (bind(fd, (struct sockaddr *)&from, sizeof from))
			fail_msg("bind: %s", strerror(errno));
	}
	if (way->receive_bytes_max)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &way->receive_bytes_max,
		           sizeof way->receive_bytes_max);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void connect_as(const struct cell *cell, struct stream *stream, const struct peer_way *way)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons(cell->port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(stream->fd >= 0);
	prepare(stream->fd, way);
	if (connect(stream->fd, (struct sockaddr *)&address, sizeof address))
		fail_msg("connect: %s", strerror(errno));
	fcntl(stream->fd, F_SETFL, O_NONBLOCK);
	if (cell->tls && !way->plain)
		shake_hands(cell, stream);
}

void cell_connect(const struct cell *cell, struct stream *stream)
{
	connect_as(cell, stream, &(struct peer_way){0});
}

void cell_send(struct stream *stream, const void *data, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t step = stream_write(stream, (const char *)data + sent, size - sent);

		if (step == -EPIPE || step == -ECONNRESET)
			return;
		if (step == -EAGAIN)
			await(stream, POLLOUT, "the server took nothing more");
		else if (step < 0)
			fail_msg("send: %s", strerror((int)-step));
		else
			sent += (size_t)step;
	}
}

/* Whether there was input, or the end of it. */
static bool take_input(struct peer *peer)
{
	uint8_t *room = bytes_reserve(&peer->in, RECV_BYTES);
	ssize_t got;

	assert_non_null(room);
	got = stream_read(&peer->stream, room, RECV_BYTES);
	if (got == -EPROTO)
		fail_msg("TLS: %s", tls_why(peer->stream.tls));
	if (got > 0)
		bytes_commit(&peer->in, (size_t)got);
	else if (got != -EAGAIN)
		peer->closed = true;
	return got != -EAGAIN;
}

/* Anew where the server has closed it because it was idle. */
static struct peer *control(struct cell *cell)
{
	while (cell->control && !cell->control->closed && take_input(cell->control))
		;
	if (cell->control && cell->control->closed) {
		peer_close(cell, cell->control);
		cell->control = NULL;
	}
	if (!cell->control)
		cell->control = peer_open(cell);
	return cell->control;
}

/* Shows the token. The content comes behind the head, not with it. */
static void request(struct peer *peer, const char *method, const char *target, const char *content)
{
	char fields[128];

	snprintf(fields, sizeof fields, AUTHORIZATION "Content-Length: %zu\r\n", strlen(content));
	peer_request(peer, method, target, *content ? fields : AUTHORIZATION, NULL);
	peer_send(peer, content, strlen(content));
}

/* Asks, and again where the server closed instead: this connection, too, has its deadlines. */
static struct peer *ask(struct cell *cell, const char *method, const char *target,
                        const char *content)
{
	struct peer *peer = NULL;
	int status = 0;

	for (int i = 0; i < ATTEMPTS && !status; i++) {
		peer = control(cell);
		request(peer, method, target, content);
		status = peer_answer(peer);
	}
	assert_int_equal(status, 200);
	return peer;
}

uint64_t cell_publish(struct cell *cell, const char *data)
{
	struct peer *peer;
	char *content;
	uint64_t id = 0;

	assert_true(asprintf(&content, "{\"t\":7,\"data\":\"%s\"}", data) > 0);
	peer = ask(cell, "POST", "/publish?topic=" CELL_TOPIC, content);
	free(content);
	assert_int_equal(sscanf(peer_content(peer), "{\"id\":%" SCNu64 "}", &id), 1);
	return id;
}

void cell_publish_many(struct cell *cell, unsigned messages)
{
	for (unsigned i = 0; i < messages; i++)
		cell_publish(cell, "m");
}

uint64_t cell_counter(struct cell *cell, const char *counter)
{
	struct peer *peer = ask(cell, "GET", "/stats", "");
	json_t *stats = json_loads(peer_content(peer), 0, NULL);
	const json_t *number = json_object_get(stats, counter);
	uint64_t value = (uint64_t)json_integer_value(number);

	assert_true(json_is_integer(number));
	json_decref(stats);
	return value;
}

void cell_await(struct cell *cell, const char *counter, uint64_t value)
{
	uint64_t now = cell_counter(cell, counter);

	for (int waited_ms = 0; now != value; waited_ms += STEP_MS) {
		if (waited_ms > CELL_PATIENCE_MS)
			fail_msg("%s is %" PRIu64 " and not %" PRIu64, counter, now, value);
		poll(NULL, 0, STEP_MS);
		now = cell_counter(cell, counter);
	}
}

struct peer *peer_open_as(struct cell *cell, const struct peer_way *way)
{
	struct peer *peer = calloc(1, sizeof *peer);

	assert_non_null(peer);
	peer->stream.fd = -1;
	peer->next = cell->peers;
	cell->peers = peer;
	connect_as(cell, &peer->stream, way);
	return peer;
}

struct peer *peer_open(struct cell *cell)
{
	return peer_open_as(cell, &(struct peer_way){0});
}

void peer_close(struct cell *cell, struct peer *peer)
{
	struct peer **at = &cell->peers;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	peer_free(peer);
}

void peer_send(struct peer *peer, const void *data, size_t size)
{
	cell_send(&peer->stream, data, size);
}

void peer_print(struct peer *peer, const char *format, ...)
{
	char *text;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	assert_true(size >= 0);
	peer_send(peer, text, (size_t)size);
	free(text);
}

void peer_request(struct peer *peer, const char *method, const char *target, const char *fields,
                  const char *content)
{
	if (content)
		peer_print(peer, "%s %s HTTP/1.1\r\nHost: h\r\n%sContent-Length: %zu\r\n\r\n%s",
		           method, target, fields, strlen(content), content);
	else
		peer_print(peer, "%s %s HTTP/1.1\r\nHost: h\r\n%s\r\n", method, target, fields);
}

void peer_send_in_bytes(struct cell *cell, struct peer *peer, const void *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		peer_send(peer, (const char *)data + i, 1);
		cell_counter(cell, "requests");
	}
}

static bool upgrades(const struct cell *cell)
{
	return !strcmp(cell->endpoint->transport, "websocket");
}

/* To be freed. */
static char *subscription(const struct cell *cell, const char *query, const char *fields)
{
	char *text;
	int size = asprintf(&text, "GET %s%s HTTP/1.1\r\nHost: h\r\n%s%s\r\n", cell->endpoint->path,
	                    query, upgrades(cell) ? HANDSHAKE : "", fields);

	assert_true(size >= 0);
	return text;
}

void peer_subscribe_with(struct cell *cell, struct peer *peer, const char *query,
                         const char *fields)
{
	char *text = subscription(cell, query, fields);

	peer_send(peer, text, strlen(text));
	free(text);
}

void peer_subscribe_in_bytes(struct cell *cell, struct peer *peer, const char *query)
{
	char *text = subscription(cell, query, "");

	peer_send_in_bytes(cell, peer, text, strlen(text));
	free(text);
}

void peer_subscribe(struct cell *cell, struct peer *peer, const char *query)
{
	peer_subscribe_with(cell, peer, query, "");
}

int cell_welcome(const struct cell *cell)
{
	return upgrades(cell) ? 101 : 200;
}

/* Waits for more input, or for the end of it. */
static void receive(struct peer *peer)
{
	while (!take_input(peer))
		await(&peer->stream, POLLIN, "the server sent nothing more");
}

/* The next step of a response; its content is kept. */
static enum http_event next(struct peer *peer)
{
	for (;;) {
		struct span input = {bytes_data(&peer->in), bytes_size(&peer->in)}, body;
		size_t size = input.size;
		enum http_event event = http_response_next(&peer->response, &input, &body);

		if (event == HTTP_BODY)
			bytes_append(&peer->content, body.data, body.size);
		bytes_consume(&peer->in, size - input.size);
		if (event == HTTP_INVALID)
			fail_msg("%s", http_response_why(&peer->response));
		if (event != HTTP_MORE)
			return event;
		if (peer->closed)
			return http_response_closed(&peer->response);
		receive(peer);
	}
}

int peer_head(struct peer *peer)
{
	bytes_clear(&peer->content);
	switch (next(peer)) {
	case HTTP_HEAD:
		return peer->response.status;
	case HTTP_MORE:
		return 0;
	default:
		fail_msg("the response was cut short");
		return 0;
	}
}

int peer_answer(struct peer *peer)
{
	int status = peer_head(peer);
	enum http_event event = HTTP_BODY;

	while (status && event == HTTP_BODY)
		event = next(peer);
	if (status && event != HTTP_END)
		fail_msg("the response was cut short");
	return status;
}

const char *peer_field(struct peer *peer, const char *name)
{
	struct span value = {0};

	http_response_field(&peer->response, name, &value);
	snprintf(peer->field, sizeof peer->field, "%.*s", (int)value.size,
	         (const char *)value.data);
	return peer->field;
}

const char *peer_content(struct peer *peer)
{
	uint8_t *end = bytes_reserve(&peer->content, 1);

	assert_non_null(end);
	*end = '\0';
	return (const char *)bytes_data(&peer->content);
}

void peer_expect_stream(struct peer *peer, const char *expected)
{
	size_t size = strlen(expected);

	while (bytes_size(&peer->content) < size)
		if (next(peer) != HTTP_BODY)
			fail_msg("the stream ended: %s", peer_content(peer));
	if (memcmp(bytes_data(&peer->content), expected, size) != 0)
		assert_string_equal(peer_content(peer), expected);
	bytes_consume(&peer->content, size);
}

void peer_expect_close(struct peer *peer)
{
	while (!peer->closed) {
		bytes_clear(&peer->in);
		receive(peer);
	}
}

void peer_expect_end(struct peer *peer)
{
	while (!peer->closed)
		receive(peer);
	assert_int_equal(bytes_size(&peer->in), 0);
}

/* That the server has closed may show first where something is sent. */
void peer_drip(struct peer *peer, const char *begin, size_t size)
{
	struct pollfd readable = {.fd = peer->stream.fd, .events = POLLIN};

	stream_write(&peer->stream, begin, size);
	for (int waited_ms = 0; !peer->closed; waited_ms += DRIP_MS) {
		if (waited_ms > CELL_PATIENCE_MS)
			fail_msg("after %d ms the server still takes bytes", waited_ms);
		if (poll(&readable, 1, DRIP_MS) > 0)
			take_input(peer);
		stream_write(&peer->stream, "x", 1);
	}
	assert_int_equal(bytes_size(&peer->in), 0);
}

struct peer *peer_upgrade(struct cell *cell, const char *query)
{
	struct peer *peer = peer_open(cell);

	peer_subscribe(cell, peer, query);
	assert_int_equal(peer_answer(peer), 101);
	ws_reader_init(&peer->frames, WS_CLIENT, CLIENT_MESSAGE_MAX_BYTES);
	return peer;
}

void peer_frame(struct peer *peer, enum ws_opcode opcode, bool fin, const void *data, size_t size)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d}; /* RFC 6455 §5.7's */
	struct bytes frame = {0};

	ws_append_frame(&frame, opcode, fin, mask, data, size);
	peer_send(peer, bytes_data(&frame), bytes_size(&frame));
	bytes_free(&frame);
}

enum ws_event peer_event(struct peer *peer, struct ws_received *received)
{
	for (;;) {
		struct span input = {bytes_data(&peer->in), bytes_size(&peer->in)};
		size_t size = input.size;
		enum ws_event event = ws_next(&peer->frames, &input, received);

		bytes_consume(&peer->in, size - input.size);
		if (event != WS_EVENT_MORE || peer->closed)
			return event;
		receive(peer);
	}
}

void peer_expect_text(struct peer *peer, const char *expected)
{
	struct ws_received received = {0};

	assert_int_equal(peer_event(peer, &received), WS_EVENT_MESSAGE);
	assert_int_equal(received.opcode, WS_TEXT);
	assert_int_equal(received.data.size, strlen(expected));
	assert_memory_equal(received.data.data, expected, strlen(expected));
}

void peer_expect_close_code(struct peer *peer, unsigned code)
{
	struct ws_received received = {0};

	assert_int_equal(peer_event(peer, &received), WS_EVENT_CLOSE);
	assert_int_equal(received.code, code);
}
