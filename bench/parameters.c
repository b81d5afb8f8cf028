#include "parameters.h"

#include <stdarg.h>
#include <string.h>

#include "../transports/matrix.h"
#include "link_profiles.h"

static bool same_link(const struct link_settings *a, const struct link_settings *b)
{
	return a->delay_ms == b->delay_ms && a->jitter_ms == b->jitter_ms && a->loss == b->loss &&
	       a->loss_burst == b->loss_burst && a->rate_mbit == b->rate_mbit &&
	       a->rate_up_mbit == b->rate_up_mbit && a->queue == b->queue;
}

int parameters_difference(const struct run_parameters *a, const struct run_parameters *b)
{
	return (a->subscribers != b->subscribers ? PARAMETER_SUBSCRIBERS : 0) |
	       (a->rate_hz != b->rate_hz ? PARAMETER_RATE : 0) |
	       (a->rate_up_hz != b->rate_up_hz ? PARAMETER_RATE_UP : 0) |
	       (a->arrivals != b->arrivals ? PARAMETER_ARRIVALS : 0) |
	       (a->payload_bytes != b->payload_bytes ? PARAMETER_PAYLOAD : 0) |
	       (a->format != b->format ? PARAMETER_FORMAT : 0) |
	       (a->poll_interval_ms != b->poll_interval_ms ? PARAMETER_POLL_INTERVAL : 0) |
	       (a->batch != b->batch ? PARAMETER_BATCH : 0) |
	       (a->headers != b->headers ? PARAMETER_HEADERS : 0) |
	       (a->tls != b->tls ? PARAMETER_TLS : 0) | (a->cuts != b->cuts ? PARAMETER_CUTS : 0) |
	       (same_link(&a->link, &b->link) && strcmp(a->link_profile, b->link_profile) == 0
	                ? 0
	                : PARAMETER_LINK) |
	       (a->warmup_s != b->warmup_s ? PARAMETER_WARMUP : 0) |
	       (a->main_s != b->main_s ? PARAMETER_MAIN : 0) |
	       (a->slow_readers != b->slow_readers ? PARAMETER_SLOW_READERS : 0) |
	       (a->connections_max != b->connections_max ? PARAMETER_CONNECTIONS_MAX : 0);
}

bool parameters_same_cell(const struct run_parameters *a, const struct run_parameters *b)
{
	return strcmp(a->transport, b->transport) == 0 && strcmp(a->stack, b->stack) == 0;
}

int parameters_unsaid(const struct run_parameters *parameters)
{
	return (parameters->rate_hz == 0 ? PARAMETER_RATE : 0) |
	       (parameters->rate_up_hz == 0 ? PARAMETER_RATE_UP : 0) |
	       (parameters->tls ? 0 : PARAMETER_TLS) | (parameters->cuts ? 0 : PARAMETER_CUTS) |
	       (run_has_link(parameters) ? 0 : PARAMETER_LINK) |
	       (parameters->slow_readers ? 0 : PARAMETER_SLOW_READERS) |
	       (parameters->connections_max ? 0 : PARAMETER_CONNECTIONS_MAX);
}

__attribute__((format(printf, 3, 4))) static void part(char *out, size_t size, const char *format,
                                                       ...)
{
	size_t length = strlen(out);
	va_list arguments;

	if (length > 0 && length < size)
		length += (size_t)snprintf(out + length, size - length, ", ");
	if (length >= size)
		return;
	va_start(arguments, format);
	vsnprintf(out + length, size - length, format, arguments);
	va_end(arguments);
}

static void describe_traffic(const struct run_parameters *parameters, int which, char *out,
                             size_t size)
{
	if (which & PARAMETER_SUBSCRIBERS)
		part(out, size, "%u subscribers", parameters->subscribers);
	if (which & PARAMETER_RATE)
		part(out, size, "%g messages/s", parameters->rate_hz);
	if (which & PARAMETER_RATE_UP)
		part(out, size, "%g messages/s from clients", parameters->rate_up_hz);
	if (which & PARAMETER_ARRIVALS)
		part(out, size, "%s arrivals", arrivals_name(parameters->arrivals));
	if (which & PARAMETER_PAYLOAD)
		part(out, size, "%u B", parameters->payload_bytes);
	if (which & PARAMETER_FORMAT)
		part(out, size, "%s", message_format_name(parameters->format));
	if (which & PARAMETER_POLL_INTERVAL)
		part(out, size, "every %g ms", parameters->poll_interval_ms);
	if (which & PARAMETER_BATCH)
		part(out, size, "%s", parameters->batch ? "batched" : "one per response");
	if (which & PARAMETER_HEADERS)
		part(out, size, "%s headers", run_headers_name(parameters->headers));
}

static void describe_rate(const struct link_settings *link, const struct link_settings *known,
                          char *out, size_t size)
{
	bool limited = link->rate_mbit > 0 || link->rate_up_mbit > 0;

	if (link->rate_mbit == known->rate_mbit && link->rate_up_mbit == known->rate_up_mbit) {
		if (limited)
			part(out, size, "a queue of %u", link->queue);
	} else if (!limited)
		part(out, size, "no limit of rate");
	else if (link->rate_up_mbit <= 0)
		part(out, size, "%g Mbit/s with a queue of %u", link->rate_mbit, link->queue);
	else if (link->rate_mbit <= 0)
		part(out, size, "%g Mbit/s up with a queue of %u", link->rate_up_mbit, link->queue);
	else
		part(out, size, "%g Mbit/s down and %g up with a queue of %u", link->rate_mbit,
		     link->rate_up_mbit, link->queue);
}

/* Of a profile its name, and what is not as in it. */
static void describe_link(const struct run_parameters *parameters, char *out, size_t size)
{
	const struct link_profile *profile = link_profile(parameters->link_profile);
	const struct link_settings *link = &parameters->link;
	const struct link_settings known = profile ? profile->settings : (struct link_settings){0};

	if (*parameters->link_profile)
		part(out, size, "%s", parameters->link_profile);
	else if (!run_has_link(parameters))
		part(out, size, "no link");
	if (link->delay_ms != known.delay_ms || (!profile && run_has_link(parameters)))
		part(out, size, "%g ms one way", link->delay_ms);
	if (link->jitter_ms != known.jitter_ms)
		part(out, size, "up to %g ms jitter", link->jitter_ms);
	if (link->loss != known.loss)
		part(out, size, "%g %% loss", link->loss * 100);
	if (link->loss > 0 && link->loss_burst != known.loss_burst)
		part(out, size, "%g in a row", link->loss_burst);
	describe_rate(link, &known, out, size);
}

static void describe_slow_readers(unsigned slow_readers, char *out, size_t size)
{
	if (slow_readers == 0)
		part(out, size, "no slow reader");
	else
		part(out, size, "%u slow reader%s", slow_readers, slow_readers == 1 ? "" : "s");
}

static void describe_connections_max(unsigned connections_max, char *out, size_t size)
{
	if (connections_max == 0)
		part(out, size, "any number of requests");
	else
		part(out, size, "%u request%s at a time", connections_max,
		     connections_max == 1 ? "" : "s");
}

void parameters_describe(const struct run_parameters *parameters, int which, char *out, size_t size)
{
	*out = '\0';
	describe_traffic(parameters, which, out, size);
	if (which & PARAMETER_TLS)
		part(out, size, "%s", parameters->tls ? "TLS" : "plain");
	if (which & PARAMETER_CUTS && parameters->cuts == 0)
		part(out, size, "no cut");
	else if (which & PARAMETER_CUTS)
		part(out, size, "%u cut%s", parameters->cuts, parameters->cuts == 1 ? "" : "s");
	if (which & PARAMETER_SLOW_READERS)
		describe_slow_readers(parameters->slow_readers, out, size);
	if (which & PARAMETER_CONNECTIONS_MAX)
		describe_connections_max(parameters->connections_max, out, size);
	if (which & PARAMETER_LINK)
		describe_link(parameters, out, size);
	if (which & PARAMETER_WARMUP)
		part(out, size, "%g s warm-up", parameters->warmup_s);
	if (which & PARAMETER_MAIN)
		part(out, size, "%g s", parameters->main_s);
}

static int position(const struct run_parameters *parameters)
{
	int i = 0;

	while (matrix_endpoints[i] &&
	       (strcmp(matrix_endpoints[i]->transport, parameters->transport) != 0 ||
	        strcmp(matrix_endpoints[i]->stack, parameters->stack) != 0))
		i++;
	return i;
}

static int compare(double a, double b)
{
	return (a > b) - (a < b);
}

int parameters_compare(const struct run_parameters *a, const struct run_parameters *b)
{
	const int orders[] = {
	        compare(a->subscribers, b->subscribers),
	        compare(a->rate_hz, b->rate_hz),
	        compare(a->rate_up_hz, b->rate_up_hz),
	        compare(a->arrivals, b->arrivals),
	        compare(a->payload_bytes, b->payload_bytes),
	        compare(a->format, b->format),
	        compare(a->headers, b->headers),
	        compare(a->cuts, b->cuts),
	        compare(a->link.delay_ms, b->link.delay_ms),
	        compare(a->link.jitter_ms, b->link.jitter_ms),
	        compare(a->link.loss, b->link.loss),
	        compare(a->link.loss_burst, b->link.loss_burst),
	        compare(a->link.rate_mbit, b->link.rate_mbit),
	        compare(a->link.rate_up_mbit, b->link.rate_up_mbit),
	        compare(a->link.queue, b->link.queue),
	        strcmp(a->link_profile, b->link_profile),
	        compare(a->warmup_s, b->warmup_s),
	        compare(a->main_s, b->main_s),
	        compare(position(a), position(b)),
	        strcmp(a->stack, b->stack),
	        compare(a->tls, b->tls),
	        compare(a->poll_interval_ms, b->poll_interval_ms),
	        compare(b->batch, a->batch),
	        compare(a->slow_readers, b->slow_readers),
	        compare(a->connections_max, b->connections_max),
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		if (orders[i])
			return orders[i];
	}
	return 0;
}
