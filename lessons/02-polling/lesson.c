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
 * A T of 400 ms is quick. What one meets is a T of seconds, or of a minute, and then nothing else
 * matters: not the language of the server, not its library, not the network. Polling is also the
 * one transport in this course that needs nothing of the server but that it answers. Where a
 * message a minute late is in time, there is little to be said against it: the other ways begin to
 * pay where T would have to be small and news are rare, or clients many.
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

/* The request of lesson 1, again and again, always the same 48 bytes. Since it is the same, a cache
 * on the way might answer in the server's place, with news of yesterday. Real servers forbid that
 * with a line "Cache-Control: no-store" in each answer (RFC 9111, 5.2.2.5), and real clients often
 * add a number that changes, for those caches that do not listen. */
static const char question[] = "GET /poll HTTP/1.1\r\nHost: server.example.com\r\n\r\n";

/* "Nothing": 204 is an answer that has no body, so its head is all there is, and no Content-Length
 * is needed to say so (RFC 9110, 15.3.5). What one does meet in its place is a 200 with a body such
 * as {"messages": []}, which says the same in three times as many bytes, and has to be parsed. */
static const char nothing[] = "HTTP/1.1 204 No Content\r\n\r\n";

/* T, and d, the delay of the link one way. Everything this lesson measures is made of these two. T
 * is yours to choose. d is not: it is where your users live. */
static double interval = 400, delay = 20;

/* An answer with so many messages: "Hello", one a line. One head carries them all, so that a poll
 * after a busy while is cheap, for each message. It is the empty answers that cost, and most of the
 * answers that most servers give to polls are empty. */
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
	         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
	         strlen(body), body);
	net_write(connection, answer, strlen(answer));
}

/*
 * The server answers at once, always. What it has told a client already it remembers in `told`,
 * which lives as long as the connection. If that breaks, the server no longer knows what the client
 * has, and begins again at the first message. There is a better way, in the exercise of lesson 3:
 * the client knows, so let it say so.
 *
 * Look for the place where this server could be slow. There is none: it answers each poll as soon
 * as it has read it. Keep that in mind when you see how late the messages are, and somebody
 * proposes a faster one.
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
 * One poll is sent before, unmeasured: it opens the connection. All others use it again. With a new
 * connection for each poll the messages would come no later, as the question would leave earlier by
 * as much as the connection takes to open; but each poll would cost a round trip, seven packets and
 * a port more, and over TLS much more than that.
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
 * at random may well miss the true mean by a tenth or more. (40 of them were once tried here, and
 * the mean was 16 % off, with nothing wrong at all: how a message falls between two polls is luck,
 * and 40 throws of a die do not give 3.5 either. Many a published comparison is that sort of luck.)
 * 7/40 of T from one to the next does it, in seven intervals, since 7 and 40 have no common
 * divisor. The same timetable meets T/2 evenly too.
 */
static void measure(uint16_t server, struct news *news, double every, const char *name)
{
	/* Twice as many polls where T is half: the time is the same. */
	int polls = (int)(7 * interval / every + 0.5);
	struct relay link;
	struct series series;

	*news = (struct news){.first = interval / 80, .every = interval * 7 / 40, .count = 40};
	relay_start(&link, server, delay);
	series = ask(link.port, every, delay, polls, news);
	relay_stop(&link);

	stage_value_of(name, "requests", series.polls);
	stage_value_of(name, "mean_ms", series.sum / series.messages);
	stage_value_of(name, "max_ms", series.longest);
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

/* A minute of polls in three seconds: counts do not mind how fast the clock runs. Three messages
 * that lie well apart are found by three polls; every other one was for nothing, whatever T is. So
 * the share of empty answers says how far T is from how often there is news: a server that sees 95
 * % of them is asked twenty times as often as it has anything to say. That can be read from its
 * log, and is the first thing to look at where somebody says that polling is a burden. */
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

	/* An idle client: nobody has anything to tell it. Its bytes are the same as a busy one's,
	 * but for the few that are news; and of most services most clients are idle, at any moment.
	 * The clock is faster still, as there is no timetable to keep. */
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

	stage_open(argc, argv, "Lesson 2: polling", options);
	if (interval < 100 || interval > 1000 || delay > interval / 4) {
		fputs("lesson: --interval is 100 to 1000, --delay a quarter of it at most\n",
		      stderr);
		return 2;
	}
	net_serve(net_listen(&port), serve, news);
	stage_say("T = %g ms between two polls, d = %g ms one way over the link.", interval, delay);
	relay_introduce(delay);
	stage_step("40 messages, spread evenly, and a client that polls");
	measure(port, news, interval, "poll");
	stage_say(
	        "A message waits for the next poll: T/2 on average, T if it just missed one. Then "
	        "it needs d to get here: T/2 + d = %g, and T + d = %g. The server was never slow.",
	        interval / 2 + delay, interval + delay);
	/* The price and the gain in one picture. Half of T, half of the wait, twice the requests;
	 * and half of it again costs as much again. At T = 2d a poll is always on its way, and no
	 * client can ask more often without asking twice at once. Whoever is there has built a bad
	 * long polling, and may as well turn the page to lesson 3. */
	stage_step("the same 40 messages, and twice as many polls");
	measure(port, news, interval / 2, "half");
	stage_say("Half the waiting for twice the requests. There is no T that is good at both.");
	stage_step("a minute, one poll a second, three messages (on a clock that runs 20 times as "
	           "fast)");
	minute(port, news);
	stage_say(
	        "What if the server did not say \"nothing\", and just waited with its answer until "
	        "there is something? That is lesson 3.");
	return stage_close();
}
