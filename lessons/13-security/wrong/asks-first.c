/* Makes room for the frame, and then looks whether it may come. */
#include "../exercise.h"

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
	size_t size = client->size + (size_t)claimed;

	if (size > 0) {
		char *message = get_memory(client->message, size);
		if (!message)
			return 1011;
		client->message = message;
	}
	if (size > limits->most_bytes)
		return 1009;
	if (!client_may_send(client, limits, now_ms))
		return 1008;
	client->size = size;
	return 0;
}
