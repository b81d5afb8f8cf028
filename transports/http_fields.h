/* Lines, fields and lists: what the heads of requests and responses share (RFC 9110 §5,
 * RFC 9112 §5). For http_*.c alone. */
#ifndef TRANSPORTS_HTTP_FIELDS_H
#define TRANSPORTS_HTTP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http.h"

struct http_field {
	struct span name, value;
};

static inline bool http_is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

/* White space inside a line (RFC 9110 §5.6.3). */
static inline bool http_is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* The value of a hexadecimal digit, -1 where it is none. */
static inline int http_hex_digit(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	if (http_is_digit(byte))
		return byte - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Takes size bytes, which must be there, from the front. */
static inline struct span http_take(struct span *from, size_t size)
{
	struct span taken = {from->data, size};

	from->data += size;
	from->size -= size;
	return taken;
}

/* Case-insensitively. */
static inline bool http_span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && !strncasecmp((const char *)span.data, text, span.size);
}

/*
 * Takes a line from the front of *text; *line is without its end, CR LF or LF alone, which a head
 * may have (RFC 9112 §2.2). False where no line end is left.
 */
static inline bool http_take_line(struct span *text, struct span *line)
{
	const uint8_t *lf = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;

	if (!lf)
		return false;
	*line = http_take(text, (size_t)(lf - text->data) + 1);
	line->size--;
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

/* How many bytes at the front are those of a token (RFC 9110 §5.6.2). */
size_t http_token_size(struct span text);

/* What a field value (RFC 9110 §5.5) and a reason phrase may hold: no control character but HT. */
bool http_is_text(struct span span);

/* False where the line is no field. A name may not be followed by white space: RFC 9112 §5.1. */
bool http_parse_field(struct span line, struct http_field *field);

/* Takes the next member of a comma-separated list, passing over empty ones (RFC 9110 §5.6.1). */
bool http_take_member(struct span *list, struct span *member);

/* RFC 9112 §6.2: digits, and nothing that a reader could take for another number. What is wrong
 * with the value, or NULL. */
const char *http_parse_length(struct span value, uint64_t *length);

/* Takes a field from the front of lines that are fields, and ended each; false at their end, or
 * before the empty line behind them. */
bool http_take_field(struct span *fields, struct http_field *field);

/* Whether a comma-separated list contains a token, in any case or exactly so. */
bool http_list_has(struct span list, const char *token, bool exactly);

/* Of such lines: the value of the first field of that name; whether a list (all its lines) contains
 * a token; how many fields of that name there are. Names in any case. */
bool http_fields_find(struct span fields, const char *name, struct span *value);
bool http_fields_have(struct span fields, const char *name, const char *token, bool exactly);
unsigned http_fields_count(struct span fields, const char *name);

#endif
