#include "handshake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base64.h"
#include "net.h"
#include "sha1.h"

#define HEAD_MOST 2048

/* Of RFC 6455, 1.3. */
#define SAMPLE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define FIXED_TEXT "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

size_t handshake_request(char *request, size_t size, const char *path, const char *more)
{
	int length = snprintf(request, size,
	                      "GET %s HTTP/1.1\r\nHost: server.example.com\r\n"
	                      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	                      "Sec-WebSocket-Key: " SAMPLE_KEY "\r\n"
	                      "Sec-WebSocket-Version: 13\r\n%s\r\n",
	                      path, more);

	return (size_t)length < size ? (size_t)length : size - 1;
}

bool handshake_header(const char *head, const char *name, char *value, size_t size)
{
	const size_t length = strlen(name);

	*value = '\0';
	for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (*line == '\r' || *line == '\n')
			return false; /* the head ends here */
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " \t");
		size_t end = strcspn(line, "\r\n");
		while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
			end--;
		snprintf(value, size, "%.*s", (int)end, line);
		return true;
	}
	return false;
}

bool handshake_answer(char *answer, size_t size, const char *request)
{
	char key[64], version[8], joined[128], text[BASE64_ROOM(SHA1_SIZE)];
	uint8_t digest[SHA1_SIZE];

	handshake_header(request, "Sec-WebSocket-Version", version, sizeof version);
	if (!handshake_header(request, "Sec-WebSocket-Key", key, sizeof key) ||
	    strcmp(version, "13") != 0) {
		snprintf(answer, size, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		return false;
	}
	snprintf(joined, sizeof joined, "%s" FIXED_TEXT, key);
	sha1(digest, joined, strlen(joined));
	base64_encode(text, digest, sizeof digest);
	snprintf(answer, size,
	         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	         text);
	return true;
}

int handshake_connect(uint16_t port, const char *path, const char *more, int *status)
{
	char head[HEAD_MOST];
	int connection = net_connect(port), said = 0;

	net_write(connection, head, handshake_request(head, sizeof head, path, more));
	if (net_read_http(connection, head, sizeof head) > 0)
		said = (int)strtol(head + strcspn(head, " "), NULL, 10);
	if (status)
		*status = said;
	if (said == 101)
		return connection;
	close(connection);
	return -1;
}

bool handshake_accept(int connection, char *request, size_t size)
{
	char answer[256];

	if (net_read_http(connection, request, size) == 0)
		return false;
	bool agreed = handshake_answer(answer, sizeof answer, request);
	net_write(connection, answer, strlen(answer));
	return agreed;
}
