/*
 * Lesson 10: key differences, measured.
 *
 * A table of differences is easily written and hardly ever checked. The tutorial's has four rows:
 * direction, connection, overhead, real time. This program measures them for five ways to get news
 * from a server, and each number that it prints was counted on the wire in this run.
 *
 * For that the five must differ in what they are and in nothing else. So there is one server and
 * one client here (transport.c), and a transport is a row of data that both follow: what is said,
 * and four answers of yes or no. Those four are what this course was about so far:
 *
 *     asks       a question for each message, or one for all              lessons 2 and 4
 *     waits      the server, until it has something to say                lesson 3
 *     closes     the connection, after each answer                        lesson 1
 *     two_way    the client may speak, too, while it listens              lesson 5
 *
 * Read the table first, then the measurements, of which each is a few lines that know nothing of
 * the transport that they measure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/net.h"
#include "../stage/stage.h"
#include "play.h"
#include "report.h"
#include "texts.h" /* the very texts of lessons 1 to 6 */
#include "transport.h"

/*
 * The first three differ in one line from each other, and it is not always the line that one would
 * think of: what makes long polling quick is no text at all, only that the server waits. The last
 * two have another text for everything, and differ in one answer, two_way.
 */
static const struct transport transports[] = {
        {.name = "polling, closing",
         .key = "close",
         .question = QUESTION CLOSING END,
         .message = ANSWER CLOSING END "Hello",
         .nothing = NOTHING CLOSING END,
         .upward = POST CLOSING END "Hello",
         .heard = NOTHING CLOSING END,
         .asks = true,
         .closes = true},
        {.name = "polling",
         .key = "poll",
         .question = QUESTION END,
         .message = ANSWER END "Hello",
         .nothing = NOTHING END,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .asks = true},
        {.name = "long polling",
         .key = "long",
         .question = QUESTION END,
         .message = ANSWER END "Hello",
         .nothing = NOTHING END,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .asks = true,
         .waits = true},
        {.name = "SSE",
         .key = "sse",
         .question = ASK_EVENTS,
         .opening = STREAM,
         .message = EVENT,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .waits = true},
        {.name = "WebSocket",
         .key = "ws",
         .question = ASK_WEBSOCKET, /* its opening is made from the key, see lesson 5 */
         .message = FRAME,
         .upward = MASKED_FRAME,
         .waits = true,
         .two_way = true}};

static double delay = 20, many = 100; /* of the link, one way: d; messages */

/*
 * Messages one by one, over a link that takes no time and only counts. Polling has its best day
 * here: each poll comes right behind a message, and none is for nothing. Long polling has always
 * one question more on the wire than answers; that one waits for the next message.
 */
static void count_messages(struct row *row)
{
	struct session session;

	session_open(&session, row->transport, 0, 25000);
	for (int n = 1; n <= (int)many; n++) {
		session_carry(&session);
		row->bytes[n] = session_bytes(&session);
	}
	row->connections = session_connections(&session);
	row->requests = session_requests(&session);
	if (session.got != (unsigned)many) {
		fprintf(stderr, "lesson: %u of %g messages came\n", session.got, many);
		exit(1);
	}
	session_close(&session);
}

/* From the birth of an event until the client has it. We take the best of five: a busy machine can
 * make this longer, and never shorter. A poll here leaves at the very moment of the birth; no real
 * one is so lucky, nor could it know. */
static void time_event(struct row *row)
{
	struct session session;

	row->ms = 1e9;
	session_open(&session, row->transport, delay, 25000);
	for (int n = 0; n < 5; n++) {
		double took = session_carry(&session);

		row->ms = took < row->ms ? took : row->ms;
	}
	session_close(&session);
	row->delay = row->ms / (2 * delay);
}

/* So real polls do: one leaves every T, here 5 round trips, and messages are born when they like.
 * We have four, spread evenly over the time from one look of the server to the next. It looks d
 * before its answer is here, so that is how we know. */
static void time_polls(struct row *row)
{
	double every = 10 * delay, sum = 0;
	struct session session;

	session_open(&session, row->transport, delay, 0);
	double due = net_now_ms();
	session_ask(&session);
	session_take(&session); /* nothing yet */
	for (int n = 0; n < 4; n++) {
		double looked = net_now_ms() - delay, born = looked + every * (n + 0.5) / 4;

		net_sleep_until_ms(born);
		session_publish(&session, 1);
		net_sleep_until_ms(due += every);
		session_ask(&session);
		session_take(&session);
		sum += net_now_ms() - born;fprintf(stderr,"%g ",net_now_ms()-born);
	}
	session_close(&session);
	row->mean_delay = sum / 4 / (2 * delay);
}

/* A minute without news, on a clock that runs 200 times as fast: counts do not mind. A poll leaves
 * each second, and a server that waits gives up after 25 s. What it took to begin is not of this
 * minute. In nature a stream carries a comment or a ping now and then (lesson 8); not here. */
static void count_idle_minute(struct row *row)
{
	const double second = 5;
	struct session session;

	session_open(&session, row->transport, 0, 25 * second);
	unsigned long before = session_bytes(&session);
	double start = net_now_ms();
	for (int n = 0; n < 60 && !row->transport->waits; n++) {
		net_sleep_until_ms(start + n * second);
		session_ask(&session);
		session_take(&session);
	}
	while (row->transport->waits && session_comes(&session, start + 60 * second)) {
		session_take(&session);
		session_ask(&session);
	}
	session_settle(&session);
	row->idle = session_bytes(&session) - before;
	session_close(&session);
}

/* The other direction: a Hello of the client while it waits for news. HTTP/1.1 answers in the order
 * of the questions (RFC 9112, 9.3.2), so behind a question that waits the Hello would wait, too:
 * it takes a second connection. One that polls is free between two polls. */
static void count_upward(struct row *row)
{
	struct session session;

	session_open(&session, row->transport, 0, 25000);
	unsigned long before = session_bytes(&session);
	session_say(&session);
	row->upward = session_bytes(&session) - before;
	row->upward_connections = session_connections(&session) - !row->transport->closes;
	session_close(&session);
}

/* Without a link, on one machine: how many times as long a polled message takes as a pushed one.
 * This is the number that benchmarks like to print. Do it three times before you believe it. */
static double compare_bare(const struct row *poll, const struct row *push)
{
	const struct row *both[] = {poll, push};
	double took[2] = {0};

	for (int i = 0; i < 2; i++) {
		struct session session;

		session_open(&session, both[i]->transport, NO_LINK, 25000);
		for (int n = 0; n < 20; n++)
			took[i] += session_carry(&session);
		session_close(&session);
	}
	return took[0] / took[1];
}

static void each(struct row *rows, void (*measure)(struct row *row))
{
	for (int i = 0; i < TRANSPORTS; i++)
		measure(&rows[i]);
}

static void measure_all(struct row *rows)
{
	stage_step("messages, one by one");
	each(rows, count_messages);
	show_messages(rows, (int)many);
	stage_step("one event, over a simulated link");
	each(rows, time_event);
	show_events(rows);
	time_polls(&rows[CLOSING_POLLS]);
	time_polls(&rows[POLLS]);
	show_polls(rows);
	stage_step("a minute without news");
	each(rows, count_idle_minute);
	show_idle(rows);
	stage_step("a Hello of the client");
	each(rows, count_upward);
	show_upward(rows);
	stage_step("polling against WebSocket without a link, three times");
	double ratios[3];
	for (int i = 0; i < 3; i++)
		ratios[i] = compare_bare(&rows[POLLS], &rows[WEBSOCKET]);
	stage_say("A polled message took %.2f times as long as a pushed one. Again: %.2f. Again: "
	          "%.2f. Which of these is it? On one machine this is mostly the moment in which "
	          "the system wakes a process up.",
	          ratios[0], ratios[1], ratios[2]);
	stage_step("the tutorial's table, and yours");
	show_all(rows, (int)many);
}

int main(int argc, char **argv)
{
	static char news[] = "--play=5";
	static struct row rows[TRANSPORTS];
	double every = 0;
	const struct stage_option options[] = {
	        {"delay", &delay, "one-way delay of the link in ms, 10 to 50"},
	        {"messages", &many, "messages, 25 to 1000"},
	        {"play", &every, "be a server to try out, with news every N s; 5 without N"},
	        {0}};

	if (argc == 2 && strcmp(argv[1], "--play") == 0)
		argv[1] = news;
	stage_open(argc, argv, "Lesson 10: key differences, measured", options);
	if (delay < 10 || delay > 50 || many < 25 || many > MESSAGES_MOST || every > 3600) {
		fputs("lesson: --delay is 10 to 50, --messages 25 to 1000, --play at most 3600\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < TRANSPORTS; i++)
		rows[i].transport = &transports[i];
	if (every > 0)
		play(transports, TRANSPORTS, every);
	else
		measure_all(rows);
	return stage_close();
}
