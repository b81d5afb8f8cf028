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
 * What is not there is worth a look, too. No address, no number, no version: the connection stands
 * for all that. No checksum: TCP has one. And no mark by which to find the next frame, once you
 * have lost the border. Who reads one length wrongly takes payload for headers from there on, and
 * will call it anything but a wrong length: reserved bits, unknown opcodes, a message of a
 * terabyte.
 *
 * Two child processes help us. One pushes frames at whoever connects, as a server does. The other
 * is a mirror: it sends back each byte that it got, so that we see what a client's frame looks
 * like on the wire (mirror.c; the drawing of what came is in fields.c). No handshake is made here;
 * lesson 5 has done that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/stage.h"
#include "fields.h"
#include "mirror.h"

/* What the tutorial sends: 40 bytes. */
#define JSON "{\"type\": \"message\", \"content\": \"Hello!\"}"

/* The masking key of RFC 6455's own example (5.7), so that you can compare each byte with it. A
 * client that always takes the same key, as we do here, breaks the protocol: see the last step. */
static const uint8_t sample_key[4] = {0x37, 0xfa, 0x21, 0x3d};

/*
 * A text frame with all of a message. Every frame in this lesson is made here.
 *
 * The three forms of the length are not ours to choose from: the shortest that can hold it is the
 * only right one (RFC 6455, 5.2), so that no frame has two spellings. The first of the 8 bytes has
 * its first bit 0: any length fits into a signed number. What counts is the payload, without the
 * key. There are three forms so that short messages pay little. ("Minimal framing", the principle
 * of the design (1.5), is about structure: where a message ends, and whether it is text.)
 *
 * Why is the length in front, where the events of lesson 4 have a blank line at the end? With an
 * end mark, the data must not contain it, and somebody has to look at each byte. With a length, any
 * byte may stand in the payload. The price: the sender must know the size before the first byte
 * goes out. Lesson 7 has the way around that.
 */
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
	/* Masking is an exclusive or with the key's bytes in turn (RFC 6455, 5.3). Done twice it
	 * undoes itself, so the server unmasks with the same line. It begins anew with the key's
	 * first byte in each frame, wherever TCP may have cut the bytes: a receiver that starts
	 * again with each read has a bug that shows only when a frame comes in two. */
	for (size_t i = 0; i < size; i++)
		*at++ = key ? from[i] ^ key[i % 4] : from[i];
	return (size_t)(at - frame);
}

/* The server that pushes: it is told a number of bytes, and sends one frame with that many, then
 * the end of the stream. "Hello" comes over and over until there are enough. It does not mask: a
 * client that gets a masked frame must close the connection, as must a server that gets one without
 * a mask (RFC 6455, 5.1). */
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

/* A frame with size bytes of payload from the server. */
static size_t from_server(uint16_t port, uint32_t size, uint8_t *frame)
{
	return ask(port, &size, sizeof size, frame);
}

/* A masked frame as it was when it arrived. A real server would unmask it, and so shall we below;
 * the mirror does not even look at it. Clients mask over TLS too (RFC 6455, 5.1), where those whom
 * a mask protects see nothing anyway. */
static size_t from_client(uint16_t port, const uint8_t *key, const char *text, uint8_t *frame)
{
	uint8_t sent[256];

	return ask(port, sent, put_frame(sent, key, text, strlen(text)), frame);
}

/* The same five letters from both sides, and how the client's became what they are. The RFC has
 * these two frames among its examples (5.7), byte for byte. Look at the two l: they are under two
 * bytes of the key, and come out different. H and o are under the same, as every fourth byte is. As
 * a cipher it would be a joke, and nobody claims that it is one. */
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

/*
 * Frames at both sides of each edge. What is not payload is header: nothing else is subtracted.
 *
 * The edge that surprises is the first. Seven bits could hold 126 and 127; the protocol takes these
 * two away and makes signs of them. Code that compares with 127 or 128 works for years with
 * short messages, and then one comes that has 126 bytes. So these four sizes belong in the tests of
 * everybody who writes frames.
 *
 * Mind also what a header may claim. It can announce a payload of 2^63 - 1 bytes, and then nothing
 * comes. A server that allocates what it is told has lost before the first byte of payload. So a
 * receiver needs a limit of its own (RFC 6455, 10.4), and compares as soon as the header is there.
 */
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
 * the few bytes in front are all there is to say about its overhead. Look at who pays more. It is
 * the client, which sends little; a server that tells one message to thousands masks nothing, and
 * may write the same bytes to all of them. */
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

/*
 * Why clients mask. The payload may come from a script of somebody else's page. Some proxies on the
 * way do not know WebSocket and look for HTTP in what passes: without a mask the script could show
 * them a request of its choice, to which the script's own server then "answers". While the protocol
 * was made, an experiment poisoned the caches of proxies in that way (RFC 6455, 10.3).
 *
 * With a key that it cannot foresee a script chooses nothing. So the key must be new with each
 * frame, and come from a strong source (5.3): a counter, or rand(), would be a mask that the
 * attacker can take off beforehand. Nor may the script change the payload once the frame has begun
 * to leave, or its server could tell it the key in time (10.3). And why do servers not mask? Their
 * bytes would have to pass for an answer, and who has seen no request waits for none.
 *
 * Note who is protected: neither of the two that talk, but the machines between them. It costs both
 * sides an operation on each byte. A program that is no browser runs no strangers' scripts, and
 * must mask none the less: the rule knows only clients (5.1).
 */
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
