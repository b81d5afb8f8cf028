#include "exercise.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The value of a Content-Length line, which ends with \r, or -1. */
static ssize_t parse_length(const char *value)
{
	ssize_t length = 0;

	while (*value == ' ' || *value == '\t')
		value++;
	if (*value == '\r')
		return -1;
	for (; *value != '\r'; value++) {
		if (!isdigit((unsigned char)*value) || length > 100000000)
			return -1;
		length = length * 10 + (*value - '0');
	}
	return length;
}

/* memmem and not strstr, which would run on behind size: there is no '\0' to stop it. */
ssize_t message_size(const char *data, size_t size)
{
	static const char name[] = "content-length:";
	const char *empty = memmem(data, size, "\r\n\r\n", 4);
	ssize_t body = 0;
	size_t head;

	if (!empty)
		return 0;
	head = (size_t)(empty - data) + 4;
	/* The lines of the head, the first of which is no header and never matches. */
	for (const char *line = data; line < empty + 2; line = strchr(line, '\n') + 1)
		if (!strncasecmp(line, name, strlen(name)))
			body = parse_length(line + strlen(name));
	if (body < 0)
		return -1;
	return head + (size_t)body <= size ? (ssize_t)head + body : 0;
}
