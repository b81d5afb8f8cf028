/* Counts bytes alone, and not whether they are in time. */
#include "../exercise.h"

#include "../rule.h"

static double file(const struct workload *load, enum way way)
{
	const double sent[WAYS] = {[HTTP] = 1, [SSE] = 4.0 / 3, [WEBSOCKET] = 1 + load->cut};

	return sent[way] * (double)load->size;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* What HTTP takes beside the messages. */
static double http(const struct workload *load)
{
	double asks = load->lasts_ms / ask_every_ms(load, LINK_MS);

	if (load->leaves) {
		int new = load->down - load->unchanged;
		return new *(HTTP_EMPTY + HTTP_BODY_DOWN) + load->unchanged *HTTP_UNCHANGED +
		       load->up *(HTTP_EMPTY + HTTP_BODY_UP);
	}
	if (asks < 1)
		asks = 1;
	return asks * HTTP_EMPTY + smaller(asks, load->down) * HTTP_BODY_DOWN +
	       smaller(asks, load->up) * HTTP_BODY_UP + load->down + load->up;
}

double bytes_of(const struct workload *load, enum way way)
{
	int messages = load->down + load->up, openings = load->leaves ? messages : 1;
	int length = load->size < 126 ? 0 : 2;

	if (load->cut > 0)
		return file(load, way);
	if (way == HTTP)
		return http(load) +
		       (messages - (load->leaves ? load->unchanged : 0)) * (double)load->size;
	double all = messages * (double)load->size;
	if (way == SSE)
		return all + openings * SSE_OPENING + load->down * SSE_EVENT +
		       load->up * (HTTP_EMPTY + HTTP_BODY_UP);
	return all + openings * WS_OPENING + load->down * (WS_DOWN + length) +
	       load->up * (WS_UP + length);
}

bool is_possible(const struct workload *load, enum way way)
{
	return way != SSE || load->down > 0;
}
