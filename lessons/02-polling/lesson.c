/*
 * Lesson 2: polling.
 *
 * A server has news now and then, and in HTTP it cannot say so before it is asked (lesson 1). The
 * plain way out: ask every T milliseconds. This program shows what that costs, and that both costs
 * follow from T alone. The news waits until the next question, T/2 on average and T at worst, plus
 * the way back; and the questions are asked whether there is news or not.
 *
 * The life of a message, step by step:
 *
 *      a poll reaches the server, too early
 *      the message is born                     and waits, for anything between 0 and T
 *      the next poll reaches the server        and its answer takes the message along
 *      the answer reaches the client           one way over the link later, d
 *
 * Read it from main() upwards. series.c has the timetable of the messages, and notes of each how
 * long it took.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/stage.h"
#include "series.h"

static const char question[] = "GET /poll HTTP/1.1\r\n"
                               "Host: server.example.com\r\n"
                               "\r\n";

/* "Nothing": 204 is an answer that has no body, so its head is all there is. */
static const char nothing[] = "HTTP/1.1 204 No Content\r\n"
                              "\r\n";

static double interval = 400; /* T */
static double delay = 20;     /* of the link, one way: d */

/* An answer with so many messages: "Hello", one a line. */
static void say(int connection, int messages)
{
	char body[512] = "Hello";
	char answer[1024];

	if (messages == 0) {
		net_write(connection, nothing, strlen(nothing));
		return;
	}
	while (--messages > 0)
		strcat(body, "\nHello");
	snprintf(answer, sizeof answer,
	         "HTTP/1.1 200 OK\r\n"
	         "Content-Type: text/plain\r\n"
	         "Content-Length: %zu\r\n"
	         "\r\n"
	         "%s",
	         strlen(body), body);
	net_write(connection, answer, strlen(answer));
}

/*
 * The server answers at once, always. What it has told a client already it remembers in `told`,
 * which lives as long as the connection. If that breaks, the server no longer knows what the client
 * has, and begins again at the first message. There is a better way, in the exercise of lesson 3:
 * the client knows, so let it say so.
 */
static void serve(int connection, void *user)
{
	const struct news *news = user;
	char message[1024];
	int told = 0;

	while (net_read_http(connection, message, sizeof message)) {
		int now = news_born(news);

		say(connection, now - told);
		told = now;
	}
}

/*
 * Asks `polls` times, every `every` ms, through `port`, which is `way` ms from the server. Poll n
 * leaves at start + n * every, whatever the last answer took: who waits for `every` after each
 * answer polls less often than he thinks (the exercise is about that).
 *
 * One poll is sent before, unmeasured: it opens the connection.
 */
static struct series ask(uint16_t port, double every, double way, int polls, struct news *news)
{
	struct series series = {0};
	double after = news->first, start;
	char answer[1024];
	int fd = net_connect(port);

	news->first = net_now_ms() + 1e9; /* not yet */
	net_write(fd, question, strlen(question));
	net_read_http(fd, answer, sizeof answer);
	start = net_now_ms() + 10;
	news->first = start + way + after;
	for (int n = 0; n < polls; n++) {
		net_sleep_until_ms(start + (n + 1) * every);
		net_write(fd, question, strlen(question));
		series.bytes += strlen(question) + net_read_http(fd, answer, sizeof answer);
		series_note(&series, news, answer, every, way);
	}
	close(fd);
	return series;
}

/*
 * 40 messages, so spaced that they meet the interval at 40 different points, evenly: a few messages
 * at random would miss the true mean by a tenth or more. 7/40 of T from one to the next does it, in
 * seven intervals, since 7 and 40 have no common divisor. The same timetable meets T/2 evenly too.
 */
static void measure(uint16_t server, struct news *news, double every, const char *name)
{
	int polls = (int)(7 * interval / every + 0.5);
	struct relay link;
	struct series series;
	char key[64];

	*news = (struct news){.first = interval / 80, .every = interval * 7 / 40, .count = 40};
	relay_start(&link, server, delay);
	series = ask(link.port, every, delay, polls, news);
	relay_stop(&link);

	snprintf(key, sizeof key, "%s.requests", name);
	stage_value(key, series.polls);
	snprintf(key, sizeof key, "%s.mean_ms", name);
	stage_value(key, series.sum / series.messages);
	snprintf(key, sizeof key, "%s.max_ms", name);
	stage_value(key, series.longest);
	stage_say("A poll every %g ms: %d requests for %d messages, about %d with each answer. So "
	          "long they took to arrive:",
	          every, series.polls, series.messages,
	          (int)(1.0 * series.messages / series.polls + 0.5));
	for (int i = 0; i < 4 && !stage_silent(); i++)
		printf("  %3.0f to %3.0f ms: %d messages\n", delay + i * every / 4,
		       delay + (i + 1) * every / 4, series.quarters[i]);
	stage_say("  on average: %.0f ms\n"
	          "  at worst: %.0f ms",
	          series.sum / series.messages, series.longest);
}

/* A minute of polls in three seconds: counts do not mind how fast the clock runs. */
static void minute(uint16_t server, struct news *news)
{
	const double second = 50;
	struct series busy, idle;

	*news = (struct news){.first = 10.5 * second, .every = 20 * second, .count = 3};
	busy = ask(server, second, 0, 60, news);
	stage_value("minute.empty", busy.empty);
	stage_value("minute.bytes", (double)busy.bytes);
	stage_say("%s", busy.marks);
	stage_say("60 polls, %d for nothing; %lu bytes to be told Hello %d times.", busy.empty,
	          busy.bytes, busy.messages);

	*news = (struct news){.first = 0, .every = 1, .count = 0};
	idle = ask(server, second / 10, 0, 60, news);
	stage_value("idle.bytes", (double)idle.bytes);
	stage_say("And a minute in which nothing happens at all: %lu bytes, %zu up and %zu down "
	          "for each poll. Times the number of clients, all day long.",
	          idle.bytes, strlen(question), strlen(nothing));
}

int main(int argc, char **argv)
{
	static const struct stage_option options[] = {
	        {"interval", &interval, "from one poll to the next in ms, 100 to 1000"},
	        {"delay", &delay, "one-way delay of the link in ms, at most a quarter of that"},
	        {NULL, NULL, NULL}};
	struct news *news = net_share(sizeof *news);
	uint16_t port;
	pid_t server;

	stage_open(argc, argv, "Lesson 2: polling", options);
	if (interval < 100 || interval > 1000 || delay > interval / 4) {
		fputs("lesson: --interval is 100 to 1000, --delay at most a quarter of it\n",
		      stderr);
		return 2;
	}
	server = net_serve(net_listen(&port), serve, news);

	stage_say("T = %g ms between two polls, d = %g ms one way over the link.", interval, delay);
	relay_introduce(delay);
	stage_step("40 messages, spread evenly, and a client that polls");
	measure(port, news, interval, "poll");
	stage_say(
	        "A message waits for the next poll: T/2 on average, T if it just missed one. Then "
	        "it needs d to get here: T/2 + d = %g, and T + d = %g. The server was never slow.",
	        interval / 2 + delay, interval + delay);

	stage_step("the same 40 messages, and twice as many polls");
	measure(port, news, interval / 2, "half");
	stage_say("Half the waiting for twice the requests. There is no T that is good at both.");

	stage_step("a minute, one poll a second, three messages (on a clock that runs 20 times as "
	           "fast)");
	minute(port, news);

	stage_say(
	        "What if the server did not say \"nothing\", and just waited with its answer until "
	        "there is something? That is lesson 3.");
	net_stop(server);
	return stage_close();
}
