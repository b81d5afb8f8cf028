#include "relay.h"

#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "line.h"
#include "net.h"
#include "network.h"
#include "stage.h"
#include "tunnel.h"

/* The lines of the link, newest first. */
struct link {
	int listener;
	uint16_t to_port;
	double delay;
	struct relay_counts *counts;
	struct line *lines;
	struct pollfd *waits; /* the listener, then LINE_WAITS for each line */
};

static size_t count_lines(const struct link *link)
{
	size_t count = 0;

	for (const struct line *line = link->lines; line != NULL; line = line->next)
		count++;
	return count;
}

/* Waits until something can be read or written, or a byte's time has come. */
static void wait_for_work(struct link *link)
{
	size_t count = count_lines(link);
	double now = net_now_ms();
	double until = now + 1000;
	double left;

	link->waits = realloc(link->waits, (1 + count * LINE_WAITS) * sizeof(*link->waits));
	if (link->waits == NULL)
		child_give_up("relay");
	link->waits[0] = (struct pollfd){.fd = link->listener, .events = POLLIN};
	struct pollfd *waits = link->waits + 1;

	for (struct line *line = link->lines; line != NULL; line = line->next) {
		double next = line_waits(line, now, waits);

		until = next < until ? next : until;
		waits += LINE_WAITS;
	}
	left = until > now ? until - now : 0;
	ppoll(link->waits, 1 + count * LINE_WAITS,
	      &(struct timespec){.tv_sec = (time_t)(left / 1e3),
	                         .tv_nsec = (long)(left * 1e6) % 1000000000},
	      NULL);
}

static void work(struct link *link)
{
	struct line **place = &link->lines;
	struct line *line;
	const struct pollfd *waits;
	double now;

	wait_for_work(link);
	now = net_now_ms();
	waits = link->waits + 1;
	for (; (line = *place) != NULL; waits += LINE_WAITS) {
		if (line_work(line, now, waits, link->counts)) {
			place = &line->next;
			continue;
		}
		*place = line->next;
		line_free(line);
	}
	if ((link->waits[0].revents & POLLIN) == 0)
		return;
	line = line_new(net_accept(link->listener), link->to_port, now, link->delay);
	link->counts->connections++;
	line->next = link->lines;
	link->lines = line;
}

void relay_start(struct relay *relay, uint16_t to_port, double delay_ms)
{
	struct link link = {.to_port = to_port, .delay = delay_ms};

	if (network_is_private()) {
		tunnel_start(relay, to_port, delay_ms);
		return;
	}
	relay->device = -1;
	relay->counts = link.counts = net_share(sizeof(*link.counts));
	link.listener = net_listen(&relay->port);
	relay->pid = child_fork();
	if (relay->pid > 0) {
		close(link.listener);
		return;
	}
	child_keep_only(link.listener);
	prctl(PR_SET_TIMERSLACK, 1UL); /* else each wait may last 0.05 ms more */
	for (;;)
		work(&link);
}

void relay_stop(struct relay *relay)
{
	if (relay->device >= 0)
		tunnel_stop(relay);
	else
		child_end(relay->pid);
}

void relay_introduce(double delay_ms)
{
	stage_say(
	        "The link is simulated: what enters it leaves it %g ms later, so that a round trip "
	        "takes %g ms. %s",
	        delay_ms, 2 * delay_ms,
	        network_is_private()
	                ? "It is a device in a private network of this program: packets cross it, "
	                  "those of the kernel's own handshake too."
	                : "It is a relay on loopback. The kernel's own handshake does not cross "
	                  "it, so that is acted: the first bytes of a new connection wait for one "
	                  "round trip more.");
}
