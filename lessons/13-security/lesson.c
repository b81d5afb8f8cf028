/*
 * Lesson 13: security.
 *
 * A WebSocket server has a door that is open to the whole world, and behind it connections that
 * live for hours. This program attacks one in four ways:
 *
 *     a foreign page    uses the browser of somebody who is logged in
 *     a reader of logs  finds a token in a URL
 *     a liar            claims a frame of 2^40 bytes, and sends 14
 *     a flood           waits for the edge of a minute
 *
 * Each is tried on a server written in good faith, and on one that asks a question first. The
 * questions are short, a line each. Where they are asked is what counts: before the server spends
 * something. Before it opens a connection, before it takes memory, before it does work.
 *
 * The servers are child processes on loopback, and they share their plumbing (server.h). They
 * differ in the functions that a `struct rules` lists: whom to admit, how much room to make for a
 * message, and whether to answer it. What the clients do is in client.h, and in door.h how a server
 * knows somebody: by a cookie, a token or a ticket. No relay this time: nothing is timed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../stage/handshake.h"
#include "../stage/stage.h"
#include "client.h"
#include "door.h"
#include "server.h"

enum { MOST_BYTES = 65536, PER_MINUTE = 60 };

/* A browser adds both of these by itself, and no script of a foreign page can change them. The
 * origin says whose page it is: scheme, host and port, nothing of the path (RFC 6454). The cookie
 * is what Anna got from our server when she logged in. It goes along whichever page asks, unless
 * SameSite or the browser keeps it back (below). */
#define OUR_PAGE     "Origin: https://server.example.com\r\n"
#define FOREIGN_PAGE "Origin: https://evil.example\r\n"
#define COOKIE       "Cookie: session=5f2c9a71\r\n"

/* The question: whose page? All of the origin is compared. "Begins with" would let in
 * https://server.example.com.evil.example, and "contains" more than that. What has no Origin is no
 * browser. We let it try: to refuse it stops nobody, for a program can write there whatever it
 * likes (RFC 6455, 10.1). So this is a rule about browsers, and no login; that comes behind it. */
static int admit_our_pages(struct visitor *visitor, const char *request)
{
	char origin[64];

	if (handshake_header(request, "Origin", origin, sizeof origin) &&
	    strcmp(origin, "https://server.example.com") != 0)
		return 403;
	return door_by_cookie(visitor, request);
}

/* In good faith: somebody wants to send so much, so room is made for it. Where there is no memory
 * this server ends, as most programs do, if not by themselves then because their language does. */
static char *room_for_all(struct server *server, uint64_t claimed)
{
	char *room = server_memory(server, claimed);

	if (!room)
		_exit(1);
	return room;
}

/* The question: is it more than we ever want? It can be asked as soon as the head is here. RFC
 * 6455, 10.4: whoever has limits MUST protect itself against exceeding them, and SHOULD set one for
 * a frame, and one for what the pieces of a message add up to. (No pieces here; the exercise has
 * them.) For NULL our plumbing sends a close frame with code 1009, "too big". */
static char *room_for_some(struct server *server, uint64_t claimed)
{
	return claimed > MOST_BYTES ? NULL : server_memory(server, claimed);
}

/* In good faith: 60 a minute, and then no answer until the next minute. There is no mistake in it.
 * But it counts in the minutes of a clock, and nearly any 60 seconds lie in two of them. Whoever
 * knows the edge, and it is where every clock shows :00, can have both at once. */
static const char *answer_by_minute(struct visitor *visitor, const char *text, double now_ms)
{
	static int minute, count;

	(void)visitor;
	if ((int)(now_ms / 60000) != minute)
		count = 0;
	minute = (int)(now_ms / 60000);
	return ++count > PER_MINUTE ? NULL : text;
}

/* The question: is there a token left? A bucket holds 60 at most, and is full at first. Each
 * message takes one, each second one drops in, and what does not fit is lost. So no span of time,
 * wherever it begins, passes more than 60 and one for each second that ends in it: short bursts are
 * welcome, as people make them, and in the long run it is 60 a minute. The drops are acted one by
 * one. For 10,000 clients you would not want a timer for each; in the exercise you compute from the
 * time that has passed how many drops there were. */
static const char *answer_by_bucket(struct visitor *visitor, const char *text, double now_ms)
{
	static int tokens = PER_MINUTE, second;

	(void)visitor;
	for (; second < (int)(now_ms / 1000); second++)
		tokens += tokens < PER_MINUTE;
	return tokens > 0 ? tokens--, text : NULL;
}

/* Anna is logged in, and opens a page of somebody else. Its script says
 * new WebSocket("wss://server.example.com/chat"). Had it said fetch(), the browser would keep the
 * answer from it unless our server allows that page to read it (CORS). A WebSocket it just opens,
 * and leaves the decision to us; all that we get for it is one line, Origin.
 *
 * Whether the cookie goes along also depends on how it was set. With SameSite=Lax or Strict it
 * stays at home when a foreign *site* asks. That is a second lock and not the same: pages of
 * blog.example.com are of the same site as ours. The browsers are acted here, but what they send is
 * really sent. */
static void attack_by_page(void)
{
	const struct rules trusting = {door_by_cookie, room_for_some, door_say_name};
	const struct rules asking = {admit_our_pages, room_for_some, door_say_name};
	struct attempt all[] = {{.who = "Anna, on a foreign page", .headers = FOREIGN_PAGE COOKIE},
	                        {.who = "Anna, on our page", .headers = OUR_PAGE COOKIE},
	                        {.who = "a script that forges Origin", .headers = OUR_PAGE},
	                        {0}};
	struct attempt foreign[] = {all[0], {0}};

	stage_step("a page on a foreign site");
	client_show(foreign);
	client_knock(&trusting, "A server that does not ask for the origin:", foreign);
	client_knock(&asking, "A server that asks for it:", all);
	stage_value("foreign.status", foreign->status);
	stage_value("forged.status", all[2].status);
}

/* The tutorial puts a token into the URL, and there is a reason: in a browser, new WebSocket() lets
 * a script choose the URL and nearly nothing else; it cannot add a header. But a URL is made to be
 * passed on. Servers and proxies log it, error reports quote it (RFC 9110, 17.9; RFC 6750, 5.3).
 * TLS does not help, since the log is written where TLS ends.
 *
 * So three clients show the same token, each in its own way, and then somebody comes who has the
 * log and nothing else. A ticket stands in that log too. But it was worth one connection, and that
 * has been made. A first message is in no log at all, at another price: until it comes, a stranger
 * has a connection, so a server gives it some seconds for that and little room. A real token is 128
 * random bits or more.
 *
 * By now a server knows who somebody is. Whether they may do what a message asks for is to be
 * looked up with each message: a connection lives for hours, and a right may end before it. */
static void attack_by_log(void)
{
	const struct rules rules = {door_by_token, room_for_some, door_say_name};
	char log[1024], token[64] = "/chat?token=" DOOR_TOKEN, ticket[64];
	struct attempt honest[] = {{.who = "the token in the URL", .path = token},
	                           {.who = "the token as first message", .first = DOOR_TOKEN},
	                           {.who = "a ticket in the URL", .path = ticket},
	                           {0}};
	struct attempt thief[] = {{.who = "the token from the log", .path = token},
	                          {.who = "the ticket from the log", .path = ticket},
	                          {0}};
	struct server server;

	stage_step("a token in the URL");
	server_start(&server, &rules);
	client_fetch_ticket(server.port, DOOR_TOKEN, ticket, sizeof ticket);
	client_enter(server.port, "Three who have the token:", honest);
	server_read_log(&server, log, sizeof log);
	stage_say("The access log that the server has written meanwhile:\n%s", log);
	client_find(log, "/chat?token=", token, sizeof token);
	client_find(log, "/chat?ticket=", ticket, sizeof ticket);
	client_enter(server.port, "Somebody who has the log:", thief);
	server_stop(&server);
	stage_value("log.hits", client_count(log, DOOR_TOKEN));
	stage_value("stolen_ticket.status", thief[1].status);
}

/* The length of a frame is a claim. It has up to 63 bits, it costs its sender 14 bytes, and it
 * comes before anything that could be judged. The tutorial validates messages, and that is needed
 * too: what is no JSON, has a field too many, or says "amount": -5 has to be refused by somebody.
 * But it is too late for this attack: there is no message yet, and there never will be.
 *
 * Look at the other client. It is the one who pays, with a connection that it used as one should: a
 * process that ends takes all of its connections along, whoever was at fault.
 *
 * The machine is acted: it has 1 GiB to give. A real one may have less left, or promise all of it,
 * since Linux hands out addresses first and memory when they are touched. Then the liar has only to
 * go on sending. */
static void attack_by_claim(double bits)
{
	const struct rules trusting = {door_by_cookie, room_for_all, answer_by_minute};
	const struct rules asking = {door_by_cookie, room_for_some, answer_by_minute};
	uint64_t claimed = (uint64_t)1 << (int)bits;

	stage_step("a frame that claims more than it sends");
	struct claim trusted = client_claim(&trusting, "A server that trusts:", claimed, true);
	struct claim asked = client_claim(&asking, "A server that asks first:", claimed, false);
	stage_value("trusted.gib", (double)trusted.asked / (1 << 30));
	stage_value("asked.bytes", (double)asked.asked);
	stage_value("asked.code", asked.code);
}

/* 60 messages right before the edge of a minute, and 60 right behind it. Nobody waits for a minute
 * here: the server's clock is a number that we set. All else is real, and what passed is counted by
 * the client, from the answers that it got. */
static int flood(const struct rules *rules, const char *title, double gap)
{
	struct server server;

	server_start(&server, rules);
	int connection = handshake_connect(server.port, "/chat", "", NULL);
	server.shared->now_ms = 60000 - gap * 500;
	int early = client_flood(connection, PER_MINUTE);
	server.shared->now_ms = 60000 + gap * 500;
	int late = client_flood(connection, PER_MINUTE);
	close(connection);
	server_stop(&server);
	stage_say("%s: %d + %d = %d passed in %g s.", title, early, late, early + late, gap);
	return early + late;
}

/* What is above the limit is not answered here, so that we can count. A real server closes such a
 * connection (1008, "policy"), or stops reading from it for a while; then TCP slows the sender
 * down. And a limit for each connection is evaded by making more of them: those have to be limited
 * too, for each account or address. */
static void attack_by_flood(double gap)
{
	const struct rules minutes = {door_by_cookie, room_for_some, answer_by_minute};
	const struct rules bucket = {door_by_cookie, room_for_some, answer_by_bucket};

	stage_step("sixty messages on either side of a minute's edge");
	stage_value("window.passed", flood(&minutes, "At most 60 a minute", gap));
	stage_value("bucket.passed", flood(&bucket, "A bucket of 60, one more each second", gap));
}

int main(int argc, char **argv)
{
	double bits = 40, gap = 2;
	const struct stage_option options[] = {
	        {"claim", &bits, "the liar's frame: 2 to the power of this, in bytes"},
	        {"gap", &gap, "from the first sixty messages to the others, in s"},
	        {0}};

	stage_open(argc, argv, "Lesson 13: security", options);
	if (bits < 16 || bits > 62 || bits != (int)bits || gap > 60) {
		fprintf(stderr,
		        "lesson: --claim is a whole number from 16 to 62, --gap at most 60\n");
		return 2;
	}
	attack_by_page();
	attack_by_log();
	attack_by_claim(bits);
	attack_by_flood(gap);
	return stage_close();
}
