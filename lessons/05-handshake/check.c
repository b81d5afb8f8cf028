#include "exercise.h"

#include <stdio.h>
#include <string.h>

#include "../stage/check.h"

#define SAMPLE_KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define SAMPLE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define FIRST   "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECT "Connection: Upgrade\r\n"
#define KEY     "Sec-WebSocket-Key: " SAMPLE_KEY "\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"

static char answer[1024];

/* The status of the answer to a head. The memory that it is written to is not clean. */
static long status_of(const char *head)
{
	long status = 0;

	memset(answer, '?', sizeof answer);
	answer_upgrade(answer, sizeof answer, head);
	check_that(memchr(answer, '\0', sizeof answer) != NULL, "the answer ends with '\\0'", NULL);
	sscanf(answer, "HTTP/1.%*c %3ld", &status);
	return status;
}

static void check_status(const char *what, long expected, const char *head, const char *help)
{
	check_number(what, expected, status_of(head), help);
}

/* A header of the answer, which has \r\n behind it. */
static void check_header(const char *name, const char *expected, const char *help)
{
	char what[64], value[256] = "";
	const char *found;

	snprintf(what, sizeof what, "\r\n%s:", name);
	found = strcasestr(answer, what);
	if (found) {
		found += strlen(what) + strspn(found + strlen(what), " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\r"), found);
	}
	snprintf(what, sizeof what, "the header %s of the answer", name);
	check_text(what, expected, value, help);
}

static void check_accept(const char *key, const char *expected)
{
	char accept[ACCEPT_ROOM] = "", what[80];

	accept_key(accept, key);
	snprintf(what, sizeof what, "the accept for the key %s", key);
	check_text(what, expected, accept,
	           "SHA-1 of the key's 24 characters and the 36 of the fixed text; its 20 bytes "
	           "make 28 characters of base64");
}

static void sample_key(void)
{
	check_accept(SAMPLE_KEY, SAMPLE_ACCEPT);
}

static void other_key(void)
{
	check_accept("x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

static void whole_handshake(void)
{
	check_status("the status", 101, FIRST UPGRADE CONNECT KEY VERSION "\r\n", NULL);
	check_header("Upgrade", "websocket", "it names the protocol that comes next");
	check_header("Connection", "Upgrade", NULL);
	check_header("Sec-WebSocket-Accept", SAMPLE_ACCEPT, "made from the key of the request");
	check_text("the end of the answer", "\r\n\r\n", answer + strlen(answer) - 4,
	           "a blank line ends the head; frames follow it");
}

static void any_case(void)
{
	static const char help[] = "names of headers, and the words of these two, have no case: "
	                           "compare with strcasecmp or strncasecmp";

	check_status("the status where the header is \"upgrade: WebSocket\"", 101,
	             FIRST "upgrade: WebSocket\r\n" CONNECT KEY VERSION "\r\n", help);
	check_status("the status where the header is \"connection: upgrade\"", 101,
	             FIRST UPGRADE "connection: upgrade\r\n" KEY VERSION "\r\n", help);
	check_status("the status where the header is \"SEC-WEBSOCKET-KEY:" SAMPLE_KEY "\"", 101,
	             FIRST UPGRADE CONNECT "SEC-WEBSOCKET-KEY:" SAMPLE_KEY "\r\n" VERSION "\r\n",
	             help);
	check_header("Sec-WebSocket-Accept", SAMPLE_ACCEPT, "a key does have a case: leave it");
}

static void lists(void)
{
	static const char *const values[] = {"keep-alive, Upgrade", "Upgrade, keep-alive",
	                                     "keep-alive ,\tupgrade", "close,Upgrade"};
	char head[512], what[80];

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		snprintf(head, sizeof head, FIRST UPGRADE "Connection: %s\r\n" KEY VERSION "\r\n",
		         values[i]);
		snprintf(what, sizeof what, "the status where the header is \"Connection: %s\"",
		         values[i]);
		check_status(what, 101, head,
		             "Connection is a list, and Firefox sends keep-alive, Upgrade: look at "
		             "each word");
	}
}

static void other_words(void)
{
	static const char help[] = "the word in the list must be the whole word, not a part of it";

	check_status("the status where the header is \"Connection: no-upgrade\"", 400,
	             FIRST UPGRADE "Connection: no-upgrade\r\n" KEY VERSION "\r\n", help);
	check_status("the status where the header is \"Upgrade: websockets\"", 400,
	             FIRST "Upgrade: websockets\r\n" CONNECT KEY VERSION "\r\n", help);
}

static void what_is_missing(void)
{
	check_status("the status without Sec-WebSocket-Key", 400,
	             FIRST UPGRADE CONNECT VERSION "\r\n",
	             "without a key there is nothing to prove");
	check_status("the status without Upgrade", 400, FIRST CONNECT KEY VERSION "\r\n",
	             "the client did not ask for another protocol");
	check_status("the status without Connection", 400, FIRST UPGRADE KEY VERSION "\r\n",
	             "an Upgrade that Connection does not name was meant for somebody else");
}

static void other_version(void)
{
	check_status("the status for version 12", 426,
	             FIRST UPGRADE CONNECT KEY "Sec-WebSocket-Version: 12\r\n\r\n",
	             "426 Upgrade Required: this could be a WebSocket, of another version");
	check_header("Sec-WebSocket-Version", "13", "tell the client which version would do");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"the key that RFC 6455 has for its example", sample_key},
	        {"another key", other_key},
	        {"a whole handshake", whole_handshake},
	        {"names and words in any case", any_case},
	        {"Connection is a list", lists},
	        {"words that only look like it", other_words},
	        {"what is missing gets 400", what_is_missing},
	        {"another version gets 426", other_version},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
