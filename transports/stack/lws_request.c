#include "lws_private.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../site.h"

static const char too_large[] = "the message is larger than this server allows";

/* Room in which strings are put one behind the other. It is larger than any head. */
struct scratch {
	char *at;
	int room;
};

/* The string of that length that has just been written there; below 0: there is none. */
static const char *keep(struct scratch *scratch, int length)
{
	const char *text = scratch->at;

	if (length < 0)
		return NULL;
	scratch->at += length + 1;
	scratch->room -= length + 1;
	return text;
}

static const char *field(struct lws *wsi, enum lws_token_indexes token, struct scratch *scratch)
{
	int length = lws_hdr_copy(wsi, scratch->at, scratch->room, token);

	return keep(scratch, length ? length : -1);
}

/* The value of an argument of the target: `name` ends with '='. */
static const char *argument(struct lws *wsi, const char *name, struct scratch *scratch)
{
	int name_length = (int)strlen(name), length;

	for (int i = 0;; i++) {
		length = lws_hdr_copy_fragment(wsi, scratch->at, scratch->room,
		                               WSI_TOKEN_HTTP_URI_ARGS, i);
		if (length < 0)
			return NULL;
		if (!strncmp(scratch->at, name, (size_t)name_length))
			return keep(scratch, length) + name_length;
	}
}

/* Whether a comma-separated list (NULL: an empty one) has that token; compare is strncasecmp, or
 * strncmp where case matters. */
static bool list_has(const char *list, const char *token,
                     int (*compare)(const char *, const char *, size_t))
{
	size_t size, length = strlen(token);

	for (; list && *list; list += size) {
		list += strspn(list, " \t,");
		size = strcspn(list, " \t,");
		if (size == length && !compare(list, token, length))
			return true;
	}
	return false;
}

/* The method is the name of the token that holds the path. */
static void read_target(struct lws *wsi, struct site_request *asked, struct scratch *scratch)
{
	static const struct {
		enum lws_token_indexes token;
		const char *method;
	} methods[] = {
	        {WSI_TOKEN_GET_URI, "GET"},         {WSI_TOKEN_POST_URI, "POST"},
	        {WSI_TOKEN_HEAD_URI, "HEAD"},       {WSI_TOKEN_PUT_URI, "PUT"},
	        {WSI_TOKEN_OPTIONS_URI, "OPTIONS"}, {WSI_TOKEN_DELETE_URI, "DELETE"},
	        {WSI_TOKEN_PATCH_URI, "PATCH"},
	};

	asked->method = asked->path = "";
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (lws_hdr_total_length(wsi, methods[i].token)) {
			asked->method = methods[i].method;
			asked->path = field(wsi, methods[i].token, scratch);
			return;
		}
}

/* The strings are good until the next request is read. */
static struct scratch read_request(struct lws_stack_request *request, struct site_request *asked)
{
	static const char last_event_id[] = "last-event-id:"; /* the library does not know it */
	struct lws *wsi = request->wsi;
	struct scratch scratch = {request->server->scratch, request->server->scratch_size};

	*asked = (struct site_request){.surplus = request->surplus};
	read_target(wsi, asked, &scratch);
	asked->topic = argument(wsi, "topic=", &scratch);
	asked->since = argument(wsi, "since=", &scratch);
	asked->batch = argument(wsi, "batch=", &scratch);
	asked->hold = argument(wsi, "hold=", &scratch);
	asked->token = argument(wsi, "token=", &scratch);
	asked->last_event_id =
	        keep(&scratch, lws_hdr_custom_copy(wsi, scratch.at, scratch.room, last_event_id,
	                                           sizeof last_event_id - 1));
	asked->origin = field(wsi, WSI_TOKEN_ORIGIN, &scratch);
	asked->authorization = field(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, &scratch);
	asked->content_type = field(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, &scratch);
	return scratch;
}

static const struct endpoint *find_endpoint(const struct lws_stack_server *server, const char *path)
{
	for (const struct endpoint *const *e = server->endpoints; *e; e++)
		if (!strcmp(path, (*e)->path))
			return *e;
	return NULL;
}

static int refuse(struct lws_stack_request *request, unsigned status, const char *why)
{
	struct site_answer answer = {.close = true};

	site_refuse(&request->server->config, &answer, status, why);
	return lws_request_answer(request, &answer);
}

/* Without reading the content. A socket that is closed while some is coming resets the connection,
 * which may take the answer from the client: what comes is passed over until the client has closed
 * too, or its time is over (RFC 9112 §9.6). */
static int refuse_content(struct lws_stack_request *request, unsigned status, const char *why)
{
	int err = refuse(request, status, why);

	if (!request->has_content || lws_is_ssl(request->wsi))
		return err;
	shutdown(lws_get_socket_fd(request->wsi), SHUT_WR);
	request->lingers = true;
	return 0;
}

/* The whole request is there. */
static int serve(struct lws_stack_request *request, const struct site_request *asked)
{
	const struct server_config *config = &request->server->config;
	const struct endpoint *endpoint = find_endpoint(request->server, asked->path);
	struct site_answer answer = {0};
	const struct lws_stack_endpoint *cell;

	deadline_clear(&request->server->deadlines, &request->deadline);
	if (!endpoint) {
		site_answer(config, asked, &answer);
		return lws_request_answer(request, &answer);
	}
	cell = endpoint->cell;
	if (!site_enter(config, asked, cell->upgrade, &request->subscription, &request->owes_token,
	                &answer))
		return lws_request_answer(request, &answer);
	request->endpoint = endpoint;
	request->head_only = answer.no_body;
	request->timed_out = false;
	request->subscriber.cursor = request->subscription.cursor;
	return cell->start(request);
}

/* What content the head announces. */
struct framing {
	bool content; /* there is some, or the library will say that there is none */
	bool chunked, has_length, is_number;
	uint64_t length;
	bool awaits_continue; /* it comes when the client is told to go on (RFC 9110 §10.1.1) */
};

static struct framing read_framing(struct lws *wsi, const char *method, bool http_1_1,
                                   struct scratch *scratch)
{
	const char *length = field(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, scratch);
	struct framing framing = {
	        .chunked = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING),
	        .has_length = length,
	        .is_number = !length || (strspn(length, "0123456789") == strlen(length) &&
	                                 strlen(length) < 19),
	};

	framing.content =
	        framing.chunked ||
	        (length && (!strcmp(method, "POST") || strspn(length, "0") < strlen(length)));
	framing.length = length && framing.is_number ? strtoull(length, NULL, 10) : 0;
	framing.awaits_continue =
	        http_1_1 && framing.length &&
	        list_has(field(wsi, WSI_TOKEN_HTTP_EXPECT, scratch), "100-continue", strncasecmp);
	return framing;
}

/* libwebsockets reads no chunked content, and takes a POST, PUT or PATCH without a length for a
 * very long one. What is too large is refused at once only where it has not been sent yet. 0, or
 * the status to refuse with. */
static unsigned check_framing(const struct lws_stack_request *request, const char *method,
                              const struct framing *framing, bool http_1_1, const char **why)
{
	if (http_1_1 && !lws_hdr_total_length(request->wsi, WSI_TOKEN_HOST)) {
		*why = "a request of HTTP/1.1 has a Host"; /* RFC 9112 §3.2 */
		return 400;
	}
	if (!framing->is_number) {
		*why = "Content-Length is one number";
		return 400;
	}
	if (framing->chunked || (*method == 'P' && !framing->has_length)) {
		*why = "this server needs a Content-Length";
		return 411;
	}
	if (framing->awaits_continue &&
	    framing->length > request->server->config.message_max_bytes) {
		*why = too_large;
		return 413;
	}
	return 0;
}

/* libwebsockets leaves that to us. */
static int send_continue(struct lws_stack_request *request)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	uint8_t room[LWS_PRE + sizeof text];

	memcpy(room + LWS_PRE, text, sizeof text);
	return lws_write(request->wsi, room + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP_HEADERS) < 0
	               ? -1
	               : 0;
}

/* What has been read from the socket so far: what has arrived less what waits there. Both are known
 * for the same instant where nothing arrives between; `unknown` where that never was so. */
uint64_t lws_request_bytes_read(const struct lws_stack_request *request, uint64_t unknown)
{
	int fd = lws_get_socket_fd(request->wsi), waiting = 0, then_waiting = 0;
	struct tcp_info info = {0};
	socklen_t size = sizeof info;

	for (int i = 0; i < 10; i++) {
		if (ioctl(fd, SIOCINQ, &waiting) ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) ||
		    ioctl(fd, SIOCINQ, &then_waiting))
			return unknown;
		if (waiting == then_waiting)
			return info.tcpi_bytes_received - (uint64_t)waiting;
	}
	return unknown;
}

/* libwebsockets 4.1 reads the content of a request that it has buffered, because it came behind
 * another one, from where its own head begins, and then loops for ever. A request is buffered where
 * nothing has been read since the one before it was answered. To ask for that costs two system
 * calls: it is done for all answers only from when it was missed. */
static bool may_be_misread(const struct lws_stack_request *request)
{
	uint64_t read_bytes;

	if (request->read_bytes) {
		read_bytes = lws_request_bytes_read(request, 0);
		/* The peer's FIN, once it has come, counts as a byte. */
		return read_bytes <= request->read_bytes || read_bytes - request->read_bytes == 1;
	}
	if (lws_service_adjust_timeout(request->server->context, 1, 0))
		return false; /* the library has buffered nothing of anybody's */
	request->server->is_pipelined = true;
	return true;
}

int lws_request_asked(struct lws_stack_request *request)
{
	struct lws *wsi = request->wsi;
	struct site_request asked;
	struct scratch scratch;
	struct framing framing;
	const char *version, *why;
	bool is_first = !request->asked, http_1_1;
	unsigned status;

	lws_request_clear_timeout(request);
	if (request->busy || request->lingers)
		return -1; /* it did not wait for its answer, for which there may be no end */
	request->server->config.counters->requests++;
	request->asked = request->busy = true;
	scratch = read_request(request, &asked);
	version = field(wsi, WSI_TOKEN_HTTP, &scratch);
	http_1_1 = version && !strcmp(version, "HTTP/1.1");
	framing = read_framing(wsi, asked.method, http_1_1, &scratch);
	request->has_content = framing.content;
	request->close = !http_1_1 ||
	                 list_has(field(wsi, WSI_TOKEN_CONNECTION, &scratch), "close", strncasecmp);
	status = check_framing(request, asked.method, &framing, http_1_1, &why);
	if (status)
		return is_first ? refuse_content(request, status, why)
		                : refuse(request, status, why);
	if (framing.content && !is_first && may_be_misread(request))
		return refuse(request, 503, "send this again, on a connection of its own");
	if (!framing.content)
		return serve(request, &asked);
	return framing.awaits_continue ? send_continue(request) : 0;
}

/* Keeps at most one byte more than is allowed, so that the end knows that it was too much. */
int lws_request_content(struct lws_stack_request *request, const void *piece, size_t size)
{
	size_t room = request->server->config.message_max_bytes + 1 - bytes_size(&request->buffer);

	if (request->lingers)
		return 0;
	bytes_append(&request->buffer, piece, size < room ? size : room);
	return request->buffer.failed ? -1 : 0;
}

const struct sockaddr *lws_stack_peer(const struct lws_stack_request *request,
                                      struct sockaddr_storage *address)
{
	socklen_t size = sizeof *address;

	return getpeername(lws_get_socket_fd(request->wsi), (struct sockaddr *)address, &size)
	               ? NULL
	               : (const struct sockaddr *)address;
}

/* While a complete request waits for its answer the library reports its end again for each piece of
 * what follows. */
int lws_request_whole(struct lws_stack_request *request)
{
	struct sockaddr_storage address;
	struct site_request asked;

	if (!request->busy || request->draining || request->endpoint)
		return -1;
	if (bytes_size(&request->buffer) > request->server->config.message_max_bytes)
		return refuse(request, 413, too_large);
	read_request(request, &asked);
	asked.client = lws_stack_peer(request, &address);
	asked.body = bytes_data(&request->buffer);
	asked.body_size = bytes_size(&request->buffer);
	return serve(request, &asked);
}

/*
 * The library closes a connection whose client offers subprotocols, and none that it knows. The
 * second one that it knows is named as the first that is offered, so that it goes on; and has no
 * name any more when the library writes the answer, so that none is named there.
 */
static void accept_subprotocol(struct lws_stack_server *server, const char *offered)
{
	bool ours = !offered || list_has(offered, SITE_SUBPROTOCOL, strncmp);

	if (!ours)
		offered += strspn(offered, " \t,");
	snprintf(server->subprotocol, sizeof server->subprotocol, "%.*s",
	         ours ? 0 : (int)strcspn(offered, " \t,"), ours ? "" : offered);
}

static bool enter_websocket(struct lws_stack_request *request, struct site_request *asked,
                            const struct endpoint *endpoint, struct site_answer *answer)
{
	const struct server_config *config = &request->server->config;
	const struct lws_stack_endpoint *cell = endpoint->cell;

	if (!cell->upgrade) {
		site_refuse(config, answer, 400, "this path upgrades to nothing");
		return false;
	}
	if (!lws_hdr_total_length(request->wsi, WSI_TOKEN_HOST)) {
		site_refuse(config, answer, 400, "a request of HTTP/1.1 has a Host");
		return false;
	}
	return site_enter(config, asked, true, &request->subscription, &request->owes_token,
	                  answer);
}

int lws_request_upgrade(struct lws_stack_request *request, const char *protocol)
{
	struct lws *wsi = request->wsi;
	struct site_request asked;
	struct site_answer answer = {0};
	struct scratch scratch;
	const struct endpoint *endpoint;
	const char *version;

	if (request->busy)
		return -1;
	request->server->config.counters->requests++;
	request->asked = request->busy = true;
	scratch = read_request(request, &asked);
	version = field(wsi, WSI_TOKEN_HTTP, &scratch);
	asked.upgrade =
	        version && !strcmp(version, "HTTP/1.1") && /* RFC 6455 §4.2.1, item 1 */
	        !strcasecmp(protocol, "websocket") &&
	        list_has(field(wsi, WSI_TOKEN_CONNECTION, &scratch), "upgrade", strncasecmp);
	asked.websocket_version = field(wsi, WSI_TOKEN_VERSION, &scratch);
	asked.websocket_key = field(wsi, WSI_TOKEN_KEY, &scratch);
	endpoint = find_endpoint(request->server, asked.path);
	if (!endpoint) {
		site_answer(&request->server->config, &asked, &answer);
		return lws_request_answer_upgrade(request, &answer);
	}
	if (!enter_websocket(request, &asked, endpoint, &answer))
		return lws_request_answer_upgrade(request, &answer);
	accept_subprotocol(request->server, field(wsi, WSI_TOKEN_PROTOCOL, &scratch));
	request->endpoint = endpoint;
	request->subscriber.cursor = request->subscription.cursor;
	return 0;
}
