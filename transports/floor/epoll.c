#include "../stack/epoll.h"

#include <stdlib.h>

#include "wire.h"

static void append_message(struct bytes *out, const struct message *message)
{
	floor_append_frame(out, message->data, message->size);
}

static int writable(struct epoll_request *request)
{
	struct counters *counters = epoll_config(request)->counters;
	const struct topic *topic = request->subscription.topic;
	uint64_t *cursor = &request->subscriber.cursor, missed = topic_missed(topic, *cursor);
	const struct message *message;
	int err = 0;

	if (request->timed_out) /* nothing to do for now: there are no heartbeats */
		epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
	if (missed)
		floor_append_missed(&request->out, missed);
	counters->missed += missed;
	while (!err && !request->blocked && (message = topic_after(topic, *cursor))) {
		const struct bytes *frame = epoll_frame(request, message, append_message);

		if (!frame)
			return -1;
		*cursor = message->id;
		counters->delivered++;
		err = epoll_send(request, bytes_data(frame), bytes_size(frame),
		                 *cursor != topic_last(topic));
	}
	return err;
}

/* The cursor comes with the first bytes. */
static int start(struct epoll_request *request)
{
	request->session = calloc(1, sizeof(struct floor_reader));
	return request->session ? 0 : -1;
}

static int subscribe(struct epoll_request *request, uint64_t cursor)
{
	static const uint8_t subscribed[4];
	struct hub *hub = epoll_config(request)->hub;
	const char *why;
	uint64_t last;

	if (subscription_topic(hub, NULL, &request->subscription.topic, &why))
		return -1;
	last = topic_last(request->subscription.topic);
	request->subscriber.cursor = cursor < last ? cursor : last;
	epoll_wait_for(request, epoll_config(request)->heartbeat_ns);
	epoll_subscribe(request);
	if (epoll_send(request, subscribed, sizeof subscribed, false))
		return -1;
	return writable(request);
}

static int publish(struct epoll_request *request, struct span text)
{
	uint64_t id, wait_ns;

	return site_publish(epoll_config(request), request->subscription.topic,
	                    &request->client.any, text.data, text.size, false, &id, &wait_ns);
}

static int received(struct epoll_request *request, const uint8_t *data, size_t size)
{
	size_t frame_max_bytes = epoll_config(request)->message_max_bytes;
	struct floor_reader *reader = request->session;
	struct span input = {data, size}, frame;
	uint64_t number;
	int err = 0;

	if (!request->subscriber.topic) {
		int found = floor_next_cursor(reader, &input, &number);

		if (found <= 0)
			return found;
		err = subscribe(request, number);
	}
	while (!err) {
		switch (floor_next(reader, &input, &frame, &number, frame_max_bytes)) {
		case FLOOR_MORE:
			return 0;
		case FLOOR_FRAME:
			err = publish(request, frame);
			break;
		default:
			err = -1;
		}
	}
	return err;
}

static void ended(void *session)
{
	if (session)
		floor_reset(session);
	free(session);
}

static const struct epoll_endpoint cell = {
        .raw = true,
        .start = start,
        .writable = writable,
        .received = received,
        .ended = ended,
};

const struct endpoint floor_epoll = {
        .transport = "floor",
        .stack = "epoll",
        .cell = &cell,
};
