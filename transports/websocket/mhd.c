/* A hybrid: the upgrade is libmicrohttpd's, the frames are ours (session.h). */
#include "../stack/mhd.h"

#include "session.h"
#include "wire.h"

static int send_missed(struct mhd_request *request, uint64_t missed)
{
	ws_append_missed(&request->buffer, missed);
	mhd_config(request)->counters->missed += missed;
	request->subscriber.cursor += missed;
	return 0; /* a message follows */
}

static int send_ping(struct mhd_request *request)
{
	static const uint8_t ping[] = {0x80 | WS_PING, 0}; /* RFC 6455 §5.5.2, without content */
	struct ws_session *session = request->session;

	session->pings++;
	mhd_config(request)->counters->heartbeats++;
	mhd_wait_for(request, mhd_config(request)->heartbeat_ns);
	return mhd_send(request, ping, sizeof ping, false);
}

static int send_message(struct mhd_request *request, const struct message *message)
{
	const struct bytes *frame = mhd_frame(request, message, ws_append_message);

	if (!frame)
		return -1;
	request->subscriber.cursor = message->id;
	mhd_config(request)->counters->delivered++;
	return mhd_send(request, bytes_data(frame), bytes_size(frame),
	                message->id != topic_last(request->subscription.topic));
}

static int close_with(struct mhd_request *request, enum ws_close_code code, const char *reason)
{
	ws_session_close(request->session, code, reason, &request->buffer);
	return -1;
}

static int send_next(struct mhd_request *request)
{
	const struct server_config *config = mhd_config(request);
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

static int writable(struct mhd_request *request)
{
	const struct topic *topic = request->subscription.topic;
	int err = 0;

	while (!err && !request->blocked &&
	       (request->timed_out || topic_after(topic, request->subscriber.cursor)))
		err = send_next(request);
	return err;
}

/* Once it owes no token. */
static int subscribe(struct mhd_request *request)
{
	const struct ws_session *session = request->session;

	if (session->publisher.owes_token) {
		mhd_expect(request, mhd_config(request)->request_timeout_ns);
		return 0;
	}
	mhd_subscribe(request);
	mhd_wait_for(request, mhd_config(request)->heartbeat_ns);
	return writable(request);
}

/* libmicrohttpd answers, with Connection: Upgrade, and then hands the connection over. */
static enum MHD_Result start(struct mhd_request *request)
{
	struct MHD_Response *response = mhd_upgrade_response(request);
	const struct site_request *asked = mhd_asked(request);
	char accept[WS_ACCEPT_SIZE];

	request->session = ws_session_new(mhd_config(request), request->subscription.topic,
	                                  request->owes_token);
	if (!response)
		return MHD_NO;
	if (!request->session) {
		MHD_destroy_response(response);
		return MHD_NO;
	}
	ws_accept(accept, asked->websocket_key);
	MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
	MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_ACCEPT, accept);
	if (asked->subprotocol)
		MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL,
		                        SITE_SUBPROTOCOL);
	return mhd_queue_once(request, MHD_HTTP_SWITCHING_PROTOCOLS, response);
}

static int received(struct mhd_request *request, const uint8_t *data, size_t size)
{
	struct ws_session *session = request->session;
	bool owed_token = session->publisher.owes_token;
	bool goes_on = ws_session_input(session, mhd_client(request), data, size, &request->buffer);

	if (mhd_flush(request) || !goes_on)
		return -1;
	return owed_token && !session->publisher.owes_token ? subscribe(request) : 0;
}

static const struct mhd_endpoint cell = {
        .websocket = true,
        .start = start,
        .upgraded = subscribe,
        .writable = writable,
        .received = received,
        .ended = ws_session_delete,
};

const struct endpoint websocket_mhd = {
        .transport = "websocket",
        .stack = "mhd",
        .path = WEBSOCKET_PATH,
        .note = "a hybrid: the upgrade is libmicrohttpd's, the frames are websocket/wire.c",
        .cell = &cell,
};
