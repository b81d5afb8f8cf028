/* Stops at the empty line: the body is taken for the beginning of the next message. */
#include "../exercise.h"

#include <string.h>

ssize_t message_size(const char *data, size_t size)
{
	const char *empty = memmem(data, size, "\r\n\r\n", 4);

	return empty ? empty - data + 4 : 0;
}
