#include "wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../decimal.h"
#include "../hub.h"

static void take(struct span *from, size_t size)
{
	from->data += size;
	from->size -= size;
}

/* Up to the first CR or LF, or all of it. Looks at a window at a time: to search the whole input
 * for the one that is never used would make many short lines quadratic. */
static size_t line_size(struct span text)
{
	for (size_t at = 0, window; at < text.size; at += window) {
		const uint8_t *from = text.data + at, *lf, *cr;
		size_t size;

		window = text.size - at < 256 ? text.size - at : 256;
		lf = memchr(from, '\n', window);
		size = lf ? (size_t)(lf - from) : window;
		cr = memchr(from, '\r', size);
		if (cr)
			return at + (size_t)(cr - from);
		if (lf)
			return at + size;
	}
	return text.size;
}

static void append_data_lines(struct bytes *out, struct span text)
{
	for (;;) {
		size_t size = line_size(text);

		bytes_append_text(out, "data: ");
		bytes_append(out, text.data, size);
		bytes_append(out, "\n", 1);
		if (size == text.size)
			return;
		take(&text, size);
		take(&text, text.size > 1 && !memcmp(text.data, "\r\n", 2) ? 2 : 1);
	}
}

void sse_append_event(struct bytes *out, const struct message *message)
{
	bytes_printf(out, "id: %" PRIu64 "\n", message->id);
	if (message->binary) {
		bytes_append_text(out, "data: ");
		message_append_text(out, message);
		bytes_append(out, "\n", 1);
	} else {
		append_data_lines(out, (struct span){message->data, message->size});
	}
	bytes_append(out, "\n", 1);
}

void sse_append_missed(struct bytes *out, uint64_t messages)
{
	bytes_printf(out, "event: missed\ndata: %" PRIu64 "\n\n", messages);
}

void sse_append_request(struct bytes *out, const struct client_config *config, uint64_t since)
{
	char target[TOPIC_NAME_MAX + 64], id[24];

	snprintf(target, sizeof target, SSE_PATH "?topic=%s", config->topic);
	snprintf(id, sizeof id, "%" PRIu64, since);
	http_request_start(out, "GET", target, config->host, config->headers);
	http_request_add_field(out, "Accept", SSE_CONTENT_TYPE);
	if (since != CLIENT_NO_CURSOR)
		http_request_add_field(out, "Last-Event-ID", id);
	http_request_end(out);
}

/* Takes a line from the front of *input. 1: *line is whole, without its end; it lies in the input,
 * or in reader->line where its beginning came earlier. 0: the input is used up. */
static int take_line(struct sse_reader *reader, struct span *input, struct span *line, size_t max)
{
	struct bytes *partial = &reader->line;
	bool whole;

	if (reader->after_cr && input->size > 0) {
		reader->after_cr = false;
		if (input->data[0] == '\n')
			take(input, 1);
	}
	if (input->size == 0)
		return 0;
	*line = (struct span){input->data, line_size(*input)};
	whole = line->size < input->size;
	if (line->size > max || bytes_size(partial) > max - line->size)
		return -EMSGSIZE;
	take(input, line->size);
	if (!whole || bytes_size(partial) > 0) {
		if (bytes_append(partial, line->data, line->size) < 0)
			return -ENOMEM;
		*line = (struct span){bytes_data(partial), bytes_size(partial)};
	}
	if (!whole)
		return 0;
	reader->after_cr = input->data[0] == '\r';
	take(input, 1);
	return 1;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && !memcmp(span.data, text, span.size);
}

static int set(struct bytes *bytes, struct span value)
{
	bytes_clear(bytes);
	return bytes_append(bytes, value.data, value.size);
}

/* The standard ends each line with LF and drops the last one; to put LF between is the same. */
static int add_data(struct sse_reader *reader, struct span value, size_t max)
{
	size_t size = bytes_size(&reader->data) + reader->has_data;

	if (value.size > max || size > max - value.size)
		return -EMSGSIZE;
	if (reader->has_data)
		bytes_append(&reader->data, "\n", 1);
	reader->has_data = true;
	return bytes_append(&reader->data, value.data, value.size);
}

static int take_field(struct sse_reader *reader, struct span name, struct span value, size_t max)
{
	if (span_is(name, "data"))
		return add_data(reader, value, max);
	if (span_is(name, "event"))
		return set(&reader->type, value);
	if (span_is(name, "id") && !memchr(value.data, 0, value.size))
		return set(&reader->id, value);
	if (span_is(name, "retry"))
		decimal_read(value, &reader->retry_ms);
	return 0;
}

/* A comment is a field without a name: unknown, and so ignored. */
static int take_named(struct sse_reader *reader, struct span line, size_t max)
{
	const uint8_t *colon = memchr(line.data, ':', line.size);
	struct span name = {line.data, colon ? (size_t)(colon - line.data) : line.size};

	take(&line, name.size);
	if (colon)
		take(&line, 1);
	if (colon && line.size > 0 && line.data[0] == ' ')
		take(&line, 1);
	return take_field(reader, name, line, max);
}

static void begin_event(struct sse_reader *reader)
{
	bytes_clear(&reader->type);
	bytes_clear(&reader->data);
	reader->has_data = false;
	reader->dispatched = false;
}

static struct span span_of(const struct bytes *bytes)
{
	return (struct span){bytes_data(bytes), bytes_size(bytes)};
}

/* WHATWG HTML §9.2.6. 1 where the line completes an event. */
static int interpret(struct sse_reader *reader, struct span line, struct sse_event *event,
                     size_t max)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf", message[] = "message";

	if (!reader->started && line.size >= 3 && !memcmp(line.data, byte_order_mark, 3))
		take(&line, 3);
	reader->started = true;
	if (line.size > 0)
		return take_named(reader, line, max);
	if (!reader->has_data) {
		begin_event(reader);
		return 0;
	}
	reader->dispatched = true;
	event->type = span_of(&reader->type);
	if (event->type.size == 0)
		event->type = (struct span){(const uint8_t *)message, sizeof message - 1};
	event->id = span_of(&reader->id);
	event->data = span_of(&reader->data);
	return 1;
}

int sse_next(struct sse_reader *reader, struct span *input, struct sse_event *event,
             size_t max_bytes)
{
	struct span line;
	int result;

	if (reader->dispatched)
		begin_event(reader);
	do {
		result = take_line(reader, input, &line, max_bytes);
		if (result != 1)
			return result;
		result = interpret(reader, line, event, max_bytes);
		bytes_clear(&reader->line);
	} while (result == 0);
	return result;
}

void sse_reset(struct sse_reader *reader)
{
	bytes_free(&reader->line);
	bytes_free(&reader->type);
	bytes_free(&reader->id);
	bytes_free(&reader->data);
	*reader = (struct sse_reader){0};
}
