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

#include "../stage/frames.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "../stage/show_lines.h"
#include "../stage/stage.h"
#include "chat.h" /* the server of the first part: it has a log, and gives each message an id */
#include "herd.h" /* many clients at once */
#include "room.h" /* the third part's server and its clients */
#include "slow.h" /* a client that never reads, and what waits for it */

#define SECOND_MS 100.0
#define MESSAGES  10
#define MINE      "ann:1 Anyone there?"

/* What must outlive a connection: how far we have read, and what we have said without hearing that
 * it arrived. A program that keeps these in the connection's object loses both with it, and that
 * is the usual bug. */
struct client {
	unsigned last;  /* the id of the last message that came whole */
	bool confirmed; /* our own message has come back, with an id */
	unsigned got, twice, missing;
	char heard[LOG_MOST * (TEXT_MOST + 20)]; /* the messages of this connection, to be shown */
};

/* One connection, from the handshake to its end.
 *
 * Behind each message that we send there is a doubt. If the line is cut before it comes back, it
 * may have arrived or not: TCP has acknowledged bytes to our kernel, and of what became of them
 * nobody can tell us. To send it again may post it twice, not to send it may lose it. The way out
 * is a number of our own, the 1 in MINE. We send it again, and a server that has a message ann:1
 * in its log takes it for the same. People call that "exactly once"; it is "at least once", and
 * somebody who remembers.
 *
 * In the other direction it is the server's ids that do this. They have no gaps, so a client sees
 * at once whether it has missed something. A time in place of the id would not do: two messages
 * may have the same. Half a message counts for nothing, as with an event in lesson 4. */
static void talk(int connection, struct client *client)
{
	struct frame frame = {0};
	char text[TEXT_MOST + 16];
	size_t used = 0;

	if (!client->confirmed)
		frame_write(connection, true, TEXT, MINE, strlen(MINE));
	while (frame_read(connection, &frame) && frame.opcode == TEXT) {
		snprintf(text, sizeof text, "%.*s", (int)frame.size, (char *)frame.payload);
		unsigned id = (unsigned)strtoul(text, NULL, 10);
		client->got++;
		client->twice += id <= client->last;
		client->missing += id > client->last ? id - client->last - 1 : 0;
		client->last = id > client->last ? id : client->last;
		client->confirmed |= strstr(text, MINE) != NULL;
		used += (size_t)sprintf(client->heard + used, "  %s\n", text);
	}
	if (frame.opcode == CLOSE)
		frame_write_close(connection, true, frame_code(&frame));
	close(connection);
}

/* From the cut to the next connection: truncated binary exponential backoff, as the RFC calls it.
 * The user is told at once, for a program that hides it lets people type into the void. We know of
 * this cut because a read gave 0; had the line died without a word, "connecting..." would come as
 * late as the ping's timeout (lesson 8).
 *
 * The doubling is for the server, which gets fewer questions the longer it is away. The price is
 * paid by the user: look at how long the server was there already when the client noticed. That is
 * why there is a longest wait, and why a client should try at once when the system says that there
 * is a network again. There is no jitter here, so that you can predict the times; the second part
 * shows why a real client must have some.
 *
 * An attempt that fails at once, as here, is the friendly case. In a tunnel nobody answers at all,
 * and Linux goes on knocking for two minutes: a client needs a limit of its own for each attempt,
 * and its wait begins when the attempt has failed.
 *
 * When may a client begin again with 1 s? Not at the 101: a server that accepts and then fails
 * would be asked by everybody each second. A message that came is a better sign. */
static int come_back(uint16_t port, const char *path, double longest)
{
	double dropped = net_now_ms(), wait = 1, when = 0;
	int connection = -1, status;

	stage_say("connecting...");
	while (connection < 0) {
		net_sleep_until_ms(net_now_ms() + wait * SECOND_MS);
		when = (net_now_ms() - dropped) / SECOND_MS;
		connection = handshake_connect(port, path, "", &status);
		stage_say("  tried after %.1f s: %d", when, status);
		wait = next_wait(wait, longest);
	}
	stage_say("connected");
	stage_value("reconnect.back_s", when);
	return connection;
}

/* The way to the server is gone for a while; others have another way, and go on talking. The proxy
 * in front answers 503, which to a client is as good as no answer: whatever is not 101 is an
 * attempt that failed. The last id goes into the path, so that the server knows it before the first
 * frame; a first message that says it would do as well. It is no secret, unlike a token.
 *
 * How far back must a log go? As far as a client may be away. To one that asks for more than there
 * is the server must say so, and the client begins anew. A server that starts with the oldest it
 * has, without a word, has lost messages and told nobody. */
static void lose_and_resume(double away_s, double longest)
{
	const struct show_name names[] = {{"GET ", "the last id that I have"},
	                                  {"\r\n", "an empty line ends the head"},
	                                  {"", "as in lesson 5"}};
	struct chat *chat = net_share(sizeof *chat);
	struct client client = {0};
	char path[32], request[512];
	uint16_t port;

	stage_step("a client is cut off, and comes back");
	chat_begin(chat, away_s * SECOND_MS);
	net_serve(net_listen(&port), chat_serve, chat);
	talk(handshake_connect(port, "/chat", "", NULL), &client);
	unsigned before = client.got;
	stage_say("connected\n%sWe sent one too. In the middle of the next message the line was "
	          "cut. Was ours heard? We cannot know.",
	          client.heard);
	snprintf(path, sizeof path, "/chat?last=%u", client.last);
	int connection = come_back(port, path, longest);
	handshake_request(request, sizeof request, path, "");
	show_lines("client sends", request, names);
	talk(connection, &client);
	stage_say("%s%u messages came now. Missing: %u. Had twice: %u. Ours was sent %u times, "
	          "and stands in the log %u time.",
	          client.heard, client.got - before, client.missing, client.twice, chat->posts,
	          chat_count(chat, MINE));
	stage_value("resume.missed", client.got - before);
}

/* All clients of a server that stops lose it in the same moment, and all count 1, 2, 4. They come
 * back as one, knock it over, and do so again: the backoff gives it time, but never parts them.
 * Jitter does. The simplest is the best known: in place of a wait take some time between 0 and it,
 * drawn anew for each. Even the first must be drawn; the RFC proposes one between 0 and 5 s. Its
 * price: waits are half as long on average, so somebody who is away for long asks more often. */
static void count_herd(int clients, double longest)
{
	unsigned most[2][5];

	stage_step("all clients lose the server at once (a model)");
	for (int i = 0; i < 10; i++)
		most[i / 5][i % 5] = herd_most(i % 5 + 1, i / 5, clients, longest);
	stage_say("%d clients. The most of them in a tenth of a second, attempts 1 to 5:\n"
	          "  without jitter %u, %u, %u, %u, %u\n  with it %u, %u, %u, %u, %u",
	          clients, most[0][0], most[0][1], most[0][2], most[0][3], most[0][4], most[1][0],
	          most[1][1], most[1][2], most[1][3], most[1][4]);
	stage_value("herd.jitter", most[1][0]);
}

/* What anybody says goes to everybody. The sender is no exception: its own message tells it that it
 * arrived, and where it stands among those of the others. Two who speak at the same moment see
 * different orders on their own screens, unless both wait for the server's.
 *
 * Where all speak equally often, twice as many members make four times as many frames: a chat
 * server dies of the size of its rooms, not of the number of people. A server's frames are not
 * masked, so one is made, and written to all. Watch the bytes too: 10 frames with a mask came in,
 * 110 bytes, and look at what went out. */
static void count_room(int members)
{
	struct room_counts counts;

	stage_step("what is said in a room");
	room_talk(&counts, members, MESSAGES);
	stage_say("%d messages, %d members: %u frames, %zu bytes, counted where they arrived.",
	          MESSAGES, members, counts.frames, counts.bytes);
	stage_value("fanout.frames", counts.frames);
}

/* One of them does not read, and for long nobody notices: both sockets have buffers, with room for
 * more than any test sends. Then these are full. A server that waits there, as the last one would,
 * stops for everybody. So it keeps what it cannot write, and the only question is how much. What
 * is in the socket is not in its hands any more, nor is a frame of which a part is: half a frame
 * cannot be taken back, and whoever drops the rest of it breaks all that comes behind.
 *
 * To keep all is a decision too: it lets the slowest client say how much memory the server needs.
 * Here a queue counts messages. Where they differ in size it should count bytes: one photo is as
 * much as a thousand words.
 *
 * What is bounded must lose something, and an honest server says what. Dropping suits what is old
 * soon; merging what replaces itself: a price, a position, "is typing". A chat has a log and needs
 * neither: it disconnects, and the client comes back for the rest as in the first part. A close
 * frame that says why would have to wait behind all that is in the socket already. */
static void fall_behind(double rate)
{
	static struct queue queues[POLICIES];
	int connection = slow_connect();

	stage_step("a client that never reads");
	size_t taken = slow_fill(connection);
	stage_say("The two sockets' buffers took %zu messages for it: at %g a second the server "
	          "notices after %.0f s.",
	          taken, rate, (double)taken / rate);
	double took = slow_say(connection, queues, rate / SECOND_MS, 10 * SECOND_MS);
	stage_say("%.1f s later there wait for this client, where\n  all is kept: %zu\n"
	          "  the oldest is dropped: %zu, and %u are lost\n"
	          "  an old price is replaced: %zu, and %u were\n"
	          "  it is disconnected: %zu, since message %u",
	          took / SECOND_MS, queues[KEEP_ALL].waiting, queues[DROP_OLDEST].waiting,
	          queues[DROP_OLDEST].dropped, queues[MERGE].waiting, queues[MERGE].merged,
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
	if (away > 100 || longest < 1 || longest > 100 || clients < 1 || clients > MEMBERS_MOST ||
	    rate < 20 || rate > 1000) {
		fprintf(stderr, "lesson: --away is 0 to 100, --longest 1 to 100, --clients 1 to "
		                "400, --rate 20 to 1000\n");
		return 2;
	}
	lose_and_resume(away, longest);
	count_herd((int)clients, longest);
	count_room((int)clients);
	fall_behind(rate);
	return stage_close();
}
