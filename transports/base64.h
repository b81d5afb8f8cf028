/* Base64 (RFC 4648 §4), for binary messages on the text transports. */
#ifndef TRANSPORTS_BASE64_H
#define TRANSPORTS_BASE64_H

#include <stddef.h>

#include "bytes.h"

/* Appends data encoded, padded, on one line. 0 or -ENOMEM. */
int base64_append(struct bytes *out, const void *data, size_t size);

/* Appends the bytes that text of `size` characters stands for. 0, -EBADMSG where it is not padded
 * base64, or -ENOMEM. */
int base64_decode(struct bytes *out, const void *text, size_t size);

#endif
