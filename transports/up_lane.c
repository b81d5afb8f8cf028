#include "up_lane.h"

#include <stdio.h>
#include <string.h>

#include "hub.h"

#define PUBLISH_TARGET "/publish?topic="

static enum client_status fail(struct up_lane *lane, const char *why)
{
	snprintf(lane->why, sizeof lane->why, "%s", why);
	return CLIENT_FAILED;
}

static void append_request(const struct client_config *config, const void *data, size_t size,
                           bool binary, struct bytes *out)
{
	char target[sizeof PUBLISH_TARGET + TOPIC_NAME_MAX], length[24];

	snprintf(target, sizeof target, PUBLISH_TARGET "%s", config->topic);
	snprintf(length, sizeof length, "%zu", size);
	http_request_start(out, "POST", target, config->host, config->headers);
	http_request_add_field(out, "Content-Type",
	                       binary ? "application/octet-stream" : "text/plain;charset=utf-8");
	http_request_add_field(out, "Content-Length", length);
	http_request_end(out);
	bytes_append(out, data, size);
}

/* The size of a request is known only when it is there. */
static void enqueue(struct up_lane *lane, const struct client_config *config, const void *data,
                    size_t size, bool binary)
{
	struct bytes request = {0};
	size_t request_size;

	append_request(config, data, size, binary, &request);
	request_size = bytes_size(&request);
	bytes_append(&lane->queue, &request_size, sizeof request_size);
	bytes_append(&lane->queue, bytes_data(&request), request_size);
	lane->queue.failed |= request.failed;
	bytes_free(&request);
}

static enum client_status send_next(struct up_lane *lane, struct bytes *out)
{
	size_t size;

	if (lane->outstanding || bytes_size(&lane->queue) == 0)
		return CLIENT_OK;
	memcpy(&size, bytes_data(&lane->queue), sizeof size);
	bytes_append(out, bytes_data(&lane->queue) + sizeof size, size);
	bytes_consume(&lane->queue, sizeof size + size);
	lane->outstanding = true;
	return out->failed ? fail(lane, "out of memory") : CLIENT_OK;
}

void up_lane_append(struct up_lane *lane, const struct client_config *config, const void *data,
                    size_t size, bool binary, struct bytes *out)
{
	if (lane->outstanding) {
		enqueue(lane, config, data, size, binary);
	} else {
		append_request(config, data, size, binary, out);
		lane->outstanding = true;
	}
	if (out->failed || lane->queue.failed) {
		out->failed = true; /* it is where a harness looks */
		fail(lane, "out of memory");
	}
}

static enum client_status take_answer(struct up_lane *lane, struct bytes *out)
{
	lane->outstanding = false;
	if (http_response_field_has(&lane->response, "Connection", "close"))
		return CLIENT_RECONNECT;
	return send_next(lane, out);
}

static enum client_status take_close(struct up_lane *lane)
{
	if (http_response_closed(&lane->response) == HTTP_END)
		lane->outstanding = false;
	if (lane->outstanding)
		return fail(lane, "the server closed before it answered");
	return CLIENT_RECONNECT;
}

static enum client_status take_event(struct up_lane *lane, enum http_event event, struct bytes *out)
{
	if (event == HTTP_HEAD && lane->response.status != 200) {
		snprintf(lane->why, sizeof lane->why, "the server answered %d",
		         lane->response.status);
		return CLIENT_FAILED;
	}
	if (event == HTTP_END)
		return take_answer(lane, out);
	if (event == HTTP_INVALID)
		return fail(lane, http_response_why(&lane->response));
	return CLIENT_OK;
}

enum client_status up_lane_input(struct up_lane *lane, const uint8_t *data, size_t size,
                                 struct bytes *out)
{
	struct span input = {data, size}, body;
	enum client_status status = CLIENT_OK;
	enum http_event event = HTTP_HEAD;

	if (size == 0)
		return take_close(lane);
	if (!lane->outstanding)
		return fail(lane, "the server answered what nobody had asked");
	while (status == CLIENT_OK && event != HTTP_MORE && event != HTTP_END) {
		event = http_response_next(&lane->response, &input, &body);
		status = take_event(lane, event, out);
	}
	if (event == HTTP_END && input.size > 0)
		return fail(lane, "the server answered what nobody had asked");
	return status;
}

enum client_status up_lane_connected(struct up_lane *lane, struct bytes *out)
{
	http_response_reset(&lane->response);
	lane->outstanding = false;
	return send_next(lane, out);
}

void up_lane_free(struct up_lane *lane)
{
	http_response_reset(&lane->response);
	bytes_free(&lane->queue);
}
