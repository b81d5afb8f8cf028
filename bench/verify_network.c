/* What bench verify claims of the network. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../transports/clock.h"
#include "stats.h"
#include "verify.h"

static struct evidence evidence; /* too large for the stack */
static struct run_result result;

static const char no_network[] = "there is no private network here: see bench probe";

static uint64_t sum(const uint64_t *counts)
{
	uint64_t all = 0;

	for (size_t i = 0; i < PACKET_KINDS; i++)
		all += counts[i];
	return all;
}

/* bytes */

static bool agrees(const struct packet_counts *seen, uint64_t packets, uint64_t bytes)
{
	return sum(seen->packets) == packets && sum(seen->bytes) == bytes;
}

/* Every frame of a run, from the first SYN to the last FIN, as the devices at both ends count it
 * and as a capture sees it. */
static int check_capture(struct verifier *verifier, const struct run_spec *spec, const char *what)
{
	const struct runner_options options = {.capture = true, .evidence = &evidence};
	const struct capture_shared *capture = &evidence.capture;
	const struct lab_side_counts *server = &evidence.server, *clients = &evidence.clients;
	int err = verify_run(verifier, spec, &options, &result);
	bool same;

	if (err)
		return err;
	same = agrees(&capture->down, server->packets_sent, server->bytes_sent) &&
	       agrees(&capture->up, server->packets_received, server->bytes_received) &&
	       server->bytes_sent == clients->bytes_received &&
	       server->bytes_received == clients->bytes_sent;
	verify_tell(verifier, same && server->bytes_sent > 0, what,
	            "down %llu B in %llu frames, captured %llu in %llu; up %llu in %llu, %llu in "
	            "%llu",
	            (unsigned long long)server->bytes_sent,
	            (unsigned long long)server->packets_sent,
	            (unsigned long long)sum(capture->down.bytes),
	            (unsigned long long)sum(capture->down.packets),
	            (unsigned long long)server->bytes_received,
	            (unsigned long long)server->packets_received,
	            (unsigned long long)sum(capture->up.bytes),
	            (unsigned long long)sum(capture->up.packets));
	return 0;
}

/* Of the run last made. The two are read at slightly different instants, between messages. */
static void check_tcp_info(struct verifier *verifier)
{
	const struct run_traffic *traffic = &result.traffic;
	const struct run_wire *wire = &result.wire;
	uint64_t down = traffic->tcp_bytes_down + SEGMENT_HEADER_BYTES * traffic->segments_down;
	uint64_t up = traffic->tcp_bytes_up + SEGMENT_HEADER_BYTES * traffic->segments_up;

	verify_tell(verifier, down == wire->bytes_down && up == wire->bytes_up && down > 0,
	            "TCP_INFO tells the same of the main phase: payload and 66 B a segment",
	            "down %llu B, counted %llu; up %llu, counted %llu", (unsigned long long)down,
	            (unsigned long long)wire->bytes_down, (unsigned long long)up,
	            (unsigned long long)wire->bytes_up);
}

/* RFC 6455 §5.2, a frame that is not masked */
static uint64_t header_bytes(uint64_t payload_bytes)
{
	if (payload_bytes < 126)
		return 2;
	return payload_bytes < 65536 ? 4 : 10;
}

static int check_framing(struct verifier *verifier, unsigned payload_bytes)
{
	const struct runner_options options = {0};
	struct run_spec spec = verify_spec("websocket", 2, 50, 0.2);
	uint64_t framing, expected;
	char asked[96];
	int err;

	spec.parameters.payload_bytes = payload_bytes;
	err = verify_run(verifier, &spec, &options, &result);
	if (err)
		return err;
	framing = result.traffic.app_bytes_down - result.traffic.payload_bytes;
	expected = header_bytes(payload_bytes) * result.traffic.messages;
	snprintf(asked, sizeof asked, "a WebSocket frame of %u B has the header of RFC 6455",
	         payload_bytes);
	verify_tell(verifier, framing == expected, asked,
	            "%llu B more than payload in %llu frames, by arithmetic %llu",
	            (unsigned long long)framing, (unsigned long long)result.traffic.messages,
	            (unsigned long long)expected);
	return 0;
}

/* The same over a link, whose devices are others. */
static int check_link_capture(struct verifier *verifier)
{
	struct run_spec events = verify_spec("sse", 2, 50, 0.5);

	events.parameters.link.delay_ms = 1;
	return check_capture(verifier, &events, "SSE events over a link");
}

int verify_bytes(struct verifier *verifier)
{
	struct run_spec polls = verify_spec("polling", 1, 10, 0.5);
	struct run_spec events = verify_spec("sse", 1, 100, 1);
	struct run_spec message = verify_spec("websocket", 1, 5, 0.2);
	int err = 0;

	polls.parameters.poll_interval_ms = 200;
	message.parameters.payload_bytes = 65536;
	if (verifier->direct == LAB_LOOPBACK)
		verify_skip(verifier, "the device counts what a capture sees", no_network);
	else
		err = check_capture(verifier, &polls, "some HTTP exchanges");
	if (!err && verifier->direct != LAB_LOOPBACK)
		err = check_capture(verifier, &message, "a WebSocket message of 64 KiB");
	if (!err && verifier->direct != LAB_LOOPBACK) {
		err = check_capture(verifier, &events, "100 SSE events");
		if (!err)
			check_tcp_info(verifier);
	}
	if (!err && lab_has_link_process(verifier->link))
		err = check_link_capture(verifier);
	for (unsigned bytes = 125; !err && bytes < 65537; bytes = bytes < 126     ? 126
	                                                          : bytes < 65535 ? 65535
	                                                                          : bytes + 1)
		err = check_framing(verifier, bytes);
	return err;
}

/* delay */

#define DELAY_SHARE_MAX 0.05
#define DELAY_OFF_MS    0.3

struct delays {
	double message_ms, connect_ms; /* means: one way; there and back */
};

#define DELAY_BLOCKS 3

/* With that link or, for 0, without one: medians over blocks, as experiments are reported, so that
 * one moment in which other work had the CPU does not decide. */
static int measure_delay(struct verifier *verifier, const char *transport, double delay_ms,
                         struct delays *delays)
{
	const struct runner_options options = {0};
	struct run_spec spec = verify_spec(transport, 2, 25, 1);
	double message_ms[DELAY_BLOCKS], connect_ms[DELAY_BLOCKS];

	spec.parameters.link.delay_ms = delay_ms;
	spec.parameters.warmup_s += 0.2; /* TCP is still slow to acknowledge */
	for (size_t i = 0; i < DELAY_BLOCKS; i++) {
		int err = verify_run(verifier, &spec, &options, &result);

		if (err)
			return err;
		message_ms[i] = hist_mean_ns(&result.latency) / (double)NS_PER_MS;
		connect_ms[i] = hist_mean_ns(&result.connect) / (double)NS_PER_MS;
	}
	delays->message_ms = stats_median(message_ms, DELAY_BLOCKS);
	delays->connect_ms = stats_median(connect_ms, DELAY_BLOCKS);
	return 0;
}

static bool is_near(double found_ms, double asked_ms)
{
	return fabs(found_ms - asked_ms) <= fmax(DELAY_SHARE_MAX * asked_ms, DELAY_OFF_MS);
}

static void tell_delay(struct verifier *verifier, const char *transport, double asked_ms,
                       const struct delays *with, const struct delays *without)
{
	double message_ms = with->message_ms - without->message_ms;
	double connect_ms = with->connect_ms - without->connect_ms;
	char asked[96];

	snprintf(asked, sizeof asked, "%s: a link of %g ms adds that, and twice to connecting",
	         transport, asked_ms);
	verify_tell(verifier, is_near(message_ms, asked_ms) && is_near(connect_ms, 2 * asked_ms),
	            asked, "%.2f ms: the mean is %.2f ms, %.2f without a link; to connecting %.2f",
	            message_ms, with->message_ms, without->message_ms, connect_ms);
}

static int check_delays(struct verifier *verifier, const char *transport)
{
	static const double delays_ms[] = {5, 25, 50};
	struct delays without, with;
	int err = measure_delay(verifier, transport, 0, &without);

	for (size_t i = 0; i < sizeof delays_ms / sizeof *delays_ms && !err; i++) {
		err = measure_delay(verifier, transport, delays_ms[i], &with);
		if (!err)
			tell_delay(verifier, transport, delays_ms[i], &with, &without);
	}
	return err;
}

/* Of the line: how long it is busy with a message of 64 KiB in full segments and the last one. */
static int check_rate(struct verifier *verifier)
{
	const struct runner_options options = {0};
	struct run_spec spec = verify_spec("websocket", 1, 5, 2);
	double segments = ceil((65536 + 10) / 1448.0);
	double asked_ms = (65536 + 10 + SEGMENT_HEADER_BYTES * segments) * 8 / 10e3;
	double found_ms;
	int err;

	spec.parameters.payload_bytes = 65536;
	spec.parameters.link.rate_mbit = 10;
	err = verify_run(verifier, &spec, &options, &result);
	if (err)
		return err;
	found_ms = hist_mean_ns(&result.latency) / (double)NS_PER_MS;
	verify_tell(verifier, is_near(found_ms, asked_ms),
	            "64 KiB take 10 Mbit/s as long as by arithmetic", "%.2f ms, by arithmetic %.2f",
	            found_ms, asked_ms);
	return 0;
}

#define JITTER_MS  10
#define JITTER_OFF 0.1 /* of the mean: it is drawn, some hundred times */

static int check_jitter(struct verifier *verifier)
{
	const struct runner_options options = {0};
	struct run_spec spec = verify_spec("sse", 1, 50, 2); /* none waits for the one before */
	double asked_ms = 10 + JITTER_MS / 2.0, found_ms;
	int err;

	spec.parameters.link.delay_ms = 10;
	spec.parameters.link.jitter_ms = JITTER_MS;
	err = verify_run(verifier, &spec, &options, &result);
	if (err)
		return err;
	found_ms = hist_mean_ns(&result.latency) / (double)NS_PER_MS;
	verify_tell(verifier,
	            fabs(found_ms - asked_ms) < JITTER_OFF * asked_ms && !result.reordered &&
	                    result.latency.max_ns - result.latency.min_ns > 5 * NS_PER_MS,
	            "10 ms with up to 10 ms of jitter are 15 on average, in order",
	            "%.2f ms, from %.2f to %.2f", found_ms,
	            (double)result.latency.min_ns / (double)NS_PER_MS,
	            (double)result.latency.max_ns / (double)NS_PER_MS);
	return 0;
}

int verify_delay(struct verifier *verifier)
{
	int err;

	if (verifier->link == LAB_LOOPBACK) {
		verify_skip(verifier, "a link's delay is found again", no_network);
		return 0;
	}
	err = check_delays(verifier, "sse");
	if (!err)
		err = check_delays(verifier, "websocket");
	if (!err)
		err = check_rate(verifier);
	return err || !lab_has_link_process(verifier->link) ? err : check_jitter(verifier);
}

/* loss */

#define LOSS       0.01
#define CHANCE_MIN 0.001 /* each way; the seed is always the same, what is sent is not quite */

static bool is_as_asked(uint64_t lost, uint64_t packets)
{
	return stats_binomial_at_least(packets, lost, LOSS) > CHANCE_MIN &&
	       1 - stats_binomial_at_least(packets, lost + 1, LOSS) > CHANCE_MIN;
}

/* Both devices of one way, and the link between. */
static void check_way(struct verifier *verifier, const char *asked, const struct link_counts *link,
                      uint64_t sent, uint64_t received)
{
	verify_tell(verifier,
	            sent == link->packets &&
	                    received == link->packets - link->lost - link->dropped &&
	                    is_as_asked(link->lost, link->packets),
	            asked, "%llu sent, %llu received; the link had %llu and lost %llu",
	            (unsigned long long)sent, (unsigned long long)received,
	            (unsigned long long)link->packets, (unsigned long long)link->lost);
}

int verify_loss(struct verifier *verifier)
{
	const struct runner_options options = {.evidence = &evidence};
	struct run_spec spec = verify_spec("sse", 20, 50, 4);
	const struct link_counts *down = &evidence.link.down, *up = &evidence.link.up;
	int err;

	if (!lab_has_link_process(verifier->link)) {
		verify_skip(verifier, "a link's losses are found again",
		            verifier->link == LAB_LOOPBACK ? no_network
		                                           : "netem does not count them");
		return 0;
	}
	spec.parameters.link.delay_ms = 5;
	spec.parameters.link.loss = LOSS;
	err = verify_run(verifier, &spec, &options, &result);
	if (err)
		return err;
	check_way(verifier, "down 1 % is lost, and the devices count what the link does", down,
	          evidence.server.packets_sent, evidence.clients.packets_received);
	check_way(verifier, "up the same", up, evidence.clients.packets_sent,
	          evidence.server.packets_received);
	verify_tell(verifier, !result.duplicates && !result.reordered,
	            "TCP makes up for it: every message comes once, and in order",
	            "%llu of %llu deliveries", (unsigned long long)result.delivered,
	            (unsigned long long)result.expected);
	return 0;
}
