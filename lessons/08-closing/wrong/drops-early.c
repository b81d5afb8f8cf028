/* Stops listening as soon as it has said goodbye, and loses what was on its way. */
#include "../exercise.h"

int closing_begin(struct closing *closing, unsigned code, double now_ms)
{
	if (closing->sent || closing->received)
		return 0;
	closing->sent = true;
	closing->sent_ms = now_ms;
	closing->reply = code;
	return SEND_CLOSE;
}

static bool may_be_sent(unsigned code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

/* What a close frame's body says; 1005 where it says nothing, 1002 where it is broken. */
static unsigned read_code(const uint8_t *body, size_t size)
{
	if (size == 0)
		return 1005;
	if (size == 1)
		return 1002;
	unsigned code = (unsigned)body[0] << 8 | body[1];
	return may_be_sent(code) ? code : 1002;
}

int closing_frame(struct closing *closing, unsigned opcode, const uint8_t *body, size_t size)
{
	if (closing->received)
		return 0;
	if (opcode != 8)
		return closing->sent ? 0 : DELIVER;
	closing->received = true;
	closing->code = read_code(body, size);
	if (closing->sent)
		return END_TCP;
	closing->sent = true;
	closing->reply = closing->code == 1005 ? 0 : closing->code;
	return SEND_CLOSE | END_TCP;
}

int closing_late(struct closing *closing, double now_ms)
{
	if (!closing->sent || closing->code || now_ms - closing->sent_ms < CLOSING_WAIT_MS)
		return 0;
	closing->code = 1006;
	return END_TCP;
}
