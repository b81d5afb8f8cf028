#include "wire.h"

#include <endian.h>
#include <string.h>

#include <openssl/evp.h>

#define FIN           0x80
#define RESERVED_BITS 0x70
#define OPCODE_BITS   0x0f
#define CONTROL_BIT   0x08
#define MASKED        0x80
#define LENGTH_BITS   0x7f
#define LENGTH_16     126
#define LENGTH_64     127

#define CONTROL_MAX_BYTES 125
#define REASON_MAX_BYTES  (CONTROL_MAX_BYTES - 2)

/* RFC 6455 §1.3 */
static const char accept_guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

void ws_key(char key[WS_KEY_SIZE], const uint8_t nonce[16])
{
	EVP_EncodeBlock((unsigned char *)key, nonce, 16);
}

void ws_accept(char accept[WS_ACCEPT_SIZE], const char *key)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
	bool done = sha1 && EVP_DigestInit_ex(sha1, EVP_sha1(), NULL) &&
	            EVP_DigestUpdate(sha1, key, strlen(key)) &&
	            EVP_DigestUpdate(sha1, accept_guid, sizeof accept_guid - 1) &&
	            EVP_DigestFinal_ex(sha1, digest, &size);

	EVP_MD_CTX_free(sha1);
	accept[0] = '\0';
	if (done)
		EVP_EncodeBlock((unsigned char *)accept, digest, (int)size);
}

void ws_append_handshake(struct bytes *out, const char *key, const char *subprotocol)
{
	char accept[WS_ACCEPT_SIZE];

	ws_accept(accept, key);
	bytes_printf(out,
	             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	             "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
	             accept);
	if (subprotocol)
		bytes_printf(out, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
	bytes_append_text(out, "\r\n");
}

size_t ws_header_size(uint64_t payload_size, bool masked)
{
	size_t length_size = payload_size < LENGTH_16 ? 0 : payload_size <= UINT16_MAX ? 2 : 8;

	return 2 + length_size + (masked ? 4 : 0);
}

/* Copies size bytes of a payload, from `offset` in it, and masks or unmasks them (§5.3). */
static void copy_masked(uint8_t *to, const uint8_t *from, size_t size, const uint8_t mask[4],
                        uint64_t offset)
{
	uint8_t key[8];
	uint64_t key_word, word;

	for (size_t i = 0; i < sizeof key; i++)
		key[i] = mask[(offset + i) & 3];
	memcpy(&key_word, key, sizeof key);
	for (; size >= sizeof word; size -= sizeof word) {
		memcpy(&word, from, sizeof word);
		word ^= key_word;
		memcpy(to, &word, sizeof word);
		from += sizeof word;
		to += sizeof word;
	}
	for (size_t i = 0; i < size; i++)
		to[i] = from[i] ^ key[i];
}

/* Gives the byte behind the length. */
static uint8_t *put_length(uint8_t *to, uint64_t length, bool masked)
{
	uint8_t mask_bit = masked ? MASKED : 0;
	uint16_t length_16 = htobe16((uint16_t)length);
	uint64_t length_64 = htobe64(length);

	if (length < LENGTH_16) {
		*to++ = (uint8_t)(mask_bit | length);
		return to;
	}
	if (length <= UINT16_MAX) {
		*to++ = mask_bit | LENGTH_16;
		return (uint8_t *)mempcpy(to, &length_16, sizeof length_16);
	}
	*to++ = mask_bit | LENGTH_64;
	return (uint8_t *)mempcpy(to, &length_64, sizeof length_64);
}

void ws_append_frame(struct bytes *out, enum ws_opcode opcode, bool fin, const uint8_t mask[4],
                     const void *payload, size_t size)
{
	size_t frame_size = ws_header_size(size, mask) + size;
	uint8_t *to = bytes_reserve(out, frame_size);

	if (!to)
		return;
	*to++ = (uint8_t)((fin ? FIN : 0) | opcode);
	to = put_length(to, size, mask);
	if (mask) {
		memcpy(to, mask, 4);
		copy_masked(to + 4, payload, size, mask, 0);
	} else if (size > 0) {
		memcpy(to, payload, size);
	}
	bytes_commit(out, frame_size);
}

void ws_append_close(struct bytes *out, const uint8_t mask[4], unsigned code, const char *reason)
{
	uint8_t payload[CONTROL_MAX_BYTES] = {(uint8_t)(code >> 8), (uint8_t)code};
	size_t reason_size = strnlen(reason, REASON_MAX_BYTES);

	if (code == WS_CLOSE_NO_STATUS) {
		ws_append_frame(out, WS_CLOSE, true, mask, payload, 0);
		return;
	}
	memcpy(payload + 2, reason, reason_size);
	ws_append_frame(out, WS_CLOSE, true, mask, payload, 2 + reason_size);
}

/* Whether an endpoint may send it (§7.4): registered by the RFC for the wire, or in the ranges
 * of libraries and applications. */
static bool close_code_valid(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
	       (code >= 3000 && code <= 4999);
}

/* RFC 3629 §4: what may follow the first byte of a character. */
static bool utf8_first(struct utf8_check *check, uint8_t byte)
{
	*check = (struct utf8_check){.lowest = 0x80, .highest = 0xbf};
	if (byte < 0x80)
		return true;
	if (byte < 0xc2 || byte > 0xf4)
		return false;
	check->remaining = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
	if (byte == 0xe0)
		check->lowest = 0xa0; /* below: overlong */
	else if (byte == 0xed)
		check->highest = 0x9f; /* above: a surrogate */
	else if (byte == 0xf0)
		check->lowest = 0x90; /* below: overlong */
	else if (byte == 0xf4)
		check->highest = 0x8f; /* above: beyond U+10FFFF */
	return true;
}

static bool utf8_next(struct utf8_check *check, uint8_t byte)
{
	if (byte < check->lowest || byte > check->highest)
		return false;
	check->remaining--;
	check->lowest = 0x80;
	check->highest = 0xbf;
	return true;
}

static bool eight_are_ascii(const uint8_t *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof word);
	return !(word & UINT64_C(0x8080808080808080));
}

bool utf8_check(struct utf8_check *check, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		if (check->remaining > 0) {
			if (!utf8_next(check, data[at++]))
				return false;
		} else if (size - at >= 8 && eight_are_ascii(data + at)) {
			at += 8;
		} else if (!utf8_first(check, data[at++])) {
			return false;
		}
	}
	return true;
}

void ws_reader_init(struct ws_reader *reader, enum ws_role role, size_t message_max_bytes)
{
	*reader = (struct ws_reader){.role = role, .message_max_bytes = message_max_bytes};
}

bool ws_reader_is_idle(const struct ws_reader *reader)
{
	return !reader->invalid && !reader->closed && reader->header_size == 0 &&
	       !reader->in_payload && reader->message_opcode == WS_CONTINUATION;
}

void ws_reader_free(struct ws_reader *reader)
{
	bytes_free(&reader->message);
}

static struct span take(struct span *input, uint64_t size_max)
{
	struct span taken = *input;

	if (taken.size > size_max)
		taken.size = (size_t)size_max;
	if (taken.size > 0)
		input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

static enum ws_event invalid(struct ws_reader *reader, struct ws_received *received, unsigned code,
                             const char *why)
{
	reader->invalid = true;
	received->code = code;
	received->data = (struct span){(const uint8_t *)why, strlen(why)};
	return WS_EVENT_INVALID;
}

static bool fill_header(struct ws_reader *reader, struct span *input, size_t needed)
{
	if (reader->header_size < needed) {
		struct span part = take(input, needed - reader->header_size);

		if (part.size > 0)
			memcpy(reader->header + reader->header_size, part.data, part.size);
		reader->header_size += part.size;
	}
	return reader->header_size >= needed;
}

/* What is wrong with the first two bytes of a frame, or NULL. */
static const char *start_fault(const struct ws_reader *reader)
{
	unsigned opcode = reader->header[0] & OPCODE_BITS;
	bool control = opcode & CONTROL_BIT;
	bool masked = reader->header[1] & MASKED;
	bool joining = reader->message_opcode != WS_CONTINUATION;

	if (reader->header[0] & RESERVED_BITS)
		return "a reserved bit is set";
	if (opcode > WS_PONG || (opcode > WS_BINARY && !control))
		return "a reserved opcode";
	if (reader->role == WS_SERVER && !masked)
		return "a frame from a client is not masked";
	if (reader->role == WS_CLIENT && masked)
		return "a frame from a server is masked";
	if (control && !(reader->header[0] & FIN))
		return "a control frame is fragmented";
	if (control && (reader->header[1] & LENGTH_BITS) > CONTROL_MAX_BYTES)
		return "a control frame is longer than 125 bytes";
	if (opcode == WS_CONTINUATION && !joining)
		return "a continuation without a message";
	if (!control && opcode != WS_CONTINUATION && joining)
		return "a message begins inside another";
	return NULL;
}

/* Bytes of the header, as its second byte says, in whatever form the length is. */
static size_t header_needed(const struct ws_reader *reader)
{
	unsigned length = reader->header[1] & LENGTH_BITS;
	size_t length_size = length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;

	return 2 + length_size + (reader->header[1] & MASKED ? 4 : 0);
}

/* Sets frame_size; what is wrong with the length, or NULL. */
static const char *read_length(struct ws_reader *reader)
{
	unsigned length = reader->header[1] & LENGTH_BITS;
	bool masked = reader->header[1] & MASKED;
	uint16_t length_16;
	uint64_t length_64;

	memcpy(&length_16, reader->header + 2, sizeof length_16);
	memcpy(&length_64, reader->header + 2, sizeof length_64);
	reader->frame_size = length == LENGTH_64   ? be64toh(length_64)
	                     : length == LENGTH_16 ? be16toh(length_16)
	                                           : length;
	if (reader->frame_size >> 63)
		return "the top bit of a length is set";
	if (ws_header_size(reader->frame_size, masked) != header_needed(reader))
		return "a length is not in its shortest form";
	return NULL;
}

/* A frame's header is complete and in order: its payload comes next. A client's mask stays zero,
 * which changes nothing. */
static void begin_payload(struct ws_reader *reader)
{
	if (reader->header[1] & MASKED)
		memcpy(reader->mask, reader->header + reader->header_size - 4, 4);
	reader->opcode = reader->header[0] & OPCODE_BITS;
	reader->fin = reader->header[0] & FIN;
	reader->frame_read = 0;
	reader->header_size = 0;
	reader->in_payload = true;
	if (reader->opcode == WS_TEXT || reader->opcode == WS_BINARY)
		reader->message_opcode = reader->opcode;
}

static enum ws_event read_header(struct ws_reader *reader, struct span *input,
                                 struct ws_received *received)
{
	bool control;
	const char *fault;

	if (!fill_header(reader, input, 2))
		return WS_EVENT_MORE;
	fault = start_fault(reader);
	if (fault)
		return invalid(reader, received, WS_CLOSE_PROTOCOL_ERROR, fault);
	if (!fill_header(reader, input, header_needed(reader)))
		return WS_EVENT_MORE;
	fault = read_length(reader);
	if (fault)
		return invalid(reader, received, WS_CLOSE_PROTOCOL_ERROR, fault);
	control = reader->header[0] & CONTROL_BIT;
	if (!control &&
	    reader->frame_size > reader->message_max_bytes - bytes_size(&reader->message))
		return invalid(reader, received, WS_CLOSE_TOO_BIG, "a message is too big");
	begin_payload(reader);
	return WS_EVENT_MORE;
}

static enum ws_event end_message(struct ws_reader *reader, struct span data,
                                 struct ws_received *received)
{
	if (reader->utf8.remaining > 0)
		return invalid(reader, received, WS_CLOSE_INVALID_DATA,
		               "text ends inside a character");
	received->opcode = reader->message_opcode;
	received->data = data;
	reader->message_opcode = WS_CONTINUATION;
	return WS_EVENT_MESSAGE;
}

/* Copies what there is of a data frame to the message; NULL when memory runs out. */
static const uint8_t *join(struct ws_reader *reader, struct span part)
{
	uint8_t *to = bytes_reserve(&reader->message, part.size);

	if (!to)
		return NULL;
	copy_masked(to, part.data, part.size, reader->mask, reader->frame_read);
	bytes_commit(&reader->message, part.size);
	return to;
}

static enum ws_event read_data(struct ws_reader *reader, struct span *input,
                               struct ws_received *received)
{
	struct span part = take(input, reader->frame_size - reader->frame_read);
	bool text = reader->message_opcode == WS_TEXT;
	bool whole =
	        reader->fin && reader->opcode != WS_CONTINUATION && part.size == reader->frame_size;
	/* A server's message that lies whole in the input is given out where it lies. */
	bool copied = part.size > 0 && !(whole && reader->role == WS_CLIENT);
	const uint8_t *plain = copied ? join(reader, part) : part.data;

	if (copied && !plain)
		return invalid(reader, received, WS_CLOSE_INTERNAL_ERROR, "out of memory");
	if (text && !utf8_check(&reader->utf8, plain, part.size))
		return invalid(reader, received, WS_CLOSE_INVALID_DATA, "text is not UTF-8");
	reader->frame_read += part.size;
	if (reader->frame_read < reader->frame_size)
		return WS_EVENT_MORE;
	reader->in_payload = false;
	if (!reader->fin)
		return WS_EVENT_MORE;
	if (whole && !copied)
		return end_message(reader, part, received);
	reader->clear_message = true;
	return end_message(
	        reader, (struct span){bytes_data(&reader->message), bytes_size(&reader->message)},
	        received);
}

static enum ws_event read_close(struct ws_reader *reader, struct ws_received *received)
{
	struct span payload = {reader->control, (size_t)reader->frame_size};
	struct utf8_check utf8 = {0};

	received->code = WS_CLOSE_NO_STATUS;
	if (payload.size == 1)
		return invalid(reader, received, WS_CLOSE_PROTOCOL_ERROR,
		               "a close frame with half a code");
	if (payload.size >= 2) {
		take(&payload, 2);
		received->code = (unsigned)(reader->control[0] << 8 | reader->control[1]);
		if (!close_code_valid(received->code))
			return invalid(reader, received, WS_CLOSE_PROTOCOL_ERROR,
			               "a close code that must not be sent");
	}
	if (!utf8_check(&utf8, payload.data, payload.size) || utf8.remaining > 0)
		return invalid(reader, received, WS_CLOSE_INVALID_DATA,
		               "the reason of a close frame is not UTF-8");
	received->data = payload;
	reader->closed = true;
	return WS_EVENT_CLOSE;
}

static enum ws_event read_control(struct ws_reader *reader, struct span *input,
                                  struct ws_received *received)
{
	struct span part = take(input, reader->frame_size - reader->frame_read);

	copy_masked(reader->control + reader->frame_read, part.data, part.size, reader->mask,
	            reader->frame_read);
	reader->frame_read += part.size;
	if (reader->frame_read < reader->frame_size)
		return WS_EVENT_MORE;
	reader->in_payload = false;
	if (reader->opcode == WS_CLOSE)
		return read_close(reader, received);
	received->data = (struct span){reader->control, (size_t)reader->frame_size};
	return reader->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
}

/* Reads to the end of a frame, or of the input. */
static enum ws_event read_frame(struct ws_reader *reader, struct span *input,
                                struct ws_received *received)
{
	enum ws_event event;

	if (!reader->in_payload) {
		event = read_header(reader, input, received);
		if (!reader->in_payload)
			return event;
	}
	return reader->opcode & CONTROL_BIT ? read_control(reader, input, received)
	                                    : read_data(reader, input, received);
}

enum ws_event ws_next(struct ws_reader *reader, struct span *input, struct ws_received *received)
{
	enum ws_event event;

	*received = (struct ws_received){0};
	if (reader->clear_message) {
		bytes_clear(&reader->message);
		reader->clear_message = false;
	}
	if (reader->invalid || reader->closed) {
		take(input, input->size);
		return WS_EVENT_MORE;
	}
	do {
		event = read_frame(reader, input, received);
	} while (event == WS_EVENT_MORE && input->size > 0);
	return event;
}
