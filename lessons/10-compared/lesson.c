/*
 * Lesson 10: key differences, measured.
 *
 * A table of differences is easily written and hardly ever checked. The tutorial's has four rows
 * that can be measured: direction, connection, overhead, real time. This program fills them in for
 * five ways to get news from a server, and each number was counted on the wire in this run.
 *
 * For that the five must differ in what they are and in nothing else. So there is one server and
 * one client (transport.c), and a transport is a row of data that both of them follow: what is
 * said, and four times yes or no. Those four are what this course was about so far:
 *
 *     asks       a question for each message, not one for all      lessons 2 and 4
 *     waits      the server does, until there is news              lesson 3
 *     closes     the connection, after each answer                 lesson 1
 *     two_way    the client may write while it listens             lesson 5
 *
 * Read the table first, from row to row: what is new in each? Then the measurements. They are
 * short, and know nothing of the transport that they measure; so what you will see in a column
 * comes from the rows.
 */
#include <stdio.h>
#include <string.h>

#include "../stage/relay.h"
#include "../stage/stage.h"
#include "measure.h"
#include "play.h"
#include "report.h"
#include "texts.h" /* those of lessons 1 to 6, byte for byte */
#include "transport.h"

static const struct transport transports[] = {
        /* As the tutorial draws HTTP: "Connection closes" after each answer. One has to ask for
         * that. A connection of HTTP/1.1 stays open unless somebody says this (RFC 9112, 9.3). */
        {.name = "polling, closing",
         .key = "close",
         .question = QUESTION CLOSING END,
         .message = ANSWER CLOSING END "Hello",
         .nothing = NOTHING CLOSING END,
         .upward = POST CLOSING END "Hello",
         .heard = NOTHING CLOSING END,
         .asks = true,
         .closes = true},
        /* The same without that line: 19 bytes less on each side, and one connection for all. */
        {.name = "polling",
         .key = "poll",
         .question = QUESTION END,
         .message = ANSWER END "Hello",
         .nothing = NOTHING END,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .asks = true},
        /* What makes it fast is no byte on the wire. All its texts are those of polling, and a
         * capture of the two differs in the times alone: the server waits with its answer. */
        {.name = "long polling",
         .key = "long",
         .question = QUESTION END,
         .message = ANSWER END "Hello",
         .nothing = NOTHING END,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .asks = true,
         .waits = true},
        /* `asks` is gone: one question for all messages, and so there is an opening. Upwards it is
         * HTTP as before. */
        {.name = "SSE",
         .key = "sse",
         .question = ASK_EVENTS,
         .opening = STREAM,
         .message = EVENT,
         .upward = POST END "Hello",
         .heard = NOTHING END,
         .waits = true},
        /* Two things are new: what it says upwards is no request, and has no answer; and it may be
         * said on the same connection. Its opening is not here, since it is made from the key that
         * the client has sent (RFC 6455, 4.2.2). */
        {.name = "WebSocket",
         .key = "ws",
         .question = ASK_WEBSOCKET,
         .message = FRAME,
         .upward = MASKED_FRAME,
         .waits = true,
         .two_way = true}};

/* What you may change; many is the number of messages. The link takes delay ms one way. A time says
 * something as a multiple of a round trip, R: that number is the same on any link. In milliseconds
 * it would be true between two cities only. */
static double delay = 20, many = 100;

/*
 * Messages one by one, over a link that takes no time and only counts. Polling has its best day
 * here: each poll comes right behind a message, and none is for nothing. Long polling has sent one
 * question more than it got answers, since that one is how it waits for the next message.
 *
 * Only what TCP carries is counted. Its own headers and those of IP come on top, 40 bytes or more
 * for each packet: at least two packets for a question and its answer, one for what is pushed, some
 * to open a connection, and acknowledgements. So the last two are not as far apart as it seems.
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
	session_close(&session);
}

/*
 * From the birth of an event until the client has it. We take the best of ten: a busy machine can
 * make this longer, and never shorter. A poll here leaves at the very moment of the birth. No real
 * one is so lucky, nor could it know; so polls are measured once more, as they are: one leaves
 * every 5 R, and messages are born when they like. (On a relay the connection's own round trip is
 * acted; lesson 1 says how to tell which link you have.)
 */
static void time_event(struct row *row)
{
	struct session session;

	row->ms = 1e9;
	session_open(&session, row->transport, delay, 25000);
	for (int n = 0; n < 10; n++) {
		double took = session_carry(&session);

		row->ms = took < row->ms ? took : row->ms;
	}
	session_close(&session);
	row->delay = row->ms / (2 * delay);
	if (!row->transport->waits)
		row->mean_delay = measure_polls(row->transport, 10 * delay, delay) / (2 * delay);
}

/*
 * A minute without news, on a clock that runs 100 times as fast: counts do not mind. A poll leaves
 * each second, and a server that waits gives up after 25 s, before proxies do. What it took to
 * begin is not of this minute. Where nothing is said at all, 0 bytes are what you see here and not
 * what you would see in a year: a comment or a ping now and then keeps a proxy from forgetting the
 * connection, and finds out who is gone (lesson 8).
 */
static void count_idle_minute(struct row *row)
{
	row->idle = measure_idle(row->transport, 60, 10, 25);
}

/*
 * The other direction: a Hello of the client, while it listens for news. "One-way" is not what
 * keeps HTTP from it, for a request can carry as much as an answer. It is the order. HTTP/1.1
 * answers in the order of the questions (RFC 9112, 9.3.2), so behind a question that is being held
 * the Hello would be held, too, and takes a second connection. Who polls is free between two polls.
 *
 * What did the word cost? In HTTP it is a request of 72 bytes and an answer that says "fine", 27.
 * In WebSocket it is a frame, masked, and nobody answers: TCP has brought it, and whether the other
 * program has understood it is not for the protocol to say. If you want to know, you send an answer
 * of your own; then the comparison with 99 bytes is 11 + 7.
 */
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

/*
 * One column after the other, each for all five. Between two columns nothing is kept: every
 * measurement has its own server, link and client, so that none can spoil the next.
 *
 * The last but one is what benchmarks like to print: how many times as fast is it? It is taken
 * without a link, and three times. Look at how far the three are apart before you believe one. On
 * loopback there is next to no way to go, so that what is left to measure is this machine: how soon
 * its system wakes a process up, and how busy it is with others.
 */
static void measure_all(struct row *rows)
{
	static const struct {
		const char *next;
		void (*measure)(struct row *row);
		void (*show)(const struct row *rows, int messages);
	} steps[] = {{"messages, one by one", count_messages, show_messages},
	             {"one event, over a simulated link", time_event, show_events},
	             {"a minute without news", count_idle_minute, show_idle},
	             {"a Hello of the client", count_upward, show_upward},
	             {"polling and WebSocket without a link, three times", NULL, show_bare},
	             {"the tutorial's table, and yours", NULL, show_all}};

	relay_introduce(delay);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		stage_step(steps[i].next);
		for (int n = 0; n < TRANSPORTS && steps[i].measure; n++)
			steps[i].measure(&rows[n]);
		steps[i].show(rows, (int)many);
	}
}

int main(int argc, char **argv)
{
	static struct row rows[TRANSPORTS];
	static bool plays;
	double every = 5;
	const struct stage_option options[] = {
	        {"delay", &delay, "one-way delay of the link in ms, 10 to 50"},
	        {"messages", &many, "messages, 25 to 1000"},
	        {"every", &every, "with --play, news every so many s, 1 to 3600"},
	        {0}};
	/* `build/learn play 10` asks for this: then you are the client, with curl, and measure
	 * nothing. */
	const struct stage_word words[] = {{"play", &plays, NULL, "serve all five, for curl"}, {0}};

	stage_words(words);
	stage_open(argc, argv, "Lesson 10: key differences, measured", options);
	if (delay < 10 || delay > 50 || many < 25 || many > MESSAGES_MOST || every < 1 ||
	    every > 3600) {
		fputs("lesson: --delay is 10 to 50, --messages 25 to 1000, --every 1 to 3600\n",
		      stderr);
		return 2;
	}
	for (int i = 0; i < TRANSPORTS; i++)
		rows[i].transport = &transports[i];
	if (plays)
		play(transports, TRANSPORTS, every);
	else
		measure_all(rows);
	return stage_close();
}
