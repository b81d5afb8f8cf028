#include "lws_private.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "../ndjson.h"
#include "../site.h"

#define HEAD_BYTES 1024

/* The library wants names in lower case, with their colon. */
static int add_field(struct lws *wsi, const char *name, const char *value, uint8_t **at,
                     uint8_t *end)
{
	char lower[32];
	int size = snprintf(lower, sizeof lower, "%s:", name);

	for (int i = 0; i < size && i < (int)sizeof lower; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	return lws_add_http_header_by_name(wsi, (const uint8_t *)lower, (const uint8_t *)value,
	                                   (int)strlen(value), at, end);
}

/* A 204 has no Content-Length (RFC 9110 §8.6). */
static int add_fields(struct lws_stack_request *request, const struct site_answer *answer,
                      uint8_t **at, uint8_t *end)
{
	struct lws *wsi = request->wsi;
	int failed =
	        answer->status == 204
	                ? lws_add_http_header_status(wsi, 204, at, end)
	                : lws_add_http_common_headers(wsi, answer->status, answer->content_type,
	                                              bytes_size(&answer->body), at, end);

	failed |= add_field(wsi, "cache-control", CACHE_CONTROL, at, end);
	for (int i = 0; i < SITE_FIELDS_MAX && answer->fields[i].name; i++)
		failed |= add_field(wsi, answer->fields[i].name, answer->fields[i].value, at, end);
	if (request->close && answer->status != 426) /* whose Connection is Upgrade */
		failed |= add_field(wsi, "connection", "close", at, end);
	failed |= lws_finalize_http_header(wsi, at, end);
	return failed ? -1 : 0;
}

/* Head and content, so that one write sends both. */
static void append_answer(struct bytes *out, struct lws_stack_request *request,
                          const struct site_answer *answer)
{
	uint8_t *head = bytes_reserve(out, HEAD_BYTES), *at = head;

	if (answer->body.failed || !head || add_fields(request, answer, &at, head + HEAD_BYTES)) {
		out->failed = true;
		return;
	}
	bytes_commit(out, (size_t)(at - head));
	if (!answer->no_body)
		bytes_append(out, bytes_data(&answer->body), bytes_size(&answer->body));
}

static int complete(struct lws_stack_request *request)
{
	request->read_bytes = request->has_content || request->server->is_pipelined
	                              ? lws_request_bytes_read(request, UINT64_MAX)
	                              : 0;
	request->busy = request->draining = false;
	request->endpoint = NULL;
	if (request->close)
		return -1;
	lws_request_wait(request, request->server->config.idle_timeout_ns);
	if (lws_http_transaction_completed(request->wsi))
		return -1;
	lws_request_clear_timeout(request);
	return 0;
}

int lws_request_sent(struct lws_stack_request *request)
{
	return request->draining ? complete(request) : 0;
}

/* What the socket has not taken is the library's: it says when it is gone. */
static int send_text(struct lws_stack_request *request, const struct lws_stack_text *text)
{
	if (lws_write(request->wsi, text->data, text->size, LWS_WRITE_HTTP_FINAL) < 0)
		return -1;
	lws_request_unsubscribe(request);
	bytes_free(&request->buffer);
	if (!lws_partial_buffered(request->wsi))
		return complete(request);
	request->draining = true;
	lws_request_wait(request, request->server->config.idle_timeout_ns);
	return 0;
}

/* Reserves the room that lws_write needs. */
static void start_text(struct bytes *out)
{
	if (bytes_reserve(out, LWS_PRE))
		bytes_commit(out, LWS_PRE);
}

int lws_request_answer(struct lws_stack_request *request, struct site_answer *answer)
{
	struct bytes out = {0};
	int err = -1;

	request->close |= answer->close;
	start_text(&out);
	append_answer(&out, request, answer);
	if (!out.failed)
		err = send_text(request,
		                &(struct lws_stack_text){.data = out.data + LWS_PRE,
		                                         .size = bytes_size(&out) - LWS_PRE});
	bytes_free(&answer->body);
	bytes_free(&out);
	return err;
}

const struct lws_stack_text *lws_stack_share(struct lws_stack_request *request,
                                             lws_stack_fill *fill)
{
	struct lws_stack_shared *shared = &request->server->shared;
	const struct topic *topic = request->subscription.topic;
	uint64_t cursor = request->subscriber.cursor;

	if (shared->fill == fill && shared->topic == topic && shared->asked == cursor &&
	    shared->last == topic_last(topic) &&
	    shared->max_messages == request->subscription.max_messages)
		return &shared->text;
	shared->topic = topic;
	shared->asked = cursor;
	shared->last = topic_last(topic);
	shared->max_messages = request->subscription.max_messages;
	bytes_clear(&shared->bytes);
	start_text(&shared->bytes);
	shared->text.messages = fill(&shared->bytes, request, &cursor);
	shared->text.cursor = cursor;
	shared->fill = shared->bytes.failed ? NULL : fill;
	if (shared->bytes.failed) {
		bytes_free(&shared->bytes);
		return NULL;
	}
	shared->text.data = shared->bytes.data + LWS_PRE;
	shared->text.size = bytes_size(&shared->bytes) - LWS_PRE;
	return &shared->text;
}

static unsigned fill_frame(struct bytes *out, struct lws_stack_request *request, uint64_t *cursor)
{
	const struct message *message = topic_after(request->subscription.topic, *cursor);

	bytes_append(out, message->data, message->size);
	*cursor = message->id;
	return 1;
}

const struct lws_stack_text *lws_stack_frame(struct lws_stack_request *request)
{
	return lws_stack_share(request, fill_frame);
}

/* The cursor brings the rest with the next request: an answer that nobody reads is to hold no more
 * than a message may. */
static unsigned fill_answer(struct bytes *out, struct lws_stack_request *request, uint64_t *cursor)
{
	const struct subscription *subscription = &request->subscription;
	uint64_t missed = topic_missed(subscription->topic, *cursor);
	struct site_answer answer = {
	        .status = 200, .content_type = NDJSON_CONTENT_TYPE, .no_body = request->head_only};
	char number[24];
	unsigned messages = ndjson_append_after(&answer.body, subscription->topic, cursor,
	                                        subscription->max_messages,
	                                        request->server->config.message_max_bytes);

	snprintf(number, sizeof number, "%" PRIu64, missed);
	if (missed)
		answer.fields[0] = (struct site_field){FIELD_MISSED, number};
	append_answer(out, request, &answer);
	bytes_free(&answer.body);
	return messages;
}

static int answer_empty(struct lws_stack_request *request)
{
	struct site_answer answer = {.status = 204};
	char number[24];

	request->server->config.counters->empty_answers++;
	snprintf(number, sizeof number, "%" PRIu64, request->subscriber.cursor);
	if (request->subscription.from_now)
		answer.fields[0] = (struct site_field){FIELD_CURSOR, number};
	return lws_request_answer(request, &answer);
}

int lws_stack_answer_messages(struct lws_stack_request *request)
{
	struct lws_stack_server *server = request->server;
	struct counters *counters = server->config.counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, request->subscriber.cursor);
	bool shares = !request->close && !request->head_only;
	const struct lws_stack_text *text;

	if (!topic_after(topic, request->subscriber.cursor))
		return answer_empty(request);
	if (!shares)
		server->shared.fill = NULL;
	text = lws_stack_share(request, fill_answer);
	if (!shares)
		server->shared.fill = NULL;
	if (!text)
		return -1;
	if (!request->head_only) {
		counters->missed += missed;
		counters->delivered += text->messages;
	}
	return send_text(request, text);
}

int lws_stack_start_stream(struct lws_stack_request *request, const char *content_type)
{
	uint8_t room[LWS_PRE + HEAD_BYTES], *head = room + LWS_PRE, *at = head;
	struct lws *wsi = request->wsi;

	if (lws_add_http_common_headers(wsi, 200, content_type, LWS_ILLEGAL_HTTP_CONTENT_LEN, &at,
	                                head + HEAD_BYTES) ||
	    add_field(wsi, "cache-control", CACHE_CONTROL, &at, head + HEAD_BYTES) ||
	    lws_finalize_http_header(wsi, &at, head + HEAD_BYTES))
		return -1;
	return lws_write(wsi, head, (size_t)(at - head), LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

/* The library would call its answer HTTP/1.0: this one is written by hand, and the connection ends
 * with it. */
int lws_request_answer_upgrade(struct lws_stack_request *request, struct site_answer *answer)
{
	struct bytes out = {0};
	bool upgrades = answer->status == 426; /* whose Connection is Upgrade */

	start_text(&out);
	bytes_printf(&out,
	             "HTTP/1.1 %u \r\ncontent-type: %s\r\ncontent-length: %zu\r\n"
	             "cache-control: " CACHE_CONTROL "\r\n%s",
	             answer->status, answer->content_type, bytes_size(&answer->body),
	             upgrades ? "" : "connection: close\r\n");
	for (int i = 0; i < SITE_FIELDS_MAX && answer->fields[i].name; i++)
		bytes_printf(&out, "%s: %s\r\n", answer->fields[i].name, answer->fields[i].value);
	bytes_append_text(&out, "\r\n");
	if (!answer->no_body)
		bytes_append(&out, bytes_data(&answer->body), bytes_size(&answer->body));
	if (!out.failed && !answer->body.failed)
		lws_write(request->wsi, out.data + LWS_PRE, bytes_size(&out) - LWS_PRE,
		          LWS_WRITE_HTTP_FINAL);
	bytes_free(&answer->body);
	bytes_free(&out);
	return -1;
}
