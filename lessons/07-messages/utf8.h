/* UTF-8, which the payload of a text message must be. */
#ifndef LESSONS_07_MESSAGES_UTF8_H
#define LESSONS_07_MESSAGES_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether size bytes are whole characters of UTF-8 (RFC 3629): none cut, none written in more bytes
 * than it needs, no surrogate, none above U+10FFFF. */
bool utf8_valid(const void *data, size_t size);

#endif
