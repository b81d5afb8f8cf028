/* What is done with the heads of a handshake besides writing them: they are sent, compared and
 * named. */
#ifndef LESSONS_05_HANDSHAKE_HEADS_H
#define LESSONS_05_HANDSHAKE_HEADS_H

#include <stdint.h>

#include "../stage/base64.h"
#include "../stage/sha1.h"
#include "../stage/show_lines.h"

/* What the two sides said. */
struct handshake {
	char request[512], answer[512];
};

/* The three stations of a key on its way to the answer. */
struct accept {
	char joined[128], text[BASE64_ROOM(SHA1_SIZE)];
	uint8_t digest[SHA1_SIZE];
};

/* What each line of the two is for. */
extern const struct show_name head_names[];

/* Sends one->request and reads the answer's head and not a byte more, for what follows it is no
 * longer HTTP. The open connection is given back. */
int shake(struct handshake *one, uint16_t port);

/* How many lines of a head differ from those of another with as many lines. */
int lines_that_differ(const char *a, const char *b);

#endif
