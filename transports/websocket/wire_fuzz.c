#include "../fuzz.h"
#include "wire.h"
#include "wslay_oracle.h"

#define MESSAGE_MAX 300

struct reader {
	struct ws_reader ws;
	bool refused;
};

static bool read_piece(void *user, struct span piece, struct bytes *log)
{
	struct reader *reader = user;

	reader->refused = oracle_note_wire(&reader->ws, piece, log) == WS_EVENT_INVALID;
	return !reader->refused;
}

static void check_against_wslay(enum ws_role role, struct span text, const struct reader *reader,
                                const struct bytes *log)
{
	uint8_t input[ORACLE_MAX_BYTES] = {0};
	struct bytes other = {0};
	size_t size = text.size + (reader->refused ? ORACLE_BEYOND_BYTES : 0);

	if (!oracle_differs(&reader->ws, reader->refused) && size <= sizeof input) {
		if (text.size > 0)
			memcpy(input, text.data, text.size);
		oracle_note_wslay(role, (struct span){input, size}, MESSAGE_MAX, &other);
		fuzz_check_same((struct span){bytes_data(log), bytes_size(log)},
		                (struct span){bytes_data(&other), bytes_size(&other)});
	}
	bytes_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes one = {0}, other = {0};
	struct reader whole = {0}, pieces = {0};
	enum ws_role role;
	struct span text;

	if (size < FUZZ_CUTS + 1)
		return 0;
	role = data[FUZZ_CUTS] & 1 ? WS_SERVER : WS_CLIENT;
	text = (struct span){data + FUZZ_CUTS + 1, size - FUZZ_CUTS - 1};
	ws_reader_init(&whole.ws, role, MESSAGE_MAX);
	ws_reader_init(&pieces.ws, role, MESSAGE_MAX);
	fuzz_feed_piece(read_piece, &whole, text.data, text.size, &one);
	fuzz_feed_pieces(read_piece, &pieces, data, text, &other);
	check_against_wslay(role, text, &whole, &one);
	ws_reader_free(&whole.ws);
	ws_reader_free(&pieces.ws);
	fuzz_check_logs(&one, &other);
	return 0;
}
