#include "ways.h"

#include <stdlib.h>
#include <unistd.h>

#include "../stage/child.h"
#include "../stage/net.h"
#include "ends.h"

#define SPARE_MS 20

const char *const way_names[WAYS] = {"HTTP", "SSE", "WebSocket"};

double ask_every_ms(const struct workload *load, double delay_ms)
{
	double every = load->allowed_ms - delay_ms - SPARE_MS;

	return every > 2 * delay_ms ? every : 2 * delay_ms;
}

void measure(struct outcome *outcome, const struct workload *load, enum way way, double delay_ms,
             bool real)
{
	struct ends ends = {
	        .load = load, .way = way, .delay_ms = delay_ms, .real = real, .outcome = outcome};

	*outcome = (struct outcome){.works = true};
	ends.listener = net_listen(&ends.port);
	if (real)
		relay_start(&ends.link, ends.port, delay_ms);
	if (load->cut > 0)
		measure_file(&ends);
	else if (load->leaves)
		measure_visits(&ends);
	else
		measure_live(&ends);
	if (real) {
		outcome->bytes =
		        (double)(ends.link.counts->bytes_up + ends.link.counts->bytes_down);
		relay_stop(&ends.link);
	}
	close(ends.listener);
}

void measure_all(struct outcome *outcomes, const struct workload *load, double delay_ms)
{
	pid_t children[WAYS];
	int status;

	for (enum way way = HTTP; way < WAYS; way++) {
		children[way] = child_fork();
		if (children[way] > 0)
			continue;
		measure(&outcomes[way], load, way, delay_ms, true);
		_exit(0);
	}
	for (enum way way = HTTP; way < WAYS; way++) {
		if (!child_wait(children[way], 60000, &status) || status != 0)
			exit(1); /* it has said why */
	}
}
