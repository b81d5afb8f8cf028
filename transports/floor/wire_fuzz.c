#include "../fuzz.h"
#include "wire.h"

#define FRAME_MAX_BYTES 300

static bool read_piece(void *user, struct span piece, struct bytes *log)
{
	struct floor_reader *reader = user;
	enum floor_event event;
	struct span frame;
	uint64_t missed;

	while ((event = floor_next(reader, &piece, &frame, &missed, FRAME_MAX_BYTES)) !=
	       FLOOR_MORE) {
		bytes_printf(log, "%d", event);
		if (event == FLOOR_MISSED)
			bytes_append(log, &missed, sizeof missed);
		if (event == FLOOR_TOO_LARGE || event == FLOOR_NO_MEMORY)
			return false;
		if (event != FLOOR_FRAME)
			continue;
		fuzz_check(frame.size <= FRAME_MAX_BYTES);
		bytes_append(log, frame.data, frame.size);
	}
	fuzz_check(piece.size == 0);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct floor_reader whole = {0}, pieces = {0};
	struct bytes one = {0}, other = {0};
	struct span text;

	if (size < FUZZ_CUTS)
		return 0;
	text = (struct span){data + FUZZ_CUTS, size - FUZZ_CUTS};
	fuzz_feed_piece(read_piece, &whole, text.data, text.size, &one);
	fuzz_feed_pieces(read_piece, &pieces, data, text, &other);
	floor_reset(&whole);
	floor_reset(&pieces);
	fuzz_check_logs(&one, &other);
	return 0;
}
