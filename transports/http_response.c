#include "http_response.h"

#include <string.h>

#include "http_fields.h"

enum state { READ_HEAD, READ_CONTENT, RESPONSE_COMPLETE, RESPONSE_INVALID };

static enum http_event invalid(struct http_response *response, const char *why)
{
	response->state = RESPONSE_INVALID;
	response->why = why;
	bytes_clear(&response->head);
	return HTTP_INVALID;
}

/* The field lines; none before the head is whole, and where it is invalid. */
static struct span fields_of(const struct http_response *response)
{
	struct span rest = {bytes_data(&response->head), bytes_size(&response->head)}, line;

	if (response->state == READ_HEAD || !http_take_line(&rest, &line))
		return (struct span){0};
	return rest;
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
	if (at[5] != '1' || at[6] != '.' || !http_is_digit(at[7]))
		return "the version is not HTTP/1.x";
	if (at[8] != ' ' || !http_is_digit(at[9]) || !http_is_digit(at[10]) ||
	    !http_is_digit(at[11]) || at[12] != ' ')
		return wrong;
	http_take(&line, 13);
	if (!http_is_text(line))
		return wrong;
	*status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
	return NULL;
}

/* Replaces the line end inside each folded field by spaces (RFC 9112 §5.2). */
static void unfold(struct bytes *head)
{
	for (size_t i = head->start + 1; i + 1 < head->end; i++) {
		if (head->data[i] != '\n' || !http_is_blank(head->data[i + 1]))
			continue;
		head->data[i] = ' ';
		if (head->data[i - 1] == '\r')
			head->data[i - 1] = ' ';
	}
}

/* RFC 9112 §6.3, the framing fields of a response that may have content. */
static const char *parse_framing(struct http_response *response)
{
	struct span fields = fields_of(response), length = {0}, member;
	bool old = bytes_data(&response->head)[7] == '0', encoded = false, chunked = false;
	unsigned codings = 0, lengths = 0;
	struct http_field field;
	enum http_framing framing;
	uint64_t size = 0;
	const char *why = NULL;

	while (http_take_field(&fields, &field)) {
		if (http_span_is(field.name, "Content-Length")) {
			lengths++;
			length = field.value;
		} else if (http_span_is(field.name, "Transfer-Encoding")) {
			encoded = true;
			while (http_take_member(&field.value, &member)) {
				codings++;
				chunked = http_span_is(member, "chunked");
			}
		}
	}
	framing = encoded ? HTTP_CHUNKED : lengths ? HTTP_LENGTH : HTTP_UNTIL_CLOSE;
	if (encoded && old)
		return "Transfer-Encoding in HTTP/1.0";
	if (encoded && (codings != 1 || !chunked))
		return "the transfer coding is not chunked alone";
	if (framing == HTTP_LENGTH && lengths > 1)
		return "Content-Length is given twice";
	if (framing == HTTP_LENGTH)
		why = http_parse_length(length, &size);
	http_content_start(&response->content, framing, size);
	return why;
}

static const char *parse_head(struct http_response *response)
{
	struct bytes *head = &response->head;
	struct span rest = {bytes_data(head), bytes_size(head)}, line = {0};
	struct http_field field;
	const char *why;

	http_take_line(&rest, &line);
	why = parse_status_line(line, &response->status);
	if (why)
		return why;
	if (http_is_blank(rest.data[0]))
		return "white space before the first field";
	unfold(head);
	while (http_take_line(&rest, &line) && line.size > 0) {
		if (!http_parse_field(line, &field))
			return "a field is malformed";
	}
	return NULL;
}

/* What follows a head; interim responses leave no trace. */
static enum http_event finish_head(struct http_response *response)
{
	const char *why = parse_head(response);
	int status = response->status;

	if (!why && status / 100 == 1 && status != 101) {
		bytes_clear(&response->head);
		response->status = 0;
		return HTTP_MORE;
	}
	response->state = READ_CONTENT;
	http_content_start(&response->content, HTTP_NO_CONTENT, 0);
	if (!why && status != 101 && status != 204 && status != 304)
		why = parse_framing(response);
	return why ? invalid(response, why) : HTTP_HEAD;
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
		struct span piece =
		        http_take(input, lf ? (size_t)(lf - input->data) + 1 : input->size);
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

static enum http_event read_content(struct http_response *response, struct span *input,
                                    struct span *body)
{
	enum http_event event = http_content_next(&response->content, input, body);

	if (event == HTTP_END)
		response->state = RESPONSE_COMPLETE;
	return event == HTTP_INVALID ? invalid(response, response->content.why) : event;
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
	case READ_CONTENT:
		return read_content(response, input, body);
	case RESPONSE_COMPLETE:
		return HTTP_MORE;
	default:
		return HTTP_INVALID;
	}
}

enum http_event http_response_closed(struct http_response *response)
{
	switch (response->state) {
	case READ_HEAD:
		if (bytes_size(&response->head) == 0)
			return HTTP_MORE;
		break;
	case READ_CONTENT:
		if (response->content.framing != HTTP_UNTIL_CLOSE)
			break;
		response->state = RESPONSE_COMPLETE;
		return HTTP_END;
	case RESPONSE_COMPLETE:
		return HTTP_MORE;
	default:
		return HTTP_INVALID;
	}
	return invalid(response, "the connection was closed inside a response");
}

bool http_response_field(const struct http_response *response, const char *name, struct span *value)
{
	return http_fields_find(fields_of(response), name, value);
}

bool http_response_field_has(const struct http_response *response, const char *name,
                             const char *token)
{
	return http_fields_have(fields_of(response), name, token, false);
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
