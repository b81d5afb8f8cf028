/*
 * Lesson 5: the handshake, and the connection that it leaves open.
 *
 * A WebSocket begins its life as an HTTP request. The client asks for the page /chat, says in the
 * same breath that it would rather speak another protocol on this connection, and the server says
 * "101 Switching Protocols" or something less friendly. After the blank line of that answer the
 * two never speak HTTP again: the same TCP connection now carries frames, in both directions, and
 * none of them is an answer to anything.
 *
 * This program is both ends. The server is a child process that speaks to us over a socket of
 * loopback, so every byte that you are shown has really been sent and received. Read it from the
 * top: first what the client says, then what the server answers, then what we try out with them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/base64.h"
#include "../stage/net.h"
#include "../stage/relay.h"
#include "../stage/sha1.h"
#include "../stage/show.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"

/* The key that RFC 6455 itself uses as its example, so that you can compare each byte with the
 * RFC. It is base64 of "the sample nonce", which has 16 characters. */
#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="

/* The fixed text of RFC 6455, 1.3. There is nothing secret about it and nothing deep: it is a
 * string so odd that no server which has never heard of WebSocket will hash it by accident. */
#define FIXED_TEXT "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* What the two sides said. */
struct handshake {
	char request[512], answer[512];
};

/* What the client says. Without a key (NULL) that line is left out, which is a mistake that we
 * make on purpose below. The Host is a name and not the port that we happen to have: a port of
 * four or five digits would change the number of bytes from run to run. */
static void put_request(char *request, size_t room, const char *key, int version)
{
	snprintf(request, room,
	         "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
	         "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	         "%s%s%sSec-WebSocket-Version: %d\r\n\r\n",
	         key ? "Sec-WebSocket-Key: " : "", key ? key : "", key ? "\r\n" : "", version);
}

/* The three stations of a key on its way to the answer. */
struct accept {
	char joined[128], text[BASE64_ROOM(SHA1_SIZE)];
	uint8_t digest[SHA1_SIZE];
};

/* What the server makes of a key: append the fixed text, hash, write the hash as text. The key is
 * used as the 24 characters that it came in. Nobody decodes it, although it is base64. */
static void make_accept(struct accept *accept, const char *key)
{
	snprintf(accept->joined, sizeof accept->joined, "%s%s", key, FIXED_TEXT);
	sha1(accept->digest, accept->joined, strlen(accept->joined));
	base64_encode(accept->text, accept->digest, sizeof accept->digest);
}

/* What the server says. Three answers are possible. 400: this is no handshake that I understand.
 * 426: it is one, of a version that I do not speak; mine is 13. 101: from here on, WebSocket.
 * Our own client always writes its header names in the same way, so strstr will do; the exercise
 * has to meet clients that do not. */
static void put_answer(char *answer, size_t room, const char *request)
{
	const char *key_line = strstr(request, "Sec-WebSocket-Key: ");
	struct accept accept = {0};
	char key[64] = "";

	if (!key_line || sscanf(key_line, "Sec-WebSocket-Key: %63s", key) != 1) {
		snprintf(answer, room, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	} else if (!strstr(request, "\r\nSec-WebSocket-Version: 13\r\n")) {
		snprintf(answer, room,
		         "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\n"
		         "Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n");
	} else {
		make_accept(&accept, key);
		snprintf(answer, room,
		         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		         accept.text);
	}
}

/* The server's whole life with one client. After a 101 it speaks first: one frame with "Hello",
 * whose two bytes in front are the subject of lesson 6. Then it listens until the client goes. */
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

/* The client's side: connect, ask, and read the answer's head and not a byte more, for what
 * follows it is no longer HTTP. The open connection is given back. */
static int shake(struct handshake *one, uint16_t port, const char *key, int version)
{
	int connection = net_connect(port);

	put_request(one->request, sizeof one->request, key, version);
	net_write(connection, one->request, strlen(one->request));
	net_read_http(connection, one->answer, sizeof one->answer);
	return connection;
}

/* A handshake as the RFC has it. Of these lines a browser lets a script choose the first two, which
 * are the URL. It adds an Origin, which says whose page the script is from (lesson 13, to come),
 * cookies and others: 161 bytes become 500 or more, once for each connection. */
static void show_handshake(struct handshake *sample, uint16_t port)
{
	static const struct show_name names[] = {
	        {"GET ", "what HTTP would fetch"},
	        {"Host: ", "which of the server's names is meant"},
	        {"Upgrade: ", "the protocol to switch to"},
	        {"Connection: ", "Upgrade is for this connection only"},
	        {"Sec-WebSocket-Key: ", "16 random bytes as 24 characters"},
	        {"Sec-WebSocket-Version: ", "the only version there is"},
	        {"HTTP/1.1 101 ", "yes, we switch"},
	        {"Sec-WebSocket-Accept: ", "made from your key"},
	        {"\r\n", "the blank line: the head ends"},
	        {0}};

	close(shake(sample, port, SAMPLE_KEY, 13));
	size_t up = strlen(sample->request), down = strlen(sample->answer);
	show_lines("client sends", sample->request, names);
	show_lines("server sends", sample->answer, names);
	stage_say("%zu bytes there, %zu back: %zu for each connection.", up, down, up + down);
	stage_value("handshake.bytes", (double)(up + down));
}

/* From the key to the accept, one step at a time. Three steps seem a lot for a yes. But a yes can
 * come from a cache that has it from yesterday, or from a server that answers everything with what
 * it was asked. Neither can know this hash of that key. */
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

/* How many lines of a head differ from those of another with as many lines. Both are text that we
 * made ourselves or have from our own server, so nothing can run off its end here. */
static int lines_that_differ(const char *a, const char *b)
{
	int differ = 0;

	for (; *a && *b; a += show_line(a), b += show_line(b))
		differ += strncmp(a, b, show_line(a)) != 0;
	return differ;
}

/* The same handshake with a key as real clients make it: 16 bytes that nobody can foresee. It has
 * to be another key for each connection. With a fixed one, yesterday's answer would do again. */
static void compare_two_runs(const struct handshake *sample, uint16_t port)
{
	struct handshake other;
	char nonce[16], key[BASE64_ROOM(sizeof nonce)];

	if (getentropy(nonce, sizeof nonce))
		exit(1);
	base64_encode(key, nonce, sizeof nonce);
	close(shake(&other, port, key, 13));
	int lines = lines_that_differ(sample->request, other.request) +
	            lines_that_differ(sample->answer, other.answer);
	stage_say("Again, with a random key: %d lines differ, one on each side.", lines);
	stage_value("handshake.changing_lines", lines);
}

/* Two requests that are not quite right, and the status line that each of them earns. After either
 * of them the connection still speaks HTTP. The 426 names the version that would be right among its
 * headers, so that the client can try again; for a 400 there is nothing better to try. */
static void ask_wrongly(uint16_t port)
{
	struct handshake old, keyless;

	close(shake(&old, port, SAMPLE_KEY, 12));
	close(shake(&keyless, port, NULL, 13));
	stage_say("Version 12:\n  %.*s\nNo key:\n  %.*s", (int)strcspn(old.answer, "\r"),
	          old.answer, (int)strcspn(keyless.answer, "\r"), keyless.answer);
	stage_value("version12.status", atoi(old.answer + strlen("HTTP/1.1 ")));
	stage_value("nokey.status", atoi(keyless.answer + strlen("HTTP/1.1 ")));
}

/* From the decision to connect until the first message is here, over a link. We take the
 * best of ten: a busy machine can make this longer, and never shorter. */
static void time_first_message(uint16_t server, double delay_ms)
{
	struct handshake one;
	struct relay link;
	double best = 1e9;

	relay_introduce(delay_ms);
	relay_start(&link, server, delay_ms);
	for (int i = 0; i < 10; i++) {
		double start = net_now_ms();
		int connection = shake(&one, link.port, SAMPLE_KEY, 13);
		/* The head has been read and no more, so these are the frame's 7 bytes. */
		net_read_all(connection, one.answer, 7);
		double took = net_now_ms() - start;
		best = took < best ? took : best;
		close(connection);
	}
	relay_stop(&link);
	stage_say("The first message was here after %.1f ms: two round trips make %g ms. By then "
	          "nothing but the request, %lu bytes, had gone up: the first message was the "
	          "server's.",
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
