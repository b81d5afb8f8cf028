#include "model.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static struct model polling(const struct model_input *input)
{
	double interval = input->poll_interval_s, per_poll = input->rate_hz * interval;

	/* Even arrivals have this mean too: polls fall at any phase of theirs alike. */
	return (struct model){
	        .mean_s = interval / 2 + input->delay_s,
	        .max_s = interval + input->delay_s,
	        .messages_per_response = per_poll,
	        .empty_share = input->poisson ? exp(-per_poll) : NAN,
	};
}

/* What finds no poll waiting shares the next answer, at most 2d later. */
static struct model longpoll_batched(const struct model_input *input)
{
	double d = input->delay_s, a = 2 * d * input->rate_hz;
	double messages = a + exp(-a);
	bool holds = input->poisson || d == 0;

	return (struct model){
	        .mean_s = holds ? d * (1 + a / messages) : NAN,
	        .max_s = 3 * d,
	        .messages_per_response = holds ? messages : NAN,
	        .empty_share = 0,
	};
}

/* A queue that serves one message every 2d. */
static struct model longpoll_single(const struct model_input *input)
{
	double d = input->delay_s, load = 2 * d * input->rate_hz;
	bool holds = input->poisson || d == 0;
	double mean = load < 1 ? d / (1 - load) : INFINITY;
	double max = d > 0 ? INFINITY : 0;

	return (struct model){
	        .mean_s = holds ? mean : NAN,
	        .max_s = holds ? max : NAN,
	        .messages_per_response = 1,
	        .empty_share = 0,
	};
}

static struct model longpoll(const struct model_input *input)
{
	return input->batch ? longpoll_batched(input) : longpoll_single(input);
}

static struct model stream(const struct model_input *input)
{
	return (struct model){
	        .mean_s = input->delay_s,
	        .max_s = input->delay_s,
	        .messages_per_response = 1,
	        .empty_share = NAN, /* there are no polls */
	};
}

#define FORMS 5

static const struct form {
	const char *transport;
	struct model (*predict)(const struct model_input *input);
} forms[FORMS];

struct model model_predict(const struct model_input *input)
{
	for (size_t i = 0; i < FORMS; i++) {
		if (strcmp(forms[i].transport, input->transport) == 0)
			return forms[i].predict(input);
	}
	return (struct model){NAN, NAN, NAN, NAN};
}

static const struct form forms[FORMS] = {
        {.transport = "polling", .predict = polling},
        {.transport = "longpoll", .predict = longpoll},
        {.transport = "sse", .predict = stream},
        {.transport = "websocket", .predict = stream},
        {.transport = "floor", .predict = stream},
};
