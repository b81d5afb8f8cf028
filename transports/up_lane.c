#include "up_lane.h"

#include <stdio.h>

#include "hub.h"

#define PUBLISH_TARGET "/publish?topic="

static enum client_status fail(struct up_lane *lane, const char *why)
{
	snprintf(lane->why, sizeof lane->why, "%s", why);
	return CLIENT_FAILED;
}

void up_lane_append(struct up_lane *lane, const struct client_config *config, const void *data,
                    size_t size, bool binary, struct bytes *out)
{
	char target[sizeof PUBLISH_TARGET + TOPIC_NAME_MAX], length[24];

	snprintf(target, sizeof target, PUBLISH_TARGET "%s", config->topic);
	snprintf(length, sizeof length, "%zu", size);
	http_request_start(out, "POST", target, config->host, config->headers);
	http_request_field(out, "Content-Type",
	                   binary ? "application/octet-stream" : "text/plain;charset=utf-8");
	http_request_field(out, "Content-Length", length);
	http_request_end(out);
	bytes_append(out, data, size);
	lane->outstanding++;
	if (out->failed)
		fail(lane, "out of memory");
}

static enum client_status take_answer(struct up_lane *lane)
{
	lane->outstanding--;
	if (!http_response_field_has(&lane->response, "Connection", "close"))
		return CLIENT_OK;
	if (lane->outstanding > 0)
		return fail(lane, "the server closes before it has answered all that was sent");
	return CLIENT_RECONNECT;
}

static enum client_status take_close(struct up_lane *lane)
{
	switch (http_response_closed(&lane->response)) {
	case HTTP_END:
		lane->outstanding--;
		break;
	case HTTP_INVALID:
		return fail(lane, http_response_why(&lane->response));
	default:
		break;
	}
	if (lane->outstanding > 0)
		return fail(lane, "the server closed before it answered");
	return CLIENT_RECONNECT;
}

static enum client_status take_event(struct up_lane *lane, enum http_event event)
{
	if (event == HTTP_HEAD && lane->response.status != 200) {
		snprintf(lane->why, sizeof lane->why, "the server answered %d",
		         lane->response.status);
		return CLIENT_FAILED;
	}
	if (event == HTTP_END)
		return take_answer(lane);
	if (event == HTTP_INVALID)
		return fail(lane, http_response_why(&lane->response));
	return CLIENT_OK;
}

enum client_status up_lane_input(struct up_lane *lane, const uint8_t *data, size_t size)
{
	struct span input = {data, size}, body;

	if (size == 0)
		return take_close(lane);
	while (lane->outstanding > 0) {
		enum http_event event = http_response_next(&lane->response, &input, &body);
		enum client_status status = take_event(lane, event);

		if (status != CLIENT_OK || event == HTTP_MORE)
			return status;
	}
	if (input.size > 0)
		return fail(lane, "the server answered what nobody had asked");
	return CLIENT_OK;
}

void up_lane_connected(struct up_lane *lane)
{
	http_response_reset(&lane->response);
	lane->outstanding = 0;
}

void up_lane_free(struct up_lane *lane)
{
	http_response_reset(&lane->response);
}
