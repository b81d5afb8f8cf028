#include "measure.h"

#include "../stage/net.h"

/*
 * Four births, spread evenly over the time from one look of the server to the next; it looks
 * delay_ms before its answer is here. On a new connection the last of them is born when the next
 * poll has left already, and still it comes in time: what counts is when a poll arrives.
 */
double measure_polls(const struct transport *transport, double every, double delay_ms)
{
	struct session session;
	double sum = 0;

	session_open(&session, transport, delay_ms, 0);
	double due = net_now_ms();
	session_ask(&session);
	session_take(&session); /* nothing yet */
	for (int n = 0; n < 4; n++) {
		double born = net_now_ms() - delay_ms + every * (n + 0.5) / 4;

		due += every;
		if (born < due) {
			net_sleep_until_ms(born);
			session_publish(&session, 1);
			net_sleep_until_ms(due);
			session_ask(&session);
		} else {
			net_sleep_until_ms(due);
			session_ask(&session);
			net_sleep_until_ms(born);
			session_publish(&session, 1);
		}
		session_take(&session);
		sum += net_now_ms() - born;
	}
	session_close(&session);
	return sum / 4;
}

unsigned long measure_idle(const struct transport *transport, int seconds, double second,
                           double hold)
{
	struct session session;

	session_open(&session, transport, 0, hold * second);
	unsigned long bytes = session_bytes(&session);
	double start = net_now_ms();
	for (int n = 0; n < seconds && !transport->waits; n++) {
		net_sleep_until_ms(start + n * second);
		session_ask(&session);
		session_take(&session);
	}
	while (transport->waits && session_comes(&session, start + seconds * second)) {
		session_take(&session);
		session_ask(&session);
	}
	session_settle(&session);
	bytes = session_bytes(&session) - bytes;
	session_close(&session);
	return bytes;
}

double measure_bare(const struct transport *transport)
{
	struct session session;
	double took = 0;

	session_open(&session, transport, NO_LINK, 25000);
	for (int n = 0; n < 20; n++)
		took += session_carry(&session);
	session_close(&session);
	return took;
}
