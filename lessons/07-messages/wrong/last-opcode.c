/* Takes the opcode of a message from its last frame, which is a continuation. */
#include "../exercise.h"

#include <string.h>

#include "../utf8.h"

/* A control frame knows nothing of the message around it. */
static int take_control(const struct frame *frame)
{
	if (!frame->fin || frame->size > 125 || frame->opcode > 10)
		return 1002;
	if (frame->opcode == 9)
		send_pong(frame->payload, frame->size);
	return 0;
}

int take_frame(struct receiver *receiver, const struct frame *frame)
{
	bool begins = frame->opcode != 0, open = receiver->opcode != 0;

	if (frame->rsv != 0)
		return 1002;
	if (frame->opcode >= 8)
		return take_control(frame);
	/* A message begins where none is open, and goes on where one is. */
	if (frame->opcode > 2 || begins == open)
		return 1002;
	if (begins) {
		receiver->opcode = frame->opcode;
		receiver->size = 0;
	}
	if (frame->size > MESSAGE_LIMIT - receiver->size)
		return 1009;
	memcpy(receiver->data + receiver->size, frame->payload, frame->size);
	receiver->size += frame->size;
	if (!frame->fin)
		return 0;
	if (receiver->opcode == 1 && !utf8_valid(receiver->data, receiver->size))
		return 1007;
	got_message(frame->opcode, receiver->data, receiver->size);
	receiver->opcode = 0;
	return 0;
}
