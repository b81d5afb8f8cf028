/*
 * Lesson 12: WebRTC and datagrams.
 *
 * Everything in the lessons before this one stood on TCP, and TCP makes a promise: all bytes, each
 * once, in the order in which they were sent. For a chat that is what one wants. For the position
 * of a player it is a promise too much. When one packet is lost, TCP has what came behind it, and
 * may not hand it over: first the lost one has to be sent again. So new positions wait for an old
 * one that nobody needs any more. This is called head-of-line blocking, after the queue whose first
 * person cannot find the purse.
 *
 * The way out is a transport that promises less. A datagram (UDP) arrives whole or not at all, and
 * none waits for another. Browsers do not let a script send UDP as it likes: they have WebRTC,
 * which sends its media and its data channels in datagrams, and lets each channel choose what it
 * wants to be promised.
 *
 * This program sends the same twenty messages three times, each time over a link that loses the
 * eighth. Then it asks, in one datagram, the question with which most WebRTC connections begin:
 * what is my address?
 *
 * What is real: the sockets, the messages, and the times, which are measured. What is acted: the
 * loss and its repair. Loopback loses nothing, so the link (lossy.c) is told which message to lose;
 * and where it is to come later, the link holds it for as long as it takes to notice and to send it
 * again. Then what comes behind it waits in the link's queue, and not, as it would in nature, in
 * the receiver's kernel. The receiving program cannot tell the difference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../stage/show.h"
#include "../stage/stage.h"
#include "datagram.h"
#include "nat.h"
#include "segment.h"
#include "stun.h"
#include "trip.h"

/* More than this above the link's delay is late. A busy machine may need some milliseconds, and the
 * least that a message can be late here is 20. */
#define LATE_MS 15

/* A message every 50 ms is 20 a second, as many a game sends. The link's 20 ms one way make a round
 * trip of 40. The repair is the time from where the lost message should have arrived to where it
 * does. 220 ms is chosen so that the effect can be seen; what a TCP needs is the fourth step. */
static double delay_ms = 20, every_ms = 50, repair_ms = 220;

/* The same twenty messages each time; only the link differs. The measure is how long each was on
 * its way, which it can say itself: sender and receiver are on one machine and have one clock.
 * Between two machines nobody can measure one way so easily, and one halves a round trip. All is
 * done eight times, and each message's fastest counts: a busy machine can only make it slower. */
static struct trip send_all(const char *name, bool ordered, bool repairs)
{
	struct lossy lossy = {ordered, repairs, LOST, delay_ms, repair_ms, 0, 0};
	struct trip trip;
	char key[64];

	trip_measure(&trip, &lossy, every_ms);
	trip_show(&trip, delay_ms + LATE_MS);
	snprintf(key, sizeof key, "%s.late", name);
	stage_value(key, trip_late(&trip, delay_ms + LATE_MS));
	snprintf(key, sizeof key, "%s.lost", name);
	stage_value(key, trip_lost(&trip));
	stage_say("Late behind the eighth: %d. Lost: %d.", trip_late(&trip, delay_ms + LATE_MS),
	          trip_lost(&trip));
	return trip;
}

static void lose_one_three_times(void)
{
	/* First over TCP, as WebSocket has it. The eighth is held, and nothing may overtake it. All
	 * that was born meanwhile arrives with it, at once, in order and stale: in a game the
	 * others stand still for a fifth of a second, and then jump. The ninth was sent 50 ms after
	 * the eighth and comes with it, so it waits 50 ms less; the tenth again 50 less. That goes
	 * on as long as there is something left of the 220. */
	stage_step("over TCP; the link loses the eighth of twenty messages, and repairs it");
	struct trip trip = send_all("ordered", true, true);
	stage_value("ordered.next_ms", trip.took_ms[LOST + 1]);

	/* Now in datagrams. The lost one is lost, and that is all that happens. Whoever sends
	 * positions needs no repair: the next one says all that the lost one said, and is newer.
	 * Audio and video bear a gap better than a delay, too. For a chat this would not do. */
	stage_step("the same as datagrams, and nobody repairs anything");
	send_all("datagrams", false, false);

	/* And between the two: what is lost comes again, and the others do not wait for it. A data
	 * channel can be this, and the streams of QUIC (RFC 9000) are it to each other. Somebody
	 * has to notice and to send again; in WebRTC that is SCTP, which runs on top of datagrams
	 * (RFC 8831). The price is that the receiver has to cope with any order. */
	stage_step("the same as datagrams, with the repair, but in any order");
	trip = send_all("unordered", false, true);
	stage_say("Message %d was number %d to arrive.", LOST, trip.place[LOST]);
	stage_value("unordered.place", trip.place[LOST]);
}

/* What does a repair take? This time nothing is acted but the bad luck: a filter throws one segment
 * away, and your own kernel's TCP has to see to it. It learns of the gap from the acknowledgement
 * of what comes behind (RFC 8985), a round trip after that was sent; on loopback that is at once.
 * On our link, R = 40 ms, it would make 50 + 40 = 90; with R = 170, to another continent, 220.
 * Where nothing comes behind there is only a timer. Linux waits some 200 ms at least, and RFC 6298
 * (2.4) even asks for a second. Datagrams need neither, for nobody looks for what is lost. */
static void lose_segment(void)
{
	double followed = segment_repair(every_ms, true), last = segment_repair(every_ms, false);

	if (followed < 0 || last < 0) {
		stage_say("This system allows no filter on a socket: nothing was lost.");
		return;
	}
	stage_say("A lost message with another one %g ms behind it took %.0f ms. One with nothing "
	          "behind it took %.0f ms.",
	          every_ms, followed, last);
	stage_value("segment.followed_ms", followed);
	stage_value("segment.last_ms", last);
}

/* The second half of the lesson is a single question. Why should a program not know its address? It
 * knows the one that its own machine has. But most machines stand behind a translator (NAT), which
 * gives all that leaves the house an address and a port of its own; only somebody outside can say
 * which. STUN servers are there for that, and do nothing else.
 *
 * STUN (RFC 8489) has one header for all of its messages: 20 bytes, and a request that asks for the
 * address needs nothing else. The cookie is a number that packets of other protocols on the same
 * port are unlikely to have at that place. The transaction id is for telling the answers apart, for
 * datagrams may come late, twice or from a liar; so it must be 96 bits that nobody can guess. Ours
 * is always that of RFC 5769's samples, so that you see the same bytes in each run. */
static const uint8_t request[STUN_HEADER] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4,
                                             0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                             0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

/* The types 0001 and 0101 differ in one bit. With another one (0010) it says what a message is:
 * neither is a request, the first alone a success, both an error (0111), the second alone something
 * that wants no answer. The rest of a type is the method, and 1 is "binding" (RFC 8489, 5): the tie
 * between an address inside and one outside. */
static const struct show_part request_parts[] = {{2, "a binding request"},
                                                 {2, "length of what follows the header: 0"},
                                                 {4, "the magic cookie: this is STUN"},
                                                 {12, "the transaction id"},
                                                 {0}};

static const struct show_part answer_parts[] = {{2, "a binding success response"},
                                                {2, "length of what follows the header: 12"},
                                                {4, "the magic cookie"},
                                                {12, "the transaction id: it answers us"},
                                                {2, "an attribute: XOR-MAPPED-ADDRESS"},
                                                {2, "its length: 8"},
                                                {1, "reserved"},
                                                {1, "family: IPv4"},
                                                {2, "the port, xor 21 12"},
                                                {4, "the address, xor 21 12 a4 42"},
                                                {0}};

/* Why exclusive or, in an address that is no secret? There are translators that look for their
 * clients' addresses in what passes, and "correct" them; those do not find one that is written like
 * this (RFC 8489, 14.2). The cookie's first bytes are for the port, all four for the address. */
static void read_aloud(const uint8_t *at)
{
	stage_say("%02x %02x xor 21 12 is port %d, and %02x %02x %02x %02x xor 21 12 a4 42 is "
	          "%d.%d.%d.%d. Our own socket is at 127.0.0.1: the other address is the "
	          "translator's, and only from outside one can see it.",
	          at[0], at[1], (at[0] ^ 0x21) << 8 | (at[1] ^ 0x12), at[2], at[3], at[4], at[5],
	          at[2] ^ 0x21, at[3] ^ 0x12, at[4] ^ 0xa4, at[5] ^ 0x42);
}

/* Two datagrams, over a translator. Should one of them get lost, nobody would notice but we: a real
 * client asks again after half a second, then after one, and so on (RFC 8489, 6.2.1). In the answer
 * our attribute stands first, since our server sends no other; so here we may look at byte 26. With
 * real servers one may not: the exercise. */
static void ask_for_address(void)
{
	struct datagram_address server, inside, outside, own = DATAGRAM_LOOPBACK;
	uint8_t answer[512];
	int fd = datagram_socket(&own);

	stun_start(&server);
	nat_start(&inside, &outside, &server);
	show_bytes("client sends", request, sizeof request, request_parts);
	datagram_send(fd, &inside, request, sizeof request);
	size_t size = datagram_receive(fd, answer, sizeof answer, NULL, 2000);
	if (size != STUN_ANSWER) {
		fprintf(stderr, "lesson: no answer came from our STUN server\n");
		exit(1);
	}
	show_bytes("server answers", answer, size, answer_parts);
	read_aloud(answer + 26);
	stage_value("stun.request_bytes", sizeof request);
}

/* The rest is not to be measured on one machine, but it is most of the work. Between two browsers
 * stand two translators, and most let in only what their own side has asked for. So both must learn
 * their addresses, tell each other, and begin at the same time, each knocking at the other's door
 * from inside; and where even that fails, a server has to carry all. All this happens before the
 * first byte of a data channel, and takes several round trips.
 *
 * Where to read on: the application does the signalling as it likes (RFC 9429); ICE is RFC
 * 8445, TURN RFC 8656; that nothing may go unencrypted says RFC 8827, 6.5. All of this is a library
 * or a browser in practice: nobody writes it in an afternoon, and this lesson does not try. */
static void tell_the_rest(void)
{
	stage_say("What WebRTC needs, in the order in which it is needed:\n"
	          "  1. Signalling: a server that both know carries their offers and\n"
	          "     addresses across. WebRTC leaves open how; often it is a WebSocket.\n"
	          "  2. STUN: a server that tells each its address, as ours did.\n"
	          "  3. ICE: each tries each of the other's addresses, until a pair works.\n"
	          "  4. TURN: a server that relays everything, where no pair works.\n"
	          "  5. DTLS: keys and encryption, which cannot be left out.\n"
	          "  6. SCTP for data channels, SRTP for audio and video.");
}

/* A message that is late by a few ms only would be counted or not as luck has it. With 220 and 50
 * the last one that waits does so for 20 ms, and the first that does not has 30 ms to spare. */
static bool can_be_measured(void)
{
	double least_ms = fmod(repair_ms, every_ms);

	if (every_ms < 20 || every_ms > 80 || delay_ms > 200)
		fputs("lesson: --every is 20 to 80, --delay at most 200\n", stderr);
	else if (repair_ms > 10 * every_ms)
		fprintf(stderr, "lesson: --repair is at most %g here\n", 10 * every_ms);
	else if (least_ms < LATE_MS + 5)
		fprintf(stderr, "lesson: --repair %g: a message would be late by %g ms; give %g\n",
		        repair_ms, least_ms, repair_ms - least_ms + 20);
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct stage_option options[] = {
	        {"delay", &delay_ms, "one-way delay of the link in ms"},
	        {"every", &every_ms, "from one message to the next in ms"},
	        {"repair", &repair_ms, "what is lost comes so much later, in ms"},
	        {0}};

	stage_open(argc, argv, "Lesson 12: WebRTC and datagrams", options);
	if (!can_be_measured())
		return 2;
	stage_say("The link is acted by this program, over loopback: %g ms each way. Where it "
	          "repairs a loss, that takes %g ms, chosen so that the effect can be seen.",
	          delay_ms, repair_ms);
	lose_one_three_times();
	stage_step("a segment that is really lost, over TCP without a link");
	lose_segment();
	stage_step("a question in one datagram: what is my address?");
	ask_for_address();
	stage_step("what else WebRTC needs");
	tell_the_rest();
	return stage_close();
}
