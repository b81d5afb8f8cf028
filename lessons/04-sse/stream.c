#include "stream.h"

#include <string.h>

#include "../stage/net.h"

const struct show_name head_names[] = {{"GET ", "a request like any other"},
                                       {"Last-Event-ID: ", "the last event that I had whole"},
                                       {"HTTP/1.1 200", "yes"},
                                       {"Content-Type: ", "a stream of events comes"},
                                       {"Transfer-Encoding: ", "in pieces, each with its size"},
                                       {"\r\n", "an empty line: the head ends"},
                                       {"", "a header"}};

const struct show_name line_names[] = {{"data: ", "a line of the message"},
                                       {"id: ", "the event's number: remember it"},
                                       {"retry: ", "milliseconds to wait before coming back"},
                                       {"\n", "a blank line: the event is whole"},
                                       {"d\r\n", "the size of the piece, in hex"},
                                       {"\r\n", "\\r\\n ends the piece"},
                                       {0}};

void say(int connection, const char *text)
{
	net_write(connection, text, strlen(text));
}

size_t read_until(int connection, char *text, const char *end)
{
	size_t size = 0;

	while (size < ROOM - 1 && net_read(connection, text + size, 1) == 1) {
		text[++size] = '\0';
		if (size >= strlen(end) && !strcmp(text + size - strlen(end), end))
			return size;
	}
	return 0;
}
