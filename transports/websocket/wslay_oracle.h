/* What libwslay, which shares no line with wire.c, makes of bytes that wire.c reads: for tests and
 * fuzz targets. */
#ifndef TRANSPORTS_WEBSOCKET_WSLAY_ORACLE_H
#define TRANSPORTS_WEBSOCKET_WSLAY_ORACLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <wslay/wslay.h>

#include "wire.h"

/* libwslay checks the reason of a close frame rightly only where the frame comes in one piece, and
 * it reads pieces of 4096 bytes. */
#define ORACLE_MAX_BYTES 4096

/* libwslay looks at a header when it has all of it, 14 bytes at most, and the payload has begun;
 * wire.c refuses sooner. So many zeros are to follow for libwslay where wire.c has refused. */
#define ORACLE_BEYOND_BYTES 15

/* A line an event: opcode, the code of a close, the content. */
static inline void oracle_note(struct bytes *log, unsigned opcode, unsigned code, const void *data,
                               size_t size)
{
	bytes_printf(log, "%u %u ", opcode, code);
	bytes_append(log, data, size);
	bytes_append_text(log, "\n");
}

static inline void oracle_refused(struct bytes *log)
{
	bytes_append_text(log, "refused\n");
}

/* As wire.c reads it: each event of the input noted. Gives the last one. */
static inline enum ws_event oracle_note_wire(struct ws_reader *reader, struct span input,
                                             struct bytes *log)
{
	static const unsigned opcodes[] = {
	        [WS_EVENT_PING] = WS_PING, [WS_EVENT_PONG] = WS_PONG, [WS_EVENT_CLOSE] = WS_CLOSE};
	enum ws_event event, last = WS_EVENT_MORE;
	struct ws_received received;

	while ((event = ws_next(reader, &input, &received)) != WS_EVENT_MORE) {
		last = event;
		if (event == WS_EVENT_INVALID)
			oracle_refused(log);
		else
			oracle_note(log,
			            event == WS_EVENT_MESSAGE ? received.opcode : opcodes[event],
			            event == WS_EVENT_CLOSE ? received.code : 0, received.data.data,
			            received.data.size);
	}
	return last;
}

/*
 * Whether the input ended where the two differ, rightly or not:
 * - in half a close code: libwslay 1.1.1 takes a payload of one byte for a close without a code,
 *   but a payload, where there is one, begins with the two bytes of a code (RFC 6455 §5.5.1);
 * - inside a close frame: libwslay refuses a reason that is not UTF-8 before it is whole;
 * - inside a header: libwslay refuses a wrong length before the mask has come.
 */
static inline bool oracle_differs(const struct ws_reader *reader, bool refused)
{
	bool in_header = !refused && reader->header_size > 0;
	bool half_a_code = refused && reader->header_size == 0 && reader->frame_size == 1;

	return in_header || (reader->opcode == WS_CLOSE && (reader->in_payload || half_a_code));
}

struct oracle {
	struct span input;
	struct bytes *log;
};

static inline ssize_t oracle_recv(wslay_event_context_ptr context, uint8_t *room, size_t size,
                                  int flags, void *user)
{
	struct oracle *oracle = user;

	(void)flags;
	if (size > oracle->input.size)
		size = oracle->input.size;
	if (size == 0) {
		wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(room, oracle->input.data, size);
	oracle->input.data += size;
	oracle->input.size -= size;
	return (ssize_t)size;
}

static inline int oracle_mask(wslay_event_context_ptr context, uint8_t *mask, size_t size,
                              void *user)
{
	(void)context;
	(void)user;
	memset(mask, 0, size);
	return 0;
}

static inline void oracle_received(wslay_event_context_ptr context,
                                   const struct wslay_event_on_msg_recv_arg *received, void *user)
{
	struct oracle *oracle = user;
	struct span content = {received->msg, received->msg_length};
	unsigned code = 0;

	(void)context;
	if (received->opcode == WSLAY_CONNECTION_CLOSE)
		code = received->status_code ? received->status_code : WS_CLOSE_NO_STATUS;
	if (received->status_code) {
		content.data += 2;
		content.size -= 2;
	}
	oracle_note(oracle->log, received->opcode, code, content.data, content.size);
}

/* As libwslay reads it. At most ORACLE_MAX_BYTES; control frames count towards its limit, so that
 * message_max_bytes must be 125 at least. */
static inline void oracle_note_wslay(enum ws_role role, struct span input, size_t message_max_bytes,
                                     struct bytes *log)
{
	static const struct wslay_event_callbacks callbacks = {
	        .recv_callback = oracle_recv,
	        .genmask_callback = oracle_mask,
	        .on_msg_recv_callback = oracle_received,
	};
	struct oracle oracle = {input, log};
	wslay_event_context_ptr context;

	if (role == WS_SERVER ? wslay_event_context_server_init(&context, &callbacks, &oracle)
	                      : wslay_event_context_client_init(&context, &callbacks, &oracle))
		abort();
	wslay_event_config_set_max_recv_msg_length(context, message_max_bytes);
	if (wslay_event_recv(context) < 0 ||
	    (!wslay_event_get_read_enabled(context) && !wslay_event_get_close_received(context)))
		oracle_refused(log);
	wslay_event_context_free(context);
}

#endif
