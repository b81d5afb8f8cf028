#include "ndjson.h"

#include <errno.h>
#include <string.h>

unsigned ndjson_append_after(struct bytes *out, const struct topic *topic, uint64_t *cursor,
                             unsigned max, size_t max_bytes)
{
	unsigned count;

	for (count = 0; count < max && bytes_size(out) < max_bytes; count++) {
		const struct message *message = topic_after(topic, *cursor);

		if (!message)
			break;
		message_append_text(out, message);
		bytes_append(out, "\n", 1);
		*cursor = message->id;
	}
	return count;
}

/* Only a line that comes in pieces is put together in `partial`; any other stays where it is. */
int ndjson_next(struct ndjson_reader *reader, struct span *input, struct span *line,
                size_t line_max_bytes)
{
	struct bytes *partial = &reader->partial;
	const uint8_t *lf;
	struct span piece = *input;

	bytes_consume(partial, reader->consume);
	reader->consume = 0;
	if (partial->failed)
		return -ENOMEM;
	if (input->size == 0)
		return 0;
	lf = memchr(input->data, '\n', input->size);
	if (lf)
		piece.size = (size_t)(lf - input->data);
	if (bytes_size(partial) + piece.size > line_max_bytes)
		return -EMSGSIZE;
	if (!lf || bytes_size(partial) > 0) {
		if (bytes_append(partial, piece.data, piece.size) < 0)
			return -ENOMEM;
	}
	input->data += piece.size + (lf ? 1 : 0);
	input->size -= piece.size + (lf ? 1 : 0);
	if (!lf)
		return 0;
	reader->consume = bytes_size(partial);
	if (reader->consume > 0)
		piece = (struct span){bytes_data(partial), reader->consume};
	*line = piece;
	return 1;
}

void ndjson_reset(struct ndjson_reader *reader)
{
	bytes_free(&reader->partial);
	reader->consume = 0;
}
