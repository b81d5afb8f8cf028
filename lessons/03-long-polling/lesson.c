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
 * Long polling has a bad name. It is what was used before there was anything better (the trick was
 * named Comet, in 2006), so it is remembered for all that was bad about browsers then. RFC 6202
 * looked at it soberly: on average a message takes close to one way over the network, and at worst
 * over three. You are about to see both numbers, and when which of them holds.
 *
 * Read it from main() upwards. seen.c has the timetable of the messages, and counts how long each
 * of them took; answer.c puts messages into an answer, one a line. These lines are the whole
 * protocol: what a message is, how it is told from the next, and what number it has, everyone who
 * uses long polling makes up for themselves. (So no two clients of it are alike, and none can be
 * used with another's server. That is a cost too, and it is not paid in milliseconds.)
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "answer.h"
#include "push.h"
#include "seen.h"

/* The poll of lessons 1 and 2. On the wire long polling looks no different; only a watch would tell
 * you which of the two you see. That is its strength: it needs nothing that HTTP has not had from
 * the beginning, and asks nothing of what is on the way but patience. */
static const char poll_question[] = "GET /poll HTTP/1.1\r\nHost: server.example.com\r\n\r\n";

/* Of the link, one way: d. All other times in this lesson are multiples of it. */
static double delay = 20;

/*
 * Long polling, and all of it is in one line: before it answers, the server waits for the next
 * message that this client does not have. Where that one is born already (it came while the client
 * was asking again), there is nothing to wait for, and the answer brings all that has piled up.
 *
 * That "piled up" is what saves it. A server that kept no messages, and could tell only those who
 * happen to be asking, would lose each one that comes between two polls; see the exercise, and see
 * also that `told` is here a matter of one connection. A request may come on another one.
 *
 * A real server has many clients. It puts the request on a list, goes on, and looks through the
 * list when there is news. This one has one client, so it may sleep.
 *
 * `hold` is how long it will wait. A proxy on the way has a limit of its own, often a minute; then
 * its client sees an error. A NAT has one too, mostly longer, and forgets the connection without a
 * word to either side. An empty answer in good time costs 27 bytes, and all stays well (RFC 6202,
 * 5.5, advises 30 seconds and says why).
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

/* One server for both, so that nobody can say that one of them had the better one. What it does for
 * a poll and for a push is the same but for one thing: after an answer to a poll it must be
 * asked. */
static void serve(int connection, void *user)
{
	const struct news *news = user;
	char message[1024];
	int told = 0;

	while (net_read_http(connection, message, sizeof message)) {
		if (strncmp(message, PUSH_QUESTION, 9) == 0)
			push_serve(connection, news);
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
 *
 * For 2d of each turn the server is mute. Whether that hurts depends on one thing only: how likely
 * it is that a message is born in just that time. Once in a while: hardly ever. All the time:
 * always.
 *
 * A client could keep two questions open, so that there is always one to be answered. Some do. The
 * answers then come on two connections, in any order, and who puts them in order is the client.
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

/* A server, a link and a client for one run. The ten delays before the first message are for the
 * client to connect and ask: we are after the delay of messages, not of beginnings. */
static struct seen run(int listener, uint16_t port, struct news news, bool push)
{
	struct seen seen = {0};
	struct relay link;

	news.first = net_now_ms() + 10 * delay;
	news.hold = 20 * delay;
	pid_t server = net_serve(listener, serve, &news);
	relay_start(&link, port, delay);
	int fd = net_connect(link.port);
	(push ? push_follow : follow_polls)(fd, &news, &seen);
	close(fd);
	relay_stop(&link);
	net_stop(server);
	seen_sum_up(&seen, news.round);
	return seen;
}

/*
 * The same messages twice: to a client that polls, and to one that listens. For both ratios the
 * measure is what push takes on average: to push all messages are alike, so that should be d.
 *
 * Why ratios? In milliseconds the result is that of our link, and on a link half as long all of
 * them are halved. The ratio stays. It is also fair to the one who loses: "three times as long"
 * sounds like a great deal, and over a link of 20 ms it is 40 ms more, which no reader of a chat
 * will see.
 */
static void compare(int listener, uint16_t port, const char *name, struct news news)
{
	struct seen poll = run(listener, port, news, false);
	struct seen push = run(listener, port, news, true);

	stage_value_of(name, "requests", poll.requests);
	stage_value_of(name, "poll_mean_ms", poll.mean);
	stage_value_of(name, "poll_max_ms", poll.longest);
	stage_value_of(name, "push_mean_ms", push.mean);
	stage_value_of(name, "push_max_ms", push.longest);
	stage_value_of(name, "mean_ratio", poll.mean / push.mean);
	stage_value_of(name, "max_ratio", poll.longest / push.mean);
	stage_say("%d messages, one every %g ms:\n"
	          "  long polling: %.1f ms on average, %.1f at worst\n"
	          "  push: %.1f ms on average, %.1f at worst\n"
	          "  times as long as by push: %.1f on average, %.1f at worst\n"
	          "  requests: %d and %d",
	          news.count, news.every, poll.mean, poll.longest, push.mean, push.longest,
	          poll.mean / push.mean, poll.longest / push.mean, poll.requests, push.requests);
}

/* No news at all: the one request waits, until the server has had enough. This is what most clients
 * of most services do most of the time, so look at what it costs: not bytes, not requests, but a
 * connection that is open and a request that is remembered, for each client. SSE and WebSocket pay
 * the same. It is only against lesson 2's polling, which may hang up in between, that it is
 * dear. */
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

	stage_open(argc, argv, "Lesson 3: long polling", options);
	if (delay < 10 || delay > 50) {
		fputs("lesson: --delay is 10 to 50\n", stderr);
		return 2;
	}
	int listener = net_listen(&port);
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
