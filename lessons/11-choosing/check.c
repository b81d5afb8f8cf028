#include "exercise.h"

#include <stdio.h>

#include "../stage/check.h"
#include "rule.h"

/* Each case serves a workload by all three ways, on loopback and by a clock that jumps: so the
 * bytes are the same in each run, and what was measured is what judges. */
static struct outcome outcomes[WAYS];

static void describe(char text[64], const struct workload *load, enum way way)
{
	if (way >= WAYS)
		snprintf(text, 64, "none of the three");
	else if (!outcomes[way].works)
		snprintf(text, 64, "%s, where nothing comes down", way_names[way]);
	else
		snprintf(text, 64, "%s: %.0f bytes%s", way_names[way], outcomes[way].bytes,
		         is_in_time(load, &outcomes[way]) ? "" : ", too late");
}

static void check_choice(const struct workload *load, const char *help)
{
	char what[128], expected[64], got[64];
	double fewest = 0;

	for (enum way way = HTTP; way < WAYS; way++) {
		measure(&outcomes[way], load, way, LINK_MS, false);
		if (is_in_time(load, &outcomes[way]) &&
		    (fewest == 0 || outcomes[way].bytes < fewest))
			fewest = outcomes[way].bytes;
	}
	enum way winner = choose_by_rule(load, outcomes), chosen = choose(load);
	bool as_good = chosen < WAYS && is_in_time(load, &outcomes[chosen]) &&
	               outcomes[chosen].bytes <= AS_GOOD * fewest;
	snprintf(what, sizeof what, "%s: %d down, %d up, of %zu bytes", load->name, load->down,
	         load->up, load->size);
	describe(expected, load, winner);
	describe(got, load, chosen);
	check_text(what, expected, as_good ? expected : got, help);
}

static void ticker(void)
{
	check_choice(&(struct workload){.name = "prices, each at once",
	                                .down = 40,
	                                .size = 100,
	                                .lasts_ms = 1000,
	                                .allowed_ms = 100},
	             "by HTTP each request and each answer has a head");
}

static void chat(void)
{
	check_choice(&(struct workload){.name = "a chat",
	                                .down = 20,
	                                .up = 10,
	                                .size = 60,
	                                .lasts_ms = 2000,
	                                .allowed_ms = 300},
	             "beside a stream each message up is a request with an answer");
}

static void game(void)
{
	check_choice(&(struct workload){.name = "a game",
	                                .down = 20,
	                                .up = 20,
	                                .size = 30,
	                                .lasts_ms = 1000,
	                                .allowed_ms = 100},
	             "small messages, both ways: what stands around them decides");
}

static void profile(void)
{
	check_choice(&(struct workload){.name = "a page that is opened again",
	                                .down = 10,
	                                .size = 2000,
	                                .allowed_ms = 1000,
	                                .leaves = true,
	                                .unchanged = 8},
	             "what the client has already, HTTP does not send again");
}

static void file(void)
{
	check_choice(&(struct workload){.name = "a file, and a break",
	                                .down = 1,
	                                .size = 1000 * 1000,
	                                .allowed_ms = 60000,
	                                .cut = 0.6},
	             "HTTP goes on where it was");
}

static void sensor(void)
{
	check_choice(&(struct workload){.name = "a sensor that sleeps",
	                                .up = 10,
	                                .size = 40,
	                                .allowed_ms = 1000,
	                                .leaves = true},
	             "a new connection needs a new opening, for each message");
}

static void alerts(void)
{
	check_choice(&(struct workload){.name = "three alerts in a minute, each at once",
	                                .down = 3,
	                                .size = 60,
	                                .lasts_ms = 60000,
	                                .allowed_ms = 100},
	             "asking costs most where there is nothing; and an opening counts where there "
	             "is little");
}

static void scores(void)
{
	check_choice(&(struct workload){.name = "scores that may be six seconds old",
	                                .down = 5,
	                                .size = 40,
	                                .lasts_ms = 5000,
	                                .allowed_ms = 6000},
	             "who may wait asks seldom, and one answer brings all that has piled up");
}

static void letters(void)
{
	check_choice(&(struct workload){.name = "a long day of short messages",
	                                .down = 1000,
	                                .size = 10,
	                                .lasts_ms = 100000,
	                                .allowed_ms = 100},
	             "8 bytes around 10, a thousand times, are more than an opening");
}

static void soon(void)
{
	check_choice(&(struct workload){.name = "within 45 ms, over 20 ms",
	                                .down = 30,
	                                .size = 200,
	                                .lasts_ms = 300,
	                                .allowed_ms = 45},
	             "who waits for an answer before it asks again asks every 40 ms at best");
}

static void monitor(void)
{
	check_choice(&(struct workload){.name = "a device that stays and reports at once",
	                                .up = 100,
	                                .size = 40,
	                                .lasts_ms = 10000,
	                                .allowed_ms = 100},
	             "one opening, then 6 bytes for each report");
}

static void meter(void)
{
	check_choice(&(struct workload){.name = "the same device, in no hurry",
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
