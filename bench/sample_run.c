#include "sample_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DELIVERIES 10000

/* Polling waits for the next poll; the others for a wake-up, with a long tail. */
static void fill_latency(struct run_result *result, bool polling, uint64_t *random)
{
	for (int i = 0; i < DELIVERIES; i++) {
		double wake_ns = 4e4 + 2e4 * -log(1 - random_unit(random));
		double wait_ns = polling ? 1e9 * random_unit(random) : 0;

		if (i % 500 == 0)
			wake_ns *= 20;
		hist_record(&result->latency, (uint64_t)(wait_ns + wake_ns));
		hist_record(&result->unscheduled, (uint64_t)(wait_ns + wake_ns * 0.9));
	}
}

static void fill_traffic(struct run_traffic *traffic, const char *transport)
{
	bool polling = strcmp(transport, "polling") == 0;
	bool asks = polling || strcmp(transport, "longpoll") == 0;

	traffic->messages = DELIVERIES;
	traffic->payload_bytes = DELIVERIES * 100;
	traffic->responses = polling ? DELIVERIES / 4 : DELIVERIES;
	traffic->empty_responses = polling ? DELIVERIES / 40 : 0;
	traffic->app_bytes_down = traffic->payload_bytes + traffic->responses * (asks ? 130 : 12);
	traffic->app_bytes_up = asks ? traffic->responses * 80 : 0;
	traffic->tcp_bytes_down = traffic->app_bytes_down;
	traffic->tcp_bytes_up = traffic->app_bytes_up;
	traffic->segments_down = traffic->responses;
	traffic->segments_up = traffic->responses;
}

void sample_run(const char *transport, const char *stack, unsigned block, struct run_spec *spec,
                struct run_result *result)
{
	uint64_t random = block + (uint64_t)transport[0] * 256 + (uint64_t)stack[0];

	*spec = (struct run_spec){
	        .experiment = "sample", .block = block, .order = 1, .seed = block};
	spec->parameters = (struct run_parameters){.subscribers = 100,
	                                           .rate_hz = 10,
	                                           .arrivals = ARRIVALS_POISSON,
	                                           .payload_bytes = 100,
	                                           .warmup_s = 2,
	                                           .main_s = 10};
	snprintf(spec->parameters.transport, sizeof(spec->parameters.transport), "%s", transport);
	snprintf(spec->parameters.stack, sizeof(spec->parameters.stack), "%s", stack);
	if (strcmp(transport, "polling") == 0)
		spec->parameters.poll_interval_ms = 1000;
	spec->parameters.batch = strcmp(transport, "longpoll") == 0;
	memset(result, 0, sizeof(*result));
	result->valid = true;
	strcpy(result->lab_mode, "loopback");
	strcpy(result->wire_counts, "modelled");
	result->expected = result->delivered = DELIVERIES;
	fill_latency(result, strcmp(transport, "polling") == 0, &random);
	fill_traffic(&result->traffic, transport);
	result->server.cpu_ns = (uint64_t)(DELIVERIES * (6e3 + 2e3 * random_unit(&random)));
	result->server.memory_before_bytes = 2 << 20;
	result->server.memory_bytes =
	        (2 << 20) + (uint64_t)(4096 * 100 * (1 + random_unit(&random)));
}
