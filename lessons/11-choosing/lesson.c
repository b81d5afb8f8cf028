/*
 * Lesson 11: choosing.
 *
 * "Which is the best?" has no answer. "Which is the best for this?" has one, if "this" is written
 * down in numbers: how many messages go which way, how large they are, how late one may be, whether
 * the client stays, and whether it has some of it already. Such a description is a workload. This
 * program has six, and serves each of them three times: by plain requests (HTTP), by a stream down
 * with a POST for what goes up (SSE), and by WebSocket.
 *
 * Then a rule decides, so that it is not taste (rule.c):
 *
 *     1. What does not do it, or not in time, is out.
 *     2. Of the rest the one wins that takes the fewest bytes, both ways, all heads included.
 *     3. Who is within 10 % of the fewest is as good, and among those the simpler one wins: HTTP
 *        before SSE before WebSocket. Simpler is: less to write, and more things that know it
 *        already, such as caches, proxies, logs and the people who read them.
 *
 * It is a rule, not a law. Yours may count CPU or battery, and then others may win; but write it
 * down before you measure. What is sent is in visits.c, download.c and live.c. This program holds
 * both ends of all connections; between them is a simulated link, which counts what crosses it.
 */
#include <stdio.h>
#include <string.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"
#include "rule.h"
#include "ways.h"

static double delay = 20; /* of the link, one way: d */
static struct outcome *outcomes;

/* What the lines of a request and of an answer's head are for. Those about versions and parts are
 * all that two programs need to spare what is there already, and every cache on the way knows them.
 */
static const struct show_name names[] = {{"GET ", "what is wanted"},
                                         {"Host: ", "of which server"},
                                         {"If-None-Match: ", "I have this version"},
                                         {"Range: ", "from this byte on"},
                                         {"If-Range: ", "of this version, else all of it"},
                                         {"HTTP/1.1 304", "yours is still right: no body"},
                                         {"HTTP/1.1 206", "a part comes"},
                                         {"Content-Range: ", "first, last, and how many in all"},
                                         {"Content-Length: ", "bytes of the part"},
                                         {"ETag: ", "the version's name"},
                                         {"\r\n", "the head ends"},
                                         {0}};

/* The three ways of a workload run at the same time, each in a process and over a link of its own,
 * so that none is late because of another. The link counts what the programs say to each other. It
 * does not count what TCP and IP put around each packet, 40 bytes and more. That would be added to
 * all three, and make them more alike: six bytes a message hardly show on a real wire, a second
 * request does. */
static void decide(const struct workload *load)
{
	measure_all(outcomes, load, delay);
	say_verdict(load, outcomes);
}

/*
 * A page that shows who is logged in. It is left and opened again; that is a new client each time,
 * which knows nothing but what its cache has. HTTP has words for that: the server names the version
 * it sends (ETag), the client says which one it has (If-None-Match), and where they are the same
 * nobody sends it again (RFC 9110, 13.1.2 and 15.4.5). A cache on the way can say so too, and the
 * server is not even asked. The other ways have no such words. You can invent them, of course. Then
 * you have written a cache.
 */
static void profile(void)
{
	const struct workload load = {.name = "profile",
	                              .down = 10,
	                              .size = 2000,
	                              .allowed_ms = 1000,
	                              .leaves = true,
	                              .unchanged = 8};

	stage_step("a profile of 2000 bytes, wanted at 10 visits, changed once in between");
	decide(&load);
	show_lines("the last visit by HTTP", outcomes[HTTP].request, names);
	show_lines("server answers", outcomes[HTTP].answer, names);
}

/*
 * 10 MB, and the line breaks when 60 % is here. What came is in the client's hands. To say "from
 * there on" HTTP has Range (RFC 9110, 14.2), and the client need not count anything but what it
 * has. A stream of events can be resumed too, by the number of an event (lesson 4), but carries
 * text: bytes must be written in base64, which makes four of three. To WebSocket bytes are fine,
 * but it has no word for "from there on": a new connection is a new beginning, as long as the two
 * programs have not agreed on something of their own.
 */
static void download(void)
{
	const struct workload load = {
	        .name = "download", .down = 1, .size = 10 * 1000 * 1000, .cut = 0.6};

	stage_step("a file of 10 MB, and the line breaks at 60 %");
	decide(&load);
	show_lines("the second request by HTTP", outcomes[HTTP].request, names);
	show_lines("server answers", outcomes[HTTP].answer, names);
}

/* The three that follow stay connected. A client without a stream asks as seldom as it may: often
 * enough that a message is in time when it has waited for the next request, with 20 ms to spare.
 * Asking more often would be sooner, and would cost more; asking that often is HTTP at its best. */
static void stay(const struct workload *load)
{
	stage_say("%d messages down and %d up, of %zu bytes each, in %g s; each allowed %g ms. By "
	          "HTTP the client asks every %g ms.",
	          load->down, load->up, load->size, load->lasts_ms / 1e3, load->allowed_ms,
	          ask_every_ms(load, delay));
	decide(load);
}

/* Prices come and nobody answers. A price as JSON, with its name and time, has a hundred bytes or
 * so; WebSocket puts 2 around it and SSE 8. Whether that is much depends on the price: --quote. And
 * whether one has to be told at all depends on how long one may not know: --allowed. */
static void ticker(double quote, double allowed)
{
	stage_step("a ticker: prices come, nobody answers");
	stay(&(struct workload){.name = "ticker",
	                        .down = 40,
	                        .size = (size_t)quote,
	                        .lasts_ms = 1000,
	                        .allowed_ms = allowed});
}

/* What others write, and that they type; and what we write, and that we type. Down nothing has
 * changed but the size. Up, a message by SSE is a request: 96 bytes of heads, its answer included,
 * where a frame has 6. So it is not the direction that decides but how often: --ours. */
static void chat(double ours)
{
	stage_step("a chat: what others write and that they type; what we write");
	stay(&(struct workload){.name = "chat",
	                        .down = 20,
	                        .up = (int)ours,
	                        .size = 60,
	                        .lasts_ms = 2000,
	                        .allowed_ms = 300});
}

/*
 * Twenty states a second down, twenty moves up. The 100 ms are the tutorial's. Over this link all
 * three keep them. Over a slower one a request waits for the answer to the one before: --delay. A
 * program may open more connections to get around that, as browsers do, up to six for a server;
 * then a move can overtake the one before it, and somebody has to put them in order again.
 */
static void game(void)
{
	stage_step("a game: twenty states a second, and twenty moves");
	stay(&(struct workload){.name = "game",
	                        .down = 20,
	                        .up = 20,
	                        .size = 30,
	                        .lasts_ms = 1000,
	                        .allowed_ms = 100});
}

/*
 * A thing with a battery measures, says it, and sleeps. Nothing is open while it sleeps: its radio
 * is off, and many a box on the way forgets a connection that is idle for some minutes. So each
 * reading is a visit. By POST it travels with the request, and is there after three ways, two for
 * TCP. By WebSocket it has to wait for the 101 first: a client may not send a frame before (RFC
 * 6455, 4.1). That is five ways, and 290 bytes for one reading.
 *
 * The tutorial has sensors among the good uses of WebSocket. A device that stays awake, reports ten
 * times a second and takes orders is one; then this is the game, with other words. Of the two
 * questions "does it stay?" and "is it a sensor?" only the first has to do with the wire.
 */
static void sensor(void)
{
	const struct workload load = {
	        .name = "sensor", .up = 10, .size = 40, .allowed_ms = 1000, .leaves = true};

	stage_step("a sensor that sleeps: 10 readings of 40 bytes, a connection for each");
	decide(&load);
	stage_say("At best a reading was there after %.1f ms by HTTP, three ways, and after %.1f "
	          "ms by WebSocket, five.",
	          outcomes[HTTP].soonest_ms, outcomes[WEBSOCKET].soonest_ms);
	stage_value("sensor.http_soonest_ms", outcomes[HTTP].soonest_ms);
	stage_value("sensor.websocket_soonest_ms", outcomes[WEBSOCKET].soonest_ms);
}

/* The sizes are what such messages have as JSON; the rates are those of a lively minute, made
 * shorter. The tutorial tells of WhatsApp Web, of stock trading and of multiplayer games, without a
 * source; so the chat, the ticker and the game are nobody's product here, but what such a thing has
 * to do. If yours is another, change the numbers: that is all that a workload is. */
int main(int argc, char **argv)
{
	double quote = 100, allowed = 100, ours = 10;
	const struct stage_option options[] = {
	        {"delay", &delay, "one-way delay of the link in ms, 10 to 50"},
	        {"quote", &quote, "bytes of a quote, 8 to 1000"},
	        {"allowed", &allowed, "how late a quote may be, in ms, 50 to 1000"},
	        {"ours", &ours, "messages that we write in the chat, 0 to 40"},
	        {0}};

	stage_open(argc, argv, "Lesson 11: choosing", options);
	if (delay < 10 || delay > 50 || quote < 8 || quote > 1000 || allowed < 50 ||
	    allowed > 1000 || ours > 40) {
		fputs("lesson: --delay is 10 to 50, --quote 8 to 1000, --allowed 50 to 1000, "
		      "--ours 0 to 40\n",
		      stderr);
		return 2;
	}
	relay_introduce(delay);
	outcomes = net_share(WAYS * sizeof *outcomes);
	profile();
	download();
	ticker(quote, allowed);
	chat(ours);
	game();
	sensor();
	return stage_close();
}
