#include "http_fields.h"

#define BIT(byte) (UINT64_C(1) << ((byte)&63))

/* tchar, RFC 9110 §5.6.2: a bit for each byte below 128. */
static const uint64_t token_bytes[] = {
        BIT('!') | BIT('#') | BIT('$') | BIT('%') | BIT('&') | BIT('\'') | BIT('*') | BIT('+') |
                BIT('-') | BIT('.') | UINT64_C(0x3ff) << '0',
        BIT('^') | BIT('_') | BIT('`') | BIT('|') | BIT('~') | UINT64_C(0x3ffffff) << ('A' & 63) |
                UINT64_C(0x3ffffff) << ('a' & 63),
};

size_t http_token_size(struct span text)
{
	size_t size = 0;

	while (size < text.size && text.data[size] < 128 &&
	       token_bytes[text.data[size] >> 6] & BIT(text.data[size]))
		size++;
	return size;
}

/* Whether one of eight bytes is below 0x20 or is 0x7f: each test sets the top bit of such a byte,
 * and a borrow can only come from one. */
static bool eight_hold_control(const uint8_t *data)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
	uint64_t word, from_del;

	memcpy(&word, data, sizeof word);
	from_del = word ^ ones * 0x7f;
	return (((word - ones * 0x20) & ~word) | ((from_del - ones) & ~from_del)) & tops;
}

bool http_is_text(struct span span)
{
	size_t i = 0;

	while (i < span.size) {
		if (span.size - i >= 8 && !eight_hold_control(span.data + i)) {
			i += 8;
			continue;
		}
		if ((span.data[i] < ' ' && span.data[i] != '\t') || span.data[i] == 0x7f)
			return false;
		i++;
	}
	return true;
}

static struct span trim(struct span span)
{
	while (span.size > 0 && http_is_blank(span.data[0]))
		http_take(&span, 1);
	while (span.size > 0 && http_is_blank(span.data[span.size - 1]))
		span.size--;
	return span;
}

bool http_parse_field(struct span line, struct http_field *field)
{
	size_t name_size = http_token_size(line);

	if (name_size == 0 || name_size == line.size || line.data[name_size] != ':')
		return false;
	field->name = http_take(&line, name_size);
	http_take(&line, 1);
	field->value = trim(line);
	return http_is_text(field->value);
}

bool http_take_member(struct span *list, struct span *member)
{
	while (list->size > 0) {
		const uint8_t *comma = memchr(list->data, ',', list->size);

		*member = http_take(list, comma ? (size_t)(comma - list->data) : list->size);
		*member = trim(*member);
		if (comma)
			http_take(list, 1);
		if (member->size > 0)
			return true;
	}
	return false;
}

const char *http_parse_length(struct span value, uint64_t *length)
{
	*length = 0;
	if (value.size == 0)
		return "Content-Length is empty";
	for (size_t i = 0; i < value.size; i++) {
		uint64_t digit = (uint64_t)value.data[i] - '0';

		if (!http_is_digit(value.data[i]))
			return "Content-Length is not a number";
		if (*length > (UINT64_MAX - digit) / 10)
			return "Content-Length is too large";
		*length = *length * 10 + digit;
	}
	return NULL;
}

bool http_take_field(struct span *fields, struct http_field *field)
{
	const uint8_t *colon;
	struct span line;

	if (!http_take_line(fields, &line) || line.size == 0)
		return false;
	colon = memchr(line.data, ':', line.size);
	if (!colon)
		return false;
	field->name = http_take(&line, (size_t)(colon - line.data));
	http_take(&line, 1);
	field->value = trim(line);
	return true;
}

bool http_fields_find(struct span fields, const char *name, struct span *value)
{
	struct http_field field;

	while (http_take_field(&fields, &field)) {
		if (!http_span_is(field.name, name))
			continue;
		*value = field.value;
		return true;
	}
	return false;
}

bool http_list_has(struct span list, const char *token, bool exactly)
{
	struct span member;

	while (http_take_member(&list, &member)) {
		if (http_span_is(member, token) &&
		    (!exactly || !memcmp(member.data, token, member.size)))
			return true;
	}
	return false;
}

bool http_fields_have(struct span fields, const char *name, const char *token, bool exactly)
{
	struct http_field field;

	while (http_take_field(&fields, &field)) {
		if (http_span_is(field.name, name) && http_list_has(field.value, token, exactly))
			return true;
	}
	return false;
}

unsigned http_fields_count(struct span fields, const char *name)
{
	struct http_field field;
	unsigned count = 0;

	while (http_take_field(&fields, &field))
		count += http_span_is(field.name, name);
	return count;
}
