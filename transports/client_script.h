/* Help for tests: plays the server to a client without a socket, and notes as text, in order, all
 * that the client tells its harness, sends and answers. */
#ifndef TRANSPORTS_CLIENT_SCRIPT_H
#define TRANSPORTS_CLIENT_SCRIPT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "client.h"
#include "feed.h"

/* What a client of the topic "t" on the host "h" is told, and a message of id 0 to 9 as JSON. */
#define SCRIPT_CONFIG      .host = "h", .topic = "t", .since = CLIENT_NO_CURSOR
#define SCRIPT_MESSAGE(id) "{\"id\":         " #id ",\"t\":                 7,\"data\":\"\"}"
/* What is noted when the client gives that message to its harness. */
#define SCRIPT_GOT(id) "message " #id " 7 " SCRIPT_MESSAGE(id) "\n"

/* Replies to a poll or a long-poll: empty, empty with the cursor, with one message, with two. */
#define SCRIPT_EMPTY        "HTTP/1.1 204 No Content\r\n\r\n"
#define SCRIPT_CURSOR(id)   "HTTP/1.1 204 No Content\r\nX-Pushlab-Cursor: " #id "\r\n\r\n"
#define SCRIPT_REPLY(id)    SCRIPT_HEAD(51) SCRIPT_MESSAGE(id) "\n"
#define SCRIPT_TWO(id, id2) SCRIPT_HEAD(102) SCRIPT_MESSAGE(id) "\n" SCRIPT_MESSAGE(id2) "\n"
#define SCRIPT_HEAD(size)   "HTTP/1.1 200 OK\r\nContent-Length: " #size "\r\n\r\n"

struct script {
	const struct client_ops *ops;
	void *state;
	struct bytes log;
	enum client_status status; /* the last one */
};

/* The log is not a client's memory: it never fails. */
#define SCRIPT_NOTE(script, ...)                                                                   \
	do {                                                                                       \
		long fail_at = feed_fail_at;                                                       \
		feed_fail_at = 0;                                                                  \
		bytes_printf(&(script)->log, __VA_ARGS__);                                         \
		feed_fail_at = fail_at;                                                            \
	} while (0)

static inline void script_ready(void *user)
{
	SCRIPT_NOTE((struct script *)user, "ready\n");
}

static inline void script_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                                  size_t size)
{
	struct script *script = user;
	const uint8_t *bytes = data;

	SCRIPT_NOTE(script, "message %" PRIu64 " %" PRIu64 " ", id, scheduled_ns);
	for (size_t i = 0; i < size; i++)
		SCRIPT_NOTE(script, bytes[i] < ' ' || bytes[i] > '~' ? "\\x%02x" : "%c", bytes[i]);
	SCRIPT_NOTE(script, "\n");
}

static inline void script_response(void *user, unsigned messages)
{
	SCRIPT_NOTE((struct script *)user, "response %u\n", messages);
}

static inline void script_missed(void *user, uint64_t messages)
{
	SCRIPT_NOTE((struct script *)user, "missed %" PRIu64 "\n", messages);
}

static const struct client_events script_events = {
        .ready = script_ready,
        .message = script_message,
        .response = script_response,
        .missed = script_missed,
};

static inline void script_open(struct script *script, const struct client_ops *ops,
                               const struct client_config *config)
{
	*script = (struct script){.ops = ops, .state = calloc(1, ops->state_size)};
	if (!script->state)
		abort();
	ops->init(script->state, config, &script_events, script);
}

static inline void script_close(struct script *script)
{
	script->ops->fini(script->state);
	free(script->state);
	bytes_free(&script->log);
}

/* Notes what a call to the client sent and gave back. */
static inline void script_take(struct script *script, enum client_status status, struct bytes *out)
{
	script->status = status;
	if (bytes_size(out) > 0)
		SCRIPT_NOTE(script, "> %.*s\n", (int)bytes_size(out),
		            (const char *)bytes_data(out));
	if (status == CLIENT_RECONNECT)
		SCRIPT_NOTE(script, "reconnect\n");
	if (status == CLIENT_FAILED)
		SCRIPT_NOTE(script, "failed: %s\n", script->ops->why(script->state));
	bytes_free(out);
}

static inline void script_connected(struct script *script, enum client_lane lane, uint64_t now_ns)
{
	struct bytes out = {0};
	enum client_status status = script->ops->connected(script->state, lane, now_ns, &out);

	script_take(script, status, &out);
}

static inline void script_tick(struct script *script, uint64_t now_ns)
{
	struct bytes out = {0};
	enum client_status status = script->ops->tick(script->state, now_ns, &out);

	script_take(script, status, &out);
}

/* Size 0: the server closed. */
static inline void script_bytes(struct script *script, enum client_lane lane, const void *data,
                                size_t size)
{
	struct feed_guard guard = feed_guard_open(data, size);
	struct bytes out = {0};
	enum client_status status =
	        script->ops->input(script->state, lane, guard.data, guard.size, 0, &out);

	script_take(script, status, &out);
	feed_guard_close(&guard);
}

static inline void script_text(struct script *script, enum client_lane lane, const char *text)
{
	script_bytes(script, lane, text, strlen(text));
}

static inline void script_send(struct script *script, const char *text, bool binary)
{
	struct bytes out = {0};
	enum client_status status =
	        script->ops->send(script->state, text, strlen(text), binary, &out);

	script_take(script, status, &out);
}

/* The notes since the last call, which must be these. */
static inline void script_expect(struct script *script, const char *expected)
{
	bytes_append(&script->log, "", 1);
	assert_string_equal((const char *)bytes_data(&script->log), expected);
	bytes_clear(&script->log);
}

/*
 * Connects and plays the server's texts ("": it closes), each in pieces: the first `first` bytes,
 * then `step` at a time. Where the client has a timer it runs between them. Stops where the client
 * has had enough.
 */
static inline void script_play(struct script *script, const char *const *texts, size_t first,
                               size_t step)
{
	script_connected(script, LANE_DOWN, 0);
	for (; *texts && script->status == CLIENT_OK; texts++) {
		size_t size = strlen(*texts), at = 0;

		do {
			size_t piece = at == 0 ? first : step;

			piece = piece < size - at ? piece : size - at;
			script_bytes(script, LANE_DOWN, *texts + at, piece);
			at += piece;
		} while (at < size && script->status == CLIENT_OK);
		if (script->ops->tick && texts[1] && script->status == CLIENT_OK)
			script_tick(script, script->ops->deadline(script->state));
	}
}

/* The conversation must go as expected whole, a byte at a time, and cut in two anywhere. */
static inline void script_expect_play(const struct client_ops *ops,
                                      const struct client_config *config, const char *const *texts,
                                      const char *expected)
{
	size_t longest = 1;

	for (size_t i = 0; texts[i]; i++)
		longest = strlen(texts[i]) > longest ? strlen(texts[i]) : longest;
	for (size_t first = 0; first <= longest; first++) {
		struct script script;

		script_open(&script, ops, config);
		script_play(&script, texts, first ? first : 1, first ? longest : 1);
		script_expect(&script, expected);
		script_close(&script);
	}
}

/* Every allocation of the conversation fails once, and the client says so each time. */
static inline void script_expect_no_memory(const struct client_ops *ops,
                                           const struct client_config *config,
                                           const char *const *texts)
{
	static const char why[] = "failed: out of memory\n";
	bool failed = true;

	for (long fail_at = 1; failed; fail_at++) {
		struct script script;
		size_t size;

		script_open(&script, ops, config);
		feed_fail_at = fail_at;
		script_play(&script, texts, 1, 1);
		failed = feed_fail_at == 0;
		feed_fail_at = 0;
		size = bytes_size(&script.log);
		assert_int_equal(script.status == CLIENT_FAILED, failed);
		if (failed) {
			assert_true(size >= sizeof why - 1);
			assert_memory_equal(bytes_data(&script.log) + size - (sizeof why - 1), why,
			                    sizeof why - 1);
		}
		script_close(&script);
	}
}

#endif
