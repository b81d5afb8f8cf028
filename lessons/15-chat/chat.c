#include "chat.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"

#define HEAD_MOST 2048

/* Adds a message, unless one of that sender with that number is there. Whether it did. */
static bool post(struct chat *chat, const char *text)
{
	size_t name = strcspn(text, " "); /* sender and number */

	for (unsigned i = 0; i < chat->posted; i++) {
		if (strncmp(chat->log[i], text, name + 1) == 0)
			return false;
	}
	if (chat->posted == LOG_MOST)
		return false;
	snprintf(chat->log[chat->posted++], TEXT_MOST, "%s", text);
	return true;
}

void chat_begin(struct chat *chat, double away_ms)
{
	chat->away_ms = away_ms;
	post(chat, "ben:1 Lunch?");
	post(chat, "cem:1 Yes");
	post(chat, "ben:2 Twelve");
}

unsigned chat_count(const struct chat *chat, const char *text)
{
	unsigned count = 0;

	for (unsigned i = 0; i < chat->posted; i++)
		count += strcmp(chat->log[i], text) == 0;
	return count;
}

/* The frame of a message, id and all. */
static size_t put_message(uint8_t *wire, const struct chat *chat, unsigned id)
{
	char text[TEXT_MOST + 16];

	snprintf(text, sizeof text, "%u %s", id, chat->log[id - 1]);
	return frame_put(wire, FIN | TEXT, NULL, text, strlen(text));
}

/* Half a frame, and the way is gone; others have another way. */
static void cut(int connection, struct chat *chat)
{
	uint8_t wire[FRAME_WIRE_MOST];

	net_write(connection, wire, put_message(wire, chat, chat->posted) / 2);
	chat->back = net_now_ms() + chat->away_ms;
	post(chat, "ben:3 I am");
	post(chat, "cem:2 So am I");
	post(chat, "ben:4 Where did she go?");
	post(chat, "cem:3 Cut off, I think");
}

/* Waits for what the client has to say. Whether the connection was cut over it. */
static bool hear(int connection, struct chat *chat)
{
	struct frame frame;
	char text[TEXT_MOST];

	if (!frame_read(connection, &frame) || frame.opcode != TEXT)
		return false;
	chat->posts++;
	snprintf(text, sizeof text, "%.*s", (int)frame.size, (const char *)frame.payload);
	if (!post(chat, text) || chat->back > 0)
		return false;
	cut(connection, chat);
	return true;
}

void chat_serve(int connection, void *user)
{
	static const char away[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
	char request[HEAD_MOST], answer[256];
	uint8_t wire[FRAME_WIRE_MOST];
	struct chat *chat = user;
	struct frame frame;

	if (net_read_http(connection, request, sizeof request) == 0)
		return;
	if (net_now_ms() < chat->back) {
		net_write(connection, away, strlen(away));
		return;
	}
	bool agreed = handshake_answer(answer, sizeof answer, request);
	net_write(connection, answer, strlen(answer));
	if (!agreed)
		return;
	const char *last = strstr(request, "?last=");
	unsigned id = last ? (unsigned)strtoul(last + strlen("?last="), NULL, 10) : 0;
	while (id < chat->posted)
		net_write(connection, wire, put_message(wire, chat, ++id));
	if (hear(connection, chat))
		return;
	frame_write_close(connection, false, 1000);
	while (frame_read(connection, &frame) && frame.opcode != CLOSE)
		continue;
}
