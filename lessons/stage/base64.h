/* Base64 (RFC 4648, 4): bytes as text of 64 harmless characters. */
#ifndef LESSONS_STAGE_BASE64_H
#define LESSONS_STAGE_BASE64_H

#include <stddef.h>

/* Room for the text of size bytes and its '\0'. */
#define BASE64_ROOM(size) (((size) + 2) / 3 * 4 + 1)

/* Writes size bytes as padded text on one line, and a '\0': BASE64_ROOM(size) characters. */
void base64_encode(char *text, const void *data, size_t size);

#endif
