#include "exercise.h"

void client_begin(struct client *client, const struct limits *limits, double now_ms)
{
	*client = (struct client){.tokens = limits->burst, .filled_ms = now_ms};
}

bool client_may_send(struct client *client, const struct limits *limits, double now_ms)
{
	/* TODO 1: this is the tutorial's counter, with all its minute at once. See exercise.h. */
	if ((long)(now_ms / 60000) != (long)(client->filled_ms / 60000))
		client->tokens = 60 * limits->per_second;
	client->filled_ms = now_ms;
	if (client->tokens < 1)
		return false;
	client->tokens -= 1;
	return true;
}

unsigned client_frame(struct client *client, const struct limits *limits, uint64_t claimed,
                      double now_ms)
{
	/* TODO 2: this believes what it is told, and looks when the memory is taken. */
	client->size += (size_t)claimed;
	client->message = get_memory(client->message, client->size);
	if (client->size > limits->most_bytes)
		return 1009;
	return client_may_send(client, limits, now_ms) ? 0 : 1008;
}
