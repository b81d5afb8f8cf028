#include "run.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define SLAB_SUBSCRIBERS_MIN 1000

static double per(double amount, uint64_t divisor)
{
	return divisor ? amount / (double)divisor : NAN;
}

double run_reach(const struct run_result *result)
{
	return per((double)result->delivered, result->expected);
}

double run_messages_per_response(const struct run_result *result)
{
	return per((double)result->traffic.messages, result->traffic.responses);
}

double run_empty_share(const struct run_result *result)
{
	return per((double)result->traffic.empty_responses, result->traffic.responses);
}

/* The byte counters of TCP_INFO stand still only where nothing was measured at all. */
static double wire_bytes(uint64_t tcp_bytes, uint64_t segments)
{
	return segments ? (double)tcp_bytes + SEGMENT_HEADER_BYTES * (double)segments : NAN;
}

static bool is_counted(const struct run_result *result)
{
	return strcmp(result->wire_counts, "counted") == 0;
}

double run_wire_bytes_down(const struct run_result *result)
{
	if (is_counted(result))
		return (double)result->wire.bytes_down;
	return wire_bytes(result->traffic.tcp_bytes_down, result->traffic.segments_down);
}

double run_wire_bytes_up(const struct run_result *result)
{
	if (is_counted(result))
		return (double)result->wire.bytes_up;
	return wire_bytes(result->traffic.tcp_bytes_up, result->traffic.segments_up);
}

double run_wire_bytes_per_message(const struct run_result *result)
{
	return per(run_wire_bytes_down(result) + run_wire_bytes_up(result),
	           result->traffic.messages);
}

double run_framing_bytes_per_message(const struct run_result *result)
{
	const struct run_traffic *traffic = &result->traffic;

	return per((double)(traffic->app_bytes_down + traffic->app_bytes_up) -
	                   (double)(traffic->payload_bytes + traffic->payload_bytes_up),
	           traffic->messages);
}

double run_tls_bytes_per_message(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_traffic *traffic = &result->traffic;

	if (!spec->parameters.tls || !traffic->segments_down)
		return NAN;
	return per((double)(traffic->tcp_bytes_down + traffic->tcp_bytes_up) -
	                   (double)(traffic->app_bytes_down + traffic->app_bytes_up),
	           traffic->messages);
}

double run_packets_per_message(const struct run_result *result)
{
	const struct run_traffic *traffic = &result->traffic;
	uint64_t segments = traffic->segments_down + traffic->segments_up;

	if (is_counted(result))
		segments = result->wire.packets_down + result->wire.packets_up;
	return segments ? per((double)segments, traffic->messages) : NAN;
}

double run_server_cpu_us_per_message(const struct run_result *result)
{
	if (result->server.cpu_ns == 0)
		return NAN;
	return per((double)result->server.cpu_ns / 1e3, result->traffic.messages);
}

/* Growth from one reading to another, of which 0 is none, by so many subscribers' connections. */
static double memory_slope(const struct run_spec *spec, const struct run_result *result,
                           uint64_t from_bytes, uint64_t to_bytes, unsigned subscribers)
{
	/* Without it the line is of a time when each had one. */
	double connections = result->connecting.connections ? (double)result->connecting.connections
	                                                    : (double)spec->parameters.subscribers;

	if (from_bytes == 0 || to_bytes == 0 || subscribers == 0)
		return NAN;
	return ((double)to_bytes - (double)from_bytes) /
	       (connections * subscribers / spec->parameters.subscribers);
}

double run_server_bytes_per_connection(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_server *server = &result->server;

	return memory_slope(spec, result, server->memory_before_bytes, server->memory_bytes,
	                    spec->parameters.subscribers);
}

double run_server_bytes_first_half(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_server *server = &result->server;

	if (result->kept_out)
		return NAN; /* the halves do not have as many connections each */
	return memory_slope(spec, result, server->memory_before_bytes, server->memory_half_bytes,
	                    run_half(spec->parameters.subscribers));
}

double run_server_bytes_second_half(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_server *server = &result->server;
	unsigned subscribers = spec->parameters.subscribers;

	if (result->kept_out)
		return NAN;
	return memory_slope(spec, result, server->memory_half_bytes, server->memory_bytes,
	                    subscribers - run_half(subscribers));
}

double run_server_bytes_growth(const struct run_result *result)
{
	const struct run_server *server = &result->server;

	if (server->memory_bytes == 0 || server->memory_end_bytes == 0)
		return NAN;
	return (double)server->memory_end_bytes - (double)server->memory_bytes;
}

double run_kernel_bytes_per_connection(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_server *server = &result->server;

	if (!is_counted(result))
		return NAN;
	return memory_slope(spec, result, server->kernel_before_bytes, server->kernel_bytes,
	                    spec->parameters.subscribers);
}

double run_slab_bytes_per_socket(const struct run_spec *spec, const struct run_result *result)
{
	const struct run_server *server = &result->server;

	if (spec->parameters.subscribers < SLAB_SUBSCRIBERS_MIN)
		return NAN;
	return memory_slope(spec, result, server->slab_before_bytes, server->slab_bytes,
	                    spec->parameters.subscribers) /
	       2;
}

double run_connect_cpu_us_per_connection(const struct run_result *result)
{
	if (result->server.connect_cpu_ns == 0)
		return NAN;
	return per((double)result->server.connect_cpu_ns / 1e3, result->connecting.connections);
}

/* Of what was counted in the main phase, by subscriber */
static double per_idle_minute(const struct run_spec *spec, const struct run_result *result,
                              double amount)
{
	double minutes = spec->parameters.main_s / 60;

	if (result->published || result->traffic.messages)
		return NAN;
	return amount / minutes / spec->parameters.subscribers;
}

double run_wire_bytes_per_idle_minute(const struct run_spec *spec, const struct run_result *result)
{
	return per_idle_minute(spec, result,
	                       run_wire_bytes_down(result) + run_wire_bytes_up(result));
}

double run_server_cpu_us_per_idle_minute(const struct run_spec *spec,
                                         const struct run_result *result)
{
	return per_idle_minute(spec, result, (double)result->server.cpu_ns / 1e3);
}

double run_kind_per_message(const struct run_result *result, enum packet_kind kind)
{
	const struct packet_counts *down = &result->kinds_down, *up = &result->kinds_up;
	uint64_t all = 0;

	for (size_t i = 0; i < PACKET_KINDS; i++)
		all += down->packets[i] + up->packets[i];
	if (!all)
		return NAN;
	return per((double)(down->packets[kind] + up->packets[kind]), result->traffic.messages);
}

double run_connect_bytes_per_connection(const struct run_result *result)
{
	const struct run_connecting *connecting = &result->connecting;
	const struct run_wire *wire = &result->wire_connecting;
	double bytes = (double)(wire->bytes_down + wire->bytes_up);

	if (!is_counted(result))
		bytes = wire_bytes(connecting->tcp_bytes_down, connecting->segments_down) +
		        wire_bytes(connecting->tcp_bytes_up, connecting->segments_up);
	return per(bytes, connecting->connections);
}

double run_connect_packets_per_connection(const struct run_result *result)
{
	const struct run_connecting *connecting = &result->connecting;
	const struct run_wire *wire = &result->wire_connecting;
	uint64_t packets = wire->packets_down + wire->packets_up;

	if (!is_counted(result))
		packets = connecting->segments_down + connecting->segments_up;
	return per((double)packets, connecting->connections);
}

static const char *const headers_names[] = {
        [HTTP_HEADERS_LEAN] = "lean",
        [HTTP_HEADERS_BROWSER] = "browser",
        [HTTP_HEADERS_KAAZING] = "kaazing",
};

const char *run_headers_name(enum http_headers headers)
{
	return headers_names[headers];
}

int run_headers_parse(const char *name, enum http_headers *headers)
{
	for (unsigned i = 0; i < sizeof headers_names / sizeof *headers_names; i++) {
		if (strcmp(headers_names[i], name) == 0) {
			*headers = (enum http_headers)i;
			return 0;
		}
	}
	return -EINVAL;
}
