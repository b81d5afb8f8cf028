#include "answer.h"

#include <stdio.h>
#include <string.h>

#include "../stage/net.h"

void answer(int connection, int messages)
{
	char text[16384];
	int size;

	if (messages == 0)
		size = snprintf(text, sizeof text, "HTTP/1.1 204 No Content\r\n\r\n");
	else
		size = snprintf(text, sizeof text,
		                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		                "Content-Length: %zu\r\n\r\n",
		                messages * strlen("Hello\n"));
	while (messages-- > 0)
		size += sprintf(text + size, "Hello\n");
	net_write(connection, text, (size_t)size);
}
