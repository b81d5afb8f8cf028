#include "exercise.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../stage/check.h"

#define JPEG "\xff\xd8\xff\xe0" /* how many a JPEG begins (JFIF) */

/* The receiver, and what would be overwritten first by a message that is too long. */
static struct {
	struct receiver receiver;
	uint8_t guard[4096];
} memory;

/* What take_frame has called, in words: pong "mid"; text "Hello". */
static char called[1024];

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t used = strlen(called);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(called + used, sizeof called - used, format, arguments);
	va_end(arguments);
}

static void note_payload(const char *what, const void *data, size_t size)
{
	note("%s%s ", *called ? "; " : "", what);
	if (size > 40)
		note("of %zu bytes", size);
	else
		note("\"%.*s\"", (int)size, (const char *)data);
}

void send_pong(const void *payload, size_t size)
{
	note_payload("pong", payload, size);
}

void got_message(unsigned opcode, const void *data, size_t size)
{
	char other[32];

	snprintf(other, sizeof other, "message of opcode %u", opcode);
	note_payload(opcode == 1 ? "text" : opcode == 2 ? "binary" : other, data, size);
}

static void start(void)
{
	memset(&memory.receiver, 0, sizeof memory.receiver);
	memset(memory.guard, 0xa5, sizeof memory.guard);
	*called = '\0';
}

/* One frame, its first byte as on the wire. Its payload is gone once it was taken. */
static int feed_bytes(unsigned first, const void *payload, size_t size)
{
	static uint8_t buffer[4096];
	struct frame frame = {.fin = first >> 7,
	                      .rsv = first >> 4 & 7,
	                      .opcode = first & 15,
	                      .payload = buffer,
	                      .size = size};
	int code;

	memcpy(buffer, payload, size);
	code = take_frame(&memory.receiver, &frame);
	memset(buffer, '?', sizeof buffer);
	return code;
}

static int feed(unsigned first, const char *payload)
{
	return feed_bytes(first, payload, strlen(payload));
}

/* A frame of so many letters. */
static int feed_long(unsigned first, size_t size)
{
	uint8_t letters[4096];

	memset(letters, 'a', sizeof letters);
	return feed_bytes(first, letters, size);
}

static void accepts(const char *what, int code)
{
	check_number(what, 0, code, "0 says: go on");
}

static void expect_called(const char *what, const char *expected, const char *help)
{
	check_text(what, expected, called, help);
}

static void whole(void)
{
	start();
	accepts("the text Hello in one frame", feed(0x81, "Hello"));
	accepts("an empty text", feed(0x81, ""));
	accepts("the first bytes of a JPEG, as binary", feed(0x82, JPEG));
	expect_called("three messages of one frame each",
	              "text \"Hello\"; text \"\"; binary \"" JPEG "\"",
	              "a frame with FIN and opcode 1 or 2 is a whole message");
}

static void pieces(void)
{
	start();
	accepts("Hel, not the last", feed(0x01, "Hel"));
	expect_called("after Hel", "", "bit FIN is 0: the message goes on");
	accepts("lo, continued and the last", feed(0x80, "lo"));
	expect_called("after Hel and lo", "text \"Hello\"",
	              "put the payloads one behind the other, until FIN is 1; the opcode of the "
	              "message is that of its first frame");
	accepts("an empty first piece", feed(0x02, ""));
	accepts("a second", feed(0x00, "ab"));
	accepts("a third", feed(0x00, "c"));
	accepts("an empty last one", feed(0x80, ""));
	accepts("one more whole message", feed(0x81, "new"));
	expect_called("then a binary message of four pieces, and a whole text",
	              "text \"Hello\"; binary \"abc\"; text \"new\"",
	              "a message begins empty, whatever was before it");
}

static void ping_between(void)
{
	start();
	accepts("Hel, not the last", feed(0x01, "Hel"));
	accepts("a ping between the pieces", feed(0x89, "mid"));
	expect_called("after the ping, before the message is complete", "pong \"mid\"",
	              "a ping is answered at once, with its own payload");
	accepts("a pong that nobody asked for", feed(0x8a, "mid"));
	accepts("an empty ping", feed(0x89, ""));
	accepts("lo, continued and the last", feed(0x80, "lo"));
	expect_called("after the message", "pong \"mid\"; pong \"\"; text \"Hello\"",
	              "a control frame between the pieces changes nothing about the message");
}

/* A frame is refused, and nothing was called for it. */
static void refuses(const char *what, int code, int got, const char *help)
{
	check_number(what, code, got, help);
	expect_called(what, "", "what is refused is neither answered nor handed on");
}

static void long_pings(void)
{
	start();
	accepts("a ping of 125 bytes", feed_long(0x89, 125));
	expect_called("a ping of 125 bytes", "pong of 125 bytes", "its pong is as long");
	start();
	refuses("a ping of 126 bytes", 1002, feed_long(0x89, 126),
	        "a control frame has 125 bytes at most");
	start();
	refuses("a pong of 126 bytes", 1002, feed_long(0x8a, 126),
	        "a control frame has 125 bytes at most");
	start();
	refuses("a ping without FIN", 1002, feed(0x09, "mid"),
	        "a control frame is never in pieces");
}

static void wrong_order(void)
{
	start();
	refuses("a continuation before anything", 1002, feed(0x80, "lo"),
	        "opcode 0 continues a message: none has begun");
	start();
	accepts("Hello in one frame", feed(0x81, "Hello"));
	check_number("a continuation after a whole message", 1002, feed(0x80, "lo"),
	             "a message with FIN has ended, and cannot be continued");
	start();
	accepts("Hel, not the last", feed(0x01, "Hel"));
	refuses("another text before the first has ended", 1002, feed(0x81, "lo"),
	        "the pieces of two messages are never mixed");
	start();
	accepts("an empty first piece", feed(0x01, ""));
	refuses("another text, though the first has no bytes yet", 1002, feed(0x81, "lo"),
	        "what says that a message has begun is its opcode, not its size");
}

static void unknown(void)
{
	static const uint8_t bytes[] = {0x83, 0x87, 0x8b, 0x8f, 0xc1, 0xa2, 0x99};
	char what[64];

	for (size_t i = 0; i < sizeof bytes; i++) {
		start();
		snprintf(what, sizeof what, "a frame that begins with hex %02x", bytes[i]);
		refuses(what, 1002, feed(bytes[i], "x"),
		        bytes[i] >> 4 & 7 ? "a bit of RSV is set, and no extension was agreed on"
		                          : "opcodes 3 to 7 and above 10 mean nothing yet");
	}
}

static void cut_characters(void)
{
	start();
	check_number("Gr and half of \xc3\xbc, not the last", 0, feed(0x01, "Gr\xc3"),
	             "a piece of a text may end in half a character: wait for the rest");
	accepts("the other half, and the rest", feed(0x80, "\xbc\xc3\x9f\x65"));
	expect_called("a character cut in two", "text \"Gr\xc3\xbc\xc3\x9f\x65\"",
	              "the text must be UTF-8 as a whole; its pieces need not");
	start();
	refuses("the first bytes of a JPEG, as text", 1007, feed(0x81, JPEG), "see utf8_valid");
	start();
	accepts("Gr", feed(0x01, "Gr"));
	refuses("a text that ends in half a character", 1007, feed(0x80, "\xc3"),
	        "look at the whole text, once it has ended");
	start();
	accepts("Hel, not the last", feed(0x01, "Hel"));
	accepts("a ping that is no UTF-8", feed(0x89, JPEG));
	expect_called("a ping that is no UTF-8", "pong \"" JPEG "\"",
	              "only text must be UTF-8: a ping may carry anything");
}

static void too_big(void)
{
	static const char help[] = "add up all pieces, and compare before you copy";

	start();
	accepts("600 of 1000 bytes", feed_long(0x01, 600));
	accepts("a ping between", feed_long(0x89, 125));
	accepts("400 more", feed_long(0x80, 400));
	expect_called("1000 bytes in two pieces", "pong of 125 bytes; text of 1000 bytes",
	              "MESSAGE_LIMIT is still allowed, and pings do not count");
	start();
	refuses("1001 bytes in one frame", 1009, feed_long(0x82, 1001), help);
	start();
	accepts("600 bytes, not the last", feed_long(0x01, 600));
	refuses("600 more, and still not the last", 1009, feed_long(0x00, 600), help);
	for (size_t i = 0; i < sizeof memory.guard; i++)
		check_number("the memory behind the receiver", 0xa5, memory.guard[i], help);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {{"messages of one frame", whole},
	                                      {"a message in pieces", pieces},
	                                      {"a ping between two pieces", ping_between},
	                                      {"control frames too long, or in pieces", long_pings},
	                                      {"continuations where none may be", wrong_order},
	                                      {"opcodes and bits that mean nothing", unknown},
	                                      {"characters that are cut", cut_characters},
	                                      {"a message that is too big", too_big},
	                                      {NULL, NULL}};

	return check_main(argc, argv, checks);
}
