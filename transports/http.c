#include "http.h"

#include <string.h>
#include <strings.h>

/* Of the line before a chunk: its size and the extensions, which we know nothing to do with. */
#define CHUNK_LINE_MAX_BYTES 1024

/* In the order in which a response passes through them. */
enum state {
	READ_HEAD,
	READ_LENGTH, /* `remaining` bytes of content; 0 where there is none */
	READ_CHUNK_SIZE,
	READ_CHUNK_EXTENSION,
	READ_CHUNK_SIZE_LF,
	READ_CHUNK, /* `remaining` bytes, never 0 */
	READ_CHUNK_CR,
	READ_CHUNK_LF,
	READ_TRAILER_START, /* at the beginning of a line */
	READ_TRAILER,
	READ_TRAILER_LF, /* of the empty line that ends the section */
	READ_UNTIL_CLOSE,
	RESPONSE_COMPLETE,
	RESPONSE_INVALID,
};

struct field {
	struct span name, value;
};

/*
 * A set of the kind that browsers send: the fields of a same-origin fetch() by desktop Chromium
 * in its version of late 2024, to a secure origin, with the cookies of a site that keeps a
 * session and counts its visitors. Connection: keep-alive, which HTTP/1.1 implies (RFC 9112
 * §9.3), is left out: a transport that upgrades needs Connection for itself. Referer follows
 * apart, because it names the host.
 */
static const char browser_fields[] =
        "sec-ch-ua-platform: \"Linux\"\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36\r\n"
        "sec-ch-ua: \"Google Chrome\";v=\"131\", \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n"
        "sec-ch-ua-mobile: ?0\r\n"
        "Accept: */*\r\n"
        "Sec-Fetch-Site: same-origin\r\n"
        "Sec-Fetch-Mode: cors\r\n"
        "Sec-Fetch-Dest: empty\r\n"
        "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        "Accept-Language: en-US,en;q=0.9\r\n"
        "Cookie: theme=dark; consent=all; _gid=GA1.1.874512093.1732107315; "
        "_ga=GA1.1.1203948571.1731412807; _ga_7XK2M4QH1B=GS1.1.1732107315.14.1."
        "1732108991.0.0.0; csrftoken=Zk3vQ9sT1xW7bN5mR8yL2cJ6dH4fG0pA; "
        "sessionid=q7d0w2m5k9x3v8b1n6t4r0z5y7u2p1c3\r\n";

void http_request_start(struct bytes *out, const char *method, const char *target, const char *host,
                        enum http_headers headers)
{
	bytes_printf(out, "%s %s HTTP/1.1\r\n", method, target);
	http_request_field(out, "Host", host);
	if (headers == HTTP_HEADERS_BROWSER) {
		bytes_append_text(out, browser_fields);
		bytes_printf(out, "Referer: https://%s/\r\n", host);
	}
}

void http_request_field(struct bytes *out, const char *name, const char *value)
{
	bytes_printf(out, "%s: %s\r\n", name, value);
}

void http_request_end(struct bytes *out)
{
	bytes_append_text(out, "\r\n");
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

/* tchar, RFC 9110 §5.6.2 */
static bool is_token_byte(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	return is_digit(byte) || (lower >= 'a' && lower <= 'z') ||
	       (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte));
}

/* What a field value (RFC 9110 §5.5) and a reason phrase may hold: no control character. */
static bool is_text(struct span span)
{
	for (size_t i = 0; i < span.size; i++) {
		uint8_t byte = span.data[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && !strncasecmp((const char *)span.data, text, span.size);
}

static struct span take(struct span *from, size_t size)
{
	struct span taken = {from->data, size};

	from->data += size;
	from->size -= size;
	return taken;
}

static struct span trim(struct span span)
{
	while (span.size > 0 && is_blank(span.data[0]))
		take(&span, 1);
	while (span.size > 0 && is_blank(span.data[span.size - 1]))
		span.size--;
	return span;
}

/* Takes a line from the front of *text; *line is without its end, CR LF or LF alone, which a
 * head may have (RFC 9112 §2.2). False where no line end is left. */
static bool take_line(struct span *text, struct span *line)
{
	const uint8_t *lf = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;

	if (!lf)
		return false;
	*line = take(text, (size_t)(lf - text->data) + 1);
	line->size--;
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	return true;
}

/* Takes the next member of a comma-separated list, passing over empty ones (RFC 9110 §5.6.1). */
static bool take_member(struct span *list, struct span *member)
{
	while (list->size > 0) {
		const uint8_t *comma = memchr(list->data, ',', list->size);

		*member = take(list, comma ? (size_t)(comma - list->data) : list->size);
		*member = trim(*member);
		if (comma)
			take(list, 1);
		if (member->size > 0)
			return true;
	}
	return false;
}

/* False where the line is no field. The name may not be followed by white space: §5.1. */
static bool parse_field(struct span line, struct field *field)
{
	size_t name_size = 0;

	while (name_size < line.size && is_token_byte(line.data[name_size]))
		name_size++;
	if (name_size == 0 || name_size == line.size || line.data[name_size] != ':')
		return false;
	field->name = take(&line, name_size);
	take(&line, 1);
	field->value = trim(line);
	return is_text(field->value);
}

/* The fields of a head; *at is 0 before the first. */
static bool next_field(const struct bytes *head, size_t *at, struct field *field)
{
	struct span rest = {bytes_data(head), bytes_size(head)}, line;

	if (*at >= rest.size)
		return false;
	take(&rest, *at);
	if (*at == 0)
		take_line(&rest, &line);
	if (!take_line(&rest, &line) || !parse_field(line, field))
		return false;
	*at = bytes_size(head) - rest.size;
	return true;
}

static enum http_event invalid(struct http_response *response, const char *why)
{
	response->state = RESPONSE_INVALID;
	response->why = why;
	bytes_clear(&response->head);
	return HTTP_INVALID;
}

/*
 * RFC 9112 §4, for HTTP/1.x. Any three digits are a status: one outside 100 to 599 is for the
 * caller to treat as an error (RFC 9110 §15).
 */
static const char *parse_status_line(struct span line, int *status)
{
	static const char wrong[] = "the status line is malformed";
	const uint8_t *at = line.data;

	if (line.size < sizeof("HTTP/1.1 200 ") - 1 || memcmp(at, "HTTP/", 5) != 0)
		return wrong;
	if (at[5] != '1' || at[6] != '.' || !is_digit(at[7]))
		return "the version is not HTTP/1.x";
	if (at[8] != ' ' || !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) ||
	    at[12] != ' ')
		return wrong;
	take(&line, 13);
	if (!is_text(line))
		return wrong;
	*status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
	return NULL;
}

/* Replaces the line end inside each folded field by spaces (RFC 9112 §5.2). */
static void unfold(struct bytes *head)
{
	for (size_t i = head->start + 1; i + 1 < head->end; i++) {
		if (head->data[i] != '\n' || !is_blank(head->data[i + 1]))
			continue;
		head->data[i] = ' ';
		if (head->data[i - 1] == '\r')
			head->data[i - 1] = ' ';
	}
}

/* RFC 9112 §6.2: digits, and nothing that a reader could take for another number. */
static const char *parse_length(struct span value, uint64_t *length)
{
	*length = 0;
	if (value.size == 0)
		return "Content-Length is empty";
	for (size_t i = 0; i < value.size; i++) {
		uint64_t digit = (uint64_t)value.data[i] - '0';

		if (!is_digit(value.data[i]))
			return "Content-Length is not a number";
		if (*length > (UINT64_MAX - digit) / 10)
			return "Content-Length is too large";
		*length = *length * 10 + digit;
	}
	return NULL;
}

/* RFC 9112 §6.3, the framing fields of a response that may have content. */
static const char *parse_framing(struct http_response *response)
{
	bool old = bytes_data(&response->head)[7] == '0', encoded = false, chunked = false;
	unsigned codings = 0, lengths = 0;
	struct span length = {0}, member;
	struct field field;

	for (size_t at = 0; next_field(&response->head, &at, &field);) {
		if (span_is(field.name, "Content-Length")) {
			lengths++;
			length = field.value;
		} else if (span_is(field.name, "Transfer-Encoding")) {
			encoded = true;
			while (take_member(&field.value, &member)) {
				codings++;
				chunked = span_is(member, "chunked");
			}
		}
	}
	response->framing = encoded ? HTTP_CHUNKED : lengths ? HTTP_LENGTH : HTTP_UNTIL_CLOSE;
	if (encoded && old)
		return "Transfer-Encoding in HTTP/1.0";
	if (encoded && (codings != 1 || !chunked))
		return "the transfer coding is not chunked alone";
	if (response->framing == HTTP_LENGTH && lengths > 1)
		return "Content-Length is given twice";
	if (response->framing == HTTP_LENGTH)
		return parse_length(length, &response->remaining);
	return NULL;
}

static const char *parse_head(struct http_response *response)
{
	struct bytes *head = &response->head;
	struct span rest = {bytes_data(head), bytes_size(head)}, line = {0};
	struct field field;
	const char *why;

	take_line(&rest, &line);
	why = parse_status_line(line, &response->status);
	if (why)
		return why;
	if (is_blank(rest.data[0]))
		return "white space before the first field";
	unfold(head);
	while (take_line(&rest, &line) && line.size > 0) {
		if (!parse_field(line, &field))
			return "a field is malformed";
	}
	return NULL;
}

/* What follows a head; interim responses leave no trace. */
static enum http_event finish_head(struct http_response *response)
{
	static const int state_of[] = {
	        [HTTP_NO_CONTENT] = READ_LENGTH,
	        [HTTP_LENGTH] = READ_LENGTH,
	        [HTTP_CHUNKED] = READ_CHUNK_SIZE,
	        [HTTP_UNTIL_CLOSE] = READ_UNTIL_CLOSE,
	};
	const char *why = parse_head(response);
	int status = response->status;

	response->remaining = 0;
	response->line_size = 0;
	response->framing = HTTP_NO_CONTENT;
	if (!why && status / 100 == 1 && status != 101) {
		bytes_clear(&response->head);
		response->status = 0;
		return HTTP_MORE;
	}
	if (!why && status != 101 && status != 204 && status != 304)
		why = parse_framing(response);
	if (why)
		return invalid(response, why);
	response->state = state_of[response->framing];
	return HTTP_HEAD;
}

static bool ends_with_empty_line(const struct bytes *head)
{
	const uint8_t *end = bytes_data(head) + bytes_size(head);
	size_t size = bytes_size(head);

	return (size >= 2 && !memcmp(end - 2, "\n\n", 2)) ||
	       (size >= 3 && !memcmp(end - 3, "\n\r\n", 3));
}

static enum http_event read_head(struct http_response *response, struct span *input)
{
	while (input->size > 0) {
		const uint8_t *lf = memchr(input->data, '\n', input->size);
		struct span piece = take(input, lf ? (size_t)(lf - input->data) + 1 : input->size);
		enum http_event event = HTTP_MORE;

		if (piece.size > HTTP_HEAD_MAX_BYTES - bytes_size(&response->head))
			return invalid(response, "the head is too large");
		if (bytes_append(&response->head, piece.data, piece.size) < 0)
			return invalid(response, "out of memory");
		if (lf && ends_with_empty_line(&response->head))
			event = finish_head(response);
		if (event != HTTP_MORE)
			return event;
	}
	return HTTP_MORE;
}

/* Gives out what has come of the `remaining` bytes. */
static enum http_event read_content(struct http_response *response, struct span *input,
                                    struct span *body)
{
	size_t size = input->size;

	if (size == 0)
		return HTTP_MORE;
	if (size > response->remaining)
		size = (size_t)response->remaining;
	*body = take(input, size);
	response->remaining -= size;
	return HTTP_BODY;
}

static enum http_event read_length(struct http_response *response, struct span *input,
                                   struct span *body)
{
	if (response->remaining > 0)
		return read_content(response, input, body);
	response->state = RESPONSE_COMPLETE;
	return HTTP_END;
}

static int hex_digit(uint8_t byte)
{
	uint8_t lower = byte | 0x20;

	if (is_digit(byte))
		return byte - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static const char *read_chunk_size(struct http_response *response, uint8_t byte)
{
	int digit = hex_digit(byte);

	if (digit >= 0) {
		if (response->remaining > UINT64_MAX >> 4)
			return "a chunk is too large";
		response->remaining = response->remaining << 4 | (uint64_t)digit;
		return NULL;
	}
	if (response->line_size == 1 || (byte != '\r' && byte != ';' && !is_blank(byte)))
		return "the size of a chunk is malformed";
	response->state = byte == '\r' ? READ_CHUNK_SIZE_LF : READ_CHUNK_EXTENSION;
	return NULL;
}

/* The line before a chunk (RFC 9112 §7.1). Unlike a head's lines it must end in CR LF. */
static const char *read_chunk_line(struct http_response *response, uint8_t byte)
{
	if (++response->line_size > CHUNK_LINE_MAX_BYTES)
		return "the line before a chunk is too long";
	if (response->state == READ_CHUNK_SIZE)
		return read_chunk_size(response, byte);
	if (response->state == READ_CHUNK_EXTENSION) {
		if (byte == '\r')
			response->state = READ_CHUNK_SIZE_LF;
		return byte == '\n' ? "the line before a chunk ends without CR" : NULL;
	}
	if (byte != '\n')
		return "the line before a chunk holds a bare CR";
	response->state = READ_CHUNK;
	response->line_size = 0;
	if (response->remaining == 0) {
		response->state = READ_TRAILER_START;
		response->remaining = HTTP_HEAD_MAX_BYTES;
	}
	return NULL;
}

static const char *read_chunk_end(struct http_response *response, uint8_t byte)
{
	if (byte != (response->state == READ_CHUNK_CR ? '\r' : '\n'))
		return "a chunk is longer than its size";
	response->state = response->state == READ_CHUNK_CR ? READ_CHUNK_LF : READ_CHUNK_SIZE;
	return NULL;
}

/* The trailer section (RFC 9112 §7.1.2) is passed over. */
static const char *read_trailer(struct http_response *response, uint8_t byte)
{
	if (response->remaining-- == 0)
		return "the trailer section is too large";
	switch (response->state) {
	case READ_TRAILER_START:
		response->state = byte == '\n'   ? RESPONSE_COMPLETE
		                  : byte == '\r' ? READ_TRAILER_LF
		                                 : READ_TRAILER;
		return NULL;
	case READ_TRAILER:
		if (byte == '\n')
			response->state = READ_TRAILER_START;
		return NULL;
	default:
		response->state = RESPONSE_COMPLETE;
		return byte == '\n' ? NULL : "the trailer section holds a bare CR";
	}
}

static enum http_event read_chunked(struct http_response *response, struct span *input,
                                    struct span *body)
{
	while (input->size > 0) {
		const char *why;

		if (response->state == READ_CHUNK) {
			enum http_event event = read_content(response, input, body);

			if (response->remaining == 0)
				response->state = READ_CHUNK_CR;
			return event;
		}
		if (response->state <= READ_CHUNK_SIZE_LF)
			why = read_chunk_line(response, *take(input, 1).data);
		else if (response->state <= READ_CHUNK_LF)
			why = read_chunk_end(response, *take(input, 1).data);
		else
			why = read_trailer(response, *take(input, 1).data);
		if (why)
			return invalid(response, why);
		if (response->state == RESPONSE_COMPLETE)
			return HTTP_END;
	}
	return HTTP_MORE;
}

enum http_event http_response_next(struct http_response *response, struct span *input,
                                   struct span *body)
{
	if (response->state == RESPONSE_COMPLETE && input->size > 0) {
		bytes_clear(&response->head);
		response->status = 0;
		response->state = READ_HEAD;
	}
	switch (response->state) {
	case READ_HEAD:
		return read_head(response, input);
	case READ_LENGTH:
		return read_length(response, input, body);
	case READ_UNTIL_CLOSE:
		response->remaining = UINT64_MAX;
		return read_content(response, input, body);
	case RESPONSE_COMPLETE:
		return HTTP_MORE;
	case RESPONSE_INVALID:
		return HTTP_INVALID;
	default:
		return read_chunked(response, input, body);
	}
}

enum http_event http_response_closed(struct http_response *response)
{
	switch (response->state) {
	case READ_UNTIL_CLOSE:
		response->state = RESPONSE_COMPLETE;
		return HTTP_END;
	case READ_HEAD:
		if (bytes_size(&response->head) == 0)
			return HTTP_MORE;
		break;
	case RESPONSE_COMPLETE:
		return HTTP_MORE;
	case RESPONSE_INVALID:
		return HTTP_INVALID;
	default:
		break;
	}
	return invalid(response, "the connection was closed inside a response");
}

bool http_response_field(const struct http_response *response, const char *name, struct span *value)
{
	struct field field;

	if (response->state == READ_HEAD)
		return false;
	for (size_t at = 0; next_field(&response->head, &at, &field);) {
		if (!span_is(field.name, name))
			continue;
		*value = field.value;
		return true;
	}
	return false;
}

bool http_response_field_has(const struct http_response *response, const char *name,
                             const char *token)
{
	struct field field;
	struct span member;

	if (response->state == READ_HEAD)
		return false;
	for (size_t at = 0; next_field(&response->head, &at, &field);) {
		if (!span_is(field.name, name))
			continue;
		while (take_member(&field.value, &member)) {
			if (span_is(member, token))
				return true;
		}
	}
	return false;
}

const char *http_response_why(const struct http_response *response)
{
	return response->why ? response->why : "the response is valid";
}

void http_response_reset(struct http_response *response)
{
	bytes_free(&response->head);
	*response = (struct http_response){0};
}
