#include "rule.h"

#include <stdio.h>

#include "../stage/stage.h"

bool is_in_time(const struct workload *load, const struct outcome *outcome)
{
	return outcome->works && (load->cut > 0 || outcome->within_ms <= load->allowed_ms);
}

enum way choose_by_rule(const struct workload *load, const struct outcome *outcomes)
{
	double fewest = 0;

	for (enum way way = HTTP; way < WAYS; way++) {
		const struct outcome *outcome = &outcomes[way];

		if (is_in_time(load, outcome) && (fewest == 0 || outcome->bytes < fewest))
			fewest = outcome->bytes;
	}
	for (enum way way = HTTP; way < WAYS; way++) {
		if (is_in_time(load, &outcomes[way]) && outcomes[way].bytes <= AS_GOOD * fewest)
			return way;
	}
	return WAYS;
}

static void keep(const char *name, enum way way, const char *what, double value)
{
	static const char *const keys[WAYS] = {"http", "sse", "websocket"};
	char key[64];

	snprintf(key, sizeof key, "%s.%s_%s", name, keys[way], what);
	stage_value(key, value);
}

static void put_outcome(char *text, size_t size, const struct workload *load,
                        const struct outcome *outcome)
{
	if (!outcome->works)
		snprintf(text, size, "nothing comes down, so no stream is needed");
	else if (load->cut > 0)
		snprintf(text, size, "%.0f bytes, %g MB of the file after the break",
		         outcome->bytes, outcome->rest / 1e6);
	else
		snprintf(text, size, "%.0f bytes, nine of ten within %.1f ms%s", outcome->bytes,
		         outcome->within_ms, is_in_time(load, outcome) ? "" : ": too late");
}

void say_verdict(const struct workload *load, const struct outcome *outcomes)
{
	enum way winner = choose_by_rule(load, outcomes);
	char text[WAYS][128], key[64];

	for (enum way way = HTTP; way < WAYS; way++) {
		put_outcome(text[way], sizeof text[way], load, &outcomes[way]);
		keep(load->name, way, "bytes", outcomes[way].bytes);
		keep(load->name, way, "ms", outcomes[way].within_ms);
		keep(load->name, way, "rest_mb", outcomes[way].rest / 1e6);
	}
	stage_say("  %s: %s\n  %s: %s\n  %s: %s\nBy the rule: %s.", way_names[HTTP], text[HTTP],
	          way_names[SSE], text[SSE], way_names[WEBSOCKET], text[WEBSOCKET],
	          winner == WAYS ? "none of them" : way_names[winner]);
	snprintf(key, sizeof key, "%s.winner", load->name);
	stage_value(key, winner);
}
