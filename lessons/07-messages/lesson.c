/*
 * Lesson 7: messages and opcodes.
 *
 * A frame is not a message. A message may come in several frames, so that its sender need not know
 * how long it will be when it begins, and so that something urgent can pass between two of them:
 *
 *     01 03  H e l     text, 3 bytes, and FIN is 0: more will come
 *     89 00            a ping: it has no part in the message
 *     80 02  l o       continued (opcode 0), 2 bytes, and FIN is 1: that was all
 *
 * There are two kinds of opcodes, and the topmost of the four bits tells them apart:
 *
 *     0  continued     data: one message at a time, in pieces if you like. Only its first frame
 *     1  text          says what it is.
 *     2  binary
 *     8  close         control: one frame each, of 125 bytes at most, and they may stand between
 *     9  ping          the pieces of a message. So whoever waits for the next piece must be ready
 *     10 pong          for another thing to come first.
 *
 * A program that uses a library, or a browser's script, sees nothing of all this: it is handed
 * messages. Between the two stands the code that this lesson is about. Its bugs hide well: a peer
 * that makes one frame of each message never shows them.
 *
 * Two child processes help us: a server that pushes those three frames, and one that echoes: it
 * sends back each message when it is complete. Both speak WebSocket without a handshake. The frames
 * are made by lessons/stage/frames.c, as in lesson 6; wire.c strings them together and shows them.
 */
#include <stdio.h>
#include <string.h>

#include "../stage/frames.h"
#include "../stage/net.h"
#include "../stage/stage.h"
#include "utf8.h"
#include "wire.h"

#define GRUESSE "Gr\xc3\xbc\xc3\x9f\x65" /* 5 letters, two of which take 2 bytes each */
#define JPEG    "\xff\xd8\xff\xe0"       /* how many a JPEG begins (JFIF) */

/*
 * What the echo server does with a frame: it gives 0, or the code to close with. It is too
 * trusting: it mixes messages, and takes a continuation of nothing. Yours, in the exercise, will
 * not. What it keeps from one frame to the next is the opcode, which no later piece will tell, and
 * the bytes so far. Control frames touch neither. With one variable for the opcodes of frames and
 * of messages, a ping between two pieces would make a ping of the text.
 *
 * The limit of 255 is for the message and not for the frame (RFC 6455, 10.4): a receiver that looks
 * at each frame alone can be fed small pieces for ever, none of them the last.
 */
static unsigned take(int connection, const struct frame *frame, struct frame *message)
{
	if (frame->opcode >= CLOSE) {
		if (frame->size > 125)
			return 1002; /* "protocol error" */
		if (frame->opcode == PING)
			frame_write(connection, false, PONG, frame->payload, frame->size);
		return 0;
	}
	if (frame->opcode != CONTINUED) {
		message->opcode = frame->opcode;
		message->size = 0;
	}
	if (message->size + frame->size > 255)
		return 1009; /* "too big" */
	memcpy(message->payload + message->size, frame->payload, frame->size);
	message->size += frame->size;
	if (!frame->fin)
		return 0;
	if (message->opcode == TEXT && !utf8_valid(message->payload, message->size))
		return 1007; /* "not what it says it is": text must be UTF-8 */
	frame_write(connection, false, message->opcode, message->payload, message->size);
	return 0;
}

/* Each frame is taken as soon as it is whole. After a code nothing more is read: who has broken the
 * protocol once cannot be trusted with the next border. Lesson 8 has more on the codes. */
static void echo(int connection, void *user)
{
	struct frame frame, message = {0};
	unsigned code = 0;

	(void)user;
	while (code == 0 && frame_read(connection, &frame))
		code = take(connection, &frame, &message);
	if (code != 0)
		frame_write_close(connection, false, code);
}

/*
 * Sends Hello in pieces to whoever connects, and after the first a ping, which its sender did not
 * know of when he began. Two rules make the pieces (wire.c): only the first has an opcode, only the
 * last has FIN. There is no number on them and no name. TCP keeps their order, and only one message
 * is open at a time, so everybody knows whose piece it is (RFC 6455, 5.4).
 *
 * Nobody may rely on the borders: what stands between the two may join pieces and cut them anew
 * where it knows all extensions in use (5.4). A piece ends no line, no record and no letter.
 */
static void push(int connection, void *user)
{
	struct bytes bytes = {0};

	wire_put_pieces(&bytes, NULL, "Hello", *(const size_t *)user, "");
	net_write(connection, bytes.at, bytes.size);
}

/*
 * A message in pieces and a ping, from the server. What is not the ping's is the message's: each
 * piece costs a header, which is the price of letting something pass between them.
 *
 * The RFC gives two reasons for pieces (5.4). A sender may begin before it knows how long the
 * message will be. And an extension, never finished, was to let messages take turns piece by piece.
 * Without it another *message* has to wait all the same; only control frames pass. Two messages at
 * once need two connections, or pieces of your own making, each a message with a number in it.
 */
static void show_pieces(uint16_t pusher)
{
	struct bytes bytes, nothing = {0};
	size_t at = 0, message = 0;
	struct frame frame;
	int place = 0;

	wire_ask(pusher, &nothing, &bytes);
	wire_show("server sends", &bytes);
	for (int i = 1; wire_take(&bytes, &at, &frame); i++) {
		if (frame.opcode == PING)
			place = i;
		else
			message += frame.head + frame.size;
	}
	stage_say("Hello took %zu bytes like this; in one frame it takes 7. The ping was frame %d.",
	          message, place);
	stage_value("fragmented.bytes", (double)message);
	stage_value("ping.place", place);
}

/*
 * The same from the client, to the echo. Its ping has a payload, so that the pong can be told from
 * that to another ping. All arrives in one go: look at what comes back first.
 *
 * A pong repeats the payload of its ping, and is due "as soon as is practical" (RFC 6455, 5.5.2).
 * Of several pings that wait, the last alone may be answered (5.5.3), so do not count pongs. And
 * one may come that nobody asked for: it is a sign of life, and is not answered.
 */
static void show_pong(uint16_t port)
{
	struct bytes question = {0}, answer;

	wire_put_pieces(&question, frame_key, "Hello", 3, "mid");
	wire_ask(port, &question, &answer);
	wire_show("client sends", &question);
	wire_show("echo answers", &answer);
	stage_say("The first frame that came back has opcode %d. The message could be echoed only "
	          "when it was complete; the ping was answered before.",
	          answer.at[0] & 15);
	stage_value("first.opcode", answer.at[0] & 15);
}

/*
 * Text must be UTF-8: as a message, not piece by piece (RFC 6455, 5.6). Whoever cuts a text into
 * pieces counts bytes, and knows nothing of letters. Here the third byte is the first half of one.
 *
 * A server that checks each frame passes all tests in English, where a letter is a byte, and closes
 * the connection of the first whose letter is cut. The mistake is among those in wrong/. (Who would
 * check while the pieces come must keep the half letter until the next.)
 */
static void show_text(uint16_t port)
{
	struct bytes plain = {0}, question = {0}, answer;
	size_t at = 0, valid = 0;
	struct frame frame;

	wire_put_pieces(&plain, NULL, GRUESSE, 3, NULL);
	while (wire_take(&plain, &at, &frame))
		valid += utf8_valid(frame.payload, frame.size);
	wire_show("as it would be without masks", &plain);
	wire_put_pieces(&question, frame_key, GRUESSE, 3, NULL);
	wire_ask(port, &question, &answer);
	wire_show("echo answers", &answer);
	stage_say("This was \"" GRUESSE "\", 5 letters in 7 bytes and 3 frames. Of the frames, %zu "
	          "hold UTF-8 by themselves.",
	          valid);
	stage_value("valid.frames", (double)valid);
}

/*
 * Four bytes, sent as what they are and as what they are not.
 *
 * The opcode is not a remark for the application. A receiver of text that is no UTF-8 must end the
 * connection (RFC 6455, 8.1), for a string cannot hold it: a script would be handed something else
 * than was sent. In the other direction nothing is checked. Binary is any bytes, text among them.
 */
static void show_binary(uint16_t port)
{
	struct bytes answer;

	wire_ask_frame(port, BINARY, JPEG, 4, &answer);
	wire_show("to a JPEG as binary, echo answers", &answer);
	wire_ask_frame(port, TEXT, JPEG, 4, &answer);
	wire_show("to the same as text, echo answers", &answer);
	int code = answer.at[2] << 8 | answer.at[3];
	stage_say("Its two bytes are the code: %d, not what it says it is.", code);
	stage_value("jpeg.code", code);
}

/*
 * Pings that get longer, until one is refused. A receiver that is in the middle of a message needs
 * room for a control frame beside it, and thanks to the limit (RFC 6455, 5.5) knows how much. The
 * number is no accident: see lesson 6 for what a header of two bytes can say.
 */
static void show_longest(uint16_t port)
{
	static const uint8_t payload[255];
	struct bytes answer;
	size_t size = 0;

	do
		wire_ask_frame(port, PING, payload, size, &answer);
	while ((answer.at[0] & 15) == PONG && ++size < sizeof payload);
	wire_show("to the first that was refused, echo answers", &answer);
	stage_say("Pings of 0 to %zu bytes got their pong. One more byte, and the answer was "
	          "close, with code %d: protocol error.",
	          size - 1, answer.at[2] << 8 | answer.at[3]);
	stage_value("ping.longest", (double)size - 1);
}

int main(int argc, char **argv)
{
	double wanted = 3;
	const struct stage_option options[] = {{"piece", &wanted, "bytes in a piece"}, {0}};
	uint16_t pusher, echoing;

	stage_open(argc, argv, "Lesson 7: messages and opcodes", options);
	if (wanted < 1 || wanted > 5) {
		fprintf(stderr, "lesson: --piece %g: it is 1 to 5\n", wanted);
		return 2;
	}
	net_serve(net_listen(&pusher), push, &(size_t){(size_t)wanted});
	net_serve(net_listen(&echoing), echo, NULL);
	stage_step("a message in pieces, and a ping between them");
	show_pieces(pusher);
	stage_step("what is answered first");
	show_pong(echoing);
	stage_step("a letter cut in two");
	show_text(echoing);
	stage_step("text and binary");
	show_binary(echoing);
	stage_step("how long a ping may be");
	show_longest(echoing);
	return stage_close();
}
