#include "fuzz.h"
#include "http_request.h"

static bool lies_in(struct span inner, const uint8_t *data, size_t size)
{
	return inner.size == 0 || (inner.data >= data && inner.data + inner.size <= data + size);
}

/* What is said of a request that was read agrees with itself. */
static void check_request(const struct http_request *request, struct span head)
{
	struct span value;
	bool old = http_request_field_count(request, "Host") == 0;

	fuzz_check(lies_in(request->method, head.data, head.size) && request->method.size > 0);
	fuzz_check(lies_in(request->target, head.data, head.size) && request->target.size > 0);
	fuzz_check(lies_in(request->query, head.data, head.size));
	fuzz_check(lies_in(request->fields, head.data, head.size));
	fuzz_check(lies_in(request->path, head.data, head.size) || request->path.data[0] == '/');
	fuzz_check(http_request_field_count(request, "Host") <= 1);
	fuzz_check(http_request_field(request, "Host", &value) == !old);
	if (request->keep_alive)
		fuzz_check(!http_request_field_has(request, "Connection", "close"));
	if (request->content.framing == HTTP_CHUNKED)
		fuzz_check(http_request_field_count(request, "Content-Length") == 0);
	else
		fuzz_check(http_request_field_count(request, "Transfer-Encoding") == 0);
	if (request->expects_continue)
		fuzz_check(request->has_content);
}

static void check_argument(struct span query)
{
	char room[8], room_of_1[1];
	const char *value = http_query_argument(query, "a", room, sizeof room);

	if (value) {
		fuzz_check(value == room && strnlen(room, sizeof room) < sizeof room);
		fuzz_check(http_query_argument(query, "a", room_of_1, 1) == room_of_1);
		fuzz_check(room_of_1[0] == '\0');
	} else {
		fuzz_check(!http_query_argument(query, "a", room_of_1, 1));
	}
}

/* From memory of its own, so that the sanitizer notices an over-read. */
static int read_copy(const uint8_t *data, size_t size, size_t max_bytes, const char **why)
{
	uint8_t *copy = malloc(size);
	struct http_request request;
	int result;

	fuzz_check(size == 0 || copy);
	if (size > 0)
		memcpy(copy, data, size);
	*why = NULL;
	result = http_request_read(&request, (struct span){copy, size}, max_bytes, why);
	fuzz_check((result < 0) == (*why != NULL));
	fuzz_check(result <= 0 || ((size_t)result <= size && (size_t)result <= max_bytes));
	if (result > 0) {
		check_request(&request, (struct span){copy, (size_t)result});
		check_argument(request.query);
	}
	free(copy);
	return result;
}

/* However much has come when: the result is that of the whole input, as soon as it is known. */
static void check_growing(const uint8_t *cuts, struct span text, size_t max_bytes)
{
	const char *whole_why, *why = NULL;
	int whole = read_copy(text.data, text.size, max_bytes, &whole_why), result = 0;
	size_t at = 0;

	for (unsigned i = 0; result == 0 && at < text.size; i++) {
		at += (size_t)cuts[i % FUZZ_CUTS] + 1;
		if (at > text.size)
			at = text.size;
		result = read_copy(text.data, at, max_bytes, &why);
	}
	fuzz_check(text.size == 0 || (result == whole && why == whole_why));
}

/* Pipelined requests, each with its content. */
static void read_all(struct span input)
{
	struct http_request request;
	const char *why;
	int size;

	while ((size = http_request_read(&request, input, 4096, &why)) > 0) {
		enum http_event event;
		struct span body;

		input.data += size;
		input.size -= (size_t)size;
		do
			event = http_content_next(&request.content, &input, &body);
		while (event == HTTP_BODY);
		if (event != HTTP_END)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text;

	if (size < FUZZ_CUTS + 1)
		return 0;
	text = (struct span){data + FUZZ_CUTS + 1, size - FUZZ_CUTS - 1};
	check_growing(data, text, (size_t)data[FUZZ_CUTS] * 16);
	read_all(text);
	check_argument(text);
	return 0;
}
