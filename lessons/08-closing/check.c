#include "exercise.h"

#include <stdio.h>
#include <string.h>

#include "../stage/check.h"

/* What is to be done, in words. */
static const char *words(char text[128], const struct closing *closing, int acts)
{
	char close[64] = "";

	if (acts & SEND_CLOSE && closing->reply)
		snprintf(close, sizeof close, ", send a close frame with %u", closing->reply);
	else if (acts & SEND_CLOSE)
		snprintf(close, sizeof close, ", send a close frame without a body");
	snprintf(text, 128, "%s%s%s%s", acts & DELIVER ? ", deliver" : "", close,
	         acts & END_TCP ? ", end TCP" : "", acts == 0 ? ", nothing" : "");
	memmove(text, text + 2, strlen(text + 2) + 1);
	return text;
}

static void check_acts(const char *what, const char *expected, const struct closing *closing,
                       int acts, const char *help)
{
	char text[128];

	check_text(what, expected, words(text, closing, acts), help);
}

static void check_code(const char *what, unsigned expected, const struct closing *closing,
                       const char *help)
{
	char where[128];

	snprintf(where, sizeof where, "%s: code, which our program is told", what);
	check_number(where, expected, closing->code, help);
}

static int frame(struct closing *closing, unsigned opcode, const char *body, size_t size)
{
	return closing_frame(closing, opcode, (const uint8_t *)body, size);
}

static int message(struct closing *closing)
{
	return frame(closing, 1, "Hello", 5);
}

/* The other side's close with that body, on a connection that is open. */
static void check_answer(const char *what, const char *body, size_t size, const char *expected,
                         unsigned code, const char *help)
{
	struct closing closing = {0};

	check_acts(what, expected, &closing, frame(&closing, 8, body, size), help);
	check_code(what, code, &closing, help);
}

static void they_begin(void)
{
	struct closing closing = {0};

	check_acts("a message on an open connection", "deliver", &closing, message(&closing), NULL);
	check_acts("binary on an open connection", "deliver", &closing,
	           frame(&closing, 2, "\x01", 1), NULL);
	check_answer("their close with 1000", "\x03\xe8", 2,
	             "send a close frame with 1000, end TCP", 1000,
	             "a close frame is answered with its own code before TCP is ended");
	check_answer("their close with 1001 and a text",
	             "\x03\xe9"
	             "bye",
	             5, "send a close frame with 1001, end TCP", 1001,
	             "the first two bytes are the code, the more significant one first");
}

static void we_begin(void)
{
	struct closing closing = {0};

	check_acts("our program closes", "send a close frame with 1000", &closing,
	           closing_begin(&closing, 1000, 0), NULL);
	check_acts("their answer", "end TCP", &closing, frame(&closing, 8, "\x03\xe8", 2),
	           "theirs is the answer: it is not answered again");
	check_code("after their answer", 1000, &closing, NULL);
}

static void both_at_once(void)
{
	struct closing closing = {0};

	closing_begin(&closing, 1000, 0);
	check_acts("we sent a close with 1000, and theirs with 1001 had crossed it", "end TCP",
	           &closing, frame(&closing, 8, "\x03\xe9", 2),
	           "two close frames are enough: ours is the answer to theirs");
	check_code("when the two have crossed", 1001, &closing,
	           "what our program is told is what came, not what we sent");
}

static void messages_around(void)
{
	struct closing closing = {0};

	closing_begin(&closing, 1000, 0);
	check_acts("a message that comes after our close and before theirs", "deliver", &closing,
	           message(&closing), "it was sent before our close had arrived");
	frame(&closing, 8, "\x03\xe8", 2);
	check_acts("a message behind their close", "nothing", &closing, message(&closing),
	           "whoever has sent a close may send no message");
}

static void after_theirs(void)
{
	struct closing closing = {0};

	frame(&closing, 8, "\x03\xe8", 2);
	check_acts("a message behind their close, when they began", "nothing", &closing,
	           message(&closing), "whoever has sent a close may send no message");
	check_acts("a second close of theirs", "nothing", &closing,
	           frame(&closing, 8, "\x03\xe9", 2), "it is over with the first");
	check_code("after their second close", 1000, &closing, "the first one counts");
}

static void no_code(void)
{
	check_answer("their close without a body", "", 0,
	             "send a close frame without a body, end TCP", 1005,
	             "1005 says that no code came, and is never sent itself");
}

static void one_byte(void)
{
	check_answer("their close with a body of 1 byte", "\x03", 1,
	             "send a close frame with 1002, end TCP", 1002,
	             "a code has two bytes: half of one breaks the protocol");
}

static void codes(void)
{
	static const struct {
		unsigned code;
		bool fine;
	} all[] = {{1003, true},  {1007, true},  {1011, true},  {1014, true},  {3000, true},
	           {4999, true},  {0, false},    {999, false},  {1004, false}, {1005, false},
	           {1006, false}, {1015, false}, {2999, false}, {5000, false}, {65535, false}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char body[2] = {(char)(all[i].code >> 8), (char)all[i].code};
		unsigned code = all[i].fine ? all[i].code : 1002;
		char what[64], expected[64];

		snprintf(what, sizeof what, "their close with %u", all[i].code);
		snprintf(expected, sizeof expected, "send a close frame with %u, end TCP", code);
		check_answer(what, body, 2, expected, code,
		             all[i].fine ? "this code may be sent" : "this code is never sent");
	}
}

static void broken_answer(void)
{
	struct closing closing = {0};

	closing_begin(&closing, 1000, 0);
	check_acts("their answer has 1 byte", "end TCP", &closing, frame(&closing, 8, "\x03", 1),
	           "we have sent our only close frame; what is left is to end TCP");
	check_code("their answer has 1 byte", 1002, &closing, NULL);
}

static void no_answer(void)
{
	static const char help[] = "a peer that never answers must not hold the connection";
	struct closing closing = {0};

	check_acts("late, with nothing sent", "nothing", &closing, closing_late(&closing, 1e6),
	           "an open connection may be silent");
	closing_begin(&closing, 1000, 7000);
	check_acts("4999 ms after our close", "nothing", &closing, closing_late(&closing, 11999),
	           "there is still time to answer");
	check_acts("5000 ms after our close", "end TCP", &closing, closing_late(&closing, 12000),
	           help);
	check_code("without an answer", 1006, &closing,
	           "no close frame came: that is what 1006 says");
	check_acts("6000 ms after our close, when TCP was ended at 5000", "nothing", &closing,
	           closing_late(&closing, 13000), "TCP is ended once");
	check_code("6000 ms after our close", 1006, &closing, NULL);
	closing = (struct closing){0};
	closing_begin(&closing, 1000, 7000);
	frame(&closing, 8, "\x03\xe8", 2);
	check_acts("late, with an answer", "nothing", &closing, closing_late(&closing, 12000),
	           "TCP was ended when the answer came");
	check_code("late, with an answer", 1000, &closing, "the answer came in time");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"the other side closes", they_begin},
	        {"we close", we_begin},
	        {"both at once", both_at_once},
	        {"messages before and behind the other side's answer", messages_around},
	        {"nothing counts behind the other side's close", after_theirs},
	        {"a close without a code", no_code},
	        {"a close with half a code", one_byte},
	        {"codes that may be sent, and others", codes},
	        {"an answer that is broken", broken_answer},
	        {"an answer that does not come", no_answer},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
