/* WebSocket on the wire (RFC 6455): handshake values, frames and messages, without I/O. */
#ifndef TRANSPORTS_WEBSOCKET_WIRE_H
#define TRANSPORTS_WEBSOCKET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../bytes.h"
#include "../http.h"

#define WEBSOCKET_PATH "/websocket"

/* RFC 6455 §5.2 */
enum ws_opcode {
	WS_CONTINUATION = 0x0,
	WS_TEXT = 0x1,
	WS_BINARY = 0x2,
	WS_CLOSE = 0x8,
	WS_PING = 0x9,
	WS_PONG = 0xa,
};

/* RFC 6455 §7.4.1 */
enum ws_close_code {
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001,
	WS_CLOSE_PROTOCOL_ERROR = 1002,
	WS_CLOSE_NO_STATUS = 1005,    /* never on the wire: a close frame without a code */
	WS_CLOSE_INVALID_DATA = 1007, /* text that is not UTF-8 */
	WS_CLOSE_POLICY = 1008,
	WS_CLOSE_TOO_BIG = 1009,
	WS_CLOSE_INTERNAL_ERROR = 1011,
};

#define WS_KEY_SIZE    25 /* base64 of 16 bytes, and a terminating zero */
#define WS_ACCEPT_SIZE 29 /* base64 of a SHA-1, and a terminating zero */

/* The Sec-WebSocket-Key for 16 bytes that the client has drawn (§4.1, item 7). */
void ws_key(char key[WS_KEY_SIZE], const uint8_t nonce[16]);

/* The Sec-WebSocket-Accept that answers a key (§4.2.2, item 5.4); "" where libcrypto fails. */
void ws_accept(char accept[WS_ACCEPT_SIZE], const char *key);

/* Appends the server's answer to a handshake with that key (§4.2.2); subprotocol NULL: none. */
void ws_append_handshake(struct bytes *out, const char *key, const char *subprotocol);

/* Bytes of a frame's header: 2, 4 or 10, and 4 more where it is masked (§5.2). */
size_t ws_header_size(uint64_t payload_size, bool masked);

/* Appends one frame; masked where mask is not NULL, as every frame of a client must be (§5.3). */
void ws_append_frame(struct bytes *out, enum ws_opcode opcode, bool fin, const uint8_t mask[4],
                     const void *payload, size_t size);

/* Appends a close frame with a code and a reason of at most 123 bytes of UTF-8 (§5.5.1);
 * WS_CLOSE_NO_STATUS: with neither. */
void ws_append_close(struct bytes *out, const uint8_t mask[4], unsigned code, const char *reason);

/* The end that reads: a server demands masked frames, a client unmasked ones (§5.1). */
enum ws_role { WS_SERVER, WS_CLIENT };

/* What ws_next found. */
enum ws_event {
	WS_EVENT_MORE,    /* the input is used up */
	WS_EVENT_MESSAGE, /* a whole text or binary message, fragments joined */
	WS_EVENT_PING,    /* to be answered with a pong of the same content (§5.5.3) */
	WS_EVENT_PONG,
	WS_EVENT_CLOSE,   /* the peer closes: code, and data is the reason */
	WS_EVENT_INVALID, /* the peer broke the protocol: close with code; `data` says why, as text
	                   */
};

struct ws_received {
	enum ws_opcode opcode; /* WS_TEXT or WS_BINARY for a message */
	unsigned code;         /* for CLOSE (WS_CLOSE_NO_STATUS where it had none) and INVALID */
	struct span data;      /* good until the next call; may point into the input */
};

/* Progress of a UTF-8 check (RFC 3629) over text that arrives in pieces. All zero is ready. */
struct utf8_check {
	uint8_t remaining;       /* continuation bytes still to come */
	uint8_t lowest, highest; /* the range of the next one */
};

/* False as soon as the bytes cannot be UTF-8. Text is complete where remaining is 0. */
bool utf8_check(struct utf8_check *check, const uint8_t *data, size_t size);

/* Frames being read and joined to messages. Set up by ws_reader_init; freed by ws_reader_free. */
struct ws_reader {
	/* private */
	enum ws_role role;
	size_t message_max_bytes;
	uint8_t header[14];
	size_t header_size; /* bytes of the header read so far */
	bool in_payload;
	bool invalid, closed; /* nothing more is read */
	uint8_t mask[4];
	enum ws_opcode opcode; /* of the frame being read */
	bool fin;
	uint64_t frame_size, frame_read;
	enum ws_opcode message_opcode; /* of the message being joined; WS_CONTINUATION: none */
	struct bytes message;          /* its fragments so far */
	bool clear_message;            /* it was given out by the last call */
	struct utf8_check utf8;
	uint8_t control[125];
};

void ws_reader_init(struct ws_reader *reader, enum ws_role role, size_t message_max_bytes);

/*
 * Takes bytes from the front of *input (which it never changes, not even to unmask). Enforces
 * RFC 6455: reserved bits and opcodes, minimal lengths, masks, control frames whole and at most
 * 125 bytes, continuation order, UTF-8 of text (as early as it can be known) and of close
 * reasons, valid close codes; a message above message_max_bytes is INVALID with
 * WS_CLOSE_TOO_BIG. After INVALID or CLOSE it gives MORE for ever.
 */
enum ws_event ws_next(struct ws_reader *reader, struct span *input, struct ws_received *received);

/* It is between messages: it holds nothing that a new one would not know. */
bool ws_reader_is_idle(const struct ws_reader *reader);

void ws_reader_free(struct ws_reader *reader);

#endif
