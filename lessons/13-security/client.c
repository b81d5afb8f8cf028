#include "client.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/show.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"

static const char *or_else(const char *text, const char *instead)
{
	return text ? text : instead;
}

void client_show(const struct attempt *attempt)
{
	static const struct show_name names[] = {
	        {"GET ", "what the page asked for: the URL"},
	        {"Host: ", "from that URL, too"},
	        {"Upgrade: ", "as in each handshake"},
	        {"Connection: ", "and this"},
	        {"Sec-WebSocket-Key: ", "and this"},
	        {"Sec-WebSocket-Version: ", "and this"},
	        {"Origin: ", "whose page it is, says the browser"},
	        {"Cookie: ", "who has logged in with this browser"},
	        {"\r\n", "the blank line: the head ends"},
	        {NULL, NULL}};
	char request[1024];

	handshake_request(request, sizeof request, or_else(attempt->path, "/chat"),
	                  or_else(attempt->headers, ""));
	show_lines("the browser sends", request, names);
}

/* Sends a text, and gives what is answered; "" where the connection has ended. */
static const char *say(int connection, const char *text)
{
	static struct frame frame;

	frame_write(connection, true, TEXT, text, strlen(text));
	if (!frame_read(connection, &frame) || frame.opcode != TEXT || frame.size == FRAME_MOST)
		return "";
	frame.payload[frame.size] = '\0';
	return (const char *)frame.payload;
}

void client_enter(uint16_t port, const char *title, struct attempt *attempts)
{
	char text[512];
	int used = snprintf(text, sizeof text, "%s", title);

	for (struct attempt *one = attempts; one->who; one++) {
		int connection = handshake_connect(port, or_else(one->path, "/chat"),
		                                   or_else(one->headers, ""), &one->status);

		used += snprintf(text + used, sizeof text - (size_t)used, "\n  %s: %d", one->who,
		                 one->status);
		if (connection < 0)
			continue;
		if (one->first)
			frame_write(connection, true, TEXT, one->first, strlen(one->first));
		used += snprintf(text + used, sizeof text - (size_t)used, ", \"Hello, %s\"",
		                 say(connection, "Who am I?"));
		close(connection);
	}
	stage_say("%s", text);
}

void client_knock(const struct rules *rules, const char *title, struct attempt *attempts)
{
	struct server server;

	server_start(&server, rules);
	client_enter(server.port, title, attempts);
	server_stop(&server);
}

void client_fetch_ticket(uint16_t port, const char *token, char *path, size_t size)
{
	char text[256];
	int connection = net_connect(port);

	int length = snprintf(text, sizeof text,
	                      "POST /ticket HTTP/1.1\r\nHost: server.example.com\r\n"
	                      "Authorization: Bearer %s\r\nContent-Length: 0\r\n\r\n",
	                      token);
	net_write(connection, text, (size_t)length);
	net_read_http(connection, text, sizeof text);
	close(connection);
	const char *body = strstr(text, "\r\n\r\n");
	snprintf(path, size, "/chat?ticket=%s", body ? body + 4 : "");
}

void client_find(const char *text, const char *beginning, char *found, size_t size)
{
	const char *start = strstr(text, beginning);

	snprintf(found, size, "%.*s", start ? (int)strcspn(start, " \r\n") : 0, start ? start : "");
}

int client_count(const char *text, const char *word)
{
	int count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void show_head(const uint8_t *head, size_t size, uint64_t claimed)
{
	char length[48];
	const struct show_part parts[] = {{1, "FIN 1, RSV 000, opcode 0x2: binary"},
	                                  {1, "MASK 1, length 127: 8 bytes follow"},
	                                  {8, length},
	                                  {4, "the masking key"},
	                                  {0, NULL}};

	snprintf(length, sizeof length, "the length: %llu", (unsigned long long)claimed);
	show_bytes("the liar sends", head, size, parts);
}

/* The head of the liar's frame. */
static void put_head(uint8_t head[14], uint64_t claimed)
{
	head[0] = FIN | BINARY;
	head[1] = 0x80 | 127;
	for (int i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)(claimed >> (56 - 8 * i));
	memcpy(head + 10, frame_key, 4);
}

static void report(const char *title, const struct claim *claim)
{
	char end[64] = "is still open: the server waits for the bytes";

	if (claim->code)
		snprintf(end, sizeof end, "has ended with code %u", claim->code);
	stage_say("%s\n  The most memory asked for at once: %llu bytes.\n"
	          "  The liar's connection %s.\n  Another client, who said Hello (5 bytes): %s.",
	          title, (unsigned long long)claim->asked, end,
	          claim->answered ? "was answered" : "no answer, its connection has ended");
}

struct claim client_claim(const struct rules *rules, const char *title, uint64_t claimed, bool show)
{
	struct claim claim = {0};
	struct server server;
	struct frame frame;
	uint8_t head[14];

	server_start(&server, rules);
	int liar = handshake_connect(server.port, "/chat", "", NULL);
	int other = handshake_connect(server.port, "/chat", "", NULL);
	struct pollfd told = {.fd = liar, .events = POLLIN};
	put_head(head, claimed);
	if (show)
		show_head(head, sizeof head, claimed);
	net_write(liar, head, sizeof head);
	claim.answered = strcmp(say(other, "Hello"), "Hello") == 0;
	claim.asked = server.shared->asked;
	/* The liar is dealt with by now, unless the server has ended: that reaches us later. */
	if (poll(&told, 1, claim.answered ? 0 : 5000) > 0)
		claim.code = frame_read(liar, &frame) ? frame_code(&frame) : 1006;
	close(liar);
	close(other);
	server_stop(&server);
	report(title, &claim);
	return claim;
}

int client_flood(int connection, int texts)
{
	struct frame frame;
	int answered = 0;

	for (int i = 0; i < texts; i++)
		frame_write(connection, true, TEXT, "Hello", 5);
	frame_write(connection, true, PING, NULL, 0);
	while (frame_read(connection, &frame) && frame.opcode != PONG)
		answered += frame.opcode == TEXT;
	return answered;
}
