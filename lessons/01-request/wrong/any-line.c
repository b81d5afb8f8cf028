/* Finds the name anywhere, also within another header's. */
#include "../exercise.h"

#include <stdlib.h>
#include <string.h>

ssize_t message_size(const char *data, size_t size)
{
	static const char name[] = "content-length:";
	const char *empty = memmem(data, size, "\r\n\r\n", 4);
	const char *header;
	size_t total;

	if (!empty)
		return 0;
	total = (size_t)(empty - data) + 4;
	header = strcasestr(data, name);
	if (header)
		total += strtoul(header + strlen(name), NULL, 10);
	return total <= size ? (ssize_t)total : 0;
}
