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
 * Two child processes help us: a server that pushes those three frames, and one that echoes: it
 * sends back each message when it is complete. Both speak WebSocket without a handshake.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../stage/net.h"
#include "../stage/stage.h"
#include "utf8.h"
#include "wire.h"

#define GRUESSE "Gr\xc3\xbc\xc3\x9f\x65" /* 5 letters, two of which take 2 bytes each */
#define JPEG    "\xff\xd8\xff\xe0"       /* how every JPEG begins */

/* The same key each time, for you to compare; lesson 6 says why a client must not do that. */
static const uint8_t sample_key[4] = {0x37, 0xfa, 0x21, 0x3d};

/* A text in pieces, and after the first of them a ping, which its sender did not know of when he
 * began. Two rules make the pieces: only the first has an opcode, only the last has FIN. */
static void put_pieces(struct bytes *bytes, const uint8_t *key, const char *text, size_t piece,
                       const char *ping)
{
	size_t size = strlen(text);

	for (size_t at = 0; at < size; at += piece) {
		size_t now = size - at < piece ? size - at : piece;

		wire_put(bytes, key, (at + now == size ? FIN : 0) | (at == 0 ? TEXT : CONTINUED),
		         text + at, now);
		if (at == 0 && ping)
			wire_put(bytes, key, FIN | PING, ping, strlen(ping));
	}
}

/* What the echo server does with a frame: 0, or the code to close with. It is too trusting: it
 * would take a continuation of nothing, and mix two messages. Yours, in the exercise, will not. */
static int take(const struct frame *frame, struct frame *message, struct bytes *answer)
{
	if (frame->opcode >= CLOSE) {
		if (frame->size > 125)
			return 1002; /* "protocol error" */
		if (frame->opcode == PING)
			wire_put(answer, NULL, FIN | PONG, frame->payload, frame->size);
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
	wire_put(answer, NULL, FIN | message->opcode, message->payload, message->size);
	return 0;
}

static void echo(int connection, void *user)
{
	struct frame frame, message = {0};
	int code = 0;

	(void)user;
	while (code == 0 && wire_read(connection, &frame)) {
		struct bytes answer = {0};

		code = take(&frame, &message, &answer);
		if (code != 0) /* a close says why, in two bytes: 1002 is 3 * 256 + 234 */
			wire_put(&answer, NULL, FIN | CLOSE, (uint8_t[]){3, (uint8_t)code}, 2);
		net_write(connection, answer.at, answer.size);
	}
}

/* Sends Hello in pieces to whoever connects. */
static void push(int connection, void *user)
{
	struct bytes bytes = {0};

	put_pieces(&bytes, NULL, "Hello", *(const size_t *)user, "");
	net_write(connection, bytes.at, bytes.size);
}

/* Sends all of it at once, says that this is the end, and reads all that comes. */
static void ask(uint16_t port, const struct bytes *question, struct bytes *answer)
{
	int connection = net_connect(port);

	*answer = (struct bytes){0}; /* where nothing comes, it is no frame */
	net_write(connection, question->at, question->size);
	shutdown(connection, SHUT_WR);
	answer->size = net_read_all(connection, answer->at, sizeof answer->at);
	close(connection);
}

/* A message in pieces and a ping, from the server. What is not the ping's is the message's: each
 * piece costs a header, which is the price of letting something pass between them. */
static void show_pieces(uint16_t pusher)
{
	struct bytes bytes, nothing = {0};
	size_t at = 0, before = 0, message = 0;
	struct frame frame;
	int place = 0;

	ask(pusher, &nothing, &bytes);
	wire_show("server sends", &bytes);
	for (int i = 1; wire_take(&bytes, &at, &frame); i++, before = at) {
		if (frame.opcode == PING)
			place = i;
		else
			message += at - before;
	}
	stage_say("Hello took %zu bytes like this; in one frame it takes 7. The ping was frame %d.",
	          message, place);
	stage_value("fragmented.bytes", (double)message);
	stage_value("ping.place", place);
}

/* The same from the client, to the echo. Its ping has a payload, so that the pong can be told from
 * that to another ping. All arrives in one go, and still the pong overtakes the message. */
static void show_pong(uint16_t port)
{
	struct bytes question = {0}, answer;

	put_pieces(&question, sample_key, "Hello", 3, "mid");
	ask(port, &question, &answer);
	wire_show("client sends", &question);
	wire_show("echo answers", &answer);
	stage_say("The first frame that came back has opcode %d. The message could be echoed only "
	          "when it was complete; the ping was answered before.",
	          answer.at[0] & 15);
	stage_value("first.opcode", answer.at[0] & 15);
}

/* Text must be UTF-8: as a message, not piece by piece. Whoever cuts a text into pieces counts
 * bytes, and knows nothing of letters. Here the third byte is the first half of one. */
static void show_text(uint16_t port)
{
	struct bytes question = {0}, answer;
	size_t at = 0, valid = 0;
	struct frame frame;

	put_pieces(&question, NULL, GRUESSE, 3, NULL);
	while (wire_take(&question, &at, &frame))
		valid += utf8_valid(frame.payload, frame.size);
	wire_show("as it would be without masks", &question);
	question.size = 0;
	put_pieces(&question, sample_key, GRUESSE, 3, NULL);
	ask(port, &question, &answer);
	wire_show("echo answers", &answer);
	stage_say("This was \"" GRUESSE "\", 5 letters in 7 bytes and 3 frames. Of the frames, %zu "
	          "hold UTF-8 by themselves.",
	          valid);
	stage_value("valid.frames", (double)valid);
}

/* Four bytes, sent as what they are and as what they are not. */
static void show_binary(uint16_t port)
{
	for (int opcode = BINARY; opcode >= TEXT; opcode--) {
		struct bytes question = {0}, answer;

		wire_put(&question, sample_key, FIN | opcode, JPEG, 4);
		ask(port, &question, &answer);
		wire_show(opcode == BINARY ? "to a JPEG as binary, echo answers"
		                           : "to the same as text, echo answers",
		          &answer);
		if (opcode == TEXT) {
			int code = answer.at[2] << 8 | answer.at[3];

			stage_say("Its two bytes are the code: %d, not what it says it is.", code);
			stage_value("jpeg.code", code);
		}
	}
}

/* Pings that get longer, until one is refused. A receiver that is in the middle of a message needs
 * room for a control frame beside it: that is why there is a limit, and so small a one. */
static void show_longest(uint16_t port)
{
	static const uint8_t payload[255];
	struct bytes answer;
	size_t size = 0;

	do {
		struct bytes question = {0};

		wire_put(&question, sample_key, FIN | PING, payload, size);
		ask(port, &question, &answer);
	} while ((answer.at[0] & 15) == PONG && ++size < sizeof payload);
	wire_show("to the first that was refused, echo answers", &answer);
	stage_say(
	        "Pings of 0 to %zu bytes got their pong. One more byte, and the answer was close, "
	        "with code %d: protocol error.",
	        size - 1, answer.at[2] << 8 | answer.at[3]);
	stage_value("ping.longest", (double)size - 1);
}

int main(int argc, char **argv)
{
	double wanted = 3;
	const struct stage_option options[] = {{"piece", &wanted, "bytes of Hello in a piece"},
	                                       {0}};
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
