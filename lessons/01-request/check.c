#include "exercise.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../stage/check.h"

#define REQUEST "GET /poll HTTP/1.1\r\nHost: server.example.com\r\n\r\n"
#define TYPE    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define HELLO   TYPE "Content-Length: 5\r\n\r\nHello"
#define NOTHING "HTTP/1.1 204 No Content\r\n\r\n"

/* What message_size says when the first size bytes of text have come. Zeros follow them, so that
 * code that looks for a '\0' fails in the last case only, which is about that. */
static ssize_t after(const char *text, size_t size)
{
	char data[512] = {0};

	memcpy(data, text, size);
	return message_size(data, size);
}

static ssize_t whole(const char *text)
{
	return after(text, strlen(text));
}

static void one_message(void)
{
	check_number("the size of a request, which has a head only", strlen(REQUEST),
	             whole(REQUEST), "a message without Content-Length has no body");
	check_number("the size of an answer with the body Hello", strlen(HELLO), whole(HELLO),
	             "the head, the empty line (both of its bytes), and Content-Length bytes");
}

static void byte_by_byte(void)
{
	char what[64];

	for (size_t size = 0; size < strlen(HELLO); size++) {
		snprintf(what, sizeof what, "the size when %zu of %zu bytes have come", size,
		         strlen(HELLO));
		check_number(what, 0, after(HELLO, size),
		             "0 says: not all there yet, read some more and ask me again");
	}
}

static void two_in_one_read(void)
{
	static const char both[] = HELLO NOTHING;
	size_t first = strlen(HELLO);

	check_number("the size of the first of two messages", first, whole(both),
	             "what stands behind the first message belongs to the next one");
	check_number("the size of the second", strlen(NOTHING), whole(both + first), NULL);
	check_number("the size of the first when half of the second has come", first,
	             after(both, first + 13), "the first message is whole: say so");
}

static void no_body(void)
{
	static const char zero[] = TYPE "Content-Length: 0\r\n\r\n";

	check_number("the size of an answer with Content-Length: 0", strlen(zero), whole(zero),
	             "it ends with the empty line");
	check_number("the size of a 204", strlen(NOTHING), whole(NOTHING),
	             "no Content-Length, no body");
}

static void any_case(void)
{
	static const char *const names[] = {"content-length: 5", "CONTENT-LENGTH: 5",
	                                    "Content-length:5", "cOnTeNt-LeNgTh: \t 5"};
	static const char *const shown[] = {"content-length: 5", "CONTENT-LENGTH: 5",
	                                    "Content-length:5", "cOnTeNt-LeNgTh: \\t 5"};
	char text[256], what[64];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(text, sizeof text, TYPE "%s\r\n\r\nHello", names[i]);
		snprintf(what, sizeof what, "the size where the header is \"%s\"", shown[i]);
		check_number(
		        what, strlen(text), whole(text),
		        "names of headers have no case; blanks (spaces or tabs) may stand before the value");
	}
}

static void other_lines(void)
{
	static const char longer[] = TYPE "X-Content-Length: 900\r\nContent-Length: 5\r\n\r\nHello";
	static const char last[] = TYPE "Content-Length: 5\r\nX-Content-Length: 900\r\n\r\nHello";
	static const char body[] = TYPE "Content-Length: 21\r\n\r\n\r\nContent-Length: 900";

	check_number("the size with X-Content-Length: 900 before", strlen(longer), whole(longer),
	             "X-Content-Length is another header: compare from the line's beginning");
	check_number("the size with X-Content-Length: 900 behind", strlen(last), whole(last),
	             "X-Content-Length is another header: compare from the line's beginning");
	check_number("the size with Content-Length: 900 in the body", strlen(body), whole(body),
	             "the head ends at the empty line; what the body says is no header");
}

static void no_number(void)
{
	static const char *const values[] = {"five", "-5", "5x", ""};
	char text[256], what[64];

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		snprintf(text, sizeof text, TYPE "Content-Length: %s\r\n\r\nHello", values[i]);
		snprintf(what, sizeof what, "the size where Content-Length is \"%s\"", values[i]);
		check_number(what, -1, whole(text),
		             "-1: who guesses here can be made to take a body for a request");
	}
}

/* The byte behind the data is in a page that may not be read. */
static void nothing_beyond(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *memory =
	        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_that(memory != MAP_FAILED && !mprotect(memory + page, page, PROT_NONE),
	           "two pages of memory", NULL);
	for (size_t size = 0; size <= strlen(HELLO); size++) {
		char *data = memory + page - size;

		memcpy(data, HELLO, size);
		check_number("the size", size == strlen(HELLO) ? (long)size : 0,
		             message_size(data, size), NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"one message, all of it there", one_message},
	        {"one byte at a time", byte_by_byte},
	        {"two messages in one read", two_in_one_read},
	        {"no body", no_body},
	        {"the header's name in any case", any_case},
	        {"lines that only look like it", other_lines},
	        {"a length that is no number", no_number},
	        {"nothing is read behind the data (a crash here: strstr and strchr run on)",
	         nothing_beyond},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
