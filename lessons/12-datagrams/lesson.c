/*
 * Lesson 12: WebRTC and datagrams.
 *
 * Everything in the lessons before this one stood on TCP, and TCP makes a promise: all bytes, each
 * once, in the order in which they were sent. For a chat that is what one wants. For the position
 * of a player it is a promise too much. When one packet is lost, TCP has what came behind it, and
 * may not hand it over: first the lost one has to be sent again. So ten new positions wait for an
 * old one that nobody needs any more. This is called head-of-line blocking, after the queue whose
 * first person cannot find the purse.
 *
 * The way out is a transport that promises less. A datagram (UDP) arrives whole or not at all, and
 * none waits for another. Browsers do not let a script send UDP as it likes: they have WebRTC,
 * which sends its media and its data channels in datagrams, and lets each channel choose what it
 * wants to be promised.
 *
 * This program sends the same twenty messages three times, each time over a link that loses the
 * eighth. Then it asks, in one datagram, the question with which each WebRTC connection begins:
 * what is my address?
 *
 * What is real: the sockets, the messages, and the times, which are measured. What is acted: the
 * loss and its repair. Loopback loses nothing, so the link (lossy.c) is told which message to lose;
 * and where it is to come later, the link holds it for as long as a TCP would have needed to notice
 * and send it again. Then what comes behind it waits in the link's queue, and not, as it would in
 * nature, in the receiver's kernel. The receiving program cannot tell the difference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/show.h"
#include "../stage/stage.h"
#include "datagram.h"
#include "nat.h"
#include "trip.h"

/* More than this above the link's delay is late. A busy machine may need some milliseconds. */
#define LATE_MS 10

/* The repair takes 220 ms. Where it is a timer that notices, Linux waits for a round trip and at
 * least 200 ms, and RFC 6298 (2.4) even asks for a whole second. A real TCP is often faster than
 * its timer, since the acknowledgements of what comes behind tell it of the gap: one round trip
 * after the next message at best (RFC 8985). But not faster than that. */
static double delay_ms = 20, every_ms = 50, repair_ms = 220;

/* How long each message took, from the last that the loss cannot touch to the first that is no
 * longer late. Each says itself when it was sent: both ends are on this machine and have one clock.
 * Between two machines nobody can measure one way so easily, and one halves a round trip. */
static void show_trip(const struct trip *trip)
{
	char text[1024] = "";
	int last = LOST + 1;

	while (last < MESSAGES && trip->took_ms[last] > delay_ms + LATE_MS)
		last++;
	for (int n = LOST - 1; n <= last; n++) {
		size_t used = strlen(text);
		bool late = trip->took_ms[n] > delay_ms + LATE_MS;

		if (trip->took_ms[n] == 0)
			snprintf(text + used, sizeof text - used, "  message %d: never\n", n);
		else
			snprintf(text + used, sizeof text - used, "  message %d: %.0f ms%s\n", n,
			         trip->took_ms[n], late ? ", late" : "");
	}
	text[strlen(text) - 1] = '\0';
	stage_say("%s", text);
}

/* The first time over TCP, as WebSocket has it. The eighth message is held, and the link may let
 * nothing overtake it. All that was born meanwhile arrives with it, at once, in order and stale. In
 * a game the others stand still for a fifth of a second, and then jump. */
static void send_in_order(void)
{
	struct lossy lossy = {true, true, LOST, delay_ms, repair_ms, 0, 0};
	struct trip trip;

	trip_measure(&trip, &lossy, every_ms);
	show_trip(&trip);
	stage_say("%d of those behind the lost one are late, and %d are lost. The one right behind "
	          "it had been sent %g ms after it, and so waited %g ms less than it did.",
	          trip_late(&trip, delay_ms + LATE_MS), trip_lost(&trip), every_ms, every_ms);
	stage_value("ordered.late", trip_late(&trip, delay_ms + LATE_MS));
	stage_value("ordered.lost", trip_lost(&trip));
	stage_value("ordered.next_ms", trip.took_ms[LOST + 1]);
}

/* The second time in datagrams. The lost one is lost, and that is all that happens. Whoever sends
 * positions needs no repair: the next one says all that the lost one said, and is newer. */
static void send_datagrams(void)
{
	struct lossy lossy = {false, false, LOST, delay_ms, repair_ms, 0, 0};
	struct trip trip;

	trip_measure(&trip, &lossy, every_ms);
	show_trip(&trip);
	stage_say("%d are late, and %d is lost.", trip_late(&trip, delay_ms + LATE_MS),
	          trip_lost(&trip));
	stage_value("datagrams.late", trip_late(&trip, delay_ms + LATE_MS));
	stage_value("datagrams.lost", trip_lost(&trip));
}

/* The third time something between: what is lost comes again, and the others do not wait for it. A
 * data channel of WebRTC can be this too, and so can be the streams of QUIC (RFC 9000) to each
 * other. For a datagram somebody must send it again, which in WebRTC is SCTP's work (RFC 8831). The
 * price is that the receiver has to cope with any order. */
static void send_unordered(void)
{
	struct lossy lossy = {false, true, LOST, delay_ms, repair_ms, 0, 0};
	struct trip trip;

	trip_measure(&trip, &lossy, every_ms);
	stage_say(
	        "Message %d took %.0f ms and came as number %d. Of those behind it %d are late; %d "
	        "are lost.",
	        LOST, trip.took_ms[LOST], trip.place[LOST], trip_late(&trip, delay_ms + LATE_MS),
	        trip_lost(&trip));
	stage_value("unordered.late", trip_late(&trip, delay_ms + LATE_MS));
	stage_value("unordered.lost", trip_lost(&trip));
	stage_value("unordered.place", trip.place[LOST]);
}

/* STUN (RFC 8489) has one header for all of its messages: 20 bytes, and a request that asks for the
 * address needs nothing else. The cookie is a number that packets of other protocols on the same
 * port are unlikely to have at that place. The transaction id is for telling the answers apart, for
 * datagrams may come late, twice or from a liar; so it must be 96 bits that nobody can guess. Ours
 * is always that of RFC 5769's samples, so that you see the same bytes in each run. */
#define REQUEST_SIZE 20
#define ANSWER_SIZE  32
static const uint8_t request[REQUEST_SIZE] = "\x00\x01\x00\x00\x21\x12\xa4\x42"
                                             "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae";

/* A STUN server is about the smallest server there is: it tells each client from which address it
 * sees it, and forgets it. Why exclusive or, in an address that is no secret? There are translators
 * that look for addresses in what passes, and "correct" them (RFC 8489, 14.2). Those do not find
 * one that is written like this. */
static void serve(int fd)
{
	struct datagram_address from;
	uint8_t message[512];

	for (;;) {
		size_t size = datagram_receive(fd, message, sizeof message, &from, -1);
		if (size != REQUEST_SIZE || memcmp(message, request, 8) != 0)
			continue; /* whoever sends something else gets no answer */
		memcpy(message, "\x01\x01\x00\x0c", 4);
		memcpy(message + 20, "\x00\x20\x00\x08\x00\x01", 6);
		message[26] = message[4] ^ (uint8_t)(from.port >> 8);
		message[27] = message[5] ^ (uint8_t)from.port;
		for (int i = 0; i < 4; i++)
			message[28 + i] = message[4 + i] ^ from.ip[i];
		datagram_send(fd, &from, message, ANSWER_SIZE);
	}
}

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

/* Two datagrams, over a translator. In the answer our attribute stands first, since our server
 * sends no other; so here we may look at byte 26. With real servers one may not: the exercise. */
static void ask_for_address(void)
{
	struct datagram_address server = DATAGRAM_LOOPBACK, own = DATAGRAM_LOOPBACK;
	struct datagram_address inside, outside;
	uint8_t answer[512];
	int fd = datagram_socket(&server);

	if (child_fork() == 0)
		serve(fd);
	nat_start(&inside, &outside, &server);
	fd = datagram_socket(&own);
	show_bytes("client sends", request, sizeof request, request_parts);
	datagram_send(fd, &inside, request, sizeof request);
	size_t size = datagram_receive(fd, answer, sizeof answer, NULL, 2000);
	if (size != ANSWER_SIZE) {
		fprintf(stderr, "lesson: no answer came from our STUN server\n");
		exit(1);
	}
	show_bytes("server answers", answer, size, answer_parts);
	stage_say("%02x %02x xor 21 12 is port %d, and %02x %02x %02x %02x xor 21 12 a4 42 is "
	          "%d.%d.%d.%d. Our own socket is at 127.0.0.1: the other address is the "
	          "translator's, and only from outside one can see it.",
	          answer[26], answer[27], (answer[26] ^ 0x21) << 8 | (answer[27] ^ 0x12),
	          answer[28], answer[29], answer[30], answer[31], answer[28] ^ 0x21,
	          answer[29] ^ 0x12, answer[30] ^ 0xa4, answer[31] ^ 0x42);
	stage_value("stun.request_bytes", sizeof request);
	stage_value("stun.answer_bytes", (double)size);
}

/* The rest is not to be measured on one machine, but it is most of the work. Between two browsers
 * stand two translators, and each lets in only what its own side has asked for. So both must learn
 * their addresses, tell each other, and begin at the same time; and where even that fails, a server
 * has to carry all. All this happens before the first byte of a data channel. */
static void tell_the_rest(void)
{
	stage_say(
	        "What WebRTC needs, in the order in which it is needed:\n"
	        "  1. Signalling: a server that both know carries their offers and addresses from "
	        "one to the other. WebRTC leaves open how; often it is a WebSocket.\n"
	        "  2. STUN: a server that tells each its address, as ours did.\n"
	        "  3. ICE: each tries each of the other's addresses, until a pair works.\n"
	        "  4. TURN: a server that relays everything, for pairs of whom none works.\n"
	        "  5. DTLS: keys and encryption, which cannot be left out.\n"
	        "  6. SCTP for data channels, SRTP for audio and video.");
}

/* Where a message would be late by less than one can measure, the count would be a matter of luck.
 */
static bool can_be_measured(void)
{
	if (every_ms < 20 || every_ms > 100 || delay_ms > 200) {
		fputs("lesson: --every is 20 to 100, --delay at most 200\n", stderr);
		return false;
	}
	if (repair_ms > 10 * every_ms || fmod(repair_ms, every_ms) < LATE_MS + 5) {
		fprintf(stderr,
		        "lesson: --repair is at most %g, and at least %d more than a multiple of "
		        "%g\n",
		        10 * every_ms, LATE_MS + 5, every_ms);
		return false;
	}
	return true;
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
	stage_step("twenty messages over TCP; the link loses the eighth, and repairs it");
	send_in_order();
	stage_step("the same as datagrams, and nobody repairs anything");
	send_datagrams();
	stage_step("the same as datagrams, with the repair, but in any order");
	send_unordered();
	stage_step("a question in one datagram: what is my address?");
	ask_for_address();
	stage_step("what else WebRTC needs");
	tell_the_rest();
	return stage_close();
}
