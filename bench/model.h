/* The closed forms: what theory predicts for a run, before it is measured. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include <stdbool.h>

struct model_input {
	const char *transport;  /* polling, longpoll, sse, websocket, floor */
	double delay_s;         /* d: one-way delay of the link */
	double rate_hz;         /* λ: messages per second for one subscriber */
	double poll_interval_s; /* T; polling only */
	bool batch;             /* longpoll: an answer carries all that is new */
	bool poisson; /* arrivals; with even ones a NAN says that the form does not hold */
};

/* NAN where no closed form holds; INFINITY where there is no bound. */
struct model {
	double mean_s, max_s;         /* delivery latency */
	double messages_per_response; /* counting empty answers too */
	double empty_share;           /* of polls that find nothing */
};

/*
 * polling: mean T/2 + d, max T + d, λT messages a poll, e^(-λT) empty (Poisson).
 * longpoll, batched, with a = 2dλ: mean d(1 + a/(a + e^-a)), max 3d, a + e^-a messages (Poisson;
 *   RFC 6202 §2.2 gives the transits). One per response: mean d/(1 - 2dλ), an M/D/1 queue whose
 *   ceiling is 1/(2d) messages/s.
 * sse, websocket, floor: d, d, 1.
 */
struct model model_predict(const struct model_input *input);

#endif
