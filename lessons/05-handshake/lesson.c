/*
 * Lesson 5: the handshake, and the connection that it leaves open.
 *
 * A WebSocket begins its life as an HTTP request. The client asks for the page /chat, says in the
 * same breath that it would rather speak another protocol on this connection, and the server says
 * "101 Switching Protocols" or something less friendly. After the blank line of that answer the two
 * never speak HTTP again: the same TCP connection now carries frames, in both directions, and none
 * of them is an answer to anything.
 *
 * This program is both ends. The server is a child process that speaks to us over a socket of
 * loopback, so every byte that you are shown has really been sent and received. Read it from the
 * top: first what the client says, then what the server answers, then what we try out with them.
 *
 * Why does it begin with HTTP at all, when all it wants is to be rid of it? Because port 80 and 443
 * are what firewalls let through, and because the server behind them is there already: the same
 * names, certificates, cookies and proxies serve pages and sockets. That was the bargain of 2011.
 * Its price is this lesson: a protocol that starts as another one must make very sure that both
 * sides mean it. (RFC 8441 does the same within HTTP/2, and there no key is needed any more.)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/show.h"
#include "../stage/stage.h"
#include "heads.h"

/* The key that RFC 6455 itself uses as its example, so that you can compare each byte with the RFC.
 * It is base64 of "the sample nonce", which has 16 characters. A nonce is a number used once, and
 * using it again and again, as the lesson does, is just what a real client may not do. */
#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* The fixed text of RFC 6455, 1.3. There is nothing secret about it and nothing deep: it is a
 * string so odd that no server which has never heard of WebSocket will hash it by accident. */
#define FIXED_TEXT "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"

/* What the client says. Without a key (NULL) that line is left out, which is a mistake that we make
 * on purpose below. The Host is a name and not the port that we happen to have: a port of four or
 * five digits would change the number of bytes from run to run.
 *
 * Upgrade is HTTP's own way to ask for another protocol (RFC 9110, 7.8). A server that does not
 * know the other one answers as if the line were not there: with the page, or a 404. So a client
 * that gets a 200 here has met a server that means well and knows nothing of WebSocket.
 *
 * Connection: Upgrade says that the Upgrade line is for the next machine on the way only. A proxy
 * that does not understand it must take both away (RFC 9110, 7.6.1), and then no handshake comes
 * about. Much of "WebSocket does not work here" is a proxy that is right. */
static void put_request(char *request, size_t room, const char *key, int version)
{
	snprintf(request, room,
	         "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n" UPGRADE
	         "%s%s%sSec-WebSocket-Version: %d\r\n\r\n",
	         key ? "Sec-WebSocket-Key: " : "", key ? key : "", key ? "\r\n" : "", version);
}

/* What the server makes of a key: append the fixed text, hash, write the hash as text. The key is
 * used as the 24 characters that it came in. Nobody decodes it, although it is base64. A server
 * that decodes them first gets another hash, and all its clients leave; the exercise has that
 * mistake in store. */
static void make_accept(struct accept *accept, const char *key)
{
	snprintf(accept->joined, sizeof accept->joined, "%s%s", key, FIXED_TEXT);
	sha1(accept->digest, accept->joined, strlen(accept->joined));
	base64_encode(accept->text, accept->digest, sizeof accept->digest);
}

/* What the server says. Three answers are possible. 400: this is no handshake that I understand.
 * 426: it is one, of a version that I do not speak; mine is 13. 101: from here on, WebSocket. Our
 * own client always writes its header names in the same way, so strstr will do; the exercise has to
 * meet clients that do not. The order of the two questions matters to nobody but the client's
 * author: who hears "version" where the key is missing will look in the wrong place. */
static void put_answer(char *answer, size_t room, const char *request)
{
	const char *key_line = strstr(request, "Sec-WebSocket-Key: ");
	struct accept accept = {0};
	char key[64] = "";

	if (!key_line || sscanf(key_line, "Sec-WebSocket-Key: %63s", key) != 1) {
		snprintf(answer, room, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	} else if (!strstr(request, "\r\nSec-WebSocket-Version: 13\r\n")) {
		snprintf(answer, room,
		         "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n" UPGRADE
		         "Content-Length: 0\r\n\r\n");
	} else {
		make_accept(&accept, key);
		snprintf(answer, room,
		         "HTTP/1.1 101 Switching Protocols\r\n" UPGRADE
		         "Sec-WebSocket-Accept: %s\r\n\r\n",
		         accept.text);
	}
}

/* The server's whole life with one client. After a 101 it speaks first: one frame with "Hello",
 * whose two bytes in front are the subject of lesson 6. Then it listens until the client goes. Who
 * has something to say to each new client, its number or the news so far, may say it here; the
 * client's script has had no time yet to send anything. */
static void serve(int connection, void *user)
{
	char request[512], answer[512];

	(void)user;
	net_read_http(connection, request, sizeof request);
	put_answer(answer, sizeof answer, request);
	net_write(connection, answer, strlen(answer));
	if (strstr(answer, " 101 "))
		net_write(connection, "\x81\x05Hello", 7);
	net_read_all(connection, request, sizeof request);
}

/* The client's side, from here on. One handshake; the connection that it leaves open is given
 * back. */
static int ask(struct handshake *one, uint16_t port, const char *key, int version)
{
	put_request(one->request, sizeof one->request, key, version);
	return shake(one, port);
}

/* A handshake as the RFC has it. Of these lines a browser lets a script choose the first two, which
 * are the URL. It adds an Origin, which says whose page the script is from (lesson 13), cookies and
 * others: 161 bytes become 500 or more, once for each connection.
 *
 * Count also what is not here: no line says how long anything is. The answer has no body (RFC 9112,
 * 6.3, for 1xx), so what comes behind its blank line, in the same read often, is WebSocket already.
 * A client that throws it away with the rest of its buffer loses the first message, once in a
 * while, and only on quick machines. */
static void show_handshake(struct handshake *sample, uint16_t port)
{
	close(ask(sample, port, SAMPLE_KEY, 13));
	size_t up = strlen(sample->request), down = strlen(sample->answer);
	show_lines("client sends", sample->request, head_names);
	show_lines("server sends", sample->answer, head_names);
	stage_say("%zu bytes there, %zu back: %zu for each connection.", up, down, up + down);
	stage_value("handshake.bytes", (double)(up + down));
}

/* From the key to the accept, one step at a time. Three steps seem a lot for a yes. But a yes can
 * come from a cache that has it from yesterday, or from a server that answers everything with what
 * it was asked. Neither can know this hash of that key.
 *
 * What it does not do is keep anybody out. A program that wants to speak WebSocket to your server
 * computes the same hash in a line, and one that reads along reads this too. The key is no
 * password, and no other line of the handshake is one.
 *
 * SHA-1 is called broken, and rightly, where somebody gains by finding two texts with one hash.
 * Nobody gains by it here, so it was never replaced. */
static void show_accept(void)
{
	const struct show_part halves[] = {{24, "the key, as text"}, {36, "the fixed text"}, {0}};
	struct accept accept = {0};

	make_accept(&accept, SAMPLE_KEY);
	show_bytes("key and fixed text", accept.joined, strlen(accept.joined), halves);
	show_bytes("their SHA-1", accept.digest, sizeof accept.digest, NULL);
	show_bytes("that in base64", accept.text, strlen(accept.text), NULL);
	stage_say("Everybody can compute it, and nobody does by accident: it proves no more.");
}

/* The same handshake with a key as real clients make it: 16 bytes that nobody can foresee. It has
 * to be another key for each connection. With a fixed one, yesterday's answer would do again. The
 * client compares the accept with its own sum and hangs up if they differ (RFC 6455, 4.1): a check
 * of the server by the client. In the other direction there is none. */
static void compare_two_runs(const struct handshake *sample, uint16_t port)
{
	struct handshake other;
	char nonce[16], key[BASE64_ROOM(sizeof nonce)];

	if (getentropy(nonce, sizeof nonce))
		exit(1);
	base64_encode(key, nonce, sizeof nonce);
	close(ask(&other, port, key, 13));
	int lines = lines_that_differ(sample->request, other.request);
	lines += lines_that_differ(sample->answer, other.answer);
	stage_say("Again, with a random key: %d lines differ, one on each side.", lines);
	stage_value("handshake.changing_lines", lines);
}

/* Two requests that are not quite right, and the status line that each of them earns. After either
 * of them the connection still speaks HTTP. The 426 names the version that would be right among its
 * headers, so that the client can try again; for a 400 there is nothing better to try. There are no
 * other versions in use: 13 is the number since draft 13 of 17, and clients of the drafts before,
 * up to number 8, are gone. (12 was reserved, and never valid: 4.1.) The 426 is for a day that has
 * not come. */
static void ask_wrongly(uint16_t port)
{
	struct handshake old, keyless;

	close(ask(&old, port, SAMPLE_KEY, 12));
	close(ask(&keyless, port, NULL, 13));
	stage_say("Version 12:\n  %.29s\nNo key:\n  %.24s", old.answer, keyless.answer);
	stage_value("version12.status", atoi(old.answer + strlen("HTTP/1.1 ")));
	stage_value("nokey.status", atoi(keyless.answer + strlen("HTTP/1.1 ")));
}

/* From the decision to connect until the first message is here, over a link. We take the best of
 * ten: a busy machine can make this longer, and never shorter. Two round trips: one opens the TCP
 * connection, one carries request and answer, and the first message comes right behind the answer.
 * A client of lesson 2 would have had its first answer at the same moment. The handshake costs
 * bytes, once, and no time: the time is that of any first request. */
static void time_first_message(uint16_t server, double delay_ms)
{
	struct handshake one;
	struct relay link;
	double best = 1e9;

	relay_introduce(delay_ms);
	relay_start(&link, server, delay_ms);
	for (int i = 0; i < 10; i++) {
		double start = net_now_ms();
		int connection = ask(&one, link.port, SAMPLE_KEY, 13);
		/* The head has been read and no more, so these are the frame's 7 bytes. */
		net_read_all(connection, one.answer, 7);
		double took = net_now_ms() - start;
		best = took < best ? took : best;
		close(connection);
	}
	relay_stop(&link);
	stage_say("The first message was here after %.1f ms: two round trips make %g ms. By then "
	          "only the request, %lu bytes, had gone up. The server spoke first.",
	          best, 4 * delay_ms, link.counts->bytes_up / 10);
	stage_value("first.ms", best);
}

int main(int argc, char **argv)
{
	double delay_ms = 20;
	const struct stage_option options[] = {{"delay", &delay_ms, "one way, in ms"}, {0}};
	struct handshake sample;
	uint16_t port;

	stage_open(argc, argv, "Lesson 5: the handshake and the open connection", options);
	net_serve(net_listen(&port), serve, NULL);
	stage_step("a whole handshake, line by line");
	show_handshake(&sample, port);
	stage_step("how the answer to the key is made");
	show_accept();
	stage_step("what is new each time");
	compare_two_runs(&sample, port);
	stage_step("two handshakes that go wrong");
	ask_wrongly(port);
	stage_step("the first message, over a simulated link");
	time_first_message(port, delay_ms);
	return stage_close();
}
