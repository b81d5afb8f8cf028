#include "exercise.h"

#include <stdio.h>
#include <string.h>

#include "../stage/check.h"
#include "../stage/handshake.h"
#include "../stage/net.h"
#include "measure.h"
#include "texts.h"

#define HOLD_MS 2000

static void check_put(unsigned messages, const char *length, const char *expected, const char *help)
{
	char got[8192] = "", whole[512], what[64], its_length[32];

	snprintf(whole, sizeof whole,
	         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %s\r\n\r\n%s",
	         length, expected);
	size_t size = put_batch(got, sizeof got, messages);
	const char *blank = strstr(got, "\r\n\r\n");
	snprintf(what, sizeof what, "the body of an answer with %u of them", messages);
	check_text(what, expected, blank ? blank + 4 : "",
	           "Hello once for each message, and an end of line between two");
	snprintf(what, sizeof what, "Content-Length in an answer with %u of them", messages);
	handshake_header(got, "Content-Length", its_length, sizeof its_length);
	check_text(what, length, its_length, help);
	snprintf(what, sizeof what, "all of an answer with %u of them", messages);
	check_text(what, whole, got, "all but body and length is as in the lesson's answer");
	snprintf(what, sizeof what, "the length that put_batch gives for %u", messages);
	check_number(what, (long)strlen(whole), (long)size, "all bytes but the '\\0'");
}

static void put_one(void)
{
	check_put(1, "5", "Hello", "with one message it is the answer of lesson 1");
}

static void put_some(void)
{
	check_put(3, "17", "Hello\nHello\nHello",
	          "Content-Length counts all bytes of the body, the ends of line too");
}

static void put_ten(void)
{
	check_put(10, "59", "Hello\nHello\nHello\nHello\nHello\nHello\nHello\nHello\nHello\nHello",
	          "ten lines, and nine ends of line between them");
}

static void check_count(const char *what, long expected, const char *body, const char *help)
{
	char answer[512];

	snprintf(answer, sizeof answer,
	         "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
	         strlen(body), body);
	check_number(what, expected, count_batch(answer), help);
}

static void count_all(void)
{
	check_count("messages in an answer with one", 1, "Hello", NULL);
	check_count("messages in an answer with two", 2, "Hello\nHello",
	            "there is no end of line behind the last one");
	check_count("messages in an answer with five", 5, "Hello\nHello\nHello\nHello\nHello",
	            NULL);
	check_number("messages in an answer that says nothing", 0, count_batch(NOTHING END),
	             "a server that waited in vain sends 204, and that has no body");
}

/* A client that listens. */
static void listen_on(struct session *session)
{
	session_open(session, &batches, 0, HOLD_MS);
	if (!batches.waits) {
		session_ask(session);
		session_settle(session);
	}
}

static unsigned bring(struct session *session, unsigned messages)
{
	session_publish(session, messages);
	unsigned got = session_take(session);
	session_ask(session);
	session_settle(session);
	return got;
}

static void server_waits(void)
{
	static const char help[] = "in the row, which field makes the server wait?";
	struct session session;

	listen_on(&session);
	check_that(!session_comes(&session, net_now_ms() + 100),
	           "an answer comes when there is news, and not before", help);
	check_number("messages in the first answer", 1, bring(&session, 1), NULL);
	session_close(&session);
}

static void one_by_one(void)
{
	struct session session;

	listen_on(&session);
	for (int i = 0; i < 3; i++)
		check_number("messages in an answer, when they come singly", 1, bring(&session, 1),
		             NULL);
	check_number("bytes of 3 messages, one by one, and of the question that waits",
	             3 * (48 + 69) + 48, (long)session_bytes(&session),
	             "it is long polling: its row in the lesson has the same");
	session_close(&session);
}

static void ten_by_ten(void)
{
	struct session session;

	listen_on(&session);
	for (int i = 0; i < 10; i++)
		check_number("messages in an answer, when ten come at once", 10,
		             bring(&session, 10), "one answer brings all that there are");
	check_number("requests for 100 messages", 11, session_requests(&session),
	             "one for each answer, and one that waits");
	check_number("connections for 100 messages", 1, session_connections(&session),
	             "the connection stays open between two answers");
	session_close(&session);
}

/* Between an answer and the next question nobody listens. */
static void gap(void)
{
	struct session session;

	listen_on(&session);
	session_publish(&session, 1);
	session_take(&session);
	session_publish(&session, 3);
	session_ask(&session);
	check_number("messages in the next answer, when three came before its question", 3,
	             session_take(&session), "what has piled up comes in one answer");
	session_close(&session);
}

static void idle(void)
{
	check_number("bytes of a minute without news, on a clock that runs 50 times as fast",
	             2 * (48 + 27), (long)measure_idle(&batches, 60, 20, 25),
	             "a server that waits 25 s gives up twice, and is asked again");
}

/* The columns of bytes: what they are said to be, and what is counted. */
static void check_column(unsigned messages, unsigned in_each)
{
	struct session session;
	char what[128];

	listen_on(&session);
	for (unsigned left = messages; left > 0;) {
		unsigned some = left < in_each ? left : in_each;

		bring(&session, some);
		left -= some;
	}
	snprintf(what, sizeof what, "bytes of %u message%s, %u in an answer: counted, and yours",
	         messages, messages == 1 ? "" : "s", in_each);
	check_number(what, (long)session_bytes(&session), (long)batch_bytes(messages, in_each),
	             "questions, answers, and the question that waits when all have come");
	session_close(&session);
}

static void columns(void)
{
	check_column(1, 1);
	check_column(100, 10);
}

static void last_answer(void)
{
	check_column(25, 10);
	check_column(7, 100);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"an answer with one message", put_one},
	        {"an answer with three", put_some},
	        {"an answer with ten, whose length has two digits", put_ten},
	        {"how many messages are in an answer", count_all},
	        {"the server waits for news", server_waits},
	        {"messages one by one", one_by_one},
	        {"a hundred messages, ten by ten", ten_by_ten},
	        {"messages between an answer and the next question", gap},
	        {"a minute without news", idle},
	        {"the bytes that you predict are those that are counted", columns},
	        {"the last answer has what is left", last_answer},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
