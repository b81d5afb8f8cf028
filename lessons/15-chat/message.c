#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../stage/child.h"

static size_t alive;

struct message *message_new(const char *format, ...)
{
	struct message *message = calloc(1, sizeof *message);
	va_list arguments;

	if (!message)
		child_give_up("keep a message");
	va_start(arguments, format);
	vsnprintf(message->text, sizeof message->text, format, arguments);
	va_end(arguments);
	message->size = strlen(message->text);
	message->holders = 1;
	alive++;
	return message;
}

struct message *message_hold(struct message *message)
{
	message->holders++;
	return message;
}

void message_release(struct message *message)
{
	if (--message->holders > 0)
		return;
	alive--;
	free(message);
}

size_t messages_alive(void)
{
	return alive;
}
