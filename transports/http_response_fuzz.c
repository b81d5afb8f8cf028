#include "fuzz.h"
#include "http_response.h"

static void note_head(const struct http_response *response, struct bytes *log)
{
	struct span value;

	bytes_printf(log, "%d %d ", response->status, response->content.framing);
	if (http_response_field(response, "A", &value))
		bytes_append(log, value.data, value.size);
	if (http_response_field_has(response, "Connection", "close"))
		bytes_append_text(log, " close");
	bytes_append_text(log, ":");
}

static bool read_piece(void *reader, struct span piece, struct bytes *log)
{
	struct span body;

	for (;;) {
		switch (http_response_next(reader, &piece, &body)) {
		case HTTP_MORE:
			fuzz_check(piece.size == 0);
			return true;
		case HTTP_HEAD:
			note_head(reader, log);
			break;
		case HTTP_BODY:
			fuzz_check(body.size > 0);
			bytes_append(log, body.data, body.size);
			break;
		case HTTP_END:
			bytes_append_text(log, "|");
			break;
		case HTTP_INVALID:
			bytes_append_text(log, http_response_why(reader));
			return false;
		}
	}
}

static struct bytes finish(struct http_response *response, struct bytes log)
{
	bytes_printf(&log, " %d", http_response_closed(response));
	http_response_reset(response);
	return log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_response whole = {0}, pieces = {0};
	struct bytes one = {0}, other = {0};

	if (size < FUZZ_CUTS)
		return 0;
	fuzz_feed_piece(read_piece, &whole, data + FUZZ_CUTS, size - FUZZ_CUTS, &one);
	fuzz_feed_pieces(read_piece, &pieces, data,
	                 (struct span){data + FUZZ_CUTS, size - FUZZ_CUTS}, &other);
	one = finish(&whole, one);
	other = finish(&pieces, other);
	fuzz_check_logs(&one, &other);
	return 0;
}
