#include "http_content.h"

#include "http_fields.h"

/* Of the line before a chunk: its size and the extensions, which we know nothing to do with. */
#define CHUNK_LINE_MAX_BYTES 1024

/* Those of chunks in the order in which content passes through them. */
enum state {
	READ_REMAINING, /* `remaining` bytes of content; 0 where there is none */
	READ_UNTIL_CLOSE,
	READ_CHUNK_SIZE,
	READ_CHUNK_BLANK, /* between the size and the extensions */
	READ_CHUNK_EXTENSION,
	READ_CHUNK_SIZE_LF,
	READ_CHUNK, /* `remaining` bytes, never 0 */
	READ_CHUNK_CR,
	READ_CHUNK_LF,
	READ_TRAILER_START, /* at the beginning of a line */
	READ_TRAILER,
	READ_TRAILER_LF, /* of the empty line that ends the section */
	CONTENT_COMPLETE,
	CONTENT_INVALID,
};

void http_content_start(struct http_content *content, enum http_framing framing, uint64_t length)
{
	static const int state_of[] = {
	        [HTTP_NO_CONTENT] = READ_REMAINING,
	        [HTTP_LENGTH] = READ_REMAINING,
	        [HTTP_CHUNKED] = READ_CHUNK_SIZE,
	        [HTTP_UNTIL_CLOSE] = READ_UNTIL_CLOSE,
	};

	*content = (struct http_content){
	        .framing = framing,
	        .state = state_of[framing],
	        .remaining = framing == HTTP_LENGTH ? length : 0,
	};
}

/* Gives out what has come of the `remaining` bytes. */
static enum http_event read_remaining(struct http_content *content, struct span *input,
                                      struct span *body)
{
	size_t size = input->size;

	if (size == 0)
		return HTTP_MORE;
	if (size > content->remaining)
		size = (size_t)content->remaining;
	*body = http_take(input, size);
	content->remaining -= size;
	return HTTP_BODY;
}

static const char *read_chunk_size(struct http_content *content, uint8_t byte)
{
	int digit = http_hex_digit(byte);

	if (digit >= 0) {
		if (content->remaining > UINT64_MAX >> 4)
			return "a chunk is too large";
		content->remaining = content->remaining << 4 | (uint64_t)digit;
		return NULL;
	}
	if (content->line_size == 1 || (byte != '\r' && byte != ';' && !http_is_blank(byte)))
		return "the size of a chunk is malformed";
	content->state = byte == '\r'  ? READ_CHUNK_SIZE_LF
	                 : byte == ';' ? READ_CHUNK_EXTENSION
	                               : READ_CHUNK_BLANK;
	return NULL;
}

static const char *read_chunk_extension(struct http_content *content, uint8_t byte)
{
	if (byte == '\n')
		return "the line before a chunk ends without CR";
	if (byte == '\r')
		content->state = READ_CHUNK_SIZE_LF;
	else if (byte == ';')
		content->state = READ_CHUNK_EXTENSION;
	else if (content->state == READ_CHUNK_BLANK && !http_is_blank(byte))
		return "the size of a chunk is malformed";
	return NULL;
}

/* The line before a chunk (RFC 9112 §7.1). Unlike a head's lines it must end in CR LF. */
static const char *read_chunk_line(struct http_content *content, uint8_t byte)
{
	if (++content->line_size > CHUNK_LINE_MAX_BYTES)
		return "the line before a chunk is too long";
	if (content->state == READ_CHUNK_SIZE)
		return read_chunk_size(content, byte);
	if (content->state != READ_CHUNK_SIZE_LF)
		return read_chunk_extension(content, byte);
	if (byte != '\n')
		return "the line before a chunk holds a bare CR";
	content->state = READ_CHUNK;
	content->line_size = 0;
	if (content->remaining == 0) {
		content->state = READ_TRAILER_START;
		content->remaining = HTTP_TRAILERS_MAX_BYTES;
	}
	return NULL;
}

static const char *read_chunk_end(struct http_content *content, uint8_t byte)
{
	if (byte != (content->state == READ_CHUNK_CR ? '\r' : '\n'))
		return "a chunk is longer than its size";
	content->state = content->state == READ_CHUNK_CR ? READ_CHUNK_LF : READ_CHUNK_SIZE;
	return NULL;
}

/* The trailer section (RFC 9112 §7.1.2) is passed over. */
static const char *read_trailer(struct http_content *content, uint8_t byte)
{
	if (content->remaining-- == 0)
		return "the trailer section is too large";
	switch (content->state) {
	case READ_TRAILER_START:
		content->state = byte == '\n'   ? CONTENT_COMPLETE
		                 : byte == '\r' ? READ_TRAILER_LF
		                                : READ_TRAILER;
		return NULL;
	case READ_TRAILER:
		if (byte == '\n')
			content->state = READ_TRAILER_START;
		return NULL;
	default:
		content->state = CONTENT_COMPLETE;
		return byte == '\n' ? NULL : "the trailer section holds a bare CR";
	}
}

static enum http_event read_chunked(struct http_content *content, struct span *input,
                                    struct span *body)
{
	while (input->size > 0) {
		if (content->state == READ_CHUNK) {
			enum http_event event = read_remaining(content, input, body);

			if (content->remaining == 0)
				content->state = READ_CHUNK_CR;
			return event;
		}
		if (content->state <= READ_CHUNK_SIZE_LF)
			content->why = read_chunk_line(content, *http_take(input, 1).data);
		else if (content->state <= READ_CHUNK_LF)
			content->why = read_chunk_end(content, *http_take(input, 1).data);
		else
			content->why = read_trailer(content, *http_take(input, 1).data);
		if (content->why) {
			content->state = CONTENT_INVALID;
			return HTTP_INVALID;
		}
		if (content->state == CONTENT_COMPLETE)
			return HTTP_END;
	}
	return HTTP_MORE;
}

enum http_event http_content_next(struct http_content *content, struct span *input,
                                  struct span *body)
{
	switch (content->state) {
	case READ_REMAINING:
		return content->remaining > 0 ? read_remaining(content, input, body) : HTTP_END;
	case READ_UNTIL_CLOSE:
		content->remaining = UINT64_MAX;
		return read_remaining(content, input, body);
	case CONTENT_COMPLETE:
		return HTTP_END;
	case CONTENT_INVALID:
		return HTTP_INVALID;
	default:
		return read_chunked(content, input, body);
	}
}
