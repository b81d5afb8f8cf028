#include "fuzz.h"
#include "ndjson.h"

struct reader {
	struct ndjson_reader ndjson;
	size_t max_bytes;
};

static bool read_piece(void *user, struct span piece, struct bytes *log)
{
	struct reader *reader = user;
	struct span line;
	int got;

	while ((got = ndjson_next(&reader->ndjson, &piece, &line, reader->max_bytes)) == 1) {
		fuzz_check(line.size <= reader->max_bytes);
		fuzz_check(line.size == 0 || !memchr(line.data, '\n', line.size));
		bytes_append(log, line.data, line.size);
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
	ndjson_reset(&whole.ndjson);
	ndjson_reset(&pieces.ndjson);
	fuzz_check_logs(&one, &other);
	return 0;
}
