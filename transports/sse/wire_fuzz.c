#include "../fuzz.h"
#include "wire.h"

struct reader {
	struct sse_reader sse;
	size_t max_bytes;
};

static bool read_piece(void *user, struct span piece, struct bytes *log)
{
	struct reader *reader = user;
	struct sse_event event;
	int got;

	while ((got = sse_next(&reader->sse, &piece, &event, reader->max_bytes)) == 1) {
		fuzz_check(event.data.size <= reader->max_bytes && event.type.size > 0);
		bytes_append(log, event.type.data, event.type.size);
		bytes_append_text(log, "|");
		bytes_append(log, event.id.data, event.id.size);
		bytes_append_text(log, "|");
		bytes_append(log, event.data.data, event.data.size);
		bytes_append_text(log, "\n");
	}
	fuzz_check(got < 0 || piece.size == 0);
	if (got < 0)
		bytes_printf(log, "%d", got);
	return got == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes one = {0}, other = {0};
	struct reader whole = {0}, pieces;
	struct span text;

	if (size < FUZZ_CUTS + 1)
		return 0;
	text = (struct span){data + FUZZ_CUTS + 1, size - FUZZ_CUTS - 1};
	whole.max_bytes = data[FUZZ_CUTS];
	pieces = whole;
	fuzz_feed_piece(read_piece, &whole, text.data, text.size, &one);
	fuzz_feed_pieces(read_piece, &pieces, data, text, &other);
	fuzz_check(whole.sse.retry_ms == pieces.sse.retry_ms);
	sse_reset(&whole.sse);
	sse_reset(&pieces.sse);
	fuzz_check_logs(&one, &other);
	return 0;
}
