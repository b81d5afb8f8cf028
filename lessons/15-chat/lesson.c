/*
 * Lesson 15: a client and a chat.
 *
 * A server is one half of a chat. The other half is a client that loses its connection: in a lift,
 * behind a proxy that forgets, whenever the server is started anew. RFC 6455 gives that half a page
 * (7.2.3): wait, longer each time, and not as long as everybody else. What was missed meanwhile it
 * leaves to us, for to WebSocket two connections have nothing to do with each other.
 *
 *     what the user sees    what the client does
 *     connected             reads, and remembers the id of the last message
 *     connecting...         waits 1 s, tries, waits 2 s, tries, 4, 8, 16 ...
 *     connected             says "the last that I have is 3", and gets what came after it
 *
 * On the server's side one message becomes as many as there are people in the room, and one of them
 * may not read. Times are on a scaled clock: a second of the story takes SECOND_MS here, since
 * nobody wants to watch a client wait. The second of the four parts is a model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"
#include "chat.h" /* the server of the first part */
#include "herd.h" /* many clients at once */
#include "room.h" /* the server of the third part */
#include "slow.h" /* a client that never reads, and what waits for it */

#define SECOND_MS 50.0
#define MESSAGES  10
#define MINE      "ann:1 Anyone there?"

/* What must outlive a connection: how far we have read, and what we have said without hearing that
 * it arrived. A program that keeps these in the connection's object loses both with it. */
struct client {
	unsigned last;  /* the id of the last message that came whole */
	bool confirmed; /* our own message has come back, with an id */
	unsigned got, twice, missing;
};

/* One connection, from the handshake to its end; gives the code that our program is told. Behind
 * each message that we send there is a doubt: if the line is cut before it comes back, it may have
 * arrived or not. So we say it again, with the same number. Without that number the server could
 * not tell "again, to be safe" from "she said it twice". */
static unsigned talk(int connection, struct client *client)
{
	unsigned code = 1006; /* what a program is told where no close frame came (lesson 8) */
	char text[TEXT_MOST + 16];
	struct frame frame;

	if (!client->confirmed)
		frame_write(connection, true, TEXT, MINE, strlen(MINE));
	while (code == 1006 && frame_read(connection, &frame)) {
		if (frame.opcode == CLOSE) {
			code = frame_code(&frame);
			frame_write_close(connection, true, code);
			continue;
		}
		snprintf(text, sizeof text, "%.*s", (int)frame.size, (char *)frame.payload);
		unsigned id = (unsigned)strtoul(text, NULL, 10);
		client->got++;
		client->twice += id <= client->last;
		client->missing += id > client->last + 1;
		client->last = id;
		client->confirmed |= strstr(text, MINE) != NULL;
	}
	close(connection);
	return code;
}

/* From the cut to the next connection: truncated binary exponential backoff, as the RFC calls it.
 * The user is told at once, for a program that hides it lets people type into the void. We know of
 * this cut because a read gave 0; had the line died without a word, "connecting..." would come as
 * late as the ping's timeout (lesson 8).
 *
 * When may a client begin again with 1 s? Not at the 101: a server that accepts and then fails
 * would be asked by everybody each second. A message that came is a better sign. */
static int come_back(uint16_t port, const char *path, double longest)
{
	double dropped = net_now_ms(), wait = 1, when = 0;
	int connection = -1, status, attempts = 0;
	char lines[8192];
	size_t size = 0;

	for (; connection < 0; wait = next_wait(wait, longest)) {
		net_sleep_until_ms(net_now_ms() + wait * SECOND_MS);
		when = (net_now_ms() - dropped) / SECOND_MS;
		connection = handshake_connect(port, path, "", &status);
		size += (size_t)snprintf(lines + size, sizeof lines - size,
		                         "  after %5.1f s   %d\n", when, status);
		attempts++;
	}
	stage_say("connecting...\n%sconnected", lines);
	stage_value("reconnect.attempts", attempts);
	stage_value("reconnect.back_s", when);
	return connection;
}

/* The way to the server is gone for a while; others have another way, and go on talking. The proxy
 * in front answers 503, which to a client is as good as no answer: whatever is not 101 is an
 * attempt that failed. That a path has room for the id is convenient: the server knows it before
 * the first frame. A first message with the id in it would do as well. */
static void lose_and_resume(double away_s, double longest)
{
	const struct show_name names[] = {
	        {"GET ", "the last id that I have"}, {"", "as ever"}, {0}};
	struct chat *chat = net_share(sizeof *chat);
	struct client client = {0};
	char path[32], request[512];
	uint16_t port;

	stage_step("a client is cut off, and comes back");
	chat_begin(chat, away_s * SECOND_MS);
	net_serve(net_listen(&port), chat_serve, chat);
	unsigned code = talk(handshake_connect(port, "/chat", "", NULL), &client);
	unsigned before = client.got;
	stage_say("connected. %u messages; then the line was cut in the middle of a frame: %u. "
	          "Was our own message heard? We cannot know.",
	          before, code);
	snprintf(path, sizeof path, "/chat?last=%u", client.last);
	int connection = come_back(port, path, longest);
	handshake_request(request, sizeof request, path, "");
	show_lines("client sends", request, names);
	talk(connection, &client);
	stage_say("%u messages now. Missing: %u. Had twice: %u. We sent our own %u times, and it "
	          "stands in the log %u time.",
	          client.got - before, client.missing, client.twice, chat->posts,
	          chat_count(chat, MINE));
	stage_value("resume.missed", client.got - before);
	stage_value("resume.missing", client.missing);
	stage_value("resume.twice", client.twice);
	stage_value("resume.posts", chat->posts);
	stage_value("resume.copies", chat_count(chat, MINE));
}

/* All clients of a server that stops lose it in the same moment, and all count 1, 2, 4. They come
 * back as one, knock it over, and do so again: the backoff gives it time, but never parts them.
 * Jitter does. The simplest is the best known: in place of a wait take some time between 0 and it,
 * drawn anew for each. Even the first must be drawn, the RFC proposes one between 0 and 5 s. */
static void count_herd(int clients, double longest)
{
	unsigned most[2] = {0, 0};
	char lines[512] = "";
	size_t size = 0;

	stage_step("all clients lose the server at once (a model: no socket is opened)");
	for (int nth = 1; nth <= 5; nth++) {
		unsigned n[2] = {herd_most(nth, false, clients, longest),
		                 herd_most(nth, true, clients, longest)};
		size += (size_t)snprintf(lines + size, sizeof lines - size,
		                         "  attempt %d: %u without jitter, %u with it\n", nth, n[0],
		                         n[1]);
		for (int i = 0; i < 2; i++)
			most[i] = n[i] > most[i] ? n[i] : most[i];
	}
	stage_say("%d clients. The most of them in one tenth of a second:\n%s", clients, lines);
	stage_value("herd.plain", most[0]);
	stage_value("herd.jitter", most[1]);
}

/* What anybody says goes to everybody. The sender is no exception: its own message tells it that it
 * arrived, and where it stands among those of the others. Nobody but the server knows that order.
 * Where each member speaks as often as any other, members twice as many make frames four times as
 * many: it is the size of the rooms, and not the number of people, that a chat server dies of. */
static void count_room(int members)
{
	static int connections[MEMBERS_MOST];
	unsigned frames = 0;
	struct frame frame;
	uint16_t port;
	int listener = net_listen(&port);

	stage_step("what is said in a room");
	if (child_fork() == 0)
		room_serve(listener, members, MESSAGES);
	for (int i = 0; i < members; i++)
		connections[i] = handshake_connect(port, "/chat", "", NULL);
	for (int i = 0; i < MESSAGES; i++)
		frame_write(connections[i % members], true, TEXT, "Hello", 5);
	for (int i = 0; i < members; i++) {
		while (frame_read(connections[i], &frame))
			frames++;
		close(connections[i]);
	}
	stage_say("%d messages to %d members: %u frames came, counted where they arrived.",
	          MESSAGES, members, frames);
	stage_value("fanout.frames", frames);
}

/* One of them does not read. For long nobody notices: the systems of both sides have room for it,
 * far more than a test sends. Then a write says "would block". A server that waits there, as that
 * of the last part would, stops for everybody; so it keeps what it could not write, and the only
 * question is how much. Four answers, for the same client; TCP's buffers are not counted. */
static void fall_behind(double rate)
{
	struct queue queues[POLICIES] = {{0}};
	int connection = slow_connect();

	stage_step("a client that never reads");
	stage_say("The two systems took %zu bytes for it. From here on it is up to us.",
	          slow_fill(connection));
	double start = net_now_ms();
	for (unsigned id = 1; id <= 10 * rate; id++) {
		net_sleep_until_ms(start + id / rate * SECOND_MS);
		bool taken = slow_writable(connection, 0);
		for (unsigned i = 0; i < POLICIES && !taken; i++)
			queue_put(&queues[i], i, id);
	}
	double seconds = (net_now_ms() - start) / SECOND_MS;
	stage_say("%g messages a second, for %.1f s. Waiting for the client then:\n"
	          "  all are kept: %zu\n"
	          "  the oldest are dropped: %zu, and %u are gone\n"
	          "  merged, the newest of %d prices: %zu, and %u were replaced\n"
	          "  disconnected: %zu, since message %u",
	          rate, seconds, queues[KEEP_ALL].waiting, queues[DROP_OLDEST].waiting,
	          queues[DROP_OLDEST].dropped, SHARES, queues[MERGE].waiting, queues[MERGE].merged,
	          queues[DISCONNECT].waiting, queues[DISCONNECT].ended);
	stage_value("backlog.waiting", (double)queues[KEEP_ALL].waiting);
}

int main(int argc, char **argv)
{
	double away = 20, longest = 30, clients = 50, rate = 50;
	const struct stage_option options[] = {
	        {"away", &away, "how long the way to the server is gone, in s"},
	        {"longest", &longest, "the longest wait between two attempts, in s"},
	        {"clients", &clients, "how many there are"},
	        {"rate", &rate, "messages a second to the client that never reads"},
	        {0}};

	stage_open(argc, argv, "Lesson 15: a client and a chat", options);
	if (away > 100 || longest < 1 || longest > 100) {
		fprintf(stderr, "lesson: --away is 0 to 100, --longest 1 to 100\n");
		return 2;
	}
	if (clients < 1 || clients > MEMBERS_MOST || rate < 1 || rate > 1000) {
		fprintf(stderr, "lesson: --clients is 1 to %d, --rate 1 to 1000\n", MEMBERS_MOST);
		return 2;
	}
	lose_and_resume(away, longest);
	count_herd((int)clients, longest);
	count_room((int)clients);
	fall_behind(rate);
	return stage_close();
}
