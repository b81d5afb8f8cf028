#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../http_request.h"
#include "../ndjson.h"
#include "../site.h"
#include "epoll_server.h"

/* A request whose content is still coming. */
struct epoll_upload {
	struct bytes head;
	struct http_content content;
	struct bytes body;
};

void epoll_upload_free(struct epoll_upload *upload)
{
	if (!upload)
		return;
	bytes_free(&upload->head);
	bytes_free(&upload->body);
	free(upload);
}

static const char *reason_phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {
	        {200, "OK"},
	        {204, "No Content"},
	        {400, "Bad Request"},
	        {401, "Unauthorized"},
	        {403, "Forbidden"},
	        {404, "Not Found"},
	        {405, "Method Not Allowed"},
	        {413, "Content Too Large"},
	        {426, "Upgrade Required"},
	        {429, "Too Many Requests"},
	        {431, "Request Header Fields Too Large"},
	        {501, "Not Implemented"},
	        {503, "Service Unavailable"},
	        {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static void append_field(struct bytes *out, const char *name, const char *value)
{
	bytes_printf(out, "%s: %s\r\n", name, value);
}

void epoll_append_head(struct bytes *out, unsigned status, const char *content_type, size_t size,
                       bool keep_alive)
{
	bytes_printf(out, "HTTP/1.1 %u %s\r\n", status, reason_phrase(status));
	if (content_type) {
		append_field(out, "Content-Type", content_type);
		bytes_printf(out, "Content-Length: %zu\r\n", size);
	}
	append_field(out, "Cache-Control", CACHE_CONTROL);
	if (!keep_alive)
		append_field(out, "Connection", "close");
}

/* What has been written to `out` is the answer: another request may follow it, or not. */
static int finish(struct epoll_request *request)
{
	if (!request->blocked && epoll_flush(request))
		return -1;
	if (request->keep_alive)
		epoll_expect(request, epoll_config(request)->idle_timeout_ns);
	return request->keep_alive ? 0 : -1;
}

static int send_answer(struct epoll_request *request, struct site_answer *answer)
{
	struct bytes *out = &request->out;

	request->keep_alive = request->keep_alive && !answer->close;
	epoll_append_head(out, answer->status, answer->content_type, bytes_size(&answer->body),
	                  request->keep_alive);
	for (size_t i = 0; i < SITE_FIELDS_MAX && answer->fields[i].name; i++)
		append_field(out, answer->fields[i].name, answer->fields[i].value);
	bytes_append_text(out, "\r\n");
	if (!answer->no_body)
		bytes_append(out, bytes_data(&answer->body), bytes_size(&answer->body));
	out->failed |= answer->body.failed;
	bytes_free(&answer->body);
	return finish(request);
}

/* A request that cannot be read: where it ends is not known, so that it is the last one. */
static int refuse(struct epoll_request *request, unsigned status, const char *why)
{
	struct site_answer answer = {.close = true};

	site_refuse(epoll_config(request), &answer, status, why);
	return send_answer(request, &answer);
}

static int answer_empty(struct epoll_request *request)
{
	struct bytes *out = &request->out;

	epoll_config(request)->counters->empty_answers++;
	epoll_append_head(out, 204, NULL, 0, request->keep_alive);
	if (request->subscription.from_now)
		bytes_printf(out, FIELD_CURSOR ": %" PRIu64 "\r\n", request->subscriber.cursor);
	bytes_append_text(out, "\r\n");
	return finish(request);
}

static bool is_good_for(const struct epoll_answer *answer, const struct epoll_request *request)
{
	return answer->topic == request->subscription.topic &&
	       answer->asked == request->subscriber.cursor &&
	       answer->last == topic_last(answer->topic) &&
	       answer->max_messages == request->subscription.max_messages &&
	       answer->keep_alive == request->keep_alive;
}

/* Writes head and content of the answer to this request, and to all that ask for the same. */
static void make_answer(struct epoll_answer *answer, const struct epoll_request *request)
{
	uint64_t cursor = request->subscriber.cursor;
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, cursor);
	struct bytes body = {0};

	answer->topic = topic;
	answer->asked = cursor;
	answer->last = topic_last(topic);
	answer->max_messages = request->subscription.max_messages;
	answer->keep_alive = request->keep_alive;
	/* The cursor brings the rest with the next request: an answer that nobody reads is to hold
	 * no more than a message may. */
	answer->messages = ndjson_append_after(&body, topic, &cursor, answer->max_messages,
	                                       epoll_config(request)->message_max_bytes);
	bytes_clear(&answer->bytes);
	epoll_append_head(&answer->bytes, 200, NDJSON_CONTENT_TYPE, bytes_size(&body),
	                  answer->keep_alive);
	if (missed)
		bytes_printf(&answer->bytes, FIELD_MISSED ": %" PRIu64 "\r\n", missed);
	bytes_append_text(&answer->bytes, "\r\n");
	answer->head_size = bytes_size(&answer->bytes);
	bytes_append(&answer->bytes, bytes_data(&body), bytes_size(&body));
	answer->bytes.failed |= body.failed;
	bytes_free(&body);
}

int epoll_answer_messages(struct epoll_request *request)
{
	struct epoll_answer *answer = &request->server->answer;
	struct counters *counters = epoll_config(request)->counters;
	const struct topic *topic = request->subscription.topic;

	if (!topic_after(topic, request->subscriber.cursor))
		return answer_empty(request);
	if (!is_good_for(answer, request))
		make_answer(answer, request);
	if (answer->bytes.failed) {
		bytes_free(&answer->bytes);
		answer->topic = NULL;
		return -1;
	}
	if (!request->no_body) {
		counters->missed += topic_missed(topic, request->subscriber.cursor);
		counters->delivered += answer->messages;
	}
	if (epoll_send(request, bytes_data(&answer->bytes),
	               request->no_body ? answer->head_size : bytes_size(&answer->bytes), false))
		return -1;
	return finish(request);
}

/* Where the strings of a head are put; a head has room for all of its own. */
struct strings {
	const struct http_request *head;
	char *room;
	size_t size;
};

static const char *string_of(struct strings *strings, struct span span)
{
	char *string = strings->room;

	if (span.size >= strings->size)
		return "";
	memcpy(string, span.data, span.size);
	string[span.size] = '\0';
	strings->room += span.size + 1;
	strings->size -= span.size + 1;
	return string;
}

static const char *field(struct strings *strings, const char *name)
{
	struct span value;

	return http_request_field(strings->head, name, &value) ? string_of(strings, value) : NULL;
}

static const char *argument(struct strings *strings, const char *name)
{
	const char *value =
	        http_query_argument(strings->head->query, name, strings->room, strings->size);
	size_t used = value == strings->room ? strlen(value) + 1 : 0;

	strings->room += used;
	strings->size -= used;
	return value;
}

/* What the site and the door want to know. */
static void read_request(struct strings *strings, struct site_request *asked)
{
	const struct http_request *head = strings->head;

	*asked = (struct site_request){
	        .method = string_of(strings, head->method),
	        .path = string_of(strings, head->path),
	        .topic = argument(strings, "topic"),
	        .since = argument(strings, "since"),
	        .batch = argument(strings, "batch"),
	        .hold = argument(strings, "hold"),
	        .token = argument(strings, "token"),
	        .last_event_id = field(strings, "Last-Event-ID"),
	        .origin = field(strings, "Origin"),
	        .authorization = field(strings, "Authorization"),
	        .content_type = field(strings, "Content-Type"),
	        .upgrade = !head->http_1_0 && /* RFC 6455 §4.2.1, item 1 */
	                   http_request_field_has(head, "Upgrade", "websocket") &&
	                   http_request_field_has(head, "Connection", "upgrade"),
	        .websocket_version = field(strings, "Sec-WebSocket-Version"),
	        .websocket_key = field(strings, "Sec-WebSocket-Key"),
	        .subprotocol = http_request_field_has_exactly(head, "Sec-WebSocket-Protocol",
	                                                      SITE_SUBPROTOCOL),
	};
}

/* A subscriber, if the door lets it in. */
static int enter(struct epoll_request *request, const struct site_request *asked)
{
	const struct epoll_endpoint *cell = request->endpoint->cell;
	struct site_answer answer = {0};

	if (!site_enter(epoll_config(request), asked, cell->websocket, &request->subscription,
	                &request->owes_token, &answer)) {
		request->endpoint = NULL;
		return send_answer(request, &answer);
	}
	request->subscriber.cursor = request->subscription.cursor;
	request->no_body = answer.no_body;
	request->server->asked = asked;
	return cell->start(request);
}

/* A request is whole: its head, and its content where it has any. */
static int answer_request(struct epoll_request *request, const struct http_request *head,
                          const struct bytes *body)
{
	struct epoll_server *server = request->server;
	struct strings strings = {head, server->strings, server->strings_size};
	struct site_answer answer = {0};
	struct site_request asked;

	read_request(&strings, &asked);
	asked.surplus = request->surplus;
	asked.client = &request->client.any;
	request->keep_alive = head->keep_alive;
	for (const struct endpoint *const *e = server->endpoints; *e; e++)
		if (!strcmp(asked.path, (*e)->path)) {
			request->endpoint = *e;
			return enter(request, &asked);
		}
	if (body) {
		asked.body = bytes_data(body);
		asked.body_size = bytes_size(body);
	}
	site_answer(&server->config, &asked, &answer);
	return send_answer(request, &answer);
}

const struct site_request *epoll_asked(const struct epoll_request *request)
{
	return request->server->asked;
}

static int refuse_size(struct epoll_request *request)
{
	return refuse(request, 413, "the message is larger than this server allows");
}

/* Keeps a head until its content is there. */
static int begin_upload(struct epoll_request *request, const struct http_request *head,
                        struct span text)
{
	struct epoll_upload *upload;

	if (head->content.framing == HTTP_LENGTH &&
	    head->content.remaining > epoll_config(request)->message_max_bytes)
		return refuse_size(request);
	upload = calloc(1, sizeof *upload);
	if (!upload)
		return -1;
	request->upload = upload;
	upload->content = head->content;
	if (bytes_append(&upload->head, text.data, text.size))
		return -1;
	if (head->expects_continue)
		return epoll_send(request, "HTTP/1.1 100 Continue\r\n\r\n", 25, false);
	return 0;
}

static int end_upload(struct epoll_request *request)
{
	struct epoll_upload *upload = request->upload;
	struct span text = {bytes_data(&upload->head), bytes_size(&upload->head)};
	struct http_request head;
	const char *why;
	int err = -1;

	request->upload = NULL;
	if (!upload->body.failed && http_request_read(&head, text, text.size, &why) > 0)
		err = answer_request(request, &head, &upload->body);
	epoll_upload_free(upload);
	return err;
}

/* Takes content from the input: 1 while there is more to come, else as a cell gives. */
static int take_upload(struct epoll_request *request, struct span *input)
{
	struct epoll_upload *upload = request->upload;
	struct span piece;

	for (;;) {
		switch (http_content_next(&upload->content, input, &piece)) {
		case HTTP_MORE:
			return 1;
		case HTTP_BODY:
			bytes_append(&upload->body, piece.data, piece.size);
			if (bytes_size(&upload->body) > epoll_config(request)->message_max_bytes)
				return refuse_size(request);
			break;
		case HTTP_END:
			return end_upload(request);
		default:
			return refuse(request, 400, upload->content.why);
		}
	}
}

/* Takes one request from the input, or a part of it: 1 while there is more to come. */
static int take_request(struct epoll_request *request, struct span *input)
{
	const struct server_config *config = epoll_config(request);
	struct http_request head;
	const char *why;
	int size;

	if (request->upload)
		return take_upload(request, input);
	size = http_request_read(&head, *input, config->head_max_bytes, &why);
	if (!size)
		return 1;
	config->counters->requests++;
	if (size < 0)
		return refuse(request, (unsigned)-size, why);
	if (head.has_content) {
		int err = begin_upload(request, &head, (struct span){input->data, (size_t)size});

		if (err)
			return err;
	}
	input->data += size;
	input->size -= (size_t)size;
	return request->upload ? take_upload(request, input) : answer_request(request, &head, NULL);
}

int epoll_take_requests(struct epoll_request *request, const uint8_t *data, size_t size)
{
	struct bytes *in = &request->in;
	bool waiting = bytes_size(in) > 0;
	struct span input = {data, size};
	int result = 0;

	if (waiting) {
		if (bytes_append(in, data, size))
			return -1;
		input = (struct span){bytes_data(in), bytes_size(in)};
	}
	while (input.size && !result && request->state == EPOLL_REQUEST && !request->blocked)
		result = take_request(request, &input);
	if (result < 0)
		return result;
	if (waiting)
		bytes_consume(in, bytes_size(in) - input.size);
	else
		bytes_append(in, input.data, input.size);
	if (!bytes_size(in))
		bytes_free(in); /* an idle connection holds no buffer */
	return in->failed ? -1 : 0;
}
