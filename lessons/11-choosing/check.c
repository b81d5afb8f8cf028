#include "exercise.h"

#include <stdio.h>

#include "../stage/check.h"
#include "rule.h"

/* Each case serves a workload by all three ways, on loopback and by a clock that jumps: so the
 * bytes are the same in each run, and what was measured is what judges. */
static struct outcome outcomes[WAYS];

/* By so much, as a share, the two may differ. By HTTP it depends on which messages just missed a
 * request, so that rounding is as good as fractions. */
static const double off[WAYS] = {[HTTP] = 0.05, [SSE] = 0.01, [WEBSOCKET] = 0.01};

/* The lesson's rule. The simpler way has the smaller number. */
enum way choose(const struct workload *load)
{
	double fewest = 0;

	for (enum way way = HTTP; way < WAYS; way++) {
		double bytes = bytes_of(load, way);

		if (is_possible(load, way) && (fewest == 0 || bytes < fewest))
			fewest = bytes;
	}
	for (enum way way = HTTP; way < WAYS; way++) {
		if (is_possible(load, way) && bytes_of(load, way) <= AS_GOOD * fewest)
			return way;
	}
	return WAYS;
}

/* What makes up the bytes of this way. */
static const char *parts(const struct workload *load, enum way way)
{
	static const char *const of_file[WAYS] = {"each byte crosses once, also with a break",
	                                          "in base64 four bytes stand for three",
	                                          "a share before the break, and all of it after"};
	static const char *const of_visits[WAYS] = {
	        "a request, its answer and one body each; HTTP_UNCHANGED for what is not new",
	        "a new connection needs a new opening, for each message",
	        "a new connection needs a new opening, for each message"};
	static const char *const of_stay[WAYS] = {
	        "an exchange each ask_every_ms(), at least 1; not more bodies than messages",
	        "one opening; 8 around a message down; one up is a request with an answer",
	        "one opening; 2 before a message down, 6 up, and 2 more from 126 bytes on"};

	return (load->cut > 0 ? of_file : load->leaves ? of_visits : of_stay)[way];
}

static void check_possible(const struct workload *load, enum way way)
{
	static const char *const yes = "it does it, and in time";
	char what[128];
	const char *expected = !outcomes[way].works               ? "nothing comes down for it"
	                       : is_in_time(load, &outcomes[way]) ? yes
	                                                          : "it is too late";

	snprintf(what, sizeof what, "is_possible: %s, by %s", load->name, way_names[way]);
	if (is_possible(load, way) != is_in_time(load, &outcomes[way]))
		check_text(what, expected, expected == yes ? "it is not possible" : yes,
		           way == HTTP ? "a message waits for the next request, ask_every_ms() at "
		                         "worst, and then crosses the link"
		                       : "a stream is for what comes down");
}

static void check_bytes_of(const struct workload *load, enum way way)
{
	double bytes = bytes_of(load, way), is = outcomes[way].bytes;
	char what[128], expected[64], got[64];

	snprintf(what, sizeof what, "bytes_of: %s, by %s", load->name, way_names[way]);
	snprintf(expected, sizeof expected, "%.0f bytes, %.0f %% more or less", is, 100 * off[way]);
	snprintf(got, sizeof got, "%.0f bytes", bytes);
	bool near = bytes >= is * (1 - off[way]) && bytes <= is * (1 + off[way]);
	check_text(what, expected, near ? expected : got, parts(load, way));
}

/* What was chosen, what it was thought to take, and what it does. */
static void describe(char text[128], const struct workload *load, enum way way)
{
	if (way >= WAYS)
		snprintf(text, 128, "none of the three");
	else if (!outcomes[way].works)
		snprintf(text, 128, "%s, where nothing comes down", way_names[way]);
	else
		snprintf(text, 128, "%s, which you put at %.0f bytes; it takes %.0f%s",
		         way_names[way], bytes_of(load, way), outcomes[way].bytes,
		         is_in_time(load, &outcomes[way]) ? "" : ", and is too late");
}

static void check_choice(const struct workload *load, const char *help)
{
	char what[128], expected[128], got[128];
	enum way winner = choose_by_rule(load, outcomes), chosen = choose(load);
	double fewest = outcomes[winner].bytes;

	for (enum way way = HTTP; way < WAYS; way++) {
		if (is_in_time(load, &outcomes[way]) && outcomes[way].bytes < fewest)
			fewest = outcomes[way].bytes;
	}
	bool as_good = chosen < WAYS && is_in_time(load, &outcomes[chosen]) &&
	               outcomes[chosen].bytes <= AS_GOOD * fewest;
	snprintf(what, sizeof what, "choose: %s: %d down, %d up, of %zu bytes", load->name,
	         load->down, load->up, load->size);
	snprintf(expected, sizeof expected,
	         "%s (%.0f bytes), or what is within 10 %% of the fewest", way_names[winner],
	         outcomes[winner].bytes);
	describe(got, load, chosen);
	check_text(what, expected, as_good ? expected : got, help);
}

/* Each of the three functions, against what was measured. Some way is in time in each case. */
static void check_load(const struct workload *load, const char *help)
{
	for (enum way way = HTTP; way < WAYS; way++)
		measure(&outcomes[way], load, way, LINK_MS, false);
	for (enum way way = HTTP; way < WAYS; way++) {
		check_possible(load, way);
		if (outcomes[way].works)
			check_bytes_of(load, way);
	}
	check_choice(load, help);
}

static void ticker(void)
{
	check_load(&(struct workload){.name = "prices, each at once",
	                              .down = 40,
	                              .size = 100,
	                              .lasts_ms = 1000,
	                              .allowed_ms = 100},
	           "by HTTP each request and each answer has a head");
}

static void chat(void)
{
	check_load(&(struct workload){.name = "a chat",
	                              .down = 20,
	                              .up = 10,
	                              .size = 60,
	                              .lasts_ms = 2000,
	                              .allowed_ms = 300},
	           "beside a stream each message up is a request with an answer");
}

static void game(void)
{
	check_load(&(struct workload){.name = "a game",
	                              .down = 20,
	                              .up = 20,
	                              .size = 30,
	                              .lasts_ms = 1000,
	                              .allowed_ms = 100},
	           "small messages, both ways: what stands around them decides");
}

static void profile(void)
{
	check_load(&(struct workload){.name = "a page that is opened again",
	                              .down = 10,
	                              .size = 2000,
	                              .allowed_ms = 1000,
	                              .leaves = true,
	                              .unchanged = 8},
	           "what the client has already, HTTP does not send again");
}

static void file(void)
{
	check_load(&(struct workload){.name = "a file, and a break",
	                              .down = 1,
	                              .size = 1000 * 1000,
	                              .allowed_ms = 60000,
	                              .cut = 0.6},
	           "HTTP goes on where it was");
	check_load(&(struct workload){.name = "a file, and an early break",
	                              .down = 1,
	                              .size = 1000 * 1000,
	                              .allowed_ms = 60000,
	                              .cut = 0.2},
	           "HTTP goes on where it was");
}

static void sensor(void)
{
	check_load(&(struct workload){.name = "a sensor that sleeps",
	                              .up = 10,
	                              .size = 40,
	                              .allowed_ms = 1000,
	                              .leaves = true},
	           "a new connection needs a new opening, for each message");
}

static void alerts(void)
{
	check_load(&(struct workload){.name = "three alerts in a minute, each at once",
	                              .down = 3,
	                              .size = 60,
	                              .lasts_ms = 60000,
	                              .allowed_ms = 100},
	           "asking costs most where there is nothing; and an opening counts where there "
	           "is little");
}

static void scores(void)
{
	check_load(&(struct workload){.name = "scores that may be six seconds old",
	                              .down = 5,
	                              .size = 40,
	                              .lasts_ms = 5000,
	                              .allowed_ms = 6000},
	           "who may wait asks seldom, and one answer brings all that has piled up");
}

static void letters(void)
{
	check_load(&(struct workload){.name = "a long day of short messages",
	                              .down = 1000,
	                              .size = 10,
	                              .lasts_ms = 100000,
	                              .allowed_ms = 100},
	           "8 bytes around 10, a thousand times, are more than an opening");
}

static void soon(void)
{
	check_load(&(struct workload){.name = "within 45 ms, over 20 ms",
	                              .down = 30,
	                              .size = 130,
	                              .lasts_ms = 300,
	                              .allowed_ms = 45},
	           "who waits for an answer before it asks again asks every 40 ms at best");
}

static void monitor(void)
{
	check_load(&(struct workload){.name = "a device that stays and reports at once",
	                              .up = 100,
	                              .size = 40,
	                              .lasts_ms = 10000,
	                              .allowed_ms = 100},
	           "one opening, then 6 bytes for each report");
}

static void meter(void)
{
	check_load(&(struct workload){.name = "the same device, in no hurry",
	                              .up = 100,
	                              .size = 40,
	                              .lasts_ms = 10000,
	                              .allowed_ms = 12000},
	           "one request may have a hundred lines; and at least one there must be");
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {{"prices that nobody answers", ticker},
	                                      {"a chat", chat},
	                                      {"a game", game},
	                                      {"a page with a cache", profile},
	                                      {"a file whose line breaks", file},
	                                      {"a sensor that sleeps between its readings", sensor},
	                                      {"few messages, soon", alerts},
	                                      {"few messages, some time", scores},
	                                      {"very many, very small", letters},
	                                      {"sooner than one can ask", soon},
	                                      {"a device that stays", monitor},
	                                      {"a device that may gather", meter},
	                                      {NULL, NULL}};

	return check_main(argc, argv, checks);
}
