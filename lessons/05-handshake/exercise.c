#include "exercise.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../stage/base64.h"
#include "../stage/sha1.h"

void accept_key(char accept[ACCEPT_ROOM], const char *key)
{
	/* TODO 1: see exercise.h; sha1.h and base64.h in lessons/stage do the two hard parts. */
	(void)key;
	accept[0] = '\0';
}

/* Whether a list such as "keep-alive, Upgrade" has that word. */
static bool has_word(const char *list, const char *word)
{
	/* TODO 2: this is right for a list of one word, written as we would write it. */
	return strcmp(list, word) == 0;
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
	char upgrade[128], connection[128], key[128], accept[ACCEPT_ROOM];

	get_header(upgrade, head, "Upgrade");
	get_header(connection, head, "Connection");
	get_header(key, head, "Sec-WebSocket-Key");
	/* TODO 3: two of the three answers are missing. */
	if (!has_word(upgrade, "websocket") || !has_word(connection, "upgrade"))
		key[0] = '\0';
	accept_key(accept, key);
	snprintf(answer, room,
	         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
	         "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
	         accept);
}
