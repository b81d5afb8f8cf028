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
#include "deliveries.h"
#include "sessions.h"
#include "up.h"

#define CONNECT_MAX_NS (30 * NS_PER_S) /* for one subscriber */
#define DRAIN_MIN_NS   (2 * NS_PER_S)

/* Over a link it is the network that they wait for, hardly each other; but where there are
 * certificates to verify. */
#define CONNECT_AT_ONCE 32

struct load;

/* A subscriber, as its client's events know it. */
struct subscriber_ref {
	struct load *load;
	size_t number; /* from 0 */
};

struct load {
	const struct load_config *config;
	struct run_plan plan;
	struct run_result *result;
	struct sessions sessions;
	struct deliveries deliveries;
	struct subscriber_ref *subscribers;
	size_t count;
	enum load_phase phase;
	struct timer phase_timer;
	uint64_t begin_ns, start_ns, main_ns, drain_ns; /* when the phases began; 0: not yet */
	struct run_traffic traffic; /* since the main phase began; its byte counts at the end */
	struct tcp_totals at_main;
	uint64_t cpu_at_main_ns;

	/* What clients publish */
	struct up up;
	struct timer up_timer;
	uint64_t up_next; /* the number of the next message */
	struct bytes up_text;

	struct timer cut_timer;
	unsigned cuts; /* made so far */

	/* config->fault */
	unsigned first_has;   /* messages that the first subscriber was to have */
	struct delivery held; /* kept back until after the next; id 0: none is */
};

static enum delivery_origin origin_of(const struct load *load, size_t subscriber, const void *data,
                                      size_t size)
{
	uint64_t number;

	if (!load->up.count || !up_read(data, size, &number))
		return FROM_SERVER;
	return number < load->up.count && up_sender(&load->up, number) == subscriber
	               ? FROM_ITSELF
	               : FROM_OTHER_CLIENT;
}

static void deliver(struct load *load, const struct delivery *delivery)
{
	if (deliveries_note(&load->deliveries, delivery))
		sessions_fail(&load->sessions, "subscriber %zu got message %" PRIu64 " of %" PRIu64,
		              delivery->subscriber + 1, delivery->id, run_plan_ids(&load->plan));
}

static bool is_turn(unsigned every, unsigned number)
{
	return every && number % every == 0;
}

/* To the first subscriber, with the faults that it is to have. */
static void deliver_badly(struct load *load, const struct delivery *delivery)
{
	const struct fault *fault = &load->config->fault;
	unsigned number = ++load->first_has;

	if (is_turn(fault->drop, number))
		return;
	if (is_turn(fault->reorder, number)) {
		load->held = *delivery;
		return;
	}
	deliver(load, delivery);
	if (is_turn(fault->duplicate, number))
		deliver(load, delivery);
	if (load->held.id)
		deliver(load, &load->held);
	load->held.id = 0;
}

static void on_message(void *user, uint64_t id, uint64_t scheduled_ns, const void *data,
                       size_t size)
{
	const struct subscriber_ref *subscriber = user;
	struct load *load = subscriber->load;
	const struct delivery delivery = {
	        .subscriber = subscriber->number,
	        .id = id,
	        .scheduled_ns = scheduled_ns,
	        .origin = origin_of(load, subscriber->number, data, size),
	        .now_ns = load->sessions.now_ns,
	};

	if (subscriber->number < load->config->spec->parameters.slow_readers)
		return; /* before they are slow: they count in nothing */
	load->traffic.messages++;
	load->traffic.payload_bytes += size;
	if (subscriber->number == 0)
		deliver_badly(load, &delivery);
	else
		deliver(load, &delivery);
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
	(void)user; /* sessions->connected says it */
}

static const struct client_events events = {
        .ready = on_ready, .message = on_message, .response = on_response, .missed = on_missed};

/* The first message that has not been published waits for its instant. */
static void arm_up(struct load *load)
{
	if (load->up_next < load->up.count)
		timer_set(&load->sessions.timers, &load->up_timer,
		          load->start_ns + load->up.scheduled_ns[load->up_next]);
}

static void up_due(void *owner)
{
	struct load *load = owner;
	struct sessions *sessions = &load->sessions;
	uint64_t number = load->up_next++, due_ns = load->up_timer.at_ns;

	hist_record(&sessions->lateness, sessions->now_ns - due_ns);
	bytes_clear(&load->up_text);
	if (up_append(&load->up, &load->up_text, number, due_ns))
		sessions_fail(sessions, "out of memory");
	load->traffic.payload_bytes_up += bytes_size(&load->up_text);
	sessions_send(sessions, up_sender(&load->up, number), bytes_data(&load->up_text),
	              bytes_size(&load->up_text));
	arm_up(load);
}

/* The next cut, if there is one: they divide the main phase evenly. */
static void arm_cut(struct load *load)
{
	unsigned all = load->config->spec->parameters.cuts;
	double part = (double)(load->cuts + 1) / (all + 1);

	if (load->cuts < all)
		timer_set(&load->sessions.timers, &load->cut_timer,
		          load->main_ns + (uint64_t)(part * (double)load->plan.main_ns));
}

static void cut_due(void *owner)
{
	struct load *load = owner;

	load->cuts++;
	sessions_cut(&load->sessions);
	arm_cut(load);
}

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
	sessions_stop_reading(sessions);
	load->at_main = sessions_tcp_totals(sessions);
	load->cpu_at_main_ns = cpu_ns();
	load->traffic = (struct run_traffic){0};
	sessions->network.bytes_down = sessions->network.bytes_up = 0;
	sessions->lateness = (struct hist){0};
	arm_cut(load);
}

static void end_main(struct load *load)
{
	struct tcp_totals totals, *before = &load->at_main;
	struct run_traffic *traffic = &load->result->traffic;
	struct run_load *own = &load->result->load;

	load->drain_ns = clock_now_ns(); /* to ask thousands of sockets takes its time */
	totals = sessions_tcp_totals(&load->sessions);
	*traffic = load->traffic;
	traffic->app_bytes_down = load->sessions.network.bytes_down;
	traffic->app_bytes_up = load->sessions.network.bytes_up;
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

static void fail_to_connect(struct load *load)
{
	struct sessions *sessions = &load->sessions;

	sessions_fail(sessions,
	              "only %zu of %zu subscribers are connected, no more in %" PRIu64 " s%s%s",
	              sessions->connected, load->count, CONNECT_MAX_NS / NS_PER_S,
	              sessions->last_error ? ": " : "",
	              sessions->last_error ? strerror(sessions->last_error) : "");
}

/* The phase's time is over. */
static void phase_due(void *owner)
{
	struct load *load = owner;
	uint64_t main_ns = load->start_ns + load->plan.warmup_ns;
	uint64_t drain_ns = main_ns + load->plan.main_ns;

	switch (load->phase) {
	case LOAD_CONNECT:
		fail_to_connect(load);
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
	sessions_run_timers(&load->sessions);
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
		config->seed = load->config->spec->seed + i * LANES_MAX; /* one for each lane */
		err = sessions_add(&load->sessions, i, config, &events, &load->subscribers[i]);
	}
	free(phases);
	return err;
}

static int open_load(struct load *load, struct client_config *config)
{
	const struct load_config *given = load->config;
	const struct run_parameters *parameters = &given->spec->parameters;
	const struct sessions_config sessions = {
	        .client = matrix_client(parameters->transport),
	        .address = lab_server_address(given->lab),
	        .sources = lab_clients_address(given->lab),
	        .port = given->port,
	        .authority = given->authority,
	        .count = load->count,
	        .at_once = run_has_link(parameters) && !parameters->tls ? CONNECT_AT_ONCE : 1,
	        .slow = parameters->slow_readers,
	        .connections_max = parameters->connections_max,
	        .endless = strcmp(parameters->transport, "sse") == 0,
	        .publish = parameters->rate_up_hz > 0,
	        .spare = 3, /* ours */
	};
	int err = sessions_open(&load->sessions, &sessions);

	if (!err)
		err = up_open(&load->up, given->spec, &load->plan);
	if (!err)
		err = deliveries_open(&load->deliveries, &load->plan, load->count, given->log,
		                      load->result);
	load->result->expected -= load->result->published * parameters->slow_readers;
	load->deliveries.latencies = given->latencies;
	if (!err) {
		load->subscribers = calloc(load->count, sizeof *load->subscribers);
		err = load->subscribers ? open_subscribers(load, config) : -ENOMEM;
	}
	if (err)
		sessions_fail(&load->sessions, "setting up the load: %s", strerror(-err));
	return err;
}

/* Tells the parent, and takes its answer. */
static void agree(struct load *load, char what, void *answer, size_t size)
{
	int fd = load->config->parent_fd;

	if (write(fd, &what, 1) != 1 || read(fd, answer, size) != (ssize_t)size)
		sessions_fail(&load->sessions, "the harness has ended");
}

static void connect_until(struct load *load, size_t until)
{
	struct sessions *sessions = &load->sessions;

	sessions_connect(sessions, until);
	while (!sessions->failed && sessions_settled(sessions) < until) {
		size_t before = sessions->connected;

		run_once(load);
		load->config->shared->connected = (unsigned)sessions->connected;
		if (sessions->connected > before)
			timer_set(&sessions->timers, &load->phase_timer,
			          clock_now_ns() + CONNECT_MAX_NS);
	}
}

static void note_connecting(struct load *load)
{
	const struct tcp_totals totals = sessions_tcp_totals(&load->sessions);
	struct run_result *result = load->result;

	result->connect_ms = (double)(clock_now_ns() - load->begin_ns) / (double)NS_PER_MS;
	result->connecting = (struct run_connecting){
	        .connections =
	                (load->count - load->sessions.kept_out) * sessions_lanes(&load->sessions),
	        .tcp_bytes_down = totals.bytes_down,
	        .tcp_bytes_up = totals.bytes_up,
	        .segments_down = totals.segments_down,
	        .segments_up = totals.segments_up,
	};
	result->connect = load->sessions.connect;
	result->handshake = load->sessions.handshake;
	result->ready = load->sessions.ready;
}

static void connect_all(struct load *load)
{
	unsigned half = run_half((unsigned)load->count);
	char answer;

	enter(load, LOAD_CONNECT, load->begin_ns + CONNECT_MAX_NS);
	if (half) {
		connect_until(load, half);
		if (!load->sessions.failed)
			agree(load, LOAD_SAYS_HALF, &answer, sizeof answer);
	}
	connect_until(load, load->count);
	note_connecting(load);
}

static void start_publishing(struct load *load)
{
	agree(load, LOAD_SAYS_ALL, &load->start_ns, sizeof load->start_ns);
	if (load->sessions.failed)
		return;
	deliveries_start(&load->deliveries, load->start_ns);
	arm_up(load);
	enter(load, LOAD_WARMUP, load->start_ns + load->plan.warmup_ns);
}

static void note_publisher(struct load *load)
{
	struct hist *late = &load->sessions.lateness; /* its work is done */

	*late = (struct hist){0};
	deliveries_add_lateness(&load->deliveries, late);
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
	       !deliveries_complete(&load->deliveries, load->sessions.kept_out))
		run_once(load);
	load->result->warmup_ms = length_ms(load->start_ns, load->main_ns);
	load->result->main_ms = length_ms(load->main_ns, load->drain_ns);
	load->result->drain_ms = length_ms(load->drain_ns, clock_now_ns());
	note_publisher(load);
}

static void finish(struct load *load)
{
	struct load_shared *shared = load->config->shared;

	load->result->reconnects = load->sessions.reconnects;
	load->result->kept_out = load->sessions.kept_out;
	if (load->sessions.failed)
		snprintf(load->result->reason, sizeof load->result->reason, "%s",
		         load->sessions.reason);
	sessions_close(&load->sessions);
	deliveries_close(&load->deliveries);
	up_close(&load->up);
	bytes_free(&load->up_text);
	free(load->subscribers);
	shared->failed = load->sessions.failed;
	shared->phase = LOAD_DONE;
}

int load_run(const struct load_config *config)
{
	const struct run_parameters *parameters = &config->spec->parameters;
	struct load load = {
	        .config = config,
	        .plan = run_plan(config->spec),
	        .result = &config->shared->result,
	        .count = parameters->subscribers,
	        .begin_ns = clock_now_ns(),
	        .phase_timer = {.due = phase_due, .owner = &load},
	        .up_timer = {.due = up_due, .owner = &load},
	        .cut_timer = {.due = cut_due, .owner = &load},
	};
	char host[64], answer;
	struct client_config client = {
	        .host = host,
	        .topic = "default",
	        .since = 0, /* the topic is new: nothing can be missed between here and there */
	        .format = parameters->format,
	        .headers = parameters->headers,
	        .one_per_response = !parameters->batch,
	        .poll_ns = (uint64_t)(parameters->poll_interval_ms * (double)NS_PER_MS),
	};

	snprintf(host, sizeof host, "%s:%u", lab_server_address(config->lab), config->port);
	if (!open_load(&load, &client))
		connect_all(&load);
	if (!load.sessions.failed)
		start_publishing(&load);
	if (!load.sessions.failed)
		run_phases(&load);
	if (!load.sessions.failed)
		agree(&load, LOAD_SAYS_DONE, &answer, sizeof answer);
	finish(&load);
	return load.sessions.failed ? -1 : 0;
}
