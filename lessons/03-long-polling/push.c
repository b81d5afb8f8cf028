#include "push.h"

#include <string.h>

#include "../stage/net.h"

void push_serve(int connection, const struct news *news)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

	net_write(connection, head, strlen(head));
	for (int told = 0; told < news->count; told++) {
		net_sleep_until_ms(news->first + told * news->every);
		net_write(connection, "Hello\n", strlen("Hello\n"));
	}
}

void push_follow(int fd, const struct news *news, struct seen *seen)
{
	char text[16384];
	size_t size;

	net_write(fd, PUSH_QUESTION, strlen(PUSH_QUESTION));
	seen->requests++;
	net_read_http(fd, text, sizeof text); /* the head */
	while (seen->messages < news->count && (size = net_read(fd, text, sizeof text)))
		seen_note(seen, news, text, size);
}
