#include "exercise.h"

void client_begin(struct client *client, const struct limits *limits, double now_ms)
{
	*client = (struct client){.tokens = limits->burst, .filled_ms = now_ms};
}

bool client_may_send(struct client *client, const struct limits *limits, double now_ms)
{
	if (now_ms > client->filled_ms) {
		client->tokens += (now_ms - client->filled_ms) / 1000 * limits->per_second;
		if (client->tokens > limits->burst)
			client->tokens = limits->burst;
		client->filled_ms = now_ms;
	}
	if (client->tokens < 1)
		return false;
	client->tokens -= 1;
	return true;
}

unsigned client_frame(struct client *client, const struct limits *limits, uint64_t claimed,
                      double now_ms)
{
	/* What is left is compared: a sum may not fit into a size_t of 32 bits. */
	if (claimed > limits->most_bytes - client->size)
		return 1009;
	if (!client_may_send(client, limits, now_ms))
		return 1008;
	if (claimed == 0)
		return 0;
	size_t size = client->size + (size_t)claimed;
	char *message = get_memory(client->message, size);
	if (!message)
		return 1011;
	client->message = message;
	client->size = size;
	return 0;
}
