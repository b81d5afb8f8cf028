#include "http_request.h"

#include <string.h>

#include "http_fields.h"

/* A head being read: what its fields amount to so far. */
struct head {
	struct http_request *request;
	const char **why;
	bool old; /* HTTP/1.0 */
	bool close, expects_continue;
	unsigned hosts, lengths;
	bool encoded, chunked; /* chunked: the last coding is */
	unsigned codings;
	uint64_t length;
};

static int refuse(struct head *head, int status, const char *why)
{
	*head->why = why;
	return -status;
}

/* RFC 9112 §2.3. What is not known of HTTP/1.2 and later, they must do without: RFC 9110 §2.5. */
static int read_version(struct head *head, struct span version)
{
	const uint8_t *at = version.data;

	if (version.size != 8 || memcmp(at, "HTTP/", 5) != 0 || !http_is_digit(at[5]) ||
	    at[6] != '.' || !http_is_digit(at[7]))
		return refuse(head, 400, "the request line is malformed");
	if (at[5] != '1')
		return refuse(head, 505, "the version is not HTTP/1.x");
	head->old = at[7] == '0';
	return 0;
}

/* Visible US-ASCII, as a URI is, and no fragment, which is never sent: RFC 9110 §4.2.5. */
static bool is_target(struct span target)
{
	for (size_t i = 0; i < target.size; i++) {
		if (target.data[i] <= ' ' || target.data[i] >= 0x7f || target.data[i] == '#')
			return false;
	}
	return true;
}

/* What a registered name or an IP literal, and a port, are made of: RFC 3986 §3.2.2. */
static bool is_authority(struct span authority)
{
	static const char others[] = "-._~%!$&'()*+,;=:[]";

	for (size_t i = 0; i < authority.size; i++) {
		uint8_t byte = authority.data[i], lower = byte | 0x20;

		if (!http_is_digit(byte) && (lower < 'a' || lower > 'z') &&
		    !memchr(others, byte, sizeof others - 1))
			return false;
	}
	return true;
}

static bool starts_with(struct span span, const char *text)
{
	size_t size = strlen(text);

	return span.size >= size && !strncasecmp((const char *)span.data, text, size);
}

/* The absolute form: leaves what is behind the authority, "/" where that is nothing (RFC 9110
 * §4.2.3). An empty authority, and one with a user in it, are errors (§4.2.1, §4.2.4). */
static bool skip_authority(struct span *rest)
{
	struct span authority = {0};

	if (starts_with(*rest, "http://"))
		http_take(rest, sizeof "http://" - 1);
	else if (starts_with(*rest, "https://"))
		http_take(rest, sizeof "https://" - 1);
	else
		return false;
	while (authority.size < rest->size && rest->data[authority.size] != '/' &&
	       rest->data[authority.size] != '?')
		authority.size++;
	authority = http_take(rest, authority.size);
	return authority.size > 0 && is_authority(authority);
}

/* The four forms of RFC 9112 §3.2. Only CONNECT names an authority, and only OPTIONS is for the
 * server as a whole; an authority has no path. */
static int read_target(struct head *head, struct span target)
{
	struct http_request *request = head->request;
	bool connect = request->method.size == 7 && !memcmp(request->method.data, "CONNECT", 7);
	bool options = request->method.size == 7 && !memcmp(request->method.data, "OPTIONS", 7);
	const uint8_t *mark;

	request->target = target;
	if (target.size == 0 || !is_target(target))
		return refuse(head, 400, "the request target is malformed");
	if (connect)
		return is_authority(target) ? 0 : refuse(head, 400, "CONNECT to no authority");
	if (target.data[0] != '/' && !(options && http_span_is(target, "*")) &&
	    !skip_authority(&target))
		return refuse(head, 400, "the request target is malformed");
	mark = target.size > 0 ? memchr(target.data, '?', target.size) : NULL;
	request->path = (struct span){target.data, target.size};
	if (mark) {
		request->path = http_take(&target, (size_t)(mark - target.data));
		http_take(&target, 1);
		request->query = target;
	}
	if (request->path.size == 0)
		request->path = (struct span){(const uint8_t *)"/", 1};
	return 0;
}

/* RFC 9112 §3: single spaces only. */
static int read_request_line(struct head *head, struct span line)
{
	size_t method_size = http_token_size(line);
	struct span target;
	const uint8_t *space;
	int status;

	if (method_size == 0 || method_size == line.size || line.data[method_size] != ' ')
		return refuse(head, 400, "the request line is malformed");
	head->request->method = http_take(&line, method_size);
	http_take(&line, 1);
	space = line.size > 0 ? memchr(line.data, ' ', line.size) : NULL;
	if (!space)
		return refuse(head, 400, "the request line is malformed");
	target = http_take(&line, (size_t)(space - line.data));
	http_take(&line, 1);
	status = read_version(head, line);
	return status ? status : read_target(head, target);
}

/* RFC 9112 §3.2 */
static int read_host(struct head *head, struct span value)
{
	if (head->hosts++ > 0)
		return refuse(head, 400, "several Host fields");
	return is_authority(value) ? 0 : refuse(head, 400, "Host is malformed");
}

/* RFC 9112 §6.3, item 5: several lengths are refused, even if they are equal. */
static int read_length(struct head *head, struct span value)
{
	const char *why = http_parse_length(value, &head->length);

	if (head->lengths++ > 0)
		why = "several Content-Length fields";
	return why ? refuse(head, 400, why) : 0;
}

static int read_codings(struct head *head, struct span value)
{
	struct span coding;

	head->encoded = true;
	while (http_take_member(&value, &coding)) {
		head->codings++;
		head->chunked = http_span_is(coding, "chunked");
	}
	return 0;
}

/* RFC 9112 §9.3, §9.6 */
static int read_connection(struct head *head, struct span value)
{
	struct span option;

	while (http_take_member(&value, &option))
		head->close = head->close || http_span_is(option, "close");
	return 0;
}

static int read_expect(struct head *head, struct span value)
{
	struct span expectation;

	while (http_take_member(&value, &expectation)) {
		if (http_span_is(expectation, "100-continue"))
			head->expects_continue = true;
	}
	return 0;
}

static int read_field(struct head *head, struct span line)
{
	struct http_field field;

	if (http_is_blank(line.data[0])) /* §5.2, and §2.2 before the first field */
		return refuse(head, 400, "a folded field");
	if (!http_parse_field(line, &field))
		return refuse(head, 400, "a field is malformed");
	if (http_span_is(field.name, "Host"))
		return read_host(head, field.value);
	if (http_span_is(field.name, "Content-Length"))
		return read_length(head, field.value);
	if (http_span_is(field.name, "Transfer-Encoding"))
		return read_codings(head, field.value);
	if (http_span_is(field.name, "Connection"))
		return read_connection(head, field.value);
	if (http_span_is(field.name, "Expect"))
		return read_expect(head, field.value);
	return 0;
}

/* How the content is framed: RFC 9112 §6.1, §6.3. */
static int check_framing(struct head *head)
{
	if (!head->encoded)
		return 0;
	if (head->old)
		return refuse(head, 400, "Transfer-Encoding in HTTP/1.0");
	if (head->lengths > 0)
		return refuse(head, 400, "both Content-Length and Transfer-Encoding");
	if (head->codings != 1)
		return refuse(head, 400, "the transfer coding is not chunked alone");
	return head->chunked ? 0 : refuse(head, 501, "an unknown transfer coding");
}

static int finish(struct head *head)
{
	struct http_request *request = head->request;
	int status = check_framing(head);

	if (status)
		return status;
	if (head->hosts == 0 && !head->old)
		return refuse(head, 400, "no Host field");
	http_content_start(&request->content,
	                   head->encoded   ? HTTP_CHUNKED
	                   : head->lengths ? HTTP_LENGTH
	                                   : HTTP_NO_CONTENT,
	                   head->length);
	request->has_content = head->encoded || head->length > 0;
	request->http_1_0 = head->old;
	request->keep_alive = !head->close && !head->old;
	request->expects_continue = head->expects_continue && request->has_content && !head->old;
	return 0;
}

/* A head that is not whole within its largest size never will be. */
static int unfinished(struct head *head, struct span input, size_t max_bytes)
{
	return input.size < max_bytes ? 0 : refuse(head, 431, "the head is too large");
}

/* A line is judged when it is whole, so that a request is refused for the same reason in however
 * many pieces it comes. */
int http_request_read(struct http_request *request, struct span input, size_t max_bytes,
                      const char **why)
{
	struct head head = {.request = request, .why = why};
	struct span rest = {input.data, input.size < max_bytes ? input.size : max_bytes}, line;
	int status;

	*request = (struct http_request){0};
	do {
		if (!http_take_line(&rest, &line))
			return unfinished(&head, input, max_bytes);
	} while (line.size == 0);
	status = read_request_line(&head, line);
	request->fields.data = rest.data;
	while (status == 0) {
		request->fields.size = (size_t)(rest.data - request->fields.data);
		if (!http_take_line(&rest, &line))
			return unfinished(&head, input, max_bytes);
		if (line.size == 0)
			break;
		status = read_field(&head, line);
	}
	if (status == 0)
		status = finish(&head);
	return status ? status : (int)(rest.data - input.data);
}

bool http_request_field(const struct http_request *request, const char *name, struct span *value)
{
	return http_fields_find(request->fields, name, value);
}

bool http_request_field_has(const struct http_request *request, const char *name, const char *token)
{
	return http_fields_have(request->fields, name, token, false);
}

bool http_request_field_has_exactly(const struct http_request *request, const char *name,
                                    const char *token)
{
	return http_fields_have(request->fields, name, token, true);
}

unsigned http_request_field_count(const struct http_request *request, const char *name)
{
	return http_fields_count(request->fields, name);
}

/* Takes a character off an argument; -1 for a malformed escape. */
static int decode(struct span *text)
{
	uint8_t byte = *http_take(text, 1).data;
	int high, low;

	if (byte != '%')
		return byte == '+' ? ' ' : byte;
	if (text->size < 2)
		return -1;
	high = http_hex_digit(text->data[0]);
	low = http_hex_digit(text->data[1]);
	http_take(text, 2);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool decodes_to(struct span text, const char *expected)
{
	for (; text.size > 0; expected++) {
		if (*expected == '\0' || decode(&text) != (uint8_t)*expected)
			return false;
	}
	return *expected == '\0';
}

static const char *decode_value(struct span text, char *room, size_t room_size)
{
	size_t size = 0;

	while (text.size > 0) {
		int byte = decode(&text);

		if (byte <= 0 || size + 1 >= room_size) {
			size = 0;
			break;
		}
		room[size++] = (char)byte;
	}
	room[size] = '\0';
	return room;
}

const char *http_query_argument(struct span query, const char *name, char *room, size_t room_size)
{
	while (query.size > 0) {
		const uint8_t *end = memchr(query.data, '&', query.size), *equals;
		struct span value =
		        http_take(&query, end ? (size_t)(end - query.data) : query.size);
		struct span argument = value;

		if (end)
			http_take(&query, 1);
		equals = value.size > 0 ? memchr(value.data, '=', value.size) : NULL;
		if (equals)
			argument = http_take(&value, (size_t)(equals - value.data));
		if (argument.size > 0 && decodes_to(argument, name)) {
			http_take(&value, equals ? 1 : value.size);
			return decode_value(value, room, room_size);
		}
	}
	return NULL;
}
