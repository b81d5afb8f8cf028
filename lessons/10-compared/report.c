#include "report.h"

#include <stdio.h>
#include <string.h>

#include "../stage/stage.h"
#include "measure.h"

static void keep(const struct row *row, const char *what, double value)
{
	char key[64];

	snprintf(key, sizeof key, "%s.%s", row->transport->key, what);
	stage_value(key, value);
}

/* From which message on WebSocket has sent fewer bytes than another: read off the counts. */
static int cheaper_from(const struct row *rows, int other, int messages)
{
	int n = 1;

	while (n <= messages && rows[WEBSOCKET].bytes[n] >= rows[other].bytes[n])
		n++;
	return n;
}

void show_messages(const struct row *rows, int messages)
{
	if (!stage_silent())
		printf("                    bytes of 1   of %-4d   connections   requests\n",
		       messages);
	int short_lived = 0;

	for (int i = 0; i < TRANSPORTS; i++) {
		const struct row *row = &rows[i];

		short_lived += row->connections > 1;
		if (!stage_silent())
			printf("  %-16s  %10lu   %7lu   %11u   %8u\n", row->transport->name,
			       row->bytes[1], row->bytes[messages], row->connections,
			       row->requests);
		keep(row, "bytes_one", (double)row->bytes[1]);
		keep(row, "bytes_all", (double)row->bytes[messages]);
		keep(row, "connections", row->connections);
		keep(row, "requests", row->requests);
	}
	int polls = cheaper_from(rows, POLLS, messages), sse = cheaper_from(rows, SSE, messages);
	stage_say(
	        "\n%d of the five took more than one connection. The last is the dearest for one "
	        "message. From message %d on it has sent fewer bytes than polling on one connection "
	        "(%lu against %lu), and from message %d on fewer than SSE (%lu against %lu).",
	        short_lived, polls, rows[WEBSOCKET].bytes[polls], rows[POLLS].bytes[polls], sse,
	        rows[WEBSOCKET].bytes[sse], rows[SSE].bytes[sse]);
	stage_value("rows.short_lived", short_lived);
	stage_value("ws.cheaper_than_poll_from", polls);
	stage_value("ws.cheaper_than_sse_from", sse);
}

void show_events(const struct row *rows, int messages)
{
	(void)messages;
	if (!stage_silent())
		puts("                      one event   in round trips");
	for (int i = 0; i < TRANSPORTS; i++) {
		if (!stage_silent())
			printf("  %-16s  %8.1f ms   %12.1f R\n", rows[i].transport->name,
			       rows[i].ms, rows[i].delay);
		keep(&rows[i], "delay_ms", rows[i].ms);
		keep(&rows[i], "delay_trips", rows[i].delay);
	}
	stage_say("\nWhere the question waits at the server already, or none is needed, an event "
	          "takes the way back and no more.");
	stage_value("push.ratio", rows[WEBSOCKET].delay / rows[POLLS].delay);
	stage_say(
	        "Polls leave when it is time, and not when there is news. With one every T = 5 R the "
	        "events took %.1f R on average on new connections, and %.1f R on one that stays "
	        "open: T/2 + R/2, in both.",
	        rows[CLOSING_POLLS].mean_delay, rows[POLLS].mean_delay);
	keep(&rows[CLOSING_POLLS], "mean_trips", rows[CLOSING_POLLS].mean_delay);
	keep(&rows[POLLS], "mean_trips", rows[POLLS].mean_delay);
}

void show_idle(const struct row *rows, int messages)
{
	(void)messages;
	if (!stage_silent())
		puts("                    bytes of an idle minute");
	for (int i = 0; i < TRANSPORTS; i++) {
		if (!stage_silent())
			printf("  %-16s  %23lu\n", rows[i].transport->name, rows[i].idle);
		keep(&rows[i], "idle_bytes", (double)rows[i].idle);
	}
	stage_say(
	        "\nAll 60 polls were made, and each server that waits for 25 s gave up twice: the "
	        "clock was fast, the bytes are counted.");
}

void show_upward(const struct row *rows, int messages)
{
	(void)messages;
	if (!stage_silent())
		puts("                    bytes of a Hello upwards   connections for it");
	for (int i = 0; i < TRANSPORTS; i++) {
		if (!stage_silent())
			printf("  %-16s  %24lu   %18s\n", rows[i].transport->name, rows[i].upward,
			       rows[i].upward_connections > 0 ? "one more" : "none");
		keep(&rows[i], "upward_bytes", (double)rows[i].upward);
		keep(&rows[i], "upward_connections", rows[i].upward_connections);
	}
	stage_say("\nEvery one of them can send upwards. Two can do it on the connection that they "
	          "have, and one without a question and an answer around it.");
}

void show_bare(const struct row *rows, int messages)
{
	(void)messages;
	double ratios[3];

	for (int i = 0; i < 3; i++)
		ratios[i] = measure_bare(rows[POLLS].transport) /
		            measure_bare(rows[WEBSOCKET].transport);
	stage_say(
	        "A polled message took %.2f times as long as a pushed one, 20 messages each. Again: "
	        "%.2f. Again: %.2f. Which of these is it? On one machine it is mostly a matter of "
	        "when the system wakes a process up, and of the processor. It says nothing about a "
	        "network.",
	        ratios[0], ratios[1], ratios[2]);
}

void show_all(const struct row *rows, int messages)
{
	if (stage_silent())
		return;
	printf("                    Direction:   Connection:   Overhead:    Real time:\n"
	       "                    Hello up     for %-4d      to 5 bytes   an event after\n"
	       "  the tutorial:\n"
	       "  HTTP              one-way      short-lived   high         polling required\n"
	       "  WebSocket         two-way      persistent    low          native support\n"
	       "  measured:\n",
	       messages);
	for (int i = 0; i < TRANSPORTS; i++) {
		const struct row *row = &rows[i];
		bool polls = !row->transport->waits;

		printf("  %-16s  %3lu, %-6s  %4u          %5.1f        %.1f R%s\n",
		       row->transport->name, row->upward,
		       row->upward_connections > 0 ? "1 more" : "same", row->connections,
		       (double)row->bytes[messages] / messages - 5,
		       polls ? row->mean_delay : row->delay, polls ? " at T = 5 R" : "");
	}
	putchar('\n');
}
