#include "exercise.h"

int closing_begin(struct closing *closing, unsigned code, double now_ms)
{
	if (closing->sent || closing->received)
		return 0;
	closing->sent = true;
	closing->sent_ms = now_ms;
	closing->reply = code;
	return SEND_CLOSE;
}

int closing_frame(struct closing *closing, unsigned opcode, const uint8_t *body, size_t size)
{
	/* TODO 1: this hangs up on whoever says goodbye, without a word. See exercise.h. */
	(void)body;
	(void)size;
	if (opcode != 8)
		return DELIVER;
	closing->received = true;
	return END_TCP;
}

int closing_late(struct closing *closing, double now_ms)
{
	/* TODO 2: as it is, this waits for ever. */
	(void)closing;
	(void)now_ms;
	return 0;
}
