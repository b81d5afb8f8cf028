#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../transports/clock.h"
#include "../transports/matrix.h"
#include "session.h"

#define CONNECT_MAX_NS (30 * NS_PER_S)
#define DRAIN_MIN_NS   (2 * NS_PER_S)

struct load;

/* A subscriber, as its client's events know it. */
struct subscriber_ref {
	struct load *load;
	size_t number; /* from 0 */
	bool ready;
};

struct load {
	const struct load_config *config;
	struct load_plan plan;
	struct run_result *result;
	struct sessions sessions;
	struct deliveries deliveries;
	struct subscriber_ref *subscribers;
	size_t count, ready_count;
	struct timer phase_timer;
	enum load_phase phase;
	uint64_t begin_ns, start_ns, main_ns, drain_ns; /* when the phases began; 0: not yet */
	struct run_traffic traffic; /* since the main phase began; its byte counts at the end */
	struct tcp_totals at_main;
	uint64_t cpu_at_main_ns;
};

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	const struct subscriber_ref *subscriber = user;
	struct load *load = subscriber->load;

	(void)data;
	load->traffic.messages++;
	load->traffic.payload_bytes += size;
	if (deliveries_note(&load->deliveries, subscriber->number, id, scheduled_ns,
	                    load->sessions.now_ns))
		sessions_fail(&load->sessions, "subscriber %zu got message %" PRIu64 " of %" PRIu64,
		              subscriber->number + 1, id, load->plan.messages);
}

static void on_response(void *user, unsigned messages)
{
	struct run_traffic *traffic = &((struct subscriber_ref *)user)->load->traffic;

	traffic->responses++;
	traffic->empty_responses += messages == 0;
}

static void on_missed(void *user, uint64_t messages)
{
	((struct subscriber_ref *)user)->load->result->missed += messages;
}

static void on_ready(void *user)
{
	struct subscriber_ref *subscriber = user;
	struct load *load = subscriber->load;

	if (subscriber->ready)
		return; /* a reconnect */
	subscriber->ready = true;
	load->config->shared->connected = (unsigned)++load->ready_count;
}

static const struct client_events events = {
        .ready = on_ready, .message = on_message, .response = on_response, .missed = on_missed};

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
}

static void begin_main(struct load *load)
{
	struct sessions *sessions = &load->sessions;

	load->main_ns = clock_now_ns();
	load->at_main = sessions_tcp_totals(sessions);
	load->cpu_at_main_ns = cpu_ns();
	load->traffic = (struct run_traffic){0};
	sessions->bytes_down = sessions->bytes_up = 0;
	sessions->lateness = (struct hist){0};
}

static void end_main(struct load *load)
{
	struct tcp_totals totals = sessions_tcp_totals(&load->sessions), *before = &load->at_main;
	struct run_traffic *traffic = &load->result->traffic;
	struct run_load *own = &load->result->load;

	load->drain_ns = clock_now_ns();
	*traffic = load->traffic;
	traffic->app_bytes_down = load->sessions.bytes_down;
	traffic->app_bytes_up = load->sessions.bytes_up;
	traffic->tcp_bytes_down = totals.bytes_down - before->bytes_down;
	traffic->tcp_bytes_up = totals.bytes_up - before->bytes_up;
	traffic->segments_down = totals.segments_down - before->segments_down;
	traffic->segments_up = totals.segments_up - before->segments_up;
	traffic->retransmitted = totals.retransmitted - before->retransmitted;
	own->cpu_ns = cpu_ns() - load->cpu_at_main_ns;
	own->cpu_share = (double)own->cpu_ns / (double)(load->drain_ns - load->main_ns);
	own->lateness_p99_ms =
	        (double)hist_quantile_ns(&load->sessions.lateness, 0.99) / (double)NS_PER_MS;
}

static uint64_t drain_max_ns(const struct load *load)
{
	double poll_ns = load->config->spec->parameters.poll_interval_ms * (double)NS_PER_MS;

	return DRAIN_MIN_NS + (uint64_t)(3 * poll_ns);
}

static void enter(struct load *load, enum load_phase phase, uint64_t until_ns)
{
	load->phase = phase;
	load->config->shared->phase = (int)phase;
	timer_set(&load->sessions.timers, &load->phase_timer, until_ns);
}

/* The phase's time is over. */
static void next_phase(struct load *load)
{
	uint64_t main_ns = load->start_ns + load->plan.warmup_ns;
	uint64_t drain_ns = main_ns + load->plan.main_ns;

	switch (load->phase) {
	case LOAD_CONNECT:
		sessions_fail(&load->sessions,
		              "only %zu of %zu subscribers were ready after %" PRIu64 " s",
		              load->ready_count, load->count, CONNECT_MAX_NS / NS_PER_S);
		break;
	case LOAD_WARMUP:
		begin_main(load);
		enter(load, LOAD_MAIN, drain_ns);
		break;
	case LOAD_MAIN:
		end_main(load);
		enter(load, LOAD_DRAIN, drain_ns + drain_max_ns(load));
		break;
	case LOAD_DRAIN:
	case LOAD_DONE:
		load->phase = LOAD_DONE;
	}
}

static void run_once(struct load *load)
{
	sessions_wait(&load->sessions);
	while (sessions_run_timers(&load->sessions, &load->phase_timer))
		next_phase(load);
}

/* Which part of the poll interval each session's polls fall in: one session in each of `count`
 * equal parts, in shuffled order, at a random place within its part. So the mean over the
 * sessions does not depend on luck. */
static void draw_phases(const struct load *load, uint64_t *phases, uint64_t poll_ns)
{
	uint64_t random = load->config->spec->seed ^ UINT64_C(0x706f6c6c);
	double part_ns = (double)poll_ns / (double)load->count;

	for (size_t i = 0; i < load->count; i++)
		phases[i] = (uint64_t)(((double)i + random_unit(&random)) * part_ns);
	for (size_t i = load->count; i > 1; i--) {
		size_t j = (size_t)(random_next(&random) % i);
		uint64_t swapped = phases[i - 1];

		phases[i - 1] = phases[j];
		phases[j] = swapped;
	}
}

static int open_subscribers(struct load *load, struct client_config *config)
{
	uint64_t *phases = calloc(load->count, sizeof *phases);
	int err = phases ? 0 : -ENOMEM;

	if (!err)
		draw_phases(load, phases, config->poll_ns);
	for (size_t i = 0; i < load->count && !err; i++) {
		load->subscribers[i] = (struct subscriber_ref){.load = load, .number = i};
		config->poll_phase_ns = phases[i];
		config->seed = load->config->spec->seed + i;
		err = session_open(&load->sessions, i, config, &events, &load->subscribers[i]);
	}
	free(phases);
	return err;
}

static int open_load(struct load *load, struct client_config *config)
{
	const struct load_config *given = load->config;
	const struct run_parameters *parameters = &given->spec->parameters;
	int err = sessions_open(&load->sessions, matrix_client(parameters->transport),
	                        given->address, given->port, load->count, 1);

	if (!err)
		err = deliveries_open(&load->deliveries, &load->plan, load->count, given->log,
		                      load->result);
	if (!err) {
		load->subscribers = calloc(load->count, sizeof *load->subscribers);
		err = load->subscribers ? open_subscribers(load, config) : -ENOMEM;
	}
	if (err)
		sessions_fail(&load->sessions, "setting up the load: %s", strerror(-err));
	return err;
}

static void connect_all(struct load *load)
{
	enter(load, LOAD_CONNECT, load->begin_ns + CONNECT_MAX_NS);
	sessions_connect(&load->sessions);
	while (!load->sessions.failed && load->ready_count < load->count)
		run_once(load);
	load->result->connect_ms = (double)(clock_now_ns() - load->begin_ns) / (double)NS_PER_MS;
}

/* Tells the parent that all are subscribed, and learns when publishing starts. */
static void agree_on_start(struct load *load)
{
	int fd = load->config->parent_fd;

	if (write(fd, "r", 1) != 1 ||
	    read(fd, &load->start_ns, sizeof load->start_ns) != sizeof load->start_ns)
		sessions_fail(&load->sessions, "the harness has ended");
	else
		enter(load, LOAD_WARMUP, load->start_ns + load->plan.warmup_ns);
}

static void note_publisher(struct load *load)
{
	struct hist *late = &load->sessions.lateness; /* its work is done */
	uint64_t scheduled_ns, published_ns;

	*late = (struct hist){0};
	for (uint64_t id = load->plan.warmup + 1; id <= load->plan.messages; id++)
		if (!publish_log_read(load->config->log, id, &scheduled_ns, &published_ns))
			hist_record(late, published_ns - scheduled_ns);
	load->result->load.publish_p99_ms =
	        (double)hist_quantile_ns(late, 0.99) / (double)NS_PER_MS;
	load->result->load.publish_max_ms = (double)late->max_ns / (double)NS_PER_MS;
}

/* 0 where the phase did not begin or did not end. */
static double length_ms(uint64_t begin_ns, uint64_t end_ns)
{
	return begin_ns && end_ns ? (double)(end_ns - begin_ns) / (double)NS_PER_MS : 0;
}

static void run_phases(struct load *load)
{
	while (!load->sessions.failed && load->phase < LOAD_DRAIN)
		run_once(load);
	while (!load->sessions.failed && load->phase == LOAD_DRAIN &&
	       !deliveries_complete(&load->deliveries))
		run_once(load);
	load->result->warmup_ms = length_ms(load->start_ns, load->main_ns);
	load->result->main_ms = length_ms(load->main_ns, load->drain_ns);
	load->result->drain_ms = length_ms(load->drain_ns, clock_now_ns());
	note_publisher(load);
}

/* Whether the parent answers or has ended: we go on. */
static void agree_on_end(const struct load *load)
{
	char answer;

	if (write(load->config->parent_fd, "d", 1) == 1 &&
	    read(load->config->parent_fd, &answer, 1) < 0)
		return;
}

static void finish(struct load *load)
{
	struct load_shared *shared = load->config->shared;

	load->result->reconnects = load->sessions.reconnects;
	if (load->sessions.failed)
		snprintf(load->result->reason, sizeof load->result->reason, "%s",
		         load->sessions.reason);
	sessions_close(&load->sessions);
	deliveries_close(&load->deliveries);
	free(load->subscribers);
	shared->failed = load->sessions.failed;
	shared->phase = LOAD_DONE;
}

int load_run(const struct load_config *config)
{
	const struct run_parameters *parameters = &config->spec->parameters;
	struct load load = {
	        .config = config,
	        .plan = load_plan(config->spec),
	        .result = &config->shared->result,
	        .count = parameters->subscribers,
	        .begin_ns = clock_now_ns(),
	};
	char host[64];
	struct client_config client = {
	        .host = host,
	        .topic = "default",
	        .since = 0, /* the topic is new: nothing can be missed between here and there */
	        .format = parameters->format,
	        .headers = parameters->headers,
	        .one_per_response = !parameters->batch,
	        .poll_ns = (uint64_t)(parameters->poll_interval_ms * (double)NS_PER_MS),
	};

	snprintf(host, sizeof host, "%s:%u", config->address, config->port);
	if (!open_load(&load, &client))
		connect_all(&load);
	if (!load.sessions.failed)
		agree_on_start(&load);
	if (!load.sessions.failed)
		run_phases(&load);
	if (!load.sessions.failed)
		agree_on_end(&load);
	finish(&load);
	return load.sessions.failed ? -1 : 0;
}
