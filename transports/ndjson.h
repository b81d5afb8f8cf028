/* The body of a polling or long-polling answer: one message a line (NDJSON), each ended by LF. */
#ifndef TRANSPORTS_NDJSON_H
#define TRANSPORTS_NDJSON_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "http.h"
#include "hub.h"

/* Appends the messages above *cursor, oldest first, max at most, and none more once they have come
 * to max_bytes; moves *cursor to the last of them. Gives their number. */
unsigned ndjson_append_after(struct bytes *out, const struct topic *topic, uint64_t *cursor,
                             unsigned max, size_t max_bytes);

/* Splits a body that arrives in pieces into lines. All zero is ready; ndjson_reset frees. */
struct ndjson_reader {
	struct bytes partial; /* the beginning of a line whose end has not come */
	size_t consume;       /* bytes of `partial` given out with the last line */
};

/* Takes bytes from the front of *input. 1: *line is a whole line without its LF, good until the
 * next call. 0: the input is used up. -EMSGSIZE: a line longer than line_max_bytes; -ENOMEM. */
int ndjson_next(struct ndjson_reader *reader, struct span *input, struct span *line,
                size_t line_max_bytes);

void ndjson_reset(struct ndjson_reader *reader);

#endif
