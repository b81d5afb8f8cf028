#include "model_bytes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../transports/floor/wire.h"
#include "../transports/longpoll/wire.h"
#include "../transports/matrix.h"
#include "../transports/polling/wire.h"
#include "../transports/site.h"
#include "../transports/sse/wire.h"
#include "../transports/stack/epoll.h"
#include "../transports/websocket/session.h"
#include "../transports/websocket/wire.h"
#include "model.h"

#define HOST           "10.77.0.1:50000" /* as long as that of any run */
#define QUICK_S        0.04              /* TCP_DELACK_MIN: an ACK waits so long for company */
#define TIMEOUT_S      0.2               /* TCP_RTO_MIN: later the receiver waits for none */
#define HEARTBEAT_S    25.0              /* the server's, and how long it holds a long-poll */
#define ANSWER_MAX     (1 << 20)
#define IDS_BASE       10
#define STANDARD_BOUND 12 /* standard deviations: what is beyond them is of no weight */

/* What both ends of one kind of exchange say. */
struct exchange {
	double bytes; /* both ways, without headers of segments */
	double segments, pure_acks;
};

static const double headers = SEGMENT_HEADER_BYTES;

static double wire_bytes(const struct exchange *exchange)
{
	return exchange->bytes + (exchange->segments + exchange->pure_acks) * headers;
}

/* How many bytes it holds, NAN where memory ran out; frees them. */
static double length_of(struct bytes *bytes)
{
	double length = bytes->failed ? NAN : (double)bytes_size(bytes);

	bytes_free(bytes);
	return length;
}

static double segments_of(double bytes)
{
	return ceil(bytes / SEGMENT_MAX_BYTES);
}

static bool is(const struct run_parameters *parameters, const char *transport)
{
	return strcmp(parameters->transport, transport) == 0;
}

static void append_line(struct bytes *out, const struct message *message)
{
	message_append_text(out, message);
	bytes_append_text(out, "\n");
}

static void append_floor(struct bytes *out, const struct message *message)
{
	floor_append_frame(out, message->data, message->size);
}

/* A message of the run, as `append` frames it. */
static double framed(const struct run_parameters *parameters, uint64_t id,
                     void (*append)(struct bytes *out, const struct message *message))
{
	struct message *message =
	        message_filler(parameters->format, parameters->payload_bytes, id, 0);
	struct bytes out = {0};

	if (!message)
		return NAN;
	append(&out, message);
	free(message);
	return length_of(&out);
}

static double sse_bytes(const struct run_parameters *parameters, uint64_t id)
{
	return framed(parameters, id, sse_append_event);
}

static double websocket_bytes(const struct run_parameters *parameters, uint64_t id)
{
	return framed(parameters, id, ws_append_message);
}

static double floor_bytes(const struct run_parameters *parameters, uint64_t id)
{
	return framed(parameters, id, append_floor);
}

static double request_bytes(const struct run_parameters *parameters, uint64_t since)
{
	struct client_config config = {
	        .host = HOST,
	        .topic = TOPIC_DEFAULT,
	        .headers = parameters->headers,
	        .one_per_response = !parameters->batch,
	};
	struct bytes out = {0};

	if (is(parameters, "polling"))
		polling_append_request(&out, &config, since);
	else
		longpoll_append_request(&out, &config, since);
	return length_of(&out);
}

/* With messages of so many bytes on their lines: 0 is none. */
static double answer_bytes(double content)
{
	struct bytes out = {0};

	if (content > 0)
		epoll_append_head(&out, 200, NDJSON_CONTENT_TYPE, (size_t)content, true);
	else
		epoll_append_head(&out, 204, NULL, 0, true);
	bytes_append_text(&out, "\r\n");
	return content + length_of(&out);
}

/* The mean over the ids of the main phase, whose digits count. */
static double mean_over_ids(const struct run_parameters *parameters,
                            double (*bytes)(const struct run_parameters *, uint64_t id))
{
	double before = round(parameters->rate_hz * parameters->warmup_s);
	double last = round(parameters->rate_hz * (parameters->warmup_s + parameters->main_s));
	double first = before + 1, sum = 0;

	last = fmax(last, first);
	for (uint64_t low = 1; (double)low <= last; low *= IDS_BASE) {
		double highest = (double)low * IDS_BASE - 1;
		double ids = fmin(last, highest) - fmax(first, (double)low) + 1;

		if (ids > 0)
			sum += ids * bytes(parameters, low);
	}
	return sum / (last - before);
}

static double delay_of(const struct run_parameters *parameters)
{
	return parameters->link.delay_ms / 1e3;
}

static double interval_of(const struct run_parameters *parameters)
{
	return parameters->poll_interval_ms / 1e3;
}

/* An answer in so many segments; the ACK of its end rides where a request follows soon. */
static double polling_acks(const struct run_parameters *parameters, double segments)
{
	double round_trip_s = 2 * delay_of(parameters), interval_s = interval_of(parameters);

	if (interval_s - round_trip_s < QUICK_S)
		return floor(segments / 2);
	return interval_s - round_trip_s > TIMEOUT_S ? segments : ceil(segments / 2);
}

/* The share of requests that are acknowledged alone. */
static double longpoll_request_acks(const struct run_parameters *parameters)
{
	double rate_hz = parameters->rate_hz, arrived = 2 * delay_of(parameters) * rate_hz;
	double waiting = parameters->batch ? 1 - exp(-arrived) : fmin(arrived, 1), quick;

	if (parameters->arrivals != ARRIVALS_POISSON)
		return 1 / rate_hz > QUICK_S;
	quick = 1 - (1 - waiting) * exp(-rate_hz * QUICK_S);
	return 1 - quick * quick;
}

/* What is exchanged for so many messages at once. */
static struct exchange exchange_of(const struct run_parameters *parameters, double request,
                                   double messages)
{
	double answer = answer_bytes(messages * framed(parameters, 1, append_line));
	double segments = segments_of(answer);
	double acks = is(parameters, "polling")
	                      ? polling_acks(parameters, segments)
	                      : floor(segments / 2) + longpoll_request_acks(parameters);

	return (struct exchange){request + answer, segments_of(request) + segments, acks};
}

static double poisson(double mean, double count)
{
	return exp(count * log(mean) - mean - lgamma(count + 1));
}

/* How likely an answer carries so many. */
static double polling_share(const struct run_parameters *parameters, double messages)
{
	double mean = parameters->rate_hz * interval_of(parameters);

	if (parameters->arrivals == ARRIVALS_POISSON)
		return poisson(mean, messages);
	return fmax(0, 1 - fabs(mean - messages)); /* one of the whole numbers beside it */
}

/* What came in the 2d before the request; where that is nothing, what comes next. */
static double longpoll_share(const struct run_parameters *parameters, double messages)
{
	double waiting = 2 * delay_of(parameters) * parameters->rate_hz;

	if (!parameters->batch || waiting == 0)
		return messages == 1;
	if (messages == 0)
		return 0;
	return poisson(waiting, messages) + (messages == 1 ? poisson(waiting, 0) : 0);
}

/* The seconds whose messages share an answer, but for the one that has to wait for it. */
static double window_of(const struct run_parameters *parameters)
{
	if (is(parameters, "polling"))
		return interval_of(parameters);
	return parameters->batch ? 2 * delay_of(parameters) : 0;
}

/* The mean over the numbers of messages that an answer may carry. */
static struct exchange mean_exchange(const struct run_parameters *parameters)
{
	double mean = parameters->rate_hz * window_of(parameters);
	double most = ceil(mean + STANDARD_BOUND * sqrt(mean)) + 1;
	double request = mean_over_ids(parameters, request_bytes);
	struct exchange sum = {0};

	if (most * parameters->payload_bytes > ANSWER_MAX)
		return (struct exchange){NAN, NAN, NAN};
	for (unsigned messages = 0; messages <= most; messages++) {
		double share = is(parameters, "polling") ? polling_share(parameters, messages)
		                                         : longpoll_share(parameters, messages);
		struct exchange one = {0};

		if (share > 0)
			one = exchange_of(parameters, request, messages);
		sum.bytes += share * one.bytes;
		sum.segments += share * one.segments;
		sum.pure_acks += share * one.pure_acks;
	}
	return sum;
}

static struct model_bytes per_message(const struct run_parameters *parameters,
                                      const struct exchange *exchange, double messages)
{
	return (struct model_bytes){
	        .framing_per_message = exchange->bytes / messages - parameters->payload_bytes,
	        .wire_per_message = wire_bytes(exchange) / messages,
	        .wire_per_idle_minute = NAN,
	};
}

static struct model_bytes asked_for(const struct run_parameters *parameters)
{
	struct exchange exchange = mean_exchange(parameters);
	struct model model = model_predict(&(struct model_input){
	        .transport = parameters->transport,
	        .delay_s = delay_of(parameters),
	        .rate_hz = parameters->rate_hz,
	        .poll_interval_s = interval_of(parameters),
	        .batch = parameters->batch,
	        .poisson = parameters->arrivals == ARRIVALS_POISSON,
	});

	return per_message(parameters, &exchange, model.messages_per_response);
}

static struct model_bytes streamed(const struct run_parameters *parameters,
                                   double (*bytes)(const struct run_parameters *, uint64_t id))
{
	double message = mean_over_ids(parameters, bytes), segments = segments_of(message);
	struct exchange exchange = {message, segments, ceil(segments / 2)};

	return per_message(parameters, &exchange, 1);
}

/* How often in the main phase, where it comes first so long after the connection. */
static double times_in_main(const struct run_parameters *parameters, double every_s)
{
	double begin_s = parameters->warmup_s;

	return floor((begin_s + parameters->main_s) / every_s) - floor(begin_s / every_s);
}

/* What is exchanged with a subscriber for whom there is nothing. */
static struct exchange idle_exchange(const struct run_parameters *parameters)
{
	double request;

	if (is(parameters, "sse"))
		return (struct exchange){strlen(SSE_HEARTBEAT), 1, 1};
	if (is(parameters, "websocket"))
		return (struct exchange){
		        (double)(ws_header_size(0, false) + ws_header_size(0, true)), 2, 1};
	if (is(parameters, "floor"))
		return (struct exchange){0};
	request = request_bytes(parameters, 0);
	return (struct exchange){request + answer_bytes(0), segments_of(request) + 1,
	                         is(parameters, "polling") ? polling_acks(parameters, 1) : 1};
}

static double idle_wire_bytes(const struct run_parameters *parameters)
{
	struct exchange exchange = idle_exchange(parameters);
	bool polls = is(parameters, "polling");
	double times = times_in_main(parameters, HEARTBEAT_S), first = 0;

	if (polls)
		times = parameters->main_s / interval_of(parameters);
	else if (times > 0 && parameters->warmup_s < HEARTBEAT_S && exchange.segments > 1)
		first = headers; /* one ACK more */
	return (times * wire_bytes(&exchange) + first) / parameters->main_s * 60;
}

static struct model_bytes predict(const struct run_parameters *parameters)
{
	if (is(parameters, "sse"))
		return streamed(parameters, sse_bytes);
	if (is(parameters, "websocket"))
		return streamed(parameters, websocket_bytes);
	if (is(parameters, "floor"))
		return streamed(parameters, floor_bytes);
	return asked_for(parameters);
}

static bool holds(const struct run_parameters *parameters)
{
	const struct link_settings *link = &parameters->link;
	bool only_delay = link->jitter_ms == 0 && link->loss == 0 && link->rate_mbit == 0 &&
	                  link->rate_up_mbit == 0;
	bool polls = is(parameters, "polling");

	if (!only_delay || parameters->rate_up_hz > 0 || parameters->cuts > 0 ||
	    !matrix_endpoint(parameters->transport, "epoll"))
		return false;
	return !polls || interval_of(parameters) > 2 * delay_of(parameters);
}

struct model_bytes model_bytes_predict(const struct run_parameters *parameters)
{
	struct model_bytes model = {NAN, NAN, NAN};

	if (!holds(parameters))
		return model;
	if (parameters->rate_hz > 0)
		model = predict(parameters);
	else
		model.wire_per_idle_minute = idle_wire_bytes(parameters);
	if (parameters->tls)
		model.wire_per_message = model.wire_per_idle_minute = NAN;
	return model;
}
