#include "exercise.h"

#include <stdio.h>
#include <stdlib.h>

#include "../stage/check.h"

/* What get_memory was asked for; it gives no more than there is. */
static struct {
	int calls;
	size_t size, left;
} memory = {0, 0, 1000000};

void *get_memory(void *old, size_t size)
{
	memory.calls++;
	memory.size = size;
	return size > memory.left ? NULL : realloc(old, size);
}

static const struct limits minute = {.per_second = 1, .burst = 60, .most_bytes = 100};

static struct client new_client(const struct limits *limits, double now_ms)
{
	struct client client;

	client_begin(&client, limits, now_ms);
	return client;
}

/* How many of them pass, all at the same time. */
static int flood(struct client *client, const struct limits *limits, int messages, double now_ms)
{
	int passed = 0;

	for (int i = 0; i < messages; i++)
		passed += client_may_send(client, limits, now_ms);
	return passed;
}

static void minutes_edge(void)
{
	struct client client = new_client(&minute, 59000);

	check_number("of 60 messages at 59 s, these pass", 60, flood(&client, &minute, 60, 59000),
	             "a bucket is full at first");
	check_number("of 60 more at 61 s, these pass", 2, flood(&client, &minute, 60, 61000),
	             "two seconds have passed, so there are two tokens; it is no matter that a "
	             "new minute has begun");
}

static void burst(void)
{
	static const struct limits limits = {.per_second = 0.5, .burst = 5, .most_bytes = 100};
	struct client client = new_client(&limits, 7000);

	check_number("with a burst of 5, of 200 messages while the clock stands still, these pass",
	             5, flood(&client, &limits, 200, 7000),
	             "burst says how many may come at once; without time there is no refill");
}

static void refill(void)
{
	static const struct {
		double ms;
		int passed;
		const char *help;
	} cases[] = {{499, 0, "a whole token is needed, and this is a little less"},
	             {500, 1, "half a second at 2 a second is one token"},
	             {1999, 3, "3.998 tokens let 3 messages pass"},
	             {2000, 4, "two seconds at 2 a second"}};
	static const struct limits limits = {.per_second = 2, .burst = 8, .most_bytes = 100};
	static const struct limits slow = {.per_second = 0.5, .burst = 8, .most_bytes = 100};
	struct client early = new_client(&slow, 0), patient = early;
	char what[64];

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct client client = new_client(&limits, 0);

		flood(&client, &limits, 8, 0);
		snprintf(what, sizeof what, "2 a second, empty at 0 ms: at %g ms these pass",
		         cases[i].ms);
		check_number(what, cases[i].passed, flood(&client, &limits, 9, cases[i].ms),
		             cases[i].help);
	}
	flood(&early, &slow, 8, 0);
	flood(&patient, &slow, 8, 0);
	check_number("one in 2 seconds, empty at 0 ms: at 1999 ms these pass", 0,
	             flood(&early, &slow, 9, 1999), "this is a little less than a token");
	check_number("one in 2 seconds, empty at 0 ms: at 2000 ms these pass", 1,
	             flood(&patient, &slow, 9, 2000),
	             "per_second may be less than 1: 2 s at 0.5 a second are one token");
}

static void fractions(void)
{
	struct client client = new_client(&minute, 0);
	int passed = 0;

	flood(&client, &minute, 60, 0);
	for (int ms = 10; ms <= 5500; ms += 10)
		passed += client_may_send(&client, &minute, ms);
	check_number("1 a second, empty at 0 ms, asked each 10 ms until 5500 ms: these pass", 5,
	             passed, "each 10 ms bring a hundredth of a token, which must not get lost");
}

static void long_pause(void)
{
	struct client client = new_client(&minute, 0);

	flood(&client, &minute, 60, 0);
	check_number("after an hour without a message, of 100 at once these pass", 60,
	             flood(&client, &minute, 100, 3600000),
	             "what does not fit into the bucket is lost: burst is the most");
	check_number("and half a second later", 0, flood(&client, &minute, 9, 3600500),
	             "the bucket was emptied, half a token has dropped in");
}

static void clock_goes_back(void)
{
	struct client client = new_client(&minute, 50000);

	check_number("of 10 messages at 50 s", 10, flood(&client, &minute, 10, 50000), NULL);
	check_number("the clock is set back to 20 s: of 60", 50, flood(&client, &minute, 60, 20000),
	             "going back neither brings tokens nor takes any");
	check_number("at 50 s again: of 60", 0, flood(&client, &minute, 60, 50000),
	             "the seconds from 20 to 50 have been there before");
	check_number("at 53 s: of 60", 3, flood(&client, &minute, 60, 53000),
	             "from the latest time that was seen it goes on");
}

static void others(void)
{
	struct client quiet = new_client(&minute, 0), loud = new_client(&minute, 0);

	flood(&loud, &minute, 1000, 1000);
	check_number("one client sends 1000 messages; of another's 60 these pass", 60,
	             flood(&quiet, &minute, 60, 1000), "each client has a bucket of its own");
	struct client third = new_client(&minute, 1000);
	check_number("a third client begins then; of its 60 these pass", 60,
	             flood(&third, &minute, 60, 1000),
	             "all that is remembered is in struct client");
}

/* A frame, and what the client has then. */
static void check_frame(const char *what, unsigned code, struct client *client, uint64_t claimed,
                        const char *help)
{
	char where[128];
	size_t before = client->size;
	int calls = memory.calls;

	unsigned got = client_frame(client, &minute, claimed, 0);
	if ((code == 1008 || code == 1009) && got != 0) {
		snprintf(where, sizeof where, "%s: calls of get_memory", what);
		check_number(where, 0, memory.calls - calls,
		             "what is refused must cost no memory: look before you ask");
	}
	snprintf(where, sizeof where, "%s: 0, or the code to close with", what);
	check_number(where, code, got, help);
	snprintf(where, sizeof where, "%s: size of the message", what);
	check_number(where, (long)(code ? before : before + (size_t)claimed), (long)client->size,
	             code ? "a frame that is refused adds nothing" : "it grows by the frame");
}

static void too_big(void)
{
	struct client client = new_client(&minute, 0);

	check_frame("a frame of 2^40 bytes", 1009, &client, (uint64_t)1 << 40,
	            "most_bytes is 100 here");
	check_frame("a frame of 2^32 + 5 bytes", 1009, &client, ((uint64_t)1 << 32) + 5,
	            "the lower 32 bits of that are 5: compare all of it");
	check_frame("a frame of 2^63 - 1 bytes", 1009, &client, INT64_MAX, "most_bytes is 100");
	check_number("after these, of 100 messages these pass", 60, flood(&client, &minute, 100, 0),
	             "a frame that is too big takes no token");
}

static void boundaries(void)
{
	struct client client = new_client(&minute, 0);

	check_frame("a frame of 101 bytes", 1009, &client, 101, "most_bytes is 100 here");
	check_frame("a frame of 0 bytes", 0, &client, 0, "an empty message is fine");
	check_number("a frame of 0 bytes: calls of get_memory", 0, memory.calls,
	             "there is nothing to make room for");
	check_frame("a frame of 100 bytes", 0, &client, 100, "most_bytes may be reached");
	check_number("bytes that get_memory was asked for", 100, (long)memory.size, NULL);
	client.message[99] = 'x'; /* a sanitizer sees it if that is not ours */
	free(client.message);
}

static void pieces(void)
{
	struct client client = new_client(&minute, 0);

	check_frame("a first piece of 60 bytes", 0, &client, 60, NULL);
	check_frame("a second one of 41", 1009, &client, 41,
	            "all pieces count together: 101 are more than 100");
	check_frame("a second one of 2^63 - 1", 1009, &client, INT64_MAX,
	            "compare with what is left: a sum may not fit into its type");
	check_frame("a second one of 40", 0, &client, 40, "100 are allowed");
	check_number("bytes that get_memory was asked for", 100, (long)memory.size,
	             "room for the whole message");
	int calls = memory.calls;
	check_frame("an empty one behind that", 0, &client, 0, "still 100");
	check_number("an empty piece behind others: calls of get_memory", 0, memory.calls - calls,
	             "a frame of 0 bytes needs no room");
	free(client.message);
}

static void too_many(void)
{
	struct client client = new_client(&minute, 0);

	for (int i = 0; i < 60; i++)
		check_frame("one of 60 empty pieces", 0, &client, 0, NULL);
	check_frame("an empty piece too many", 1008, &client, 0, "each piece takes a token");
	check_frame("a frame of 10 bytes without a token", 1008, &client, 10,
	            "first size, then token, then memory");
	check_frame("a frame of 101 bytes without a token", 1009, &client, 101,
	            "the size is looked at first");
}

static void no_memory(void)
{
	struct client client = new_client(&minute, 0);

	check_frame("a first piece of 60 bytes", 0, &client, 60, NULL);
	client.message[0] = 'H';
	memory.left = 70;
	check_frame("a second one of 20, and no memory", 1011, &client, 20,
	            "get_memory gave NULL: the server says so and goes on");
	check_that(client.message && client.message[0] == 'H',
	           "the first piece is still there when there is no memory",
	           "keep the old pointer until you know that there is a new one");
	check_number("after these two, of 100 messages these pass", 58,
	             flood(&client, &minute, 100, 0),
	             "a frame for which there was no memory has taken its token");
	free(client.message);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"sixty messages on either side of a minute's edge", minutes_edge},
	        {"a burst, and not one more while the clock stands still", burst},
	        {"tokens come back", refill},
	        {"fractions of tokens add up", fractions},
	        {"a long pause fills the bucket, and no more", long_pause},
	        {"a clock that goes back", clock_goes_back},
	        {"one client's limit touches no other's", others},
	        {"too big is refused before memory is asked for", too_big},
	        {"sizes around the limit", boundaries},
	        {"the pieces of a message count together", pieces},
	        {"a frame takes a token", too_many},
	        {"no memory", no_memory},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
