#include "fuzz.h"
#include "http_content.h"

struct reader {
	struct http_content content;
	size_t taken; /* bytes read, up to the end of the content */
};

static bool read_piece(void *user, struct span piece, struct bytes *log)
{
	struct reader *reader = user;
	struct span body;

	for (;;) {
		size_t before = piece.size;
		enum http_event event = http_content_next(&reader->content, &piece, &body);

		reader->taken += before - piece.size;
		switch (event) {
		case HTTP_BODY:
			fuzz_check(body.size > 0);
			bytes_append(log, body.data, body.size);
			break;
		case HTTP_MORE:
			fuzz_check(piece.size == 0);
			return true;
		case HTTP_END:
			fuzz_check(http_content_next(&reader->content, &piece, &body) == HTTP_END);
			bytes_append_text(log, "|");
			return false;
		default:
			fuzz_check(event == HTTP_INVALID);
			bytes_append_text(log, reader->content.why);
			return false;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes one = {0}, other = {0};
	struct reader whole = {0}, pieces;
	struct span text;

	if (size < FUZZ_CUTS + 2)
		return 0;
	text = (struct span){data + FUZZ_CUTS + 2, size - FUZZ_CUTS - 2};
	http_content_start(&whole.content, data[FUZZ_CUTS] % 4, data[FUZZ_CUTS + 1]);
	pieces = whole;
	if (text.size > 0)
		fuzz_feed_piece(read_piece, &whole, text.data, text.size, &one);
	fuzz_feed_pieces(read_piece, &pieces, data, text, &other);
	fuzz_check(whole.taken == pieces.taken);
	fuzz_check_logs(&one, &other);
	return 0;
}
