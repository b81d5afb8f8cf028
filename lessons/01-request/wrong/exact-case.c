/* Takes Content-Length for the only way to write it. */
#include "../exercise.h"

#include <stdlib.h>
#include <string.h>

ssize_t message_size(const char *data, size_t size)
{
	static const char name[] = "\r\nContent-Length: ";
	const char *empty = memmem(data, size, "\r\n\r\n", 4);
	const char *line;
	size_t total;

	if (!empty)
		return 0;
	total = (size_t)(empty - data) + 4;
	line = memmem(data, total, name, strlen(name));
	if (line)
		total += strtoul(line + strlen(name), NULL, 10);
	return total <= size ? (ssize_t)total : 0;
}
