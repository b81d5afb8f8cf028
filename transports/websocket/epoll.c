#include "../stack/epoll.h"

#include "session.h"
#include "wire.h"

static int send_missed(struct epoll_request *request, uint64_t missed)
{
	ws_append_missed(&request->out, missed);
	epoll_config(request)->counters->missed += missed;
	request->subscriber.cursor += missed;
	return 0; /* a message follows */
}

static int send_ping(struct epoll_request *request)
{
	static const uint8_t ping[] = {0x80 | WS_PING, 0}; /* RFC 6455 §5.5.2, without content */
	struct ws_session *session = request->session;

	session->pings++;
	epoll_config(request)->counters->heartbeats++;
	epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
	return epoll_send(request, ping, sizeof ping, false);
}

static int send_message(struct epoll_request *request, const struct message *message)
{
	const struct bytes *frame = epoll_frame(request, message, ws_append_message);

	if (!frame)
		return -1;
	request->subscriber.cursor = message->id;
	epoll_config(request)->counters->delivered++;
	return epoll_send(request, bytes_data(frame), bytes_size(frame),
	                  message->id != topic_last(request->subscription.topic));
}

static int close_with(struct epoll_request *request, enum ws_close_code code, const char *reason)
{
	ws_session_close(request->session, code, reason, &request->out);
	return -1;
}

static int send_next(struct epoll_request *request)
{
	const struct server_config *config = epoll_config(request);
	const struct topic *topic = request->subscription.topic;
	uint64_t missed = topic_missed(topic, request->subscriber.cursor);
	const struct ws_session *session = request->session;

	if (request->timed_out &&
	    session->pings * config->heartbeat_ns >= config->idle_timeout_ns) {
		config->counters->timeouts++;
		return close_with(request, WS_CLOSE_POLICY, "pings are not answered");
	}
	if (request->timed_out)
		return send_ping(request);
	if (missed)
		return send_missed(request, missed);
	return send_message(request, topic_after(topic, request->subscriber.cursor));
}

static int writable(struct epoll_request *request)
{
	const struct topic *topic = request->subscription.topic;
	int err = 0;

	while (!err && !request->blocked &&
	       (request->timed_out || topic_after(topic, request->subscriber.cursor)))
		err = send_next(request);
	return err;
}

/* Once it owes no token. */
static int subscribe(struct epoll_request *request)
{
	const struct ws_session *session = request->session;

	if (session->publisher.owes_token) {
		epoll_expect(request, epoll_config(request)->request_timeout_ns);
		return 0;
	}
	epoll_subscribe(request);
	epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
	return writable(request);
}

static int start(struct epoll_request *request)
{
	const struct site_request *asked = epoll_asked(request);

	request->session = ws_session_new(epoll_config(request), request->subscription.topic,
	                                  request->owes_token);
	if (!request->session)
		return -1;
	ws_append_handshake(&request->out, asked->websocket_key,
	                    asked->subprotocol ? SITE_SUBPROTOCOL : NULL);
	epoll_stream(request);
	return epoll_flush(request) ? -1 : subscribe(request);
}

static int received(struct epoll_request *request, const uint8_t *data, size_t size)
{
	struct ws_session *session = request->session;
	bool owed_token = session->publisher.owes_token;
	bool goes_on = ws_session_input(session, &request->client.any, data, size, &request->out);

	if (epoll_flush(request) || !goes_on)
		return -1;
	return owed_token && !session->publisher.owes_token ? subscribe(request) : 0;
}

static const struct epoll_endpoint cell = {
        .websocket = true,
        .start = start,
        .writable = writable,
        .received = received,
        .ended = ws_session_delete,
};

const struct endpoint websocket_epoll = {
        .transport = "websocket",
        .stack = "epoll",
        .path = WEBSOCKET_PATH,
        .cell = &cell,
};
