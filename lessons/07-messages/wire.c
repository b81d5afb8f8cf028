#include "wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/show.h"

#define SHOWN 10 /* frames */

/* Where there is room. */
static void put(struct bytes *bytes, const uint8_t *key, unsigned first, const void *payload,
                size_t size)
{
	if (size <= 255 && bytes->size + 8 + size <= sizeof bytes->at)
		bytes->size += frame_put(bytes->at + bytes->size, first, key, payload, size);
}

void wire_put_pieces(struct bytes *bytes, const uint8_t *key, const char *text, size_t piece,
                     const char *ping)
{
	size_t size = strlen(text);

	for (size_t at = 0; at < size; at += piece) {
		size_t now = size - at < piece ? size - at : piece;

		put(bytes, key, (at + now == size ? FIN : 0) | (at == 0 ? TEXT : CONTINUED),
		    text + at, now);
		if (at == 0 && ping)
			put(bytes, key, FIN | PING, ping, strlen(ping));
	}
}

bool wire_take(const struct bytes *bytes, size_t *offset, struct frame *frame)
{
	size_t size = frame_take(frame, bytes->at + *offset, bytes->size - *offset);

	*offset += size;
	return size > 0;
}

void wire_ask(uint16_t port, const struct bytes *question, struct bytes *answer)
{
	int connection = net_connect(port);

	*answer = (struct bytes){0}; /* where nothing comes, it is no frame */
	net_write(connection, question->at, question->size);
	shutdown(connection, SHUT_WR);
	answer->size = net_read_all(connection, answer->at, sizeof answer->at);
	close(connection);
}

void wire_ask_frame(uint16_t port, unsigned opcode, const void *payload, size_t size,
                    struct bytes *answer)
{
	struct bytes question = {0};

	put(&question, frame_key, FIN | opcode, payload, size);
	wire_ask(port, &question, answer);
}

/* The parts of one frame, the first of which has the name that is put here. */
static size_t name_parts(struct show_part *parts, char *name, size_t room,
                         const struct frame *frame)
{
	static const char *const opcodes[16] = {
	        "continued", "text", "binary", [CLOSE] = "close", [PING] = "ping", [PONG] = "pong"};
	const char *opcode = opcodes[frame->opcode] ? opcodes[frame->opcode] : "?";
	size_t n = 0;

	snprintf(name, room, "%s, %s", opcode, frame->fin ? "FIN 1" : "FIN 0: more follows");
	parts[n++] = (struct show_part){frame->head - (frame->masked ? 4 : 0), name};
	if (frame->masked)
		parts[n++] = (struct show_part){4, "  masking key"};
	if (frame->size > 0)
		parts[n++] = (struct show_part){frame->size,
		                                frame->masked ? "  payload, masked" : "  payload"};
	return n;
}

void wire_show(const char *who, const struct bytes *bytes)
{
	struct show_part parts[3 * SHOWN + 1] = {{0}};
	char names[SHOWN][64];
	struct frame frame;
	size_t n = 0, at = 0;

	for (int i = 0; i < SHOWN && wire_take(bytes, &at, &frame); i++)
		n += name_parts(parts + n, names[i], sizeof *names, &frame);
	show_bytes(who, bytes->at, bytes->size, parts);
}
