/* A row of polling: the server says that there is nothing, and is asked again. */
#include "../exercise.h"

#include <stdio.h>
#include <string.h>

#include "../texts.h"

enum { ROOM = 8192 };

const struct transport batches = {.name = "batches",
                                  .key = "batch",
                                  .question = QUESTION END,
                                  .message = ANSWER END "Hello",
                                  .nothing = NOTHING END,
                                  .upward = POST END "Hello",
                                  .heard = NOTHING END,
                                  .asks = true,
                                  .put_many = put_batch,
                                  .count_in = count_batch};

size_t put_batch(char *answer, size_t size, unsigned messages)
{
	size_t body = messages * strlen("Hello\n") - 1;
	size_t used = (size_t)snprintf(answer, size,
	                               "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	                               "Content-Length: %zu\r\n\r\nHello",
	                               body);

	while (--messages > 0)
		used += (size_t)snprintf(answer + used, size - used, "\nHello");
	return used;
}

unsigned count_batch(const char *answer)
{
	unsigned count = 0;

	for (const char *at = strstr(answer, "Hello"); at; at = strstr(at + 1, "Hello"))
		count++;
	return count;
}

unsigned long batch_bytes(unsigned messages, unsigned in_each)
{
	unsigned long bytes = strlen(QUESTION END); /* the one that waits */
	char answer[ROOM];

	while (messages > 0) {
		unsigned some = messages < in_each ? messages : in_each;

		bytes += strlen(QUESTION END) + put_batch(answer, sizeof answer, some);
		messages -= some;
	}
	return bytes;
}
