/*
 * Lesson 3: long polling.
 *
 * Lesson 2 ended with a question: what if the server, asked for news that it does not have, simply
 * did not answer yet? The request waits at the server, and when there is news, the answer is
 * already under way. No timer decides any more when a message travels.
 *
 * It is said to be slow. We set it beside push, the fastest there can be: one answer that never
 * ends, to which the server adds each message as it comes (lesson 4 makes a standard of that).
 * Twice we shall see the same two clients, and two quite different results.
 *
 * Read it from main() upwards. seen.c has the timetable of the messages, and counts how long each
 * of them took.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "seen.h"

#define HOST "Host: server.example.com\r\n\r\n"

static const char poll_question[] = "GET /poll HTTP/1.1\r\n" HOST;
static const char push_question[] = "GET /push HTTP/1.1\r\n" HOST;

static double delay = 20; /* of the link, one way: d. All other times are multiples of it. */

/* An answer with so many messages, one a line; 0 of them is "nothing, ask again". */
static void answer(int connection, int messages)
{
	char text[16384];
	int size;

	if (messages == 0)
		size = snprintf(text, sizeof text, "HTTP/1.1 204 No Content\r\n\r\n");
	else
		size = snprintf(text, sizeof text,
		                "HTTP/1.1 200 OK\r\n"
		                "Content-Type: text/plain\r\n"
		                "Content-Length: %zu\r\n\r\n",
		                messages * strlen("Hello\n"));
	while (messages-- > 0)
		size += sprintf(text + size, "Hello\n");
	net_write(connection, text, (size_t)size);
}

/*
 * Long polling, and all of it is in one line: before it answers, the server waits for the next
 * message that this client does not have. Where that one is born already (it came while the client
 * was asking again), there is nothing to wait for, and the answer brings all that has piled up.
 *
 * A real server has many clients. It puts the request on a list, goes on, and looks through the
 * list when there is news. This one has one client, so it may sleep.
 */
static void answer_poll(int connection, const struct news *news, int *told)
{
	double born = *told < news->count ? news->first + *told * news->every : 1e18;
	double until = net_now_ms() + news->hold;
	int now;

	net_sleep_until_ms(born < until ? born : until);
	now = news_born(news);
	answer(connection, now - *told);
	*told = now;
}

/* Push: one head, without a length, and then each message in its time. It needs no question. */
static void answer_push(int connection, const struct news *news)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

	net_write(connection, head, strlen(head));
	for (int told = 0; told < news->count; told++) {
		net_sleep_until_ms(news->first + told * news->every);
		net_write(connection, "Hello\n", strlen("Hello\n"));
	}
}

static void serve(int connection, void *user)
{
	const struct news *news = user;
	char message[1024];
	int told = 0;

	while (net_read_http(connection, message, sizeof message)) {
		if (strncmp(message, push_question, 9) == 0)
			answer_push(connection, news);
		else
			answer_poll(connection, news, &told);
	}
}

/*
 * Here is the price of long polling, if you look for it: between an answer and the next one the
 * client has to ask again, and until the question is there, the server may not speak:
 *
 *       0    an answer leaves the server
 *       d    it is here, and the client asks again at once
 *      2d    the question is there
 */
static void follow_polls(int fd, const struct news *news, struct seen *seen)
{
	char text[16384];

	while (seen->messages < news->count) {
		net_write(fd, poll_question, strlen(poll_question));
		seen->requests++;
		size_t size = net_read_http(fd, text, sizeof text);
		const char *body = strstr(text, "\r\n\r\n");

		if (size == 0 || !body)
			return;
		seen_note(seen, news, body + 4, strlen(body + 4));
	}
	/* After the last message it asks again as always. This one stays open. */
	net_write(fd, poll_question, strlen(poll_question));
	seen->requests++;
}

static void follow_push(int fd, const struct news *news, struct seen *seen)
{
	char text[16384];
	size_t size;

	net_write(fd, push_question, strlen(push_question));
	seen->requests++;
	net_read_http(fd, text, sizeof text); /* the head */
	while (seen->messages < news->count && (size = net_read(fd, text, sizeof text)))
		seen_note(seen, news, text, size);
}

/* A server, a link and a client for one run. */
static struct seen run(int listener, uint16_t port, struct news news, bool push)
{
	struct seen seen = {0};
	struct relay link;
	pid_t server;
	int fd;

	news.first = net_now_ms() + 10 * delay;
	news.hold = 20 * delay;
	server = net_serve(listener, serve, &news);
	relay_start(&link, port, delay);
	fd = net_connect(link.port);
	(push ? follow_push : follow_polls)(fd, &news, &seen);
	close(fd);
	relay_stop(&link);
	net_stop(server);
	seen_sum_up(&seen, news.round);
	return seen;
}

static void keep(const char *name, const char *what, double value)
{
	char key[64];

	snprintf(key, sizeof key, "%s.%s", name, what);
	stage_value(key, value);
}

/* The same messages twice: to a client that polls, and to one that listens. For both ratios the
 * measure is what push takes on average: to push all messages are alike, so that should be d. */
static void compare(int listener, uint16_t port, const char *name, struct news news)
{
	struct seen poll = run(listener, port, news, false);
	struct seen push = run(listener, port, news, true);

	keep(name, "requests", poll.requests);
	keep(name, "poll_mean_ms", poll.mean);
	keep(name, "poll_max_ms", poll.longest);
	keep(name, "push_mean_ms", push.mean);
	keep(name, "push_max_ms", push.longest);
	keep(name, "mean_ratio", poll.mean / push.mean);
	keep(name, "max_ratio", poll.longest / push.mean);
	stage_say("%d messages, one every %g ms:\n"
	          "  long polling: %.1f ms on average, %.1f at worst\n"
	          "  push: %.1f ms on average, %.1f at worst\n"
	          "  times as long as by push: %.1f on average, %.1f at worst\n"
	          "  requests: %d and %d",
	          news.count, news.every, poll.mean, poll.longest, push.mean, push.longest,
	          poll.mean / push.mean, poll.longest / push.mean, poll.requests, push.requests);
}

/* No news at all: the one request waits, until the server has had enough. */
static void idle(int listener, uint16_t port)
{
	struct news news = {.every = 1, .hold = 20 * delay};
	pid_t server = net_serve(listener, serve, &news);
	int fd = net_connect(port);
	double asked = net_now_ms();
	char text[1024];

	net_write(fd, poll_question, strlen(poll_question));
	net_read_http(fd, text, sizeof text);
	stage_value("idle.hold", (net_now_ms() - asked) / delay);
	stage_value("idle.code", atoi(text + strlen("HTTP/1.1 ")));
	stage_say("After %g ms without news: %.23s. Real servers wait for 25 s or so.", news.hold,
	          text);
	close(fd);
	net_stop(server);
}

int main(int argc, char **argv)
{
	static const struct stage_option options[] = {
	        {"delay", &delay, "one-way delay of the link in ms, 10 to 50"}, {NULL, NULL, NULL}};
	uint16_t port;
	int listener;

	stage_open(argc, argv, "Lesson 3: long polling", options);
	if (delay < 10 || delay > 50) {
		fputs("lesson: --delay is 10 to 50\n", stderr);
		return 2;
	}
	listener = net_listen(&port);
	relay_introduce(delay);

	stage_step("a quiet day: 20 messages, each long after the one before");
	compare(listener, port, "rare", (struct news){.every = 5 * delay, .count = 20, .round = 4});
	stage_say("A message finds the request waiting and takes one way, d = %g ms, as by push (a "
	          "ratio below 1.0 is your machine, not the transport). Every message costs a "
	          "request; the last is still open.",
	          delay);

	stage_step("a storm: 1000 messages that never stop");
	compare(listener, port, "busy",
	        (struct news){.every = delay / 10, .count = 1000, .round = 40});
	stage_say("How a message can take three times as long as the way it has to go:\n"
	          "  0 ms: an answer leaves the server; just then a message is born\n"
	          "  %g ms: the answer is here, and the client asks again\n"
	          "  %g ms: the request is there, and the server answers at once\n"
	          "  %g ms: the message is here",
	          delay, 2 * delay, 3 * delay);
	stage_say("3d at worst, d at best, 2d on average: and it never gets worse, since an answer "
	          "brings all that has piled up. About 50 requests for 1000 messages: under load "
	          "long polling asks less, not more.");

	stage_step("silence");
	idle(listener, port);
	stage_say("One open request, and an empty answer now and then: that is what an idle client "
	          "costs. With each message come the heads of a question and an answer. Lesson 4 "
	          "does without.");
	return stage_close();
}
