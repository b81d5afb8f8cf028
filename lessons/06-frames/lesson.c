/*
 * Lesson 6: frames.
 *
 * TCP is a stream: what you write as two messages may be read as one, or as seven. So WebSocket
 * puts a few bytes in front of each message that say how long it is and what it is, and calls the
 * whole a frame. That is nearly all there is to it. Here is the drawing of RFC 6455, 5.2, in words:
 *
 *     byte 0   bit 7     FIN      this frame is the last of its message
 *              bits 6-4  RSV      0, unless an extension such as compression says otherwise
 *              bits 3-0  opcode   1 text, 2 binary, 8 close, 9 ping, 10 pong, 0 continued
 *     byte 1   bit 7     MASK     a masking key follows, and the payload is masked with it
 *              bits 6-0  length   0 to 125: that many bytes
 *                                 126: the length is in the next 2 bytes
 *                                 127: the length is in the next 8 bytes
 *     then     2 or 8 bytes       that length, its most significant byte first
 *     then     4 bytes            the masking key, if MASK is 1
 *     then     the payload
 *
 * Two child processes help us. One pushes frames at whoever connects, as a server does. The other
 * is a mirror: it sends back each byte that it got, so that we see what a client's frame looks
 * like on the wire. No handshake is made here; lesson 5 has done that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/show.h"
#include "../stage/stage.h"

/* What the tutorial sends: 40 bytes. */
#define JSON "{\"type\": \"message\", \"content\": \"Hello!\"}"

/* The longest payload that we try, and room for a frame with it: no header is above 14 bytes. */
#define LONGEST 65536
#define ROOM    (14 + LONGEST)

/* The masking key of RFC 6455's own example, so that you can compare each byte with it. A client
 * that always takes the same key, as we do here, breaks the protocol: see the last step. */
static const uint8_t sample_key[4] = {0x37, 0xfa, 0x21, 0x3d};

/* A text frame with all of a message. Every frame in this lesson is made here. The three forms of
 * the length are not ours to choose from: the shortest that can hold it is the only right one. */
static size_t put_frame(uint8_t *frame, const uint8_t *key, const void *payload, size_t size)
{
	int extended = size < 126 ? 0 : size < 65536 ? 2 : 8;
	const uint8_t *from = payload;
	uint8_t *at = frame;

	*at++ = 0x80 | 0x1; /* FIN and the opcode of text */
	*at++ = (uint8_t)((key ? 0x80 : 0) | (extended == 0 ? size : extended == 2 ? 126 : 127));
	for (int shift = 8 * (extended - 1); shift >= 0; shift -= 8)
		*at++ = (uint8_t)((uint64_t)size >> shift);
	if (key)
		at = mempcpy(at, key, 4);
	/* Masking is an exclusive or with the key's bytes in turn. Done twice it undoes itself, so
	 * the server unmasks with the same line. */
	for (size_t i = 0; i < size; i++)
		*at++ = key ? from[i] ^ key[i % 4] : from[i];
	return (size_t)(at - frame);
}

/* The server that pushes: it is told a number of bytes, and sends one frame with that many, then
 * the end of the stream. "Hello" comes over and over until there are enough. */
static void push(int connection, void *user)
{
	static uint8_t frame[ROOM], payload[LONGEST];
	uint32_t size;

	(void)user;
	if (net_read_all(connection, &size, sizeof size) != sizeof size || size > LONGEST)
		return;
	for (uint32_t i = 0; i < size; i++)
		payload[i] = (uint8_t) "Hello"[i % 5];
	net_write(connection, frame, put_frame(frame, NULL, payload, size));
}

/* The mirror. It sends nothing before it has read all: our frames are small. */
static void mirror(int connection, void *user)
{
	static uint8_t bytes[ROOM];

	(void)user;
	net_write(connection, bytes, net_read_all(connection, bytes, sizeof bytes));
}

/* Sends a question to one of the two and reads until the end. */
static size_t ask(uint16_t port, const void *question, size_t size, uint8_t *answer)
{
	int connection = net_connect(port);

	net_write(connection, question, size);
	shutdown(connection, SHUT_WR); /* we have no more to say */
	size = net_read_all(connection, answer, ROOM);
	close(connection);
	return size;
}

/* A frame with size bytes of payload from the server. */
static size_t from_server(uint16_t port, uint32_t size, uint8_t *frame)
{
	return ask(port, &size, sizeof size, frame);
}

/* A masked frame as it was when it arrived. A real server would unmask it, and so shall we below;
 * the mirror does not even look at it. */
static size_t from_client(uint16_t port, const uint8_t *key, const char *text, uint8_t *frame)
{
	uint8_t sent[256];

	return ask(port, sent, put_frame(sent, key, text, strlen(text)), frame);
}

/* Every field with its name and its bits. The names are made from the bytes that came. */
static void show_frame(const char *who, const uint8_t *frame, size_t size)
{
	char first[64], second[64];
	struct show_part parts[6] = {{1, first}, {1, second}};
	unsigned length = frame[1] & 0x7f, n = 2;

	snprintf(first, sizeof first, "FIN %d, RSV %d%d%d, opcode 0x%x: text", frame[0] >> 7,
	         frame[0] >> 6 & 1, frame[0] >> 5 & 1, frame[0] >> 4 & 1, frame[0] & 15u);
	snprintf(second, sizeof second, "MASK %d, length %u%s", frame[1] >> 7, length,
	         length < 126    ? ""
	         : length == 126 ? ": 2 bytes follow"
	                         : ": 8 bytes follow");
	if (length >= 126)
		parts[n++] = (struct show_part){length == 126 ? 2 : 8, "the length itself"};
	if (frame[1] & 0x80)
		parts[n++] = (struct show_part){4, "the masking key"};
	parts[n] = (struct show_part){0, frame[1] & 0x80 ? "payload, masked" : "payload"};
	show_bytes(who, frame, size, parts);
}

/* The same five letters from both sides, and how the client's became what they are. */
static void show_hello(uint16_t pusher, uint16_t mirrored)
{
	static uint8_t frame[ROOM];
	size_t size = from_server(pusher, 5, frame);
	char table[160] = "";

	show_frame("server sends", frame, size);
	stage_value("server.hello", (double)size);
	size = from_client(mirrored, sample_key, "Hello", frame);
	show_frame("client sends", frame, size);
	stage_value("client.hello", (double)size);
	for (int i = 0, at = 0; i < 5; i++)
		at += snprintf(table + at, sizeof table - (size_t)at, "  %c  %02x ^ %02x = %02x\n",
		               frame[6 + i] ^ frame[2 + i % 4], frame[6 + i] ^ frame[2 + i % 4],
		               frame[2 + i % 4], frame[6 + i]);
	stage_say(
	        "The client's payload, letter by letter: its byte, exclusive or the key's, is what "
	        "went over the wire.\n%s",
	        table);
}

/* Frames at both sides of each edge. What is not payload is header: nothing else is subtracted. */
static void show_headers(uint16_t pusher, uint32_t more)
{
	const uint32_t sizes[] = {125, 126, 65535, 65536, more};
	static uint8_t frame[ROOM];
	char key[32];

	for (size_t i = 0; i < (more > 0 ? 5 : 4); i++) {
		size_t size = from_server(pusher, sizes[i], frame);

		show_frame("server sends", frame, size);
		stage_say("%zu bytes came, %u of them payload: a header of %zu bytes.", size,
		          sizes[i], size - sizes[i]);
		snprintf(key, sizeof key, "header.%u", sizes[i]);
		stage_value(key, (double)(size - sizes[i]));
	}
}

/* The message of the tutorial, both ways. It is the frame that a chat sends most: short, so that
 * the two or six bytes in front are all there is to say about its overhead. */
static void show_json(uint16_t pusher, uint16_t mirrored)
{
	static uint8_t frame[ROOM];
	size_t down = from_server(pusher, sizeof JSON - 1, frame);
	size_t up = from_client(mirrored, sample_key, JSON, frame);

	show_frame("client sends", frame, up);
	stage_say("%zu bytes of JSON make %zu from the client, and %zu from the server.",
	          sizeof JSON - 1, up, down);
	stage_value("json.bytes", sizeof JSON - 1);
	stage_value("json.client", (double)up);
	stage_value("json.server", (double)down);
}

/* Why clients mask. The payload may come from a script of somebody else's page. Some proxies on
 * the way do not know WebSocket and look for HTTP in what passes: without a mask the script could
 * show them a request of its choice. With a key that it cannot foresee it chooses nothing. */
static void show_masking(uint16_t mirrored)
{
	static const char evil[] = "GET /evil HTTP/1.1\r\nHost: bank.example\r\n\r\n";
	static uint8_t frame[ROOM];
	int seen = 0, seen_masked = 0;
	uint8_t key[4];

	for (int i = 0; i < 1000; i++) {
		if (getentropy(key, sizeof key))
			exit(1);
		size_t size = put_frame(frame, NULL, evil, sizeof evil - 1);
		seen += memmem(frame, size, "GET /evil", 9) != NULL;
		size = put_frame(frame, key, evil, sizeof evil - 1);
		seen_masked += memmem(frame, size, "GET /evil", 9) != NULL;
	}
	show_frame("client sends", frame, from_client(mirrored, sample_key, evil, frame));
	stage_say(
	        "This was the text \"GET /evil HTTP/1.1\" and so on. In 1000 frames without a mask "
	        "it stood there to be read %d times; in 1000 with a fresh key each, %d times.",
	        seen, seen_masked);
	stage_value("unmasked.readable", seen);
	stage_value("masked.readable", seen_masked);
}

int main(int argc, char **argv)
{
	double more = 0;
	const struct stage_option options[] = {{"size", &more, "one more payload, in bytes"}, {0}};
	uint16_t pusher, mirrored;

	stage_open(argc, argv, "Lesson 6: frames", options);
	if (more > LONGEST) {
		fprintf(stderr, "lesson: --size %g: it is %d at most\n", more, LONGEST);
		return 2;
	}
	net_serve(net_listen(&pusher), push, NULL);
	net_serve(net_listen(&mirrored), mirror, NULL);
	stage_step("Hello from the server, and Hello from the client");
	show_hello(pusher, mirrored);
	stage_step("how long the header is");
	show_headers(pusher, (uint32_t)more);
	stage_step("the message of the tutorial");
	show_json(pusher, mirrored);
	stage_step("what masking is good for");
	show_masking(mirrored);
	return stage_close();
}
