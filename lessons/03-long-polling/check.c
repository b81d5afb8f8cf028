#include "exercise.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/check.h"
#include "../stage/net.h"

static const char nobody[] =
        "nobody was waiting when it was published: remember it for the next poll";

/* What follows the head of an answer, or NULL where none comes within a second. */
static const char *answer_of(int fd)
{
	static char text[16384];
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	const char *empty;

	if (poll(&wait, 1, 1000) != 1)
		return NULL;
	net_read_http(fd, text, sizeof text);
	empty = strstr(text, "\r\n\r\n");
	return empty ? empty + 4 : NULL;
}

static void ask(int fd, unsigned since)
{
	char text[128];

	snprintf(text, sizeof text,
	         "GET /poll?since=%u HTTP/1.1\r\nHost: server.example.com\r\n\r\n", since);
	net_write(fd, text, strlen(text));
}

/* Returns once the server has taken it. */
static void publish(const struct check_program *server, const char *message)
{
	int fd = net_connect(server->port);
	char text[256];

	snprintf(
	        text, sizeof text,
	        "POST /publish HTTP/1.1\r\nHost: server.example.com\r\nContent-Length: %zu\r\n\r\n%s",
	        strlen(message), message);
	net_write(fd, text, strlen(text));
	check_that(answer_of(fd) != NULL, "POST /publish is answered", NULL);
	close(fd);
}

/* Returns once the request on fd waits. No sleep would do: how long? */
static void require_waiting(const struct check_program *server, int fd, const char *what,
                            const char *help)
{
	static const char question[] = "GET /waiting HTTP/1.1\r\nHost: server.example.com\r\n\r\n";
	int other = net_connect(server->port);
	const char *answer;

	do {
		struct pollfd early = {.fd = fd, .events = POLLIN};

		if (poll(&early, 1, 0) == 1)
			check_text(what, "no answer yet", answer_of(fd), help);
		net_write(other, question, strlen(question));
		answer = answer_of(other);
	} while (answer && atoi(answer) == 0);
	close(other);
}

static void waiting_poll(void)
{
	struct check_program server;
	int fd;

	check_start(&server, NULL);
	fd = net_connect(server.port);
	ask(fd, 0);
	require_waiting(&server, fd, "the answer to since=0 before anything is published",
	                "newer() is true only where there is something newer");
	publish(&server, "one");
	check_text("the answer to a poll that waited for it", "1 one\n", answer_of(fd), NULL);
	check_stop(&server);
}

static void gap(void)
{
	struct check_program server;
	int fd;

	check_start(&server, NULL);
	fd = net_connect(server.port);
	publish(&server, "one");
	ask(fd, 0);
	check_text("the answer to since=0, message 1 being published before", "1 one\n",
	           answer_of(fd), nobody);
	check_stop(&server);
}

static void several_in_the_gap(void)
{
	struct check_program server;
	int fd;

	check_start(&server, NULL);
	fd = net_connect(server.port);
	publish(&server, "one");
	ask(fd, 0);
	check_text("the answer to since=0", "1 one\n", answer_of(fd), nobody);
	publish(&server, "two");
	publish(&server, "three");
	ask(fd, 1);
	check_text("the answer to since=1, messages 2 and 3 being published before",
	           "2 two\n3 three\n", answer_of(fd),
	           "all with a number above 1, the oldest first");
	check_stop(&server);
}

static void once(void)
{
	struct check_program server;
	int fd;

	check_start(&server, NULL);
	fd = net_connect(server.port);
	publish(&server, "one");
	publish(&server, "two");
	ask(fd, 2);
	require_waiting(&server, fd, "the answer to since=2, message 2 being the last",
	                "who says since=2 has number 2: newer is above 2, not from 2 on");
	publish(&server, "three");
	check_text("the answer to since=2 after message 3", "3 three\n", answer_of(fd),
	           "message 3, and it alone");
	ask(fd, 3);
	require_waiting(&server, fd, "the answer to since=3, message 3 being the last",
	                "it has gone out to this client already: each message once");
	close(fd);
	fd = net_connect(server.port);
	ask(fd, 1);
	check_text("the answer to a new since=1", "2 two\n3 three\n", answer_of(fd),
	           "only since says what a client has: an answer may have been lost on its way");
	check_stop(&server);
}

static void two_clients(void)
{
	struct check_program server;
	int first, second;

	check_start(&server, NULL);
	first = net_connect(server.port);
	second = net_connect(server.port);
	publish(&server, "one");
	publish(&server, "two");
	ask(first, 0);
	check_text("the first client's answer", "1 one\n2 two\n", answer_of(first), NULL);
	ask(second, 0);
	check_text("the second client's answer", "1 one\n2 two\n", answer_of(second),
	           "another client took these messages, but this one has not had them");
	check_stop(&server);
}

static void many(void)
{
	char expected[MESSAGES_MAX * (TEXT_MAX + 16)] = "";
	struct check_program server;
	char text[TEXT_MAX];
	size_t used = 0;
	int fd;

	check_start(&server, NULL);
	fd = net_connect(server.port);
	for (int i = 1; i <= MESSAGES_MAX; i++) {
		memset(text, 'a' + i % 26, sizeof text - 1);
		text[sizeof text - 1] = '\0';
		publish(&server, text);
		if (i > MESSAGES_MAX / 2)
			used += (size_t)snprintf(expected + used, sizeof expected - used, "%d %s\n",
			                         i, text);
	}
	ask(fd, MESSAGES_MAX / 2);
	check_text("the answer to since=50 after 100 messages of 63 letters", expected,
	           answer_of(fd), "exercise.h says how many messages there may be, and how long");
	check_stop(&server);
}

/* Here the answers are called directly, so that we see what they write. */
static void nothing_behind(void)
{
	static const char untouched[TEXT_MAX];
	char text[TEXT_MAX];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (unsigned id = 1; id <= MESSAGES_MAX; id++)
		remember(id, text);
	check_bytes(
	        "the bytes behind message_room.texts after 100 messages of 63 letters", untouched,
	        sizeof untouched, message_room.behind, sizeof message_room.behind,
	        "an array of 100 has the places 0 to 99, and the messages the numbers 1 to 100");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"a poll that waits gets the message", waiting_poll},
	        {"a message that comes between two polls is not lost", gap},
	        {"several of them come in order", several_in_the_gap},
	        {"each client gets them all", two_clients},
	        {"each comes once", once},
	        {"as many and as long as there may be", many},
	        {"nothing is written behind their room", nothing_behind},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
