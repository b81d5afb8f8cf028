#include "exercise.h"

#include <string.h>

#include "utf8.h"

/* As it is, this takes each frame for a message, and a ping for nothing. */
int take_frame(struct receiver *receiver, const struct frame *frame)
{
	/* TODO: is it a control frame? Then answer it, whatever else is going on. Else put the
	 * payload behind what receiver has, and hand the message on at its last frame. See
	 * exercise.h for what must be refused. */
	(void)receiver;
	if (frame->opcode == 1 || frame->opcode == 2)
		got_message(frame->opcode, frame->payload, frame->size);
	return 0;
}
