#include "exercise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../stage/check.h"
#include "../stage/net.h"
#include "../stage/relay.h"

/* To the nearest millisecond, so that a rounding error is no mistake. */
static long whole(double ms)
{
	return (long)(ms < 0 ? ms - 0.5 : ms + 0.5);
}

static void interval(double mean, double worst, double delay, long expected, const char *help)
{
	char what[128];

	snprintf(what, sizeof what, "poll_interval(mean %g, worst %g, delay %g)", mean, worst,
	         delay);
	check_number(what, expected, whole(poll_interval(mean, worst, delay)), help);
}

static void next(double start, double every, double now, long expected, const char *help)
{
	char what[128];

	snprintf(what, sizeof what, "poll_next(start %g, interval %g, now %g)", start, every, now);
	check_number(what, expected, whole(poll_next(start, every, now)), help);
}

static void mean_kept(void)
{
	static const char help[] = "a message waits for T/2 on average, and then for the way back";

	interval(120, 1000, 20, 200, help);
	interval(220, 1000, 20, 400, help);
	interval(60, 1000, 0, 120, help);
}

static void worst_kept(void)
{
	interval(500, 320, 20, 300, "a message that just missed a poll takes T + d");
	interval(160, 300, 20, 280, "both must hold, so the shorter interval counts");
	interval(160, 301, 20, 280, "both must hold, so the shorter interval counts");
}

static void impossible(void)
{
	static const char help[] = "no message is faster than the link: the interval is 0 then";

	interval(20, 500, 20, 0, help);
	interval(5, 500, 20, 0, help);
	interval(500, 15, 20, 0, help);
}

static void timetable(void)
{
	static const char help[] = "count from start: what the last answer took must not matter";

	next(1000, 200, 1040, 1200, help);
	next(1000, 200, 1199, 1200, help);
	next(1000, 200, 1200, 1400, "later than now: at 1200 that time has come already");
	next(1000, 200, 900, 1000, "the first poll leaves at start");
}

static void late_answer(void)
{
	next(1000, 200, 1710, 1800, "polls that were missed are not made up for");
	next(0, 250, 1000000, 1000250, "polls that were missed are not made up for");
}

/*
 * Eight seconds of a link and a message every 5 ms, on a clock that jumps from poll to poll, so
 * that the result is the same on any machine.
 */
static void simulated(void)
{
	const double delay = 20, end = 8000;
	double every = poll_interval(120, 1000, delay), born = 2.5, sum = 0;
	int requests = 0, messages = 0;

	for (double now = poll_next(every - delay, every, 0); now + delay <= end; requests++) {
		double then = poll_next(every - delay, every, now + 2 * delay);

		check_that(then > now, "poll_next is later than the poll before", NULL);
		for (; born <= now + delay && born < end; born += 5, messages++)
			sum += now + delay + delay - born;
		now = then;
	}
	check_number("requests in 8 s, for a mean of 120 ms", 40, requests,
	             "as few as possible, and not fewer");
	check_that(messages > 0, "messages arrive", NULL);
	check_number("the mean delay in ms", 120, whole(sum / messages), "T/2 + d, on a timetable");
}

struct news {
	double first, every;
};

/* Says how many messages have come into being since the time that the check set. */
static void serve(int connection, void *user)
{
	const struct news *news = user;
	char message[256], body[32];

	while (net_read_http(connection, message, sizeof message)) {
		double since = net_now_ms() - news->first;

		snprintf(body, sizeof body, "%d", since < 0 ? 0 : (int)(since / news->every) + 1);
		snprintf(message, sizeof message,
		         "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
		net_write(connection, message, strlen(message));
	}
}

static int ask(int fd)
{
	static const char question[] = "GET /poll HTTP/1.1\r\nHost: server.example.com\r\n\r\n";
	char answer[256];
	const char *body;

	net_write(fd, question, strlen(question));
	net_read_http(fd, answer, sizeof answer);
	body = strstr(answer, "\r\n\r\n");
	return body ? atoi(body + 4) : 0;
}

/* Polls until 40 messages are here, and gives their mean delay. */
static double poll_over(int fd, struct news *news, double every, double delay, int *requests)
{
	double start, sum = 0;
	int told = 0;

	ask(fd); /* opens the connection */
	start = net_now_ms() + 20;
	news->every = every * 7 / 20;
	news->first = start + delay + every / 40;
	net_sleep_until_ms(start);
	while (told < 40) {
		net_sleep_until_ms(poll_next(start, every, net_now_ms()));
		for (int now = ask(fd); told < now && told < 40; told++)
			sum += net_now_ms() - (news->first + told * news->every);
		++*requests;
	}
	return sum / 40;
}

/* The same on a real connection. A machine has hiccups: the bands are wide. */
static void measured(void)
{
	const double delay = 20;
	double every = poll_interval(70, 1000, delay), mean;
	struct news *news = net_share(sizeof *news);
	struct relay link;
	uint16_t port;
	int requests = 0;
	pid_t server;

	check_number("the interval for a mean of 70 ms", 100, whole(every), NULL);
	news->first = net_now_ms() + 1e9;
	news->every = 1;
	server = net_serve(net_listen(&port), serve, news);
	relay_start(&link, port, delay);
	mean = poll_over(net_connect(link.port), news, every, delay, &requests);
	check_that(requests >= 12 && requests <= 15, "14 polls bring 40 messages", NULL);
	check_that(mean > 2 * delay && mean < 5 * delay,
	           "the mean delay, 70 ms, is between 2 and 5 times that of the link", NULL);
	relay_stop(&link);
	net_stop(server);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
	        {"the longest interval with that mean", mean_kept},
	        {"the worst case holds as well", worst_kept},
	        {"what no interval can do", impossible},
	        {"the next poll does not mind when the last answer came", timetable},
	        {"a very late answer is followed by one poll", late_answer},
	        {"eight seconds on a simulated clock", simulated},
	        {"a second and a half on a link", measured},
	        {NULL, NULL}};

	return check_main(argc, argv, checks);
}
