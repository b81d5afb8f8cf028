/* SHA-1 (RFC 3174), which WebSocket's handshake asks for. It no longer protects anything: the
 * handshake needs a fingerprint, not a secret. */
#ifndef LESSONS_STAGE_SHA1_H
#define LESSONS_STAGE_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20

/* The digest of size bytes. */
void sha1(uint8_t digest[SHA1_SIZE], const void *data, size_t size);

#endif
