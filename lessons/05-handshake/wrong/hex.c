/* Encodes the digest as tools print it, 40 characters of hex, and not its 20 bytes. */
#include "../exercise.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../../stage/base64.h"
#include "../../stage/sha1.h"

void accept_key(char accept[ACCEPT_ROOM], const char *key)
{
	char joined[256], hex[2 * SHA1_SIZE + 1];
	uint8_t digest[SHA1_SIZE];
	int size = snprintf(joined, sizeof joined, "%.200s%s", key,
	                    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");

	sha1(digest, joined, (size_t)size);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	base64_encode(accept, hex, sizeof hex - 1);
}

/* Whether a list such as "keep-alive, Upgrade" has that word. */
static bool has_word(const char *list, const char *word)
{
	for (;;) {
		list += strspn(list, ", \t");
		size_t length = strcspn(list, ", \t");
		if (length == 0)
			return false;
		if (length == strlen(word) && !strncasecmp(list, word, length))
			return true;
		list += length;
	}
}

/* Given: copies the value of a header, without the blanks before it; "" where there is none. */
static void get_header(char value[128], const char *head, const char *name)
{
	size_t length = strlen(name);

	value[0] = '\0';
	for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
		if (strncasecmp(++line, name, length) || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " \t");
		snprintf(value, 128, "%.*s", (int)strcspn(line, "\r\n"), line);
	}
}

void answer_upgrade(char *answer, size_t room, const char *head)
{
	char upgrade[128], connection[128], key[128], version[128], accept[ACCEPT_ROOM];

	get_header(upgrade, head, "Upgrade");
	get_header(connection, head, "Connection");
	get_header(key, head, "Sec-WebSocket-Key");
	get_header(version, head, "Sec-WebSocket-Version");
	if (!has_word(upgrade, "websocket") || !has_word(connection, "upgrade") || !*key) {
		snprintf(answer, room, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	} else if (strcmp(version, "13") != 0) {
		snprintf(answer, room,
		         "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\n"
		         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		         "Content-Length: 0\r\n\r\n");
	} else {
		accept_key(accept, key);
		snprintf(answer, room,
		         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		         accept);
	}
}
