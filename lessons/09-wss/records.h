/* TLS as it looks from outside: records (RFC 8446, 5.1). */
#ifndef LESSONS_09_WSS_RECORDS_H
#define LESSONS_09_WSS_RECORDS_H

#include "../stage/show.h"
#include "capture.h"

#define RECORD_HEADER 5 /* type, version (2), length (2) */
#define RECORDS_MOST  48

enum { CHANGE_CIPHER_SPEC = 20, ALERT, HANDSHAKE, APPLICATION_DATA };

struct record {
	bool up;
	double ms;
	size_t burst;         /* its number */
	const uint8_t *bytes; /* header included */
	size_t size;
};

/* The first `most` records of a capture. Gives their number. */
size_t records_of(const struct capture *capture, struct record *records, size_t most);

/* What a listener can call it. */
const char *record_name(const struct record *record);

/* The last one down before the server's last burst; there is such a one. */
const struct record *record_before_end(const struct record *records, size_t count);

/* Where in a ClientHello the extension server_name stands (RFC 6066, 3), from its type on;
 * RECORD_HEADER, and a size of 0: there is none. *name and *size are those of the name in it. */
size_t record_server_name(const struct record *hello, const char **name, size_t *size);

/* Prints bytes as show_bytes does, but for the text: chance has no text. 8 bytes at most. */
void record_show(const char *who, const uint8_t *bytes, size_t size, const struct show_part *parts);

/* A frame's record of TLS 1.2, where size is that of the frame. */
void record_show_old(const char *who, const struct record *record, size_t size);

#endif
