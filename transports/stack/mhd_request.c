#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "../clock.h"
#include "../http_fields.h"
#include "../ndjson.h"
#include "mhd_server.h"

#define REQUEST_OF(pointer, member)                                                                \
	((struct mhd_request *)(void *)((char *)(pointer)-offsetof(struct mhd_request, member)))

const struct server_config *mhd_config(const struct mhd_request *request)
{
	return &request->server->config;
}

const struct site_request *mhd_asked(const struct mhd_request *request)
{
	return request->server->asked;
}

const struct sockaddr *mhd_client(const struct mhd_request *request)
{
	return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
	        ->client_addr;
}

static void cut(struct mhd_peer *peer)
{
	peer->gone = true;
	shutdown(peer->fd, SHUT_RDWR); /* libmicrohttpd sees it, where it has the socket */
	if (peer->request)
		mhd_unpark(peer->request, false);
}

static void was_too_slow(struct deadline *deadline)
{
	struct mhd_peer *peer =
	        (struct mhd_peer *)(void *)((char *)deadline - offsetof(struct mhd_peer, deadline));

	peer->server->config.counters->timeouts++;
	cut(peer);
}

void mhd_peer_expect(struct mhd_peer *peer, uint64_t within_ns)
{
	peer->deadline.expired = was_too_slow;
	deadline_set(&peer->server->deadlines, &peer->deadline, clock_now_ns(), within_ns);
}

void mhd_expect(struct mhd_request *request, uint64_t within_ns)
{
	mhd_peer_expect(request->peer, within_ns);
}

void mhd_unsubscribe(struct mhd_request *request)
{
	if (!request->subscriber.topic)
		return;
	topic_unsubscribe(&request->subscriber);
	mhd_config(request)->counters->subscribers--;
}

static void subscribe(struct mhd_request *request, void (*wake)(struct subscriber *subscriber))
{
	request->subscriber.wake = wake;
	topic_subscribe(request->subscription.topic, &request->subscriber);
	mhd_config(request)->counters->subscribers++;
}

static void has_news(struct subscriber *subscriber)
{
	mhd_unpark(REQUEST_OF(subscriber, subscriber), false);
}

/* libmicrohttpd does not say whether it waits for room in the socket: that its turn has not come
 * since the log began to grow is no fault of the peer's. */
static bool takes_nothing(const struct mhd_request *request)
{
	struct pollfd space = {.fd = request->peer->fd, .events = POLLOUT};

	return request->socket || !poll(&space, 1, 0);
}

/* The log is a stream's queue: one that takes nothing may lack so many messages and no more. */
static void stream_has_news(struct subscriber *subscriber)
{
	struct mhd_request *request = REQUEST_OF(subscriber, subscriber);
	const struct server_config *config = mhd_config(request);

	if (request->parked)
		mhd_unpark(request, false);
	else if (request->socket && !request->blocked)
		mhd_socket_has_news(request);
	else if (!mhd_is_over(request) && subscriber_queue(subscriber) > config->queue_messages &&
	         takes_nothing(request)) {
		config->counters->slow_readers++;
		cut(request->peer);
	}
}

void mhd_subscribe(struct mhd_request *request)
{
	deadline_clear(&request->server->deadlines, &request->peer->deadline);
	subscribe(request, stream_has_news);
}

void mhd_unpark(struct mhd_request *request, bool timed_out)
{
	struct mhd_server *server = request->server;

	if (!request->parked)
		return;
	request->parked = false;
	request->timed_out = timed_out;
	if (request->subscriber.wake == has_news)
		mhd_unsubscribe(request);
	deadline_clear(&server->deadlines, &request->deadline);
	TAILQ_REMOVE(&server->parked, request, parked_link);
	MHD_resume_connection(request->connection);
	server->resumed = true;
}

static void has_waited(struct deadline *deadline)
{
	struct mhd_request *request = REQUEST_OF(deadline, deadline);

	request->timed_out = true;
	if (request->socket)
		mhd_socket_waited(request);
	else
		mhd_unpark(request, true);
}

void mhd_wait_for(struct mhd_request *request, uint64_t wait_ns)
{
	request->timed_out = false;
	request->deadline.expired = has_waited;
	deadline_set(&request->server->deadlines, &request->deadline, clock_now_ns(), wait_ns);
}

void mhd_park(struct mhd_request *request, uint64_t wait_ns)
{
	struct mhd_server *server = request->server;

	request->parked = true;
	if (!request->subscriber.topic)
		subscribe(request, has_news);
	mhd_wait_for(request, wait_ns);
	deadline_clear(&server->deadlines, &request->peer->deadline);
	TAILQ_INSERT_TAIL(&server->parked, request, parked_link);
	MHD_suspend_connection(request->connection);
}

bool mhd_is_over(const struct mhd_request *request)
{
	return request->peer->gone || request->server->closing;
}

void mhd_add_fields(struct MHD_Response *response, const char *content_type)
{
	if (content_type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, CACHE_CONTROL);
}

/* The content becomes the response's. NULL when memory ran out. */
static struct MHD_Response *response_of(struct bytes *body, const char *content_type)
{
	size_t size = bytes_size(body);
	struct MHD_Response *response = NULL;

	if (!body->failed)
		response = MHD_create_response_from_buffer(size, size ? body->data : NULL,
		                                           MHD_RESPMEM_MUST_FREE);
	if (!response) {
		bytes_free(body);
		return NULL;
	}
	if (!size)
		bytes_free(body);
	*body = (struct bytes){0};
	mhd_add_fields(response, content_type);
	return response;
}

struct MHD_Response *mhd_empty_answer(void)
{
	struct bytes nothing = {0};

	return response_of(&nothing, NULL);
}

/* The answer is expected to be taken, and the next request to come, in time. */
static enum MHD_Result queue(struct mhd_request *request, unsigned status,
                             struct MHD_Response *response)
{
	mhd_expect(request, mhd_config(request)->idle_timeout_ns);
	return MHD_queue_response(request->connection, status, response);
}

enum MHD_Result mhd_queue_once(struct mhd_request *request, unsigned status,
                               struct MHD_Response *response)
{
	enum MHD_Result queued;

	if (!response)
		return MHD_NO;
	queued = queue(request, status, response);
	MHD_destroy_response(response);
	return queued;
}

static void add_number(struct MHD_Response *response, const char *field, uint64_t number)
{
	char value[24];

	snprintf(value, sizeof value, "%" PRIu64, number);
	MHD_add_response_header(response, field, value);
}

static enum MHD_Result answer_empty(struct mhd_request *request)
{
	struct mhd_server *server = request->server;
	struct MHD_Response *response;

	server->config.counters->empty_answers++;
	if (!request->subscription.from_now)
		return queue(request, MHD_HTTP_NO_CONTENT, server->empty);
	response = mhd_empty_answer();
	if (response)
		add_number(response, FIELD_CURSOR, request->subscriber.cursor);
	return mhd_queue_once(request, MHD_HTTP_NO_CONTENT, response);
}

static bool is_shared(const struct mhd_shared_answer *shared, const struct mhd_request *request)
{
	return shared->response && shared->topic == request->subscription.topic &&
	       shared->asked == request->subscriber.cursor &&
	       shared->last == topic_last(shared->topic) &&
	       shared->max_messages == request->subscription.max_messages;
}

/* Writes the messages above the request's cursor into a response to share. */
static bool share(struct mhd_request *request)
{
	struct mhd_shared_answer *shared = &request->server->shared;
	uint64_t cursor = request->subscriber.cursor;
	uint64_t missed = topic_missed(request->subscription.topic, cursor);
	struct bytes body = {0};

	if (shared->response)
		MHD_destroy_response(shared->response);
	shared->topic = request->subscription.topic;
	shared->asked = cursor;
	shared->last = topic_last(shared->topic);
	shared->max_messages = request->subscription.max_messages;
	/* The cursor brings the rest with the next request: an answer that nobody reads is to hold
	 * no more than a message may. */
	shared->messages = ndjson_append_after(&body, shared->topic, &cursor, shared->max_messages,
	                                       mhd_config(request)->message_max_bytes);
	shared->response = response_of(&body, NDJSON_CONTENT_TYPE);
	if (shared->response && missed)
		add_number(shared->response, FIELD_MISSED, missed);
	return shared->response;
}

enum MHD_Result mhd_answer_messages(struct mhd_request *request)
{
	struct mhd_shared_answer *shared = &request->server->shared;
	struct counters *counters = mhd_config(request)->counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t cursor = request->subscriber.cursor;

	if (!topic_after(topic, cursor))
		return answer_empty(request);
	if (!is_shared(shared, request) && !share(request))
		return MHD_NO;
	if (!request->no_body) {
		counters->missed += topic_missed(topic, cursor);
		counters->delivered += shared->messages;
	}
	return queue(request, MHD_HTTP_OK, shared->response);
}

static enum MHD_Result send_answer(struct mhd_request *request, struct site_answer *answer)
{
	struct MHD_Response *response = response_of(&answer->body, answer->content_type);

	for (size_t i = 0; response && i < SITE_FIELDS_MAX && answer->fields[i].name; i++)
		MHD_add_response_header(response, answer->fields[i].name, answer->fields[i].value);
	if (response && answer->close)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return mhd_queue_once(request, answer->status, response);
}

static const char *argument(struct mhd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static const char *field(struct mhd_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* A token that is looked for in the lines of a field. */
struct search {
	const char *name, *token;
	bool exactly, found;
};

static enum MHD_Result search_line(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
	struct search *search = cls;
	struct span list = {(const uint8_t *)value, value ? strlen(value) : 0};

	(void)kind;
	if (!strcasecmp(name, search->name))
		search->found |= http_list_has(list, search->token, search->exactly);
	return MHD_YES;
}

static bool field_has(struct mhd_request *request, const char *name, const char *token,
                      bool exactly)
{
	struct search search = {.name = name, .token = token, .exactly = exactly};

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, search_line, &search);
	return search.found;
}

static struct site_request read_request(struct mhd_request *request, const char *method,
                                        const char *path)
{
	return (struct site_request){
	        .method = method,
	        .path = path,
	        .topic = argument(request, "topic"),
	        .since = argument(request, "since"),
	        .batch = argument(request, "batch"),
	        .hold = argument(request, "hold"),
	        .token = argument(request, "token"),
	        .last_event_id = field(request, "Last-Event-ID"),
	        .origin = field(request, MHD_HTTP_HEADER_ORIGIN),
	        .authorization = field(request, MHD_HTTP_HEADER_AUTHORIZATION),
	        .content_type = field(request, MHD_HTTP_HEADER_CONTENT_TYPE),
	        .upgrade = !request->http_1_0 && /* RFC 6455 §4.2.1, item 1 */
	                   field_has(request, MHD_HTTP_HEADER_UPGRADE, "websocket", false) &&
	                   field_has(request, MHD_HTTP_HEADER_CONNECTION, "upgrade", false),
	        .websocket_version = field(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_VERSION),
	        .websocket_key = field(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_KEY),
	        .subprotocol = field_has(request, MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL,
	                                 SITE_SUBPROTOCOL, true),
	        .client = mhd_client(request),
	        .surplus = request->peer->surplus,
	        .body = bytes_data(&request->buffer),
	        .body_size = bytes_size(&request->buffer),
	};
}

static enum MHD_Result enter(struct mhd_request *request, const char *method, const char *path)
{
	const struct mhd_endpoint *cell = request->endpoint->cell;
	struct site_request asked = read_request(request, method, path);
	struct site_answer answer = {0};

	if (!site_enter(mhd_config(request), &asked, cell->websocket, &request->subscription,
	                &request->owes_token, &answer))
		return send_answer(request, &answer);
	request->subscriber.cursor = request->subscription.cursor;
	request->no_body = answer.no_body;
	request->server->asked = &asked;
	return cell->start(request);
}

static enum MHD_Result serve_endpoint(struct mhd_request *request, const char *method,
                                      const char *path)
{
	const struct mhd_endpoint *cell = request->endpoint->cell;

	if (request->started)
		return mhd_is_over(request) ? MHD_NO : cell->resumed(request);
	request->started = true;
	bytes_free(&request->buffer); /* a GET's content has no meaning (RFC 9110 §9.3.1) */
	return enter(request, method, path);
}

static enum MHD_Result serve_site(struct mhd_request *request, const char *method, const char *path)
{
	struct site_request asked = read_request(request, method, path);
	struct site_answer answer = {0};

	if (request->buffer.failed)
		return MHD_NO;
	site_answer(mhd_config(request), &asked, &answer);
	return send_answer(request, &answer);
}

static enum MHD_Result refuse_size(struct mhd_request *request)
{
	struct site_answer answer = {0};

	site_refuse(mhd_config(request), &answer, 413,
	            "the message is larger than this server allows");
	return send_answer(request, &answer);
}

/* A client that waits to be told to go on (RFC 9110 §10.1.1) is told not to. Others are refused
 * when they have sent what they have: what arrives at a closed socket could cost them the answer.
 */
static bool asks_too_much(struct mhd_request *request)
{
	const char *length = field(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return length && strtoull(length, NULL, 10) > mhd_config(request)->message_max_bytes &&
	       field_has(request, MHD_HTTP_HEADER_EXPECT, "100-continue", false);
}

/* Keeps at most one byte more than is allowed, so that the end knows that it was too much. */
static void keep_body(struct mhd_request *request, const char *data, size_t size)
{
	size_t room = mhd_config(request)->message_max_bytes + 1 - bytes_size(&request->buffer);

	bytes_append(&request->buffer, data, size < room ? size : room);
}

static enum MHD_Result check_head(struct mhd_request *request)
{
	struct site_answer answer = {.close = true};
	const char *why = mhd_head_fault(request->connection, request->http_1_0);

	if (!why)
		return asks_too_much(request) ? refuse_size(request) : MHD_YES;
	site_refuse(mhd_config(request), &answer, 400, why);
	return send_answer(request, &answer);
}

static struct mhd_request *request_new(struct mhd_server *server, struct MHD_Connection *connection,
                                       const char *path, const char *version)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct mhd_request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->server = server;
	request->connection = connection;
	request->http_1_0 = !strcmp(version, MHD_HTTP_VERSION_1_0);
	request->peer = info->socket_context;
	for (const struct endpoint *const *e = server->endpoints; *e; e++)
		if (!strcmp(path, (*e)->path))
			request->endpoint = *e;
	if (request->peer) /* else there was no memory for it */
		request->peer->request = request;
	server->config.counters->requests++;
	return request;
}

/* libmicrohttpd calls it with the head, then with each piece of content, then once more at the
 * end, and again when a suspended connection goes on. */
enum MHD_Result mhd_handle(void *cls, struct MHD_Connection *connection, const char *path,
                           const char *method, const char *version, const char *upload,
                           size_t *upload_size, void **request_cls)
{
	struct mhd_server *server = cls;
	struct mhd_request *request = *request_cls;

	if (!request) {
		*request_cls = request = request_new(server, connection, path, version);
		return request && request->peer ? check_head(request) : MHD_NO;
	}
	if (server->closing)
		return MHD_NO; /* nothing may be parked any more */
	if (*upload_size) {
		keep_body(request, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	if (bytes_size(&request->buffer) > server->config.message_max_bytes)
		return refuse_size(request);
	return request->endpoint ? serve_endpoint(request, method, path)
	                         : serve_site(request, method, path);
}

void mhd_request_over(void *cls, struct MHD_Connection *connection, void **request_cls,
                      enum MHD_RequestTerminationCode how)
{
	struct mhd_request *request = *request_cls;
	const struct mhd_endpoint *cell;

	(void)cls;
	(void)connection;
	(void)how;
	if (!request)
		return;
	mhd_socket_free(request->socket);
	cell = request->endpoint ? request->endpoint->cell : NULL;
	if (cell && cell->ended)
		cell->ended(request->session);
	mhd_unsubscribe(request);
	deadline_clear(&request->server->deadlines, &request->deadline);
	if (request->peer)
		request->peer->request = NULL;
	bytes_free(&request->buffer);
	free(request);
	*request_cls = NULL;
}
